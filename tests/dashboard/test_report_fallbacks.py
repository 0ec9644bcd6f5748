"""What ran outside of delegates, and times below a clock's step, in the HTML report."""

from __future__ import annotations

import re

from fallback_models import island, island_events, island_record, island_report, report_of
from latency_reports import delegate, method, operator
from latency_reports import report_of as report_of_trace

from etscope.dashboard.figures.operators import operators_figure
from etscope.dashboard.report import report_html
from etscope.dashboard.report_fallbacks import fallbacks
from etscope.dashboard.report_table import operator_table
from etscope.dashboard.wording import scale_of


def test_a_line_with_its_reason_and_gain() -> None:
    text = re.sub(r"<[^>]+>", " ", fallbacks(island_report()))
    found = re.search(r"m\.py:4\s+mid\s+log1p\s+40\.0 µs\s+40\.0%\s+at most 34\.4 µs", text)
    assert found is not None
    assert "XnnpackBackend has no configuration for log1p" in text
    assert 'id="fallbacks"' in report_html(island_report())


def test_without_delegates_there_is_a_sentence() -> None:
    text = fallbacks(report_of_trace(method(100, *operator("a.out", 0, 0, 50))))
    assert "calls no delegate" in text
    assert "<table" not in text


def test_names_are_escaped() -> None:
    hostile = method(100, *delegate(0, 0, 9, "x"), *operator("<script>", 1, 10, 60))
    assert "<script>" not in fallbacks(report_of_trace(hostile))


def test_what_a_clock_cannot_tell_is_no_zero() -> None:
    report = report_of(island(), island_record(), island_events(layout=0))
    latency = report.methods[0]
    table = operator_table(latency, report.rows(), scale_of(latency))
    (line,) = [row for row in table.splitlines() if "Transpose" in row and "&lt;" in row]
    assert line.count('data-value="0">&lt;1.00<') == 6  # per inference, p10 to p99, max
    assert re.search(r"<td[^>]*>0<", line.partition("m.py")[2]) is None


def test_hovering_over_such_a_bar_says_so() -> None:
    report = report_of(island(), island_record(), island_events())
    latency = report.methods[0]
    latency.rows.statistics.p50[latency.rows.kind.index("delegated")] = 0.0
    figure = operators_figure(latency, scale_of(latency))
    assert figure is not None
    texts = [text for bars in figure["data"] for text in bars.get("hovertext", [])]
    assert any("p50 below 1.00 µs" in text for text in texts)
