"""The source view as a page: complete, the same every time, harmless."""

from __future__ import annotations

import re

import pytest
from latency_reports import method, mixed, operator
from source_views import Places, frame, origin, view_of

from etscope.dashboard.source_page import source_html
from etscope.etdump.program_graph import Frame
from etscope.inspector.backends.operations import Confidence
from etscope.inspector.source_view.file_text import FileText, recorded_text
from etscope.inspector.source_view.view import SourceView

HOSTILE = "</code><script>alert(1)</script><img src=x onerror=alert(2)>{{script}}\u202e"
PLACES: Places = {
    0: origin(frame(2), frame(3), modules=("", "layers.0")),
    2: origin(frame(2), frame(3), modules=("", "layers.1"), sure=Confidence.ALIGNED),
    "conv #1": origin(frame(2), frame(9, file="b/other.py")),
}
LINES = {1: "def forward(x):", 2: "    y2 = f2(x)", 3: "    y3 = f3(x)", 4: "    return y"}


def page_of(view: SourceView, context: int | None = 1) -> str:
    texts = {file: recorded_text(file, view.snippets[file], "not here") for file in view.files}
    if "model.py" in texts:
        texts["model.py"] = FileText("model.py", LINES, True, "read from here")
    return source_html(view, texts, context)


def text_of(page: str) -> str:
    """What a reader sees, without what shows under the mouse."""
    page = re.sub(r"<(script|style)>.*?</\1>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def row_of(page: str, name: str) -> str:
    """The row of one line."""
    return "<tr " + page.partition(f'id="{name}"')[2].partition('<td class="brief">')[0]


@pytest.fixture(scope="module")
def page() -> str:
    return page_of(view_of(*[mixed()] * 12, places=PLACES))


def test_verdict_and_confidence_come_first_and_the_remainder_is_there(page: str) -> None:
    text = text_of(page)
    order = [
        "model.py:3 takes 30.0% of the method",
        "medium confidence",
        "Lines with the most time",
        "y3 = f3(x)",
        "What stands on no line",
        "delegate calls 48.0 µs",
    ]
    places = [text.index(mark) for mark in order]
    assert places == sorted(places)


def test_a_line_has_its_figures_and_what_is_behind_it(page: str) -> None:
    row = row_of(page, "f0-L3")
    text = text_of(row)
    assert text.strip().startswith("30.0 30.0% 30.0% 3 y3 = f3(x) in forward , total 30.0 µs")
    assert "modules: layers.{0,1}" in text
    assert "mul.out outside of delegates 1 1 20.0 µs" in text
    assert "mapped by debug handle: aligned" in text
    assert "--heat:1.000" in row


def test_a_line_that_only_calls_has_a_total(page: str) -> None:
    row = row_of(page, "f0-L2")
    assert "calls what takes this time" in row
    assert "31.0%" in row


def test_each_file_has_a_tab_and_a_panel(page: str) -> None:
    assert re.findall(r'aria-controls="panel-(\w+)"', page) == ["f0", "f1"]
    assert page.count('role="tabpanel"') == 2
    assert "b/other.py : not here" in text_of(page)


def test_tabs_name_the_method_where_there_are_several() -> None:
    other = method(10, *operator("relu.out", 7, 0, 10))
    places = {**PLACES, 7: origin(frame(4))}
    text = text_of(page_of(view_of(*[mixed()] * 2, other, other, places=places)))
    assert "model.py in the method" in text


def test_the_same_view_gives_the_same_page(page: str) -> None:
    assert page_of(view_of(*[mixed()] * 12, places=PLACES)) == page


def test_the_page_asks_for_nothing(page: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")
    body = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r"https?:|//\w+\.\w|@import|url\(", body)
    assert all(target.startswith(("#", "data:,")) for target in re.findall(r'href="([^"]*)"', body))


def test_hostile_texts_stay_text() -> None:
    where = Frame(f"{HOSTILE}.py", -7, HOSTILE, HOSTILE * 50)
    run = method(10, *operator(HOSTILE, 0, 0, 10))
    place = origin(where, modules=("", HOSTILE))
    page = page_of(view_of(run, run, places={0: place}, source=f"{HOSTILE}.etdp"))
    assert "<img" not in page
    assert page.count("<script") == 1
    assert "{{script}}" in page
    assert "\u202e" not in page


def test_without_lines_the_reason_is_given() -> None:
    text = text_of(page_of(view_of(mixed(), mixed(), places={})))
    assert "No time of the method stands on a line of source" in text
    assert "nothing tells where it is from" in text
    assert "No inference was timed" in text_of(source_html(view_of(places={}), {}))
