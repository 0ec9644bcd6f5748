"""The memory page in a real browser, opened from its file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser.chromium import Opened, open_report
from memory_reports import chain_report, measured_report

from etscope.dashboard.memory_page import write_memory_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=1>" + "x" * 5000


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a sample with a footprint and a roof."""
    place = tmp_path_factory.mktemp("measured") / "page.html"
    write_memory_page(measured_report("transformer_kv"), place)
    return place


@pytest.fixture(scope="module")
def shared(browser: Browser, measured: Path) -> Iterator[Opened]:
    """That page, opened once: opening takes seconds."""
    opened = open_report(browser, measured)
    yield opened
    opened.page.close()


@pytest.fixture(scope="module")
def hostile(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """A page of operators that are named to do harm."""
    place = tmp_path_factory.mktemp("hostile") / "page.html"
    write_memory_page(chain_report([40, 80, 16, 24], operator=(HOSTILE, HOSTILE)), place)
    opened = open_report(browser, place)
    yield opened
    opened.page.close()


def test_it_opens_without_complaint_and_asks_for_nothing(shared: Opened) -> None:
    assert shared.complaints == []
    assert shared.requests == []
    assert shared.page.locator(".plot:visible:not([data-drawn])").count() == 0


def test_the_map_has_a_box_for_every_value_that_lives(shared: Opened) -> None:
    plot = shared.page.locator(".plot[aria-label^='Addresses over time']").first
    plan = measured_report("transformer_kv").main.plan
    own = (plan.shows == range(len(plan))) & (plan.first <= plan.last) & (plan.size_bytes > 0)
    assert plot.locator(".bars .point > path").count() == int(own.sum())


def test_pointing_at_a_box_tells_what_it_is(shared: Opened) -> None:
    plot = shared.page.locator(".plot[aria-label^='Addresses over time']").first
    plot.scroll_into_view_if_needed()
    place = plot.locator(".bars .point text", has_text="layers.0.attention.keys").bounding_box()
    assert place is not None
    shared.page.mouse.move(place["x"] + 5, place["y"] + place["height"] / 2)
    hover = plot.locator(".hoverlayer .hovertext").text_content()
    assert hover is not None
    assert "layers.0.attention.keys" in hover
    assert "planned; bytes" in hover


def test_a_part_of_the_map_is_enlarged_and_shown_whole_again(shared: Opened) -> None:
    page = shared.page
    plot = page.locator(".plot[aria-label^='Addresses over time']").first
    plot.scroll_into_view_if_needed()
    ticks = plot.locator(".xtick text")
    before = sorted(ticks.all_text_contents(), key=float)
    area = plot.locator(".nsewdrag").first.bounding_box()
    assert area is not None
    x, y = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 120, y, steps=4)
    page.mouse.up()
    plot.locator(f".xtick text:text-is('{before[-1]}')").wait_for(state="detached")
    plot.locator("[data-title='Reset axes']").click()
    plot.locator(f".xtick text:text-is('{before[-1]}')").wait_for()
    assert sorted(ticks.all_text_contents(), key=float) == before


def test_values_are_filtered(shared: Opened) -> None:
    page = shared.page
    page.locator("summary", has_text="All planned values").click()
    bar = page.locator(".filters[data-for='values-0']")
    bar.locator("select").select_option("peak")
    holders = len(measured_report("transformer_kv").main.peak.holders)
    assert page.locator("#values-0 tbody tr:visible").count() == holders
    assert bar.locator("output").inner_text().startswith(f"{holders} of ")
    assert bar.locator("output").inner_text().endswith(" values")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("which", ["shared", "hostile"])
def test_the_page_never_scrolls_sideways(
    request: pytest.FixtureRequest, which: str, width: int
) -> None:
    page = request.getfixturevalue(which).page
    page.set_viewport_size({"width": width, "height": 900})
    for plot in page.locator(".plot:visible").all():
        now = plot.evaluate("e => e.clientWidth")
        page.locator(f"#{plot.get_attribute('id')}[data-drawn][data-width='{now}']").wait_for()
        place = plot.locator(".main-svg").first.bounding_box()
        assert place is not None
        assert place["x"] + place["width"] <= width
    assert page.locator("html").evaluate("e => e.scrollWidth") <= width


def test_hostile_names_are_only_text(hostile: Opened) -> None:
    assert hostile.complaints == []
    assert hostile.requests == []
    page = hostile.page
    assert "owned" not in page.title()
    assert page.locator("img, a[href^=http]").count() == 0
    assert page.locator("script").count() == 3


def test_everything_that_acts_has_a_name(shared: Opened) -> None:
    page = shared.page
    for role in ("button", "link", "table", "region"):
        found = page.get_by_role(role).all()
        assert found, role
        nameless = [one for one in found if '"' not in one.aria_snapshot().splitlines()[0]]
        assert not nameless, role
    assert page.locator(".plot:not([aria-label])").count() == 0


def test_five_thousand_values_are_drawn(browser: Browser, tmp_path: Path) -> None:
    place = tmp_path / "page.html"
    write_memory_page(chain_report([4 + 4 * (at % 9) for at in range(5000)]), place)
    opened = open_report(browser, place)
    plot = opened.page.locator(".plot[aria-label^='Addresses over time']").first
    assert plot.locator(".bars .point > path").count() == 500
    assert plot.locator(".scatterlayer .trace").count() < 10
    assert opened.complaints == []
    opened.page.close()
