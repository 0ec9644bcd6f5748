"""The report in a real browser, opened from its file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser.chromium import Opened, open_report
from latency_reports import delegate, method, mixed, operator, report_of

from etscope.dashboard.report import write_report

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

HOSTILE = (
    "</script><script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    '<a href="https://example.com/">conv</a>',
    "{{plotly}}${1}",
    "conv\u202egnp",
    "x" * 10_000,
)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of two kinds of inference."""
    place = tmp_path_factory.mktemp("report") / "report.html"
    other = method(40, *operator("relu.out", 0, 0, 30))
    write_report(report_of(*[mixed(100 + at) for at in range(20)], other, other), place)
    return place


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of events that are named to do harm."""
    place = tmp_path_factory.mktemp("hostile") / "report.html"
    events = [
        one for at, name in enumerate(HOSTILE) for one in operator(name, at, 9 * at, 9 * at + 9)
    ]
    last = delegate(len(HOSTILE), 60, 90, *HOSTILE)
    runs = [method(100, *events, *last)] * 3
    write_report(report_of(*runs, source=f"{HOSTILE[0]}.etdp", notes=HOSTILE), place)
    return place


@pytest.fixture(scope="module")
def shared(browser: Browser, report: Path) -> Iterator[Opened]:
    """The report, opened once: opening takes seconds. Tests ask for what they need of its state."""
    opened = open_report(browser, report)
    yield opened
    opened.page.close()


@pytest.fixture(scope="module")
def shared_hostile(browser: Browser, hostile: Path) -> Iterator[Opened]:
    """The report of hostile names, opened once."""
    opened = open_report(browser, hostile)
    yield opened
    opened.page.close()


def show(page: Page, phrase: str = "", choice: str = "steps") -> None:
    """Filter the first table of events."""
    page.locator(".filters select").first.select_option(choice)
    page.locator(".filters input").first.fill(phrase)


def click_head(page: Page, number: int) -> str | None:
    """Click on the head of a column of that table; what it says about the order then."""
    head = page.locator("#table-0 thead th").nth(number - 1)
    head.locator("button").click()
    return head.get_attribute("aria-sort")


def column(page: Page, number: int) -> list[str]:
    """The visible texts of a column of the first table of events."""
    rows = page.locator("#table-0 tbody tr:visible")
    return [
        text.strip() for text in rows.locator(f":scope > :nth-child({number})").all_inner_texts()
    ]


def test_it_opens_without_complaint_and_asks_for_nothing(shared: Opened) -> None:
    assert shared.complaints == []
    assert shared.requests == []


def test_the_figures_are_drawn(shared: Opened) -> None:
    page = shared.page
    first = page.locator(".inferences").nth(0)
    assert first.locator(".plot[data-drawn]").count() == 3
    assert first.locator(".plot").nth(0).locator(".bars .point > path").count() == 8
    assert first.locator(".plot").nth(1).locator(".points path").count() == 20
    assert first.locator(".plot").nth(2).locator(".bars .point > path").count() == 5


def test_a_closed_part_is_drawn_when_it_is_opened(shared: Opened) -> None:
    page = shared.page
    second = page.locator(".inferences").nth(1)
    assert second.locator(".plot[data-drawn]").count() == 0
    second.locator(":scope > summary").click()
    second.locator(".plot[data-drawn] >> nth=2").wait_for()
    assert second.locator(".plot").nth(0).locator(".bars .point > path").count() == 5


def test_only_the_pictures_can_be_taken_from_a_figure(shared: Opened) -> None:
    page = shared.page
    plots = page.locator(".plot[data-drawn]")
    buttons = page.locator(".modebar-btn")
    titles = {button.get_attribute("data-title") for button in buttons.all()}
    assert titles == {"Download plot as a PNG", "Download as SVG"}
    assert buttons.count() == 2 * plots.count()
    assert page.locator(".modebar a[href], .plotlyjsicon").count() == 0


@pytest.mark.parametrize(("button", "head"), [(0, b"\x89PNG"), (1, b"<svg")])
def test_pictures_are_made_without_a_network(shared: Opened, button: int, head: bytes) -> None:
    with shared.page.expect_download() as download:
        shared.page.locator(".modebar-btn").nth(button).click()
    assert Path(download.value.path()).read_bytes().startswith(head)
    assert shared.complaints == []
    assert shared.requests == []


def test_a_click_sorts_the_table_and_another_turns_it_around(shared: Opened) -> None:
    page = shared.page
    show(page)
    click_head(page, 1)
    assert click_head(page, 5) == "descending"
    assert column(page, 5) == ["50.0", "20.0", "10.0", "1.00", "1.00"]
    assert click_head(page, 5) == "ascending"
    assert column(page, 5) == ["1.00", "1.00", "10.0", "20.0", "50.0"]


def test_the_table_is_sorted_from_the_keyboard(shared: Opened) -> None:
    page = shared.page
    show(page)
    click_head(page, 5)
    page.locator("#table-0 thead button").nth(0).focus()
    page.keyboard.press("Enter")
    assert column(page, 1) == ["add.out", "conv #1", "conv #2", "delegate", "mul.out"]


def test_the_filter_leaves_what_was_asked_for(shared: Opened) -> None:
    page = shared.page
    show(page, "conv #1")
    assert column(page, 1) == ["conv #1"]
    show(page, "DELEGATED #1")
    assert sorted(column(page, 1)) == ["conv #1", "conv #2"]
    show(page, "no such operator")
    assert page.locator(".filters output").first.inner_text() == "0 of 8 events"


def test_what_adds_up_can_be_shown_alone(shared: Opened) -> None:
    page = shared.page
    show(page, choice="top")
    assert sorted(column(page, 1)) == ["add.out", "delegate", "mul.out"]
    show(page, choice="")
    assert len(column(page, 1)) == 8


def test_hostile_names_are_only_text(shared_hostile: Opened) -> None:
    assert shared_hostile.complaints == []
    assert shared_hostile.requests == []
    page = shared_hostile.page
    assert page.title().startswith("script>.etdp")
    assert page.locator("h1").inner_text() == "script>.etdp"
    assert page.locator("img, a[href^=http]").count() == 0
    assert page.locator("script").count() == 3
    texts = page.locator("#table-0").inner_text()
    assert all(name in texts for name in HOSTILE[:4])
    assert "conv\\u202egnp" in texts
    # In the figure the label is cut, but its tag is to be read, not to be clicked.
    labels = page.locator(".plot .ytick text").all_text_contents()
    assert any(text.startswith("<a href") for text in labels)


@pytest.mark.parametrize("width", [390, 768, 1280])
@pytest.mark.parametrize("which", ["shared", "shared_hostile"])
def test_the_page_never_scrolls_sideways(
    request: pytest.FixtureRequest, which: str, width: int
) -> None:
    page = request.getfixturevalue(which).page
    page.set_viewport_size({"width": width, "height": 900})
    plots = page.locator(".inferences[open] .plot")
    for plot in plots.all():
        now = plot.evaluate("e => e.clientWidth")
        page.locator(f"#{plot.get_attribute('id')}[data-drawn][data-width='{now}']").wait_for()
        place = plot.locator(".main-svg").first.bounding_box()
        assert place is not None
        assert place["x"] + place["width"] <= width
    assert page.locator("html").evaluate("e => e.scrollWidth") <= width


def test_the_scheme_of_the_system_is_followed_even_later(browser: Browser, report: Path) -> None:
    page = open_report(browser, report, scheme="dark").page
    background = "e => getComputedStyle(e).backgroundColor"
    assert page.locator("body").evaluate(background) == "rgb(15, 19, 24)"
    ink = page.locator(".plot .xtick text").first
    assert ink.evaluate("e => getComputedStyle(e).fill") == "rgb(230, 234, 240)"
    page.emulate_media(color_scheme="light")
    page.locator(".plot[data-drawn=light]").nth(2).wait_for()
    assert page.locator("body").evaluate(background) == "rgb(244, 246, 248)"
    assert ink.evaluate("e => getComputedStyle(e).fill") == "rgb(27, 36, 48)"
    page.close()


def test_everything_that_acts_has_a_name(shared: Opened) -> None:
    page = shared.page
    for role in ("button", "link", "searchbox", "combobox", "table", "region"):
        found = page.get_by_role(role).all()
        assert found, role
        nameless = [one for one in found if '"' not in one.aria_snapshot().splitlines()[0]]
        assert not nameless, role
    assert page.locator(".plot:not([aria-label])").count() == 0


def test_without_scripts_the_tables_are_there(browser: Browser, report: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    assert page.locator("#table-0 tbody tr:visible").count() == 8
    assert page.locator("noscript").inner_text().startswith("Figures, sorting and filters")
    context.close()
