"""Where the time of an inference goes, over many inferences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bundle_folder import bundle_folder, manifest
from latency_reports import latency_of, method, mixed, operator, report_of
from traces import Event, Run, event, inference, logged, method_load, trace_of_runs

from etscope.etdump.manifest import InferenceRun
from etscope.inspector import latency as room
from etscope.inspector.durations import Clock
from etscope.inspector.latency import latencies
from etscope.inspector.methods import methods_of_runs
from etscope.inspector.recording import Recording, open_recording
from etscope.inspector.units import TimeScale

WRAP = 2**32


def recorded(*runs: Run) -> Recording:
    trace = trace_of_runs(*runs)
    return Recording("x", trace, None, None, methods_of_runs(trace, None, None, ()), ())


def test_loads_are_not_inferences() -> None:
    load = method_load(event("Method::init", 0, 10**9))
    (only,) = latencies(recorded(load, mixed(), load, mixed()))
    assert only.runs.tolist() == [1, 3]
    assert only.mean == pytest.approx(0.1)
    assert only.unit == "ms"


def test_the_kind_that_takes_the_most_time_in_all_comes_first() -> None:
    quick = method(10, *operator("add.out", 0, 0, 5))
    found = latencies(recorded(quick, method(15), quick))
    assert [item.runs.tolist() for item in found] == [[0, 2], [1]]


def test_times_are_in_the_unit_of_the_clock() -> None:
    clock = Clock(TimeScale.NS, TimeScale.US)
    (only,) = latencies(recorded(mixed()), clock)
    assert (only.unit, only.mean, only.unexplained) == ("us", 100.0, 20.0)


def test_warm_up_is_left_out(tmp_path: Path) -> None:
    listed = InferenceRun("forward", 0, 2, warmup=True), InferenceRun("forward", 0, 3)
    trace = trace_of_runs(*(method(us) for us in (900, 800, 10, 20, 30)))
    (only,) = latencies(open_recording(bundle_folder(tmp_path, manifest(*listed), trace)))
    assert only.runs.tolist() == [2, 3, 4]
    assert only.warmup_runs == 2
    assert only.samples.tolist() == [0.01, 0.02, 0.03]
    assert only.rows.statistics.count.tolist() == [3]
    assert only.mean == pytest.approx(0.02)


def test_where_all_was_warm_up_that_is_what_there_is(tmp_path: Path) -> None:
    listed = InferenceRun("forward", 0, 2, warmup=True)
    folder = bundle_folder(tmp_path, manifest(listed), trace_of_runs(method(10), method(20)))
    (only,) = latencies(open_recording(folder))
    assert (only.runs.tolist(), only.warmup_runs) == ([0, 1], 0)


def test_totals_are_over_the_middle_half_and_statistics_over_all() -> None:
    times = [10, 10, 10, 11, 11, 11, 12, 12, 5000]
    only = latency_of(*(method(us) for us in times))
    assert only.typical.tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert only.mean == pytest.approx(np.mean(times[:8]) / 1000)
    assert only.rows.statistics.max[0] == 5.0
    assert only.rows.statistics.mean[0] == pytest.approx(np.mean(times) / 1000)


def test_an_inference_whose_clock_went_backwards_spoils_no_total() -> None:
    good = method(10, *operator("add.out", 0, 0, 5))
    bad = inference(*operator("add.out", 0, 0, 5), event("Method::execute", 2**40, 5))
    only = latency_of(*[good] * 9, bad)
    assert len(only.runs) == 10
    assert only.rows.statistics.count.tolist() == [9, 10, 10]
    assert only.typical.tolist() == list(range(9))
    assert only.mean == pytest.approx(0.01)


def test_an_event_that_never_has_a_duration_stays_unexplained() -> None:
    backwards = event("OPERATOR_CALL", 2**41, 3, instruction=0)
    only = latency_of(method(10, backwards, *operator("add.out", 1, 1, 5)))
    assert np.isnan(only.rows.total[1])
    assert only.unexplained == pytest.approx(0.006)


def looped(*ends: int) -> Run:
    made = [
        event("OPERATOR_CALL", 1000 * i, 1000 * i + e, instruction=3) for i, e in enumerate(ends)
    ]
    return method(10, *made)


def test_loops_count_per_call_and_per_inference() -> None:
    only = latency_of(looped(100, 200), looped(300), looped(100, 100, 100))
    assert only.rows.calls.tolist() == [1.0, 2.0]
    assert only.rows.statistics.count.tolist() == [3, 6]
    assert only.rows.total[1] == pytest.approx(300e-6)
    assert only.mean == pytest.approx(0.01)
    assert len(only.samples) == 3


def test_loops_leave_warm_up_out_too(tmp_path: Path) -> None:
    listed = InferenceRun("forward", 0, 1, warmup=True), InferenceRun("forward", 0, 2)
    trace = trace_of_runs(looped(900), looped(100, 300), looped(200))
    (only,) = latencies(open_recording(bundle_folder(tmp_path, manifest(*listed), trace)))
    assert only.rows.statistics.count.tolist() == [2, 3]
    assert only.rows.total[1] == pytest.approx(300e-6)
    assert only.rows.calls[1] == 1.5


def test_branches_are_kinds_of_their_own() -> None:
    found = latencies(
        recorded(
            method(10, event("JF_CALL", 0, 1, instruction=0), *operator("add.out", 1, 1, 5)),
            method(20, event("JF_CALL", 0, 1, instruction=0), *operator("mul.out", 2, 1, 5)),
        )
    )
    assert [item.rows.op[-1] for item in found] == ["mul.out", "add.out"]


def test_without_the_method_its_time_is_not_known() -> None:
    only = latency_of(inference(*operator("add.out", 0, 0, 10)))
    assert np.isnan([only.mean, only.unexplained]).all()
    assert len(only.samples) == 0
    assert only.typical.tolist() == [0]


def test_a_method_that_was_called_twice_counts_both_calls() -> None:
    only = latency_of(inference(event("Method::execute", 0, 5), event("Method::execute", 6, 9)))
    assert only.samples.tolist() == pytest.approx([8e-6])
    assert only.mean == pytest.approx(8e-6)
    assert only.rows.calls.tolist() == [2.0]


def test_an_inference_without_timings_has_no_rows() -> None:
    only = latency_of(inference(logged(1, is_output=True)))
    assert len(only.rows) == 0
    assert np.isnan(only.mean)
    assert len(only.rows.share) == len(only.rows.top) == 0


def test_no_inference_at_all() -> None:
    assert latencies(recorded(method_load(event("Method::init", 0, 1)))) == []


def wrapping(start: int) -> Run:
    def at(tick: int) -> int:
        return (start + tick) % WRAP

    return inference(
        event("native_call_a.out", at(2), at(3), instruction=0),
        event("OPERATOR_CALL", at(1), at(4), instruction=0),
        event("Method::execute", at(0), at(9)),
    )


def test_an_inference_in_which_the_clock_wraps_does_not_shape_the_tree() -> None:
    only = latency_of(wrapping(WRAP - 2), wrapping(100), wrapping(200))
    assert only.rows.kind == ["method", "kernel", "operator"]
    assert only.rows.parent.tolist() == [-1, 2, 0]
    assert only.samples.tolist() == [9e-6] * 3
    assert only.not_nesting == 1


def test_inferences_that_nest_otherwise_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def made(*times: int) -> tuple[Event, ...]:
        return event("OPERATOR_CALL", *times, instruction=0), event("Method::execute", 0, 9)

    runs = [inference(*made(1, 2)), inference(*made(1, 12)), inference(*made(0, 9))]
    assert latency_of(*runs).not_nesting == 1
    monkeypatch.setattr(room, "_CHECKED", 2)  # events: a single run
    assert latency_of(*runs).not_nesting == 0
    assert report_of(*runs).coverage["not_nesting"] == 0
