"""A timeline in the browser, as a person works with it: in times and rows, not in pixels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from browser.chromium import Opened, Scheme, open_report
from latency_reports import report_of
from timelines import in_turn

from etscope.dashboard.page import write_page
from etscope.dashboard.timeline.columns import timeline_of
from etscope.dashboard.timeline.page import timeline_html
from etscope.inspector.latency_report import LatencyReport

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

#: Rows of the screen of `in_turn`: the method, its operators, their kernels, inside the delegate.
METHOD, OPERATORS, KERNELS, DELEGATE = range(4)
US = 1000  # ticks

_OF_PAGE = "const timeline = self.etscope.timelineOfPage;"


@dataclass
class TimelineView:
    """The page of a timeline, opened."""

    opened: Opened

    @property
    def page(self) -> Page:
        return self.opened.page

    def ask(self, expression: str, argument: Any = None) -> Any:
        """The value of an expression of `timeline` and `argument`."""
        return self.page.evaluate(f"(argument) => {{ {_OF_PAGE} return {expression}; }}", argument)

    @property
    def view(self) -> tuple[float, float]:
        """From when till when is shown, in microseconds."""
        x0, x1 = self.ask("[timeline.viewport.x0, timeline.viewport.x1]")
        return x0 / US, x1 / US

    def show(self, x0: float, x1: float) -> None:
        """Show from and till these microseconds, and draw it."""
        self.ask("timeline.setView(...argument)", [x0 * US, x1 * US])
        self.ask("timeline.surface.paint()")

    def place(self, time: float, row: int) -> tuple[float, float]:
        """Where on the page a time of a row is, in CSS pixels."""
        found: list[float] = self.ask(
            "(([x, row]) => { const box = timeline.stage.getBoundingClientRect();"
            "return [box.left + timeline.viewport.toPixel(x, timeline.surface.width),"
            "box.top + 28 + 11 + timeline.layout.rows[row].y - timeline.scroll]; })(argument)",
            [time * US, row],
        )
        return found[0], found[1]

    def click(self, time: float, row: int) -> None:
        self.page.mouse.click(*self.place(time, row))

    def colour(self, time: float, row: int) -> str:
        """The colour of the canvas there, as #rrggbb."""
        self.ask("timeline.surface.paint()")
        channels = self.ask(
            "(([x, row]) => { const { width, canvas } = timeline.surface;"
            "const ratio = canvas.width / width;"
            "const at = timeline.viewport.toPixel(x, width) * ratio;"
            "const y = (28 + 3 + timeline.layout.rows[row].y - timeline.scroll) * ratio;"
            "return [...timeline.surface.context.getImageData(at, y, 1, 1).data]; })(argument)",
            [time * US, row],
        )
        return "#" + "".join(f"{channel:02x}" for channel in channels[:3])

    def press(self, *keys: str) -> None:
        """Keys on the picture."""
        self.page.locator(".stage").focus()
        for key in keys:
            self.page.keyboard.press(key)

    @property
    def title(self) -> str:
        """The name of what is selected, as it stands below; "" for nothing."""
        heads = self.page.locator(".details h3")
        return heads.inner_text() if heads.count() else ""

    @property
    def said(self) -> str:
        """What a screen reader was last told."""
        return self.page.locator("[aria-live]").inner_text()

    def listen(self, name: str) -> None:
        """Keep the details of the next events of that name."""
        self.ask(
            "timeline.root.addEventListener(argument, (event) => {"
            "const told = JSON.parse(timeline.root.dataset.told || '[]'); told.push(event.detail);"
            "timeline.root.dataset.told = JSON.stringify(told); })",
            name,
        )

    @property
    def told(self) -> list[dict[str, Any]]:
        """What was kept, once there is something."""
        self.page.wait_for_selector("#timeline[data-told]")
        found: list[dict[str, Any]] = self.ask("JSON.parse(timeline.root.dataset.told)")
        return found


def open_timeline(
    browser: Browser,
    folder: Path,
    report: LatencyReport | None = None,
    *,
    width: int = 1280,
    height: int = 900,
    scheme: Scheme = "light",
) -> TimelineView:
    """The timeline of a report, of ten inferences in turn if none is given, without motion."""
    report = report or report_of(*in_turn(10))
    place = folder / "timeline.html"
    write_page(timeline_html(timeline_of(report), report.recording.source), place)
    opened = open_report(browser, place, width=width, height=height, scheme=scheme)
    opened.page.emulate_media(reduced_motion="reduce")
    return TimelineView(opened)
