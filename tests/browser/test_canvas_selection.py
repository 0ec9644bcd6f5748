"""Selecting, searching and measuring in a timeline, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser.timeline_view import (
    DELEGATE,
    KERNELS,
    METHOD,
    OPERATORS,
    TimelineView,
    open_timeline,
)
from latency_reports import delegate, method, operator, report_of
from traces import event

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=\"document.title='owned'\">"


@pytest.fixture(scope="module")
def opened(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimelineView]:
    view = open_timeline(browser, tmp_path_factory.mktemp("timeline"))
    yield view
    view.page.close()


@pytest.fixture
def shown(opened: TimelineView) -> TimelineView:
    """Ten inferences, the first two of them shown, nothing selected, searched for or measured."""
    opened.press("Escape", "Escape", "Escape")
    opened.show(0, 400)
    opened.ask("delete timeline.root.dataset.told")
    return opened


def search(shown: TimelineView, phrase: str) -> str:
    """Type a phrase; what is said of it."""
    shown.page.locator("input[type=search]").fill(phrase)
    return shown.page.locator("output.count").inner_text()


def test_a_click_selects_and_tells_the_row_of_the_report(shown: TimelineView) -> None:
    shown.listen("etscope:select")
    shown.click(70, OPERATORS)
    (told,) = shown.told
    assert shown.title == "mul.out"
    assert told["name"] == "mul.out"
    assert (told["start"], told["duration"], told["unit"]) == (60_000, 20_000, "ns")
    assert told["key"] == "0/7"
    assert "mul.out, operator, 20 µs" in shown.said


def test_a_click_on_nothing_clears_the_selection(shown: TimelineView) -> None:
    shown.click(70, OPERATORS)
    shown.listen("etscope:select")
    shown.click(150, METHOD)
    assert shown.title == ""
    assert shown.told[-1]["key"] is None


def test_a_selection_from_outside_is_shown_and_not_told_back(shown: TimelineView) -> None:
    shown.listen("etscope:select")
    shown.ask("timeline.setSelection('0/7')")
    assert shown.title == "mul.out"
    assert shown.ask("timeline.state.selected") == "0/7"
    assert shown.ask("timeline.root.dataset.told || null") is None
    shown.ask("timeline.setSelection(null)")
    assert shown.title == ""


def test_a_selection_that_is_not_there_selects_nothing(shown: TimelineView) -> None:
    for key in ("7/1", "", "x/y", "0/999"):
        shown.ask("timeline.setSelection(argument)", key)
        assert shown.title == ""


def test_a_selection_out_of_view_is_brought_in(shown: TimelineView) -> None:
    shown.show(100, 190)
    shown.ask("timeline.setSelection('0/7')")
    start, end = shown.ask(
        "[timeline.slices.start[timeline.selected], timeline.slices.end(timeline.selected)]"
    )
    x0, x1 = shown.view
    assert x0 <= start / 1000
    assert end / 1000 <= x1


def test_others_of_the_row_stay_bright(shown: TimelineView) -> None:
    bright, other = shown.colour(270, OPERATORS), shown.colour(240, OPERATORS)
    shown.click(70, OPERATORS)
    assert shown.colour(270, OPERATORS) == bright
    assert shown.colour(240, OPERATORS) != other


def test_keys_walk_along_a_row_and_through_its_depths(shown: TimelineView) -> None:
    shown.click(5, OPERATORS)
    assert shown.title == "add.out"
    shown.press(".")
    assert shown.title == "DELEGATE_CALL"
    shown.press(".", ".", ",")
    assert shown.title == "mul.out"
    shown.press("ArrowDown")
    assert shown.ask("timeline.slices.kind(timeline.selected)") == "kernel"
    shown.press("ArrowUp", "ArrowUp")
    assert shown.title == "Method::execute"


def test_enter_selects_without_a_mouse(shown: TimelineView) -> None:
    shown.press("Enter")
    assert shown.title == "Method::execute"


def test_focus_shows_the_selection_then_all(shown: TimelineView) -> None:
    shown.click(70, OPERATORS)
    shown.press("f")
    assert shown.view == pytest.approx((58, 82))
    shown.press("f")
    assert shown.view == (0, 1900)


def test_a_search_counts_and_walks_its_matches(shown: TimelineView) -> None:
    assert search(shown, "CONV #2") == "– of 10"
    shown.page.keyboard.press("Enter")
    assert shown.title == "conv #2"
    assert shown.page.locator("output.count").inner_text() == "1 of 10"
    shown.press(".", ".")
    assert shown.page.locator("output.count").inner_text() == "3 of 10"
    shown.press(",", ",", ",")
    assert shown.page.locator("output.count").inner_text() == "10 of 10"
    assert shown.view[1] == 1900


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ("/^conv #[12]$/", "– of 20"),
        ("no such thing", "no match"),
        ("/(/", "not a regular expression"),
        ("", ""),
    ],
)
def test_a_search_says_what_it_found(shown: TimelineView, phrase: str, said: str) -> None:
    assert search(shown, phrase) == said
    bad = shown.page.locator("input[type=search]").get_attribute("aria-invalid")
    assert bad == str(phrase == "/(/").lower()


def test_slash_goes_to_the_search_and_escape_back(shown: TimelineView) -> None:
    shown.press("/")
    assert shown.page.locator("input[type=search]").evaluate("(one) => one.matches(':focus')")
    shown.page.keyboard.press("Escape")
    assert shown.page.locator(".stage").evaluate("(one) => one.matches(':focus')")


def cells(shown: TimelineView, lane: int) -> dict[str, list[str]]:
    """By name and kind what was measured in a lane."""
    rows = shown.page.locator(".totals table").nth(lane).locator("tbody tr").all()
    return {
        " ".join(row.locator("th").inner_text().split()): row.locator("td").all_inner_texts()
        for row in rows
    }


def test_dragging_with_shift_measures_and_adds_up(shown: TimelineView) -> None:
    shown.page.mouse.move(*shown.place(0, METHOD))
    shown.page.keyboard.down("Shift")
    shown.page.mouse.down()
    shown.page.mouse.move(*shown.place(200, METHOD), steps=4)
    shown.page.mouse.up()
    shown.page.keyboard.up("Shift")
    assert shown.page.locator(".totals h3").inner_text().startswith("200 µs from")
    found = cells(shown, 0)
    assert found["DELEGATE_CALL delegate"] == ["50 µs", "25.0%", "50 µs", "1"]
    assert found["add.out operator"] == ["2 µs", "1.0%", "10 µs", "1"]
    assert found["add.out kernel"] == ["8 µs", "4.0%", "8 µs", "1"]
    assert found["nothing"][:2] == ["100 µs", "50.0%"]
    own = sum(float(row[0].split()[0]) for row in found.values())
    assert own == pytest.approx(200)
    assert shown.view == (0, 400)


def test_the_selection_can_be_measured(shown: TimelineView) -> None:
    shown.listen("etscope:measure")
    shown.click(70, OPERATORS)
    shown.press("m")
    assert shown.told[-1]["range"] == [60_000, 80_000]
    assert cells(shown, 0)["mul.out kernel"] == ["18 µs", "90.0%", "18 µs", "1"]
    shown.press("Escape")
    assert shown.page.locator(".totals table").count() == 0
    assert shown.title == "mul.out"


def test_what_is_under_the_mouse_is_named(shown: TimelineView) -> None:
    shown.page.mouse.move(*shown.place(70, KERNELS))
    tip = shown.page.locator(".tip")
    assert tip.inner_text().split("\n") == ["mul.out", "18 µs", "inference 0"]
    shown.page.mouse.move(*shown.place(150, METHOD))
    assert not tip.is_visible()


def test_a_thin_slice_can_be_hit(shown: TimelineView) -> None:
    shown.show(0, 1900)
    shown.click(11.5, DELEGATE)
    assert shown.title.startswith("conv #")


def test_times_below_the_step_of_a_clock_are_not_zero(browser: Browser, tmp_path: Path) -> None:
    events = [*delegate(0, 0, 50, "conv"), *operator("add.out", 1, 60, 90)]
    report = report_of(method(100, *events))
    view = open_timeline(browser, tmp_path, report)
    view.ask("timeline.slices.key_step.fill(5000)")
    view.click(0.5, DELEGATE)
    assert "<5 µs" in view.page.locator(".details").inner_text()
    view.page.close()


def test_what_was_too_short_for_its_clock_has_no_share(browser: Browser, tmp_path: Path) -> None:
    short = event(None, 10_000, 10_000, instruction=0, delegate="pad")
    call = event("DELEGATE_CALL", 0, 50_000, instruction=0)
    view = open_timeline(browser, tmp_path, report_of(method(100, short, call)))
    view.click(90, METHOD)
    view.press("m")
    assert cells(view, 1)["pad delegated"] == ["–", "–", "–", "1 (1 below the clock's step)"]
    view.page.close()


def test_hostile_names_are_only_text(browser: Browser, tmp_path: Path) -> None:
    parts = [*operator(HOSTILE, 0, 0, 40), *operator("x" * 10_000, 1, 40, 90)]
    view = open_timeline(browser, tmp_path, report_of(method(100, *parts), source=HOSTILE))
    view.click(20, OPERATORS)
    assert view.title.startswith("<img src=x")
    view.page.mouse.move(*view.place(60, OPERATORS))
    assert view.page.locator("#timeline img").count() == 0
    assert "owned" not in view.page.title().replace("='owned'", "")
    assert view.opened.complaints == []
    view.page.close()
