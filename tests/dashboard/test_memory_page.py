"""The memory page as text: complete, the same every time, harmless."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest
from memory_reports import chain_report, measured_report
from plotly.graph_objects import Figure as Checked

from etscope.dashboard.memory_page import memory_html, write_memory_page
from etscope.etdump.errors import UsageError
from etscope.inspector.memory.report import MemoryReport

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>{{plotly}}\u202e"


def own_text(page: str) -> str:
    """The page without the scripts that are ours and plotly's."""
    return re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", own_text(page)))


@pytest.fixture(scope="module")
def report() -> MemoryReport:
    return measured_report("transformer_kv")


@pytest.fixture(scope="module")
def page(report: MemoryReport) -> str:
    return memory_html(report)


def test_verdict_confidence_and_findings_come_first(page: str) -> None:
    order = [
        'class="verdict"',
        "confidence</span>",
        "Arenas of forward",
        "<h2>Findings</h2>",
        "<h2>What holds the memory, and when</h2>",
        "Why the peak is where it is",
        "Who holds which bytes, when",
        "<h2>What the program brings into memory</h2>",
        "<h2>What the process used</h2>",
        "<h2>What limits operators",
        "<h2>What was looked at, and what was not</h2>",
        "<h2>How to read this</h2>",
    ]
    places = [page.index(mark) for mark in order]
    assert places == sorted(places)


def test_every_figure_is_one_that_plotly_knows_and_says_what_it_is(page: str) -> None:
    data = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)
    assert data is not None
    figures = json.loads(data[1])["figures"]
    for figure in figures:
        Checked(figure)
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", page, re.DOTALL)
    assert len(captions) == len(figures) > 9
    unlabelled = [
        text
        for text in captions
        if not re.search("planned|measured|estimated|derived|the same", text, re.I)
    ]
    assert unlabelled == []


def test_the_tables_read_without_scripts(page: str, report: MemoryReport) -> None:
    text = words(page)
    peak = report.main.peak
    assert f"Sizes add up to the peak of {peak.peak_bytes:,} bytes: planned." in text
    assert "layers.0.attention.keys" in text
    assert "Measured by the system, in a fresh process" in text
    rows = re.findall(r'<tr data-kind="(peak|other)">', page)
    assert (len(rows), rows.count("peak")) == (len(report.main.plan), len(peak.holders))


def test_what_was_not_measured_is_said_and_is_no_zero() -> None:
    text = words(memory_html(chain_report([40, 80, 16])))
    assert "not measured: no run was looked at" in text
    assert "The process was not measured: there is no footprint." in text
    assert "No run was timed, so there is nothing to hold against a roof." in text
    assert "No module of a holder is known: that needs the ETRecord of the export." in text


def test_every_method_has_its_part_and_only_the_first_is_open() -> None:
    page = memory_html(measured_report("two_methods"))
    assert re.findall(r"<h3><bdi>(\w+)</bdi> <small>[\d.]+ kB planned", page) == [
        "decode",
        "encode",
    ]
    opened = re.findall(r'<details class="inferences" open><summary><h3><bdi>(\w+)', page)
    assert opened == ["decode", "encode"]  # of the plan, and of what was timed


def test_the_same_report_gives_the_same_page(page: str, report: MemoryReport) -> None:
    assert memory_html(report) == page


def test_the_policy_allows_exactly_the_scripts_of_the_page(page: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    assert re.findall(r"'sha256-([^']*)'", policy[1]) == digests
    assert len(digests) == 2
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")


def test_the_page_names_no_place_to_load_from(page: str) -> None:
    text = own_text(page)
    assert not re.search(r"https?:|//\w+\.\w|@import|url\(", text)
    assert re.findall(r'(?:src|href)="(?!#)([^"]*)"', text) == ["data:,"]


def test_hostile_names_stay_text() -> None:
    page = memory_html(chain_report([40, 80, 16], operator=(HOSTILE, "out")))
    text = own_text(page)
    assert "<img" not in text
    assert "alert(1)" in text
    assert "{{plotly}}" in text
    assert page.count("<script") == 3


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        write_memory_page(chain_report([40, 80, 16]), tmp_path / "no" / "page.html")
    assert list(tmp_path.iterdir()) == []


def test_five_thousand_values_make_a_page_of_a_fair_size(tmp_path: Path) -> None:
    place = tmp_path / "page.html"
    write_memory_page(chain_report([4 + 4 * (at % 9) for at in range(5000)]), place)
    page = place.read_text(encoding="utf-8")
    data = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)
    assert data is not None
    assert len(data[1]) < 2_000_000
    for figure in json.loads(data[1])["figures"]:
        bars = sum(len(trace["x"]) for trace in figure["data"] if trace["type"] == "bar")
        assert bars <= 500
