"""A timeline for those who use no mouse or no eyes, and in other hosts than its own page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser.chromium import open_report
from browser.timeline_view import OPERATORS, TimelineView, open_timeline
from latency_reports import report_of
from timelines import in_turn

from etscope.dashboard.canvas import timeline_script, timeline_style
from etscope.dashboard.timeline.columns import timeline_of
from etscope.dashboard.timeline.page import packed_text, timeline_html

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def shown(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimelineView]:
    view = open_timeline(browser, tmp_path_factory.mktemp("timeline"))
    yield view
    view.page.close()


def test_everything_is_reached_by_tab_and_has_a_name(shown: TimelineView) -> None:
    shown.page.locator("input[type=search]").focus()
    names = []
    for _ in range(8):
        focused = shown.page.locator(":focus")
        names.append(focused.get_attribute("aria-label") or "")
        shown.page.keyboard.press("Tab")
    assert all(names)
    assert names[-1] == shown.page.title()
    assert names[1:-1] == [
        "Previous (,)",
        "Next (.)",
        "Zoom in (W)",
        "Zoom out (S)",
        "Show all (Home)",
        "Keys (?)",
    ]


def test_the_picture_says_what_it_is_and_which_keys_it_knows(shown: TimelineView) -> None:
    stage = shown.page.get_by_role("application")
    assert stage.get_attribute("aria-roledescription") == "timeline"
    keys = shown.page.locator(f"#{stage.get_attribute('aria-describedby')}")
    assert not keys.is_visible()
    shown.press("?")
    assert keys.is_visible()
    assert "zoom in and out" in keys.inner_text()
    shown.press("?")


def test_what_is_selected_is_read_out_off_the_screen(shown: TimelineView) -> None:
    shown.show(0, 400)
    shown.click(5, OPERATORS)
    live = shown.page.locator("[aria-live=polite]")
    assert live.inner_text() == "add.out, operator, 10 µs, at 0 ns, inference 0."
    box = live.bounding_box()
    assert box is not None
    assert box["width"] <= 1


def test_the_page_has_a_language_and_one_heading(shown: TimelineView) -> None:
    assert shown.page.locator("html[lang=en]").count() == 1
    assert shown.page.locator("h1").count() == 1
    assert shown.page.locator("button:not([aria-label]), input:not([aria-label])").count() == 0


def test_less_motion_moves_at_once_and_otherwise_it_moves_in_a_moment(shown: TimelineView) -> None:
    shown.show(0, 400)
    shown.press("Home")
    assert shown.view == (0, 1900)
    shown.show(0, 400)
    shown.page.emulate_media(reduced_motion="no-preference")
    shown.press("Home")
    shown.page.locator(".stage").evaluate(
        "() => new Promise((done) => { const look = () => "
        "etscope.timelineOfPage.viewport.whole ? done() : requestAnimationFrame(look); look(); })"
    )
    assert shown.view == (0, 1900)
    shown.page.emulate_media(reduced_motion="reduce")


def test_a_page_with_broken_data_says_so(browser: Browser, tmp_path: Path) -> None:
    made = timeline_of(report_of(*in_turn(2)))
    page = timeline_html(made, "trace.etdp").replace(packed_text(made.data), packed_text(b"short"))
    place = tmp_path / "broken.html"
    place.write_text(page, encoding="utf-8")
    opened = open_report(browser, place)
    assert "do not belong together" in opened.page.get_by_role("alert").inner_text()
    opened.page.close()


HOST = """<!doctype html><html lang="en"><title>host</title><style>{style}</style>
<div id="one"></div><div id="two"></div><script type="{kind}">{script}
const bytes = new Uint8Array({data});
const [one, two] = ["one", "two"].map((id) =>
  new etscope.Timeline(document.getElementById(id), {{ label: id }}));
for (const view of [one, two]) view.setData(bytes.buffer, {header});
one.root.addEventListener("etscope:select", (event) => two.setSelection(event.detail.key));
Object.assign(self, {{ one, two, bytes }});
document.documentElement.dataset.ready = "yes";
</script></html>"""


@pytest.mark.parametrize("kind", ["text/javascript", "module"])
def test_two_in_one_host_share_a_selection_and_close(
    browser: Browser, tmp_path: Path, kind: str
) -> None:
    made = timeline_of(report_of(*in_turn(2)))
    place = tmp_path / "host.html"
    place.write_text(
        HOST.format(
            kind=kind,
            style=timeline_style(),
            script=timeline_script(),
            data=json.dumps(list(made.data)),
            header=made.header_json,
        ),
        encoding="utf-8",
    )
    opened = open_report(browser, place)
    page = opened.page
    page.locator("#one .stage").focus()
    page.keyboard.press("Enter")
    titles = page.locator(".details h3").all_inner_texts()
    assert titles == ["Method::execute", "Method::execute"]
    page.evaluate(
        "() => { one.close(); one.close(); two.setData(bytes.buffer, two.slices.header); }"
    )
    assert page.locator("#one *").count() == 0
    assert opened.complaints == []
    page.close()
