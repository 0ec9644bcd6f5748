"""What of a method was mapped: buckets that add up to it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joined_models import call, graph, plan, record
from latency_reports import delegate, method, operator
from traces import event, trace_of_runs

from etscope.etdump.program import Program
from etscope.etdump.record import Record
from etscope.inspector.correlate.ledger import Ledger, bytes_written
from etscope.inspector.latency_report import LatencyReport, latency_report
from etscope.inspector.methods import methods_of_runs
from etscope.inspector.recording import Recording

ADD, MUL = "aten::add.out", "aten::mul.out"


def report(made: Record | None, found: Program | None, *runs: object) -> LatencyReport:
    trace = trace_of_runs(*runs)  # type: ignore[arg-type]
    methods = methods_of_runs(trace, found, None, ())
    return latency_report(Recording("x", trace, None, found, methods, (), made))


def two() -> Record:
    edge = graph(
        call("a", "aten.add.Tensor", ["x"], 1, at=3), call("m", "aten.mul.Tensor", ["a"], 2, at=4)
    )
    return record({"forward": edge}, {"forward": {0: 1, 1: 2}})


def run_of(*names: str, total: int = 100) -> object:
    events = [e for n, name in enumerate(names) for e in operator(name, n, 10 * n, 10 * n + 8)]
    return method(total, *events)


def ledger(found: LatencyReport) -> Ledger:
    (only,) = found.ledgers
    return only


def test_everything_is_mapped() -> None:
    found = ledger(report(two(), plan(ADD, MUL), run_of("add.out", "mul.out")))
    assert [(b.kind, b.name, b.operators) for b in found.buckets] == [
        ("mapped", "debug handle, exact", 2),
        ("unexplained", "unexplained", 0),
    ]
    assert found.mapped_share("time") == found.mapped_share("operators") == 1
    assert found.buckets[0].time == pytest.approx(0.016)
    assert found.buckets[0].events == 4  # a kernel inside each operator
    assert found.buckets[0].bytes_written == 16
    assert found.buckets[1].time == pytest.approx(0.084)


def test_what_is_not_mapped_has_a_bucket_and_a_reason() -> None:
    found = ledger(report(None, plan(ADD, MUL), run_of("add.out", "mul.out")))
    assert [(b.kind, b.reason) for b in found.buckets[:1]] == [("unmapped", "there is no ETRecord")]
    assert found.mapped_share("time") == 0


def test_a_delegate_that_times_nothing_inside_is_an_operator() -> None:
    edge = graph(
        call("a", "aten.add.Tensor", ["x"], 1, at=3), call("m", "aten.mul.Tensor", ["a"], 2, at=4)
    )
    table = {"forward": {0: {"name": "Other", "delegate_map": {}}}}
    made = record({"forward": edge}, {"forward": {0: [1, 2]}}, table)
    found = ledger(report(made, plan("Other"), method(50, *delegate(0, 0, 40))))
    assert (found.buckets[0].kind, found.buckets[0].name) == ("unmapped", "whole delegates")
    assert found.mapped_share("time") == 0


def test_time_around_delegated_operations_is_overhead() -> None:
    table = {"forward": {0: {"name": "Other", "delegate_map": {"conv": [1]}}}}
    edge = graph(call("a", "aten.convolution.default", ["x"], 1, at=3))
    made = record({"forward": edge}, {"forward": {0: [1]}}, table)
    found = ledger(report(made, plan("Other"), method(50, *delegate(0, 0, 40, "conv"))))
    kinds = {bucket.kind: bucket.time for bucket in found.buckets}
    assert kinds == pytest.approx({"mapped": 0.001, "overhead": 0.039, "unexplained": 0.01})
    assert found.mapped_share("time") == 1


def test_a_method_that_was_not_timed_is_the_sum_of_its_rows() -> None:
    from traces import inference

    found = ledger(report(None, None, inference(*operator("add.out", 0, 0, 10))))
    assert found.whole == pytest.approx(0.010)
    assert [bucket.kind for bucket in found.buckets] == ["unmapped"]


def test_nothing_to_map_is_not_zero() -> None:
    found = ledger(report(None, None, method(10)))
    assert math.isnan(found.mapped_share("time"))


@given(st.lists(st.sampled_from(["add.out", "mul.out", "odd.out"]), max_size=6))
def test_buckets_add_up_to_the_method(names: list[str]) -> None:
    found = ledger(report(two(), plan(ADD, MUL), run_of(*names)))
    assert sum(bucket.time for bucket in found.buckets) == pytest.approx(found.whole)
    assert sum(found.share(bucket) for bucket in found.buckets) == pytest.approx(1)


def test_bytes_are_those_that_the_program_plans() -> None:
    found = report(two(), plan(ADD, MUL, shapes=[(2,), (2,)]), run_of("add.out", "mul.out"))
    (origins,) = found.origins
    written = bytes_written(origins)
    assert written.tolist()[0] == -1  # the method itself writes nothing
    assert set(written.tolist()[1:]) == {8}


def test_the_report_says_what_was_mapped() -> None:
    found = report(two(), plan(ADD, MUL), run_of("add.out", "mul.out")).to_json()
    (mapping,) = found["coverage"]["mapping"]
    assert mapping["mapped_time_share"] == 1
    assert found["coverage"]["record"] is True
    row = next(row for row in found["rows"] if row["op"] == MUL)
    assert (row["node"], row["source"], row["mapped_by"]) == ("m", "m.py:4", "debug handle")


def test_control_flow_is_not_an_operator() -> None:
    run = method(20, event("JF_CALL", 0, 1000, instruction=0))
    found = ledger(report(None, None, run))
    assert [(b.kind, b.name) for b in found.buckets] == [
        ("overhead", "control flow"),
        ("unexplained", "unexplained"),
    ]


@pytest.mark.parametrize("sizes", [(2**31, 2**31), (2**62,), (2**40, 2**40)])
def test_sizes_that_nothing_can_hold_are_not_known(sizes: tuple[int, ...]) -> None:
    table = {"forward": {0: {"name": "Other", "delegate_map": {"conv": [1]}}}}
    edge = graph(call("a", "aten.convolution.default", ["x"], 1, at=3, sizes=sizes))
    made = record({"forward": edge}, {"forward": {0: [1]}}, table)
    found = report(made, plan("Other"), method(50, *delegate(0, 0, 40, "conv")))
    assert set(bytes_written(found.origins[0]).tolist()) == {-1}
    assert {bucket.bytes_written for bucket in ledger(found).buckets} == {None}


def test_what_lies_beside_the_method_is_not_in_its_ledger() -> None:
    run = method(10, event("native_call_add.out", 20_000, 28_000, instruction=0))
    found = ledger(report(None, None, run))
    (only,) = found.buckets
    assert only.kind == "unexplained"
    assert only.time == pytest.approx(0.01)
