"""What a timeline shows, and moving along it, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browser.timeline_view import DELEGATE, METHOD, OPERATORS, TimelineView, open_timeline
from latency_reports import method, operator, report_of

from etscope.dashboard.canvas import timeline_style
from etscope.dashboard.timeline.keys import GROUPS
from etscope.inspector.latency_report import latency_report
from etscope.inspector.recording import open_recording

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

SAMPLES = sorted((Path(__file__).parents[2] / "sample_traces").glob("*.etscope"))
LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+): (#\w{6})", block))
    for block in re.findall(r"\{([^}]*--card: #[^}]*)\}", timeline_style())
)
ALL = (0.0, 1900.0)


def colour(theme: dict[str, str], group: str) -> str:
    return theme[f"group-{GROUPS.index(group)}"]


@pytest.fixture(scope="module")
def opened(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimelineView]:
    view = open_timeline(browser, tmp_path_factory.mktemp("timeline"))
    yield view
    view.page.close()


@pytest.fixture
def shown(opened: TimelineView) -> TimelineView:
    """Ten inferences, all of them shown, nothing selected."""
    opened.press("Escape", "Escape", "Escape")
    opened.ask("timeline.setTheme('auto')")
    opened.show(*ALL)
    return opened


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_is_drawn_in_silence(browser: Browser, tmp_path: Path, sample: Path) -> None:
    report = latency_report(open_recording(sample))
    view = open_timeline(browser, tmp_path, report)
    assert view.opened.complaints == []
    assert view.opened.requests == []
    assert view.ask("timeline.slices.count") == len(report.recording.trace)
    assert view.page.locator("html[data-ready=yes]").count() == 1
    middle = "timeline.slices.start[0] + timeline.slices.duration[0] / 2"
    assert view.colour(view.ask(middle) / 1000, 0) not in (LIGHT["band"], LIGHT["card"])
    view.page.close()


def test_slices_have_the_colour_of_their_work_and_gaps_have_none(shown: TimelineView) -> None:
    shown.show(0, 200)
    assert shown.colour(90, METHOD) == colour(LIGHT, "method")
    assert shown.colour(70, OPERATORS) == colour(LIGHT, "elementwise")
    assert shown.colour(50, OPERATORS) == colour(LIGHT, "delegate call")
    assert shown.colour(150, METHOD) == LIGHT["band"]


def test_dark_is_dark_and_can_be_chosen(shown: TimelineView) -> None:
    shown.show(0, 200)
    shown.ask("timeline.setTheme('dark')")
    assert shown.colour(90, METHOD) == colour(DARK, "method")
    assert shown.colour(150, METHOD) == DARK["band"]
    shown.ask("timeline.setTheme('light')")
    assert shown.colour(150, METHOD) == LIGHT["band"]


def test_dark_follows_the_system(browser: Browser, tmp_path: Path) -> None:
    view = open_timeline(browser, tmp_path, scheme="dark")
    view.show(0, 200)
    assert view.colour(150, METHOD) == DARK["band"]
    view.page.emulate_media(color_scheme="light")
    view.page.wait_for_selector("#timeline[data-theme=light]")
    assert view.colour(150, METHOD) == LIGHT["band"]
    view.page.close()


#: Per pixel and zoom: slices whose first pixel shows nothing, and pixels that show some where
#: none is within one of them.
LOST = """((zooms) => zooms.map(([from, till]) => {
  const { slices } = timeline; const strip = new etscope.Strip(); strip.resize(700);
  const scale = 700 / (till - from); let lost = 0, ghosts = 0;
  slices.tracks.forEach((track, number) => {
    strip.look(slices, number, from, till, 1e9, () => {});
    const near = new Uint8Array(702);
    for (let one = track.first; one < track.end; one++) {
      const left = Math.floor((slices.start[one] - from) * scale);
      const right = Math.floor((slices.end(one) - from) * scale);
      if (left >= 0 && left < 700 && strip.most[left] < 0) lost += 1;
      for (let x = Math.max(left - 1, 0); x <= Math.min(right + 1, 699); x++) near[x] = 1;
    }
    for (let x = 0; x < 700; x++) if (strip.most[x] >= 0 && !near[x]) ghosts += 1;
  });
  return [lost, ghosts]; }))(argument)"""


def test_no_slice_is_lost_at_any_zoom(browser: Browser, tmp_path: Path) -> None:
    sample = next(path for path in SAMPLES if path.stem == "transformer_kv")
    view = open_timeline(browser, tmp_path, latency_report(open_recording(sample)))
    span = view.ask("timeline.viewport.span")
    zooms = [[span * (0.4 - part / 2), span * (0.4 + part / 2)] for part in (0.8, 0.3, 0.05, 0.004)]
    assert view.ask(LOST, zooms) == [[0, 0]] * len(zooms)
    view.page.close()


def test_a_row_is_drawn_in_as_many_steps_as_it_has_pixels(browser: Browser, tmp_path: Path) -> None:
    parts = [one for at in range(6000) for one in operator("add.out", at, 5 * at, 5 * at + 4)]
    view = open_timeline(browser, tmp_path, report_of(method(30_000, *parts)))
    assert view.ask("timeline.slices.count") == 12_001
    pixels = view.ask("timeline.surface.canvas.width")
    view.show(0, 30_000)
    assert view.ask("timeline.painter.steps") < 2 * 2.5 * pixels
    view.page.close()


def test_keys_zoom_and_pan(shown: TimelineView) -> None:
    shown.press("w", "w")
    x0, x1 = shown.view
    assert x1 - x0 == pytest.approx(1900 / 1.3**2)
    shown.press("d")
    assert shown.view[0] == pytest.approx(x0 + 0.15 * (x1 - x0))
    shown.press("ArrowLeft", "s", "Home")
    assert shown.view == ALL


def test_nothing_beyond_the_ends_is_shown(shown: TimelineView) -> None:
    shown.press("s", "a", "ArrowRight")
    assert shown.view == ALL
    shown.show(-500, 100)
    assert shown.view == (0, 600)
    assert shown.ask("timeline.setView(NaN, 5)") is None
    assert shown.view == (0, 600)


def test_the_wheel_zooms_around_the_mouse_when_the_view_has_the_focus(shown: TimelineView) -> None:
    shown.press("Home")
    shown.page.mouse.move(*shown.place(475, METHOD))
    shown.page.mouse.wheel(0, -400)
    x0, x1 = shown.view
    assert x1 - x0 == pytest.approx(1900 * 2.718281828**-0.8, rel=1e-3)
    assert (475 - x0) / (x1 - x0) == pytest.approx(0.25, abs=0.002)


def test_without_the_focus_the_wheel_scrolls_the_page(shown: TimelineView) -> None:
    shown.page.locator("input[type=search]").focus()
    shown.page.mouse.move(*shown.place(475, METHOD))
    shown.page.mouse.wheel(0, -400)
    assert shown.view == ALL
    shown.page.keyboard.down("Control")
    shown.page.mouse.wheel(0, -400)
    shown.page.keyboard.up("Control")
    assert shown.view != ALL


def test_dragging_pans_and_selects_nothing(shown: TimelineView) -> None:
    shown.show(400, 1400)
    x, y = shown.place(900, METHOD)
    shown.page.mouse.move(x, y)
    shown.page.mouse.down()
    shown.page.mouse.move(*shown.place(700, METHOD), steps=5)
    shown.page.mouse.up()
    assert shown.view[0] == pytest.approx(600, abs=2)
    assert shown.title == ""


PINCH = """(() => { const box = timeline.stage.getBoundingClientRect();
  const send = (name, id, x) => timeline.stage.dispatchEvent(new PointerEvent(name, {
    pointerId: id, pointerType: "touch", button: 0, bubbles: true,
    clientX: box.left + x, clientY: box.top + 60 }));
  send("pointerdown", 71, 500); send("pointerdown", 72, 700);
  send("pointermove", 71, 400); send("pointermove", 72, 800);
  send("pointerup", 71, 400); send("pointerup", 72, 800); })()"""


def test_two_fingers_zoom(shown: TimelineView) -> None:
    before = shown.view
    shown.ask(PINCH)
    x0, x1 = shown.view
    assert x1 - x0 == pytest.approx((before[1] - before[0]) / 2, rel=0.02)
    assert shown.title == ""


def test_a_view_is_told_once_it_has_settled(shown: TimelineView) -> None:
    shown.listen("etscope:view")
    shown.press("w", "w", "w")
    last: dict[str, Any] = shown.told[-1]
    assert (last["x0"] / 1000, last["x1"] / 1000) == shown.view
    assert last["unit"] == "ns"


@pytest.mark.parametrize("width", [390, 1280])
def test_it_takes_the_room_that_there_is(shown: TimelineView, width: int) -> None:
    shown.page.set_viewport_size({"width": width, "height": 800})
    inside = shown.page.locator(".stage").evaluate("(one) => one.clientWidth")
    assert shown.page.locator("html").evaluate("(one) => one.scrollWidth") <= width
    assert inside > width - 60
    shown.page.locator(".stage").evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    assert shown.ask("timeline.surface.width") == inside
    assert shown.ask("timeline.surface.canvas.width") == inside


def test_a_sharp_screen_gets_more_pixels(browser: Browser, tmp_path: Path) -> None:
    place = open_timeline(browser, tmp_path).page
    address = place.url
    place.close()
    context = browser.new_context(device_scale_factor=2)
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("html[data-ready=yes]")
    canvas = page.locator(".stage canvas")
    assert canvas.evaluate("(one) => one.width / one.clientWidth") == pytest.approx(2, rel=0.01)
    context.close()


def test_the_picture_can_be_taken(shown: TimelineView) -> None:
    head = "new Uint8Array(await (await timeline.png()).arrayBuffer()).slice(0, 4)"
    found = shown.page.evaluate(
        f"async () => {{ const timeline = etscope.timelineOfPage; return [...{head}]; }}"
    )
    assert bytes(found) == b"\x89PNG"


def test_the_name_of_a_delegate_is_over_its_lane(shown: TimelineView) -> None:
    lanes = shown.ask("timeline.layout.heads.map((head) => head.lane.kind)")
    assert lanes == ["runtime", "delegate"]
    assert shown.ask("timeline.layout.rows.length") == DELEGATE + 1
