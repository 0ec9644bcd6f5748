"""The source view in a real browser, opened from its file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser.chromium import Opened, open_report
from latency_reports import mixed
from source_views import Places, frame, origin, view_of

from etscope.dashboard.page import write_page
from etscope.dashboard.source_page import source_html
from etscope.inspector.source_view.file_text import recorded_text

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

LONG = "    value = " + " + ".join(f"self.layer_number_{n}(x)" for n in range(20))
HOSTILE = "<img src=x onerror=\"document.title='owned'\"> # " + "x" * 5000
PLACES: Places = {
    0: origin(frame(5, LONG), frame(20, HOSTILE), modules=("", "a" * 300)),
    2: origin(frame(5, LONG), frame(9, "    return y", file="other.py")),
}


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of two files."""
    place = tmp_path_factory.mktemp("source") / "source.html"
    view = view_of(*[mixed()] * 12, places=PLACES)
    texts = {file: recorded_text(file, view.snippets[file], "quoted") for file in view.files}
    write_page(source_html(view, texts, 2), place)
    return place


@pytest.fixture(scope="module")
def shared(browser: Browser, page_file: Path) -> Iterator[Opened]:
    opened = open_report(browser, page_file)
    yield opened
    opened.page.close()


def test_the_page_is_quiet_and_alone(shared: Opened) -> None:
    assert shared.complaints == []
    assert shared.requests == []
    assert "owned" not in shared.page.title()


def test_tabs_show_one_file_at_a_time_by_mouse_and_keyboard(shared: Opened) -> None:
    page = shared.page
    tabs, panels = page.get_by_role("tab"), page.locator(".panel")
    tabs.nth(1).click()
    assert [panel.is_visible() for panel in panels.all()] == [False, True]
    page.keyboard.press("ArrowRight")
    assert [panel.is_visible() for panel in panels.all()] == [True, False]
    assert tabs.nth(0).get_attribute("aria-selected") == "true"


def test_a_link_to_a_line_opens_its_file(shared: Opened) -> None:
    page = shared.page
    page.get_by_role("tab").nth(0).click()
    page.locator("#hottest a", has_text="model.py:20").click()
    line = page.locator("tr:target")
    assert line.is_visible()
    assert "img src=x" in line.inner_text()


def test_what_is_behind_a_line_shows_under_the_mouse_and_on_focus(shared: Opened) -> None:
    page = shared.page
    page.get_by_role("tab").nth(0).click()
    row = page.locator(".panel:visible tr.timed").last
    behind = row.locator(".behind")
    page.mouse.move(0, 0)
    assert not behind.is_visible()
    row.hover()
    assert behind.is_visible()
    page.mouse.move(0, 0)
    row.locator("a").focus()
    assert behind.is_visible()


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_the_page_never_scrolls_sideways(browser: Browser, page_file: Path, width: int) -> None:
    page = open_report(browser, page_file, width=width).page
    assert page.locator("html").evaluate("e => e.scrollWidth") <= width
    page.close()


def test_without_scripts_every_file_is_shown(browser: Browser, page_file: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_file.as_uri())
    assert all(panel.is_visible() for panel in page.locator(".panel").all())
    assert not page.locator(".tabs").is_visible()
    context.close()
