"""Roll-ups in the report: the icicle and the tables, of a real bundle and of hostile names."""

from __future__ import annotations

import json
import re

import pytest
from origins_builder import Row, latency_and_origins, method, operator
from project import ROOT

from etscope.dashboard.report import report_html
from etscope.dashboard.report_rollups import module_table, operators_by_category
from etscope.dashboard.wording import Scale
from etscope.inspector.latency_report import latency_report
from etscope.inspector.recording import open_recording
from etscope.inspector.rollups import ROLLUPS

SCALE = Scale("us", 1.0)


def cells(table: str) -> list[str]:
    """The rows of a table as text."""
    rows = re.findall(r"<tr>(.*?)</tr>", table)
    return [re.sub(r"(<[^>]+>)+", "|", row).strip("|") for row in rows[1:]]


def test_the_tree_of_modules_is_indented() -> None:
    rows = (method(100), operator("x", 30, "a.b"), operator("x", 20, "a"))
    found = ROLLUPS["module"](*latency_and_origins(*rows, unit="us"))
    table = module_table(found, SCALE)
    assert cells(table)[:3] == [
        "(root)|Net|1|2|0|50.0|50.0%",
        "a|A|1|2|20.0|50.0|50.0%",
        "b|B|1|1|30.0|30.0|30.0%",
    ]
    assert '<span style="padding-left:2.4em"><bdi>b</bdi></span>' in table


def test_a_time_below_the_clock_of_a_backend_is_no_zero() -> None:
    rows = (
        method(10),
        Row("delegate", 9, backend="XnnpackBackend"),
        Row("delegated", 0, 1, op="Add #1", backend="XnnpackBackend"),
    )
    found = ROLLUPS["category"](*latency_and_origins(*rows, unit="us"))
    assert "Add|XnnpackBackend|1|&lt;1.00|&lt;10.0%" in cells(operators_by_category(found, SCALE))


def test_hostile_names_are_only_text() -> None:
    rows = (method(9), operator("<script>x", 5, "<img src=x>"))
    pair = latency_and_origins(*rows)
    text = module_table(ROLLUPS["module"](*pair), SCALE)
    text += operators_by_category(ROLLUPS["category"](*pair), SCALE)
    assert "<script" not in text
    assert "<img" not in text


def test_long_tables_say_what_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("etscope.dashboard.report_rollups.ROWS", 2)
    rows = (method(9), *[operator("x", 1, name) for name in "abc"])
    table = module_table(ROLLUPS["module"](*latency_and_origins(*rows)), SCALE)
    assert len(cells(table)) == 2
    assert "3 more entries are in the JSON report" in table


def test_the_page_shows_modules_where_there_is_a_record() -> None:
    bundle = ROOT / "sample_traces" / "two_methods.etscope"
    page = report_html(latency_report(open_recording(bundle)))
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)
    kinds = [figure["data"][0]["type"] for figure in json.loads(data)["figures"]]
    assert kinds.count("icicle") == 2
    assert "<caption>By module</caption>" in page
    bare = report_html(latency_report(open_recording(bundle / "trace.etdp")))
    assert "that needs the ETRecord of the export" in bare
