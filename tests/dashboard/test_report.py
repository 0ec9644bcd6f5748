"""The report as text: complete, the same every time, harmless."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from pathlib import Path

import pytest
from latency_reports import delegate, method, mixed, operator, report_of

from etscope.dashboard.page import embedded_json
from etscope.dashboard.report import report_html, write_report
from etscope.etdump.errors import UsageError

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>{{plotly}}\u202e"


def own_text(page: str) -> str:
    """The page without the scripts that are ours and plotly's."""
    return re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)


@pytest.fixture(scope="module")
def page() -> str:
    return report_html(report_of(*[mixed()] * 12, notes=("one thing was lost",)))


def test_verdict_confidence_and_coverage_come_first(page: str) -> None:
    order = [
        'class="verdict"',
        "confidence</span>",
        "Inferences counted",
        "<h2>Findings</h2>",
        "<h2>Where the time goes</h2>",
        "one thing was lost",
        "<h2>How to read this</h2>",
    ]
    places = [page.index(mark) for mark in order]
    assert places == sorted(places)


def test_the_table_reads_without_scripts(page: str) -> None:
    text = re.sub(r"<[^>]+>", " ", own_text(page))
    row = re.search(r"mul\.out\s+operator\s+2\s+1\s+20\.0\s+20\.0%", text)
    assert row is not None


def test_the_same_report_gives_the_same_page(page: str) -> None:
    assert report_html(report_of(*[mixed()] * 12, notes=("one thing was lost",))) == page


def test_the_policy_allows_exactly_the_scripts_of_the_page(page: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    assert re.findall(r"'sha256-([^']*)'", policy[1]) == digests
    assert len(digests) == 2
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy[1].partition("script-src")[2].partition(";")[0]


def test_the_page_names_no_place_to_load_from(page: str) -> None:
    text = own_text(page)
    assert not re.search(r"https?:|//\w+\.\w|@import|url\(", text)
    assert re.findall(r'(?:src|href)="(?!#)([^"]*)"', text) == ["data:,"]


def test_hostile_names_stay_text() -> None:
    runs = [method(100, *operator(HOSTILE, 0, 0, 10), *delegate(1, 10, 60, HOSTILE))] * 2
    page = report_html(report_of(*runs, source=f"{HOSTILE}.etdp", notes=(HOSTILE,)))
    text = own_text(page)
    assert "<img" not in text
    assert "alert(1)" in text
    assert "{{plotly}}" in text
    assert page.count("<script") == 3
    assert "\u202e" not in page


def test_json_cannot_leave_its_script_element() -> None:
    text = embedded_json({"name": "</script><!--&\u2028"})
    assert not set(text) & set("<>&\u2028")
    assert json.loads(text) == {"name": "</script><!--&\u2028"}


def test_a_trace_without_inferences_has_a_report() -> None:
    page = report_html(report_of())
    assert "The trace holds no inference" in page


def test_many_kinds_of_inference_are_listed_and_few_drawn() -> None:
    runs = [method(100 + at, *operator(f"op{at}.out", 0, 0, 10)) for at in range(9)]
    page = own_text(report_html(report_of(*runs)))
    assert page.count('<details class="inferences"') == 6
    assert "The first 6 are shown below, 3 are not." in page


def test_cheap_events_that_are_not_listed_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("etscope.dashboard.report_table.ROWS", 3)
    page = own_text(report_html(report_of(mixed(), mixed())))
    # Left: two kernels, two operations, and the operator of 10 µs.
    assert "5 cheaper events are not listed" in page
    assert "take 10.0 µs per inference" in page


def test_the_file_is_whole_or_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "report.html"
    place.write_text("before")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", refuse)
        with pytest.raises(UsageError, match="No space left"):
            write_report(report_of(mixed()), place)
    assert place.read_text() == "before"
    write_report(report_of(mixed()), place)
    assert place.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere.*cannot be written"):
        write_report(report_of(mixed()), tmp_path / "nowhere" / "report.html")
