"""The ledger of a small method: an operator between two XNNPACK delegates."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from fallback_models import (
    BACKEND,
    fan,
    island,
    island_events,
    island_record,
    island_report,
    report_of,
)
from joined_models import call, graph, record
from latency_reports import delegate, method, operator
from latency_reports import report_of as report_of_trace
from traces import event

from etscope.inspector.fallbacks.edges import LAYOUT, Edges
from etscope.inspector.fallbacks.lines import lines_of
from etscope.inspector.fallbacks.throughput import work_of
from etscope.inspector.latency_report import LatencyReport

MS = 1e-3  # of a microsecond


@pytest.fixture(scope="module")
def report() -> LatencyReport:
    return island_report()


def test_what_it_costs_and_why_it_stayed_out(report: LatencyReport) -> None:
    (ledger,) = report.fallbacks
    (row,) = ledger.rows
    assert (ledger.backends, ledger.delegate_calls) == ((BACKEND,), 2)
    assert (row.operator, row.types) == ("aten::log1p.out", ("float32",))
    assert row.time == pytest.approx(40 * MS)
    assert (ledger.time, ledger.share) == pytest.approx((40 * MS, 0.4))
    assert row.reason.text == "XnnpackBackend has no configuration for log1p"


def test_the_layout_changes_at_both_edges_are_around_it(report: LatencyReport) -> None:
    around = report.fallbacks[0].rows[0].around
    assert [(one.kind, one.instruction, one.inside) for one in around] == [
        (LAYOUT, 0, True),
        (LAYOUT, 2, True),
    ]
    assert [one.time for one in around] == pytest.approx([4 * MS, 4 * MS])


def test_the_gain_is_made_of_its_parts(report: LatencyReport) -> None:
    gain = report.fallbacks[0].rows[0].gain
    # 2 sigmoid took 30 us for 98 elements, the operator has 64; the layout changes take 8 us;
    # two calls took 6 us each outside of their operations, of which one would go.
    inside = 30 * 64 / 98
    assert gain.inside == pytest.approx(inside * MS)
    assert gain.edges == pytest.approx(8 * MS)
    assert gain.calls == pytest.approx(6 * MS)
    assert gain.value == pytest.approx((40 - inside + 8 + 6) * MS)
    assert gain.at_most
    assert "2 elementwise operations inside" in gain.basis


def test_what_is_below_the_clock_is_no_time_of_nothing() -> None:
    blind = report_of(island(), island_record(), island_events(layout=0))
    first, _ = blind.fallbacks[0].rows[0].around
    assert math.isnan(first.time)
    assert first.below == pytest.approx(1 * MS)


def test_lines_are_what_a_person_changes(report: LatencyReport) -> None:
    (line,) = lines_of(report.fallbacks[0], report.origins[0])
    assert (line.source, line.module, line.operators) == ("m.py:4", "mid", ("log1p",))
    assert line.gain == pytest.approx(report.fallbacks[0].gain)


def test_without_a_record_there_is_only_an_upper_bound() -> None:
    bare = report_of(island(), None, island_events())
    (row,) = bare.fallbacks[0].rows
    assert row.reason.kind == "operator"  # the program names it
    assert math.isnan(row.gain.inside)
    assert row.gain.at_most
    assert row.gain.value == pytest.approx((40 + 8 + 6) * MS)


def test_an_element_type_that_the_backend_does_not_take() -> None:
    made = island("aten::add", scalar_type=4)
    wide = report_of(made, island_record("aten.add.Tensor"), island_events("add.out"))
    (row,) = wide.fallbacks[0].rows
    assert (row.reason.kind, row.types) == ("dtype", ("int64",))


def test_a_bare_trace_tells_costs_and_no_reasons() -> None:
    run = method(100, *delegate(0, 0, 10, "conv"), *operator("a.out", 1, 10, 60))
    (ledger,) = report_of_trace(run).fallbacks
    (row,) = ledger.rows
    assert not ledger.has_program
    assert row.time == pytest.approx(0.05)
    assert row.reason.kind == "unknown"
    assert math.isnan(row.gain.value)
    assert math.isnan(ledger.gain)


def test_a_trace_without_delegates_says_so() -> None:
    (ledger,) = report_of_trace(method(100, *operator("a.out", 1, 10, 60))).fallbacks
    assert ledger.rows[0].reason.kind == "no_delegate"


def test_the_times_add_up_to_the_operators_of_the_waterfall(report: LatencyReport) -> None:
    (operators,) = [part for part in report.waterfalls[0] if part.name == "operators"]
    assert report.fallbacks[0].time == pytest.approx(operators.value)


def test_work_is_elements_or_multiplications() -> None:
    graph = island_record().edge_program("forward")
    assert work_of(graph, graph.node_of_name["last"]) == 2 * 4 * 8
    assert work_of(graph, graph.node_of_name["x"]) > 0


@pytest.mark.parametrize("size", [2**31, 2**62])
def test_sizes_that_no_memory_holds_are_no_work(size: int) -> None:
    big = call("big", "aten.mm.default", ["x", "x"], 1, sizes=(size, size, 2))
    edge = record({"forward": graph(big)}, {"forward": {0: [1]}}).edge_program("forward")
    assert work_of(edge, edge.node_of_name["big"]) == 0


def test_the_gain_is_never_more_than_the_method(report: LatencyReport) -> None:
    (ledger,) = report.fallbacks
    assert replace(ledger, rows=ledger.rows * 4).gain == ledger.whole
    assert replace(ledger, rows=()).gain == 0.0


def test_edges_are_asked_for_once_by_however_many_operators(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    walk = Edges._walk

    def counting(self: Edges, *parts: object) -> object:
        asked.append(1)
        return walk(self, *parts)  # type: ignore[arg-type]

    monkeypatch.setattr(Edges, "_walk", counting)
    many = 40
    events = [event("OPERATOR_CALL", 10 * n, 10 * n + 5, instruction=n) for n in range(1, many + 1)]
    found = report_of(fan(many), None, [*events, event("Method::execute", 0, 1000)])
    (ledger,) = found.fallbacks
    assert [len(row.around) for row in ledger.rows] == [1] * many
    # Each operator asks for its own value, the island once for each, and for what all take.
    assert len(asked) <= 2 * many + 1
