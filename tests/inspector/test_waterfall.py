"""The parts add up at every level, with what is left over shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from bundle_folder import bundle_folder, manifest
from hypothesis import given, settings
from hypothesis import strategies as st
from latency_reports import delegate, method, mixed, operator, report_of
from project import ROOT
from traces import Event, Run, event, inference, trace_of_runs

from etscope.etdump.manifest import InferenceRun
from etscope.inspector.durations import Clock
from etscope.inspector.latency import latencies
from etscope.inspector.latency_report import latency_report
from etscope.inspector.recording import Recording, open_recording
from etscope.inspector.units import TimeScale
from etscope.inspector.waterfall import Part, mean_wall, waterfall


def parts_of(*runs: Run) -> list[Part]:
    (parts,) = report_of(*runs).waterfalls
    return parts


def sums(parts: list[Part]) -> list[tuple[float, float]]:
    """(value of a bar, sum of the bars right under it) for every bar that has some."""
    out = []
    for place, part in enumerate(parts):
        inner = []
        for below in parts[place + 1 :]:
            if below.level <= part.level:
                break
            if below.level == part.level + 1:
                inner.append(below.value)
        if inner:
            out.append((part.value, sum(inner)))
    return out


def assert_adds_up(parts: list[Part]) -> None:
    found = sums(parts)
    assert found
    for value, inner in found:
        assert inner == pytest.approx(value, rel=1e-9, abs=1e-12)


def test_a_part_says_how_many_of_its_instructions_have_no_time() -> None:
    backwards = event("OPERATOR_CALL", 100, 50, instruction=3)
    parts = parts_of(*[method(200, backwards)] * 3)
    (operators,) = [part for part in parts if part.name == "operators"]
    assert operators.note == "1 instruction, 1 of them without a time"


def test_the_bars_of_a_method() -> None:
    found = {
        part.name: (part.level, round(part.value, 6), part.basis) for part in parts_of(mixed())
    }
    assert found == {
        "method": (0, 0.1, "measured"),
        "operators": (1, 0.03, "measured"),
        "kernels": (2, 0.026, "measured"),
        "dispatch": (2, 0.004, "derived"),
        "delegates": (1, 0.05, "measured"),
        "operations inside": (2, 0.002, "measured"),
        "delegate's own": (2, 0.048, "derived"),
        "unexplained": (1, 0.02, "derived"),
    }


def test_operators_without_kernels_are_not_broken_down() -> None:
    blind = event("OPERATOR_CALL", 20_000, 25_000, instruction=1)
    parts = parts_of(method(50, *operator("add.out", 0, 0, 10), blind))
    found = {part.name: part.value for part in parts}
    assert found["not broken down"] == pytest.approx(0.005)
    assert found["dispatch"] == pytest.approx(0.002)
    assert_adds_up(parts)


def test_where_no_operator_has_a_kernel_there_is_nothing_below() -> None:
    parts = parts_of(method(50, event("native_call_add.out", 0, 1000, instruction=0)))
    assert [part.name for part in parts] == ["method", "operators", "unexplained"]


def test_a_delegate_that_reports_nothing_is_not_broken_down() -> None:
    parts = parts_of(method(50, *delegate(0, 0, 10), *delegate(1, 20, 30, "conv #1")))
    found = {part.name: part.value for part in parts}
    assert found["not broken down"] == pytest.approx(0.01)
    assert found["delegate's own"] == pytest.approx(0.009)
    assert_adds_up(parts)


def test_control_flow_and_strangers_have_their_bars() -> None:
    jump = event("JF_CALL", 0, 1000, instruction=0)
    stranger = event("Backend::prepare", 2000, 5000)
    found = {part.name: part.value for part in parts_of(method(10, jump, stranger))}
    assert found["control"] == pytest.approx(0.001)
    assert found["other events"] == pytest.approx(0.003)
    assert found["unexplained"] == pytest.approx(0.006)


def test_without_the_method_the_operators_are_still_there() -> None:
    found = {part.name: part.value for part in parts_of(inference(*operator("a.out", 0, 0, 10)))}
    assert found["operators"] == pytest.approx(0.01)
    assert str(found["method"]) == str(found["unexplained"]) == "nan"


@st.composite
def runs(draw: st.DrawFn) -> list[Run]:
    """Inferences of one kind: instructions of any sort, each with gaps and lengths of its own."""
    sorts = draw(
        st.lists(st.sampled_from(["operator", "blind", "delegate", "control"]), max_size=6)
    )
    times = st.lists(st.integers(3, 400), min_size=2 * len(sorts), max_size=2 * len(sorts))
    return [_run(sorts, draw(times)) for _ in range(draw(st.integers(1, 12)))]


def _run(sorts: list[str], times: list[int]) -> Run:
    at, events = 0, list[Event]()
    for number, sort in enumerate(sorts):
        start = at + times[2 * number]
        at = start + times[2 * number + 1]
        if sort == "operator":
            events += operator("add.out", number, start, at)
        elif sort == "delegate":
            events += delegate(number, start, at, "conv #1", "conv #2")
        else:
            name = "OPERATOR_CALL" if sort == "blind" else "JF_CALL"
            events.append(event(name, start * 1000, at * 1000, instruction=number))
    return method(at + 5, *events)


@given(runs())
@settings(max_examples=30)
def test_the_parts_of_any_method_add_up(made: list[Run]) -> None:
    assert_adds_up(parts_of(*made))


Walls = dict[str, list[int]]


def bundle(place: Path, traced: Walls, untraced: Walls | None = None) -> Recording:
    """Two warm-ups, then two inferences with one input and one with another; 10 µs more each."""
    listed = (
        InferenceRun("forward", 0, 2, warmup=True),
        InferenceRun("forward", 0, 1),
        InferenceRun("forward", 1, 1),
        InferenceRun("forward", 0, 1),
    )
    trace = trace_of_runs(*(mixed(us) for us in (900, 900, 100, 110, 120)))
    return open_recording(
        bundle_folder(place, manifest(*listed, traced=traced, untraced=untraced), trace)
    )


TRACED = {"forward/0": [150_000, 170_000], "forward/1": [160_000]}


def test_the_wall_clock_is_around_the_method(tmp_path: Path) -> None:
    recording = bundle(tmp_path, traced=TRACED)
    (latency,) = latencies(recording)
    parts = waterfall(recording, latency)
    assert [(p.name, round(p.value, 6), p.basis, p.level) for p in parts[:3]] == [
        ("wall clock", 0.16, "measured", 0),
        ("outside the method", 0.05, "derived", 1),
        ("method", 0.11, "measured", 1),
    ]
    assert_adds_up(parts)


def test_walls_of_other_inferences_are_not_used(tmp_path: Path) -> None:
    recording = bundle(tmp_path, traced={"forward/0": [150_000] * 4, "forward/1": [160_000]})
    (latency,) = latencies(recording)
    assert mean_wall(recording, latency, traced=True) is None
    assert waterfall(recording, latency)[0].name == "method"


def test_untraced_walls_are_inferences_of_their_own(tmp_path: Path) -> None:
    untraced = {"forward/0": [100_000] * 4 + [900_000] * 2, "forward/1": [100_000] * 4}
    recording = bundle(tmp_path, traced=TRACED, untraced=untraced)
    (latency,) = latencies(recording)
    assert mean_wall(recording, latency, traced=False) == pytest.approx(0.1)
    assert mean_wall(recording, latency, traced=True) == pytest.approx(0.16)


def test_a_clock_of_cycles_has_no_wall(tmp_path: Path) -> None:
    recording = bundle(tmp_path, traced=TRACED)
    clock = Clock(TimeScale.CYCLES, TimeScale.CYCLES)
    (latency,) = latencies(recording, clock)
    assert mean_wall(recording, latency, traced=True) is None


SAMPLES = sorted((ROOT / "sample_traces").glob("*.etscope"))


@pytest.mark.parametrize("folder", SAMPLES, ids=lambda path: path.stem)
def test_the_samples_add_up(folder: Path) -> None:
    report = latency_report(open_recording(folder))
    for latency, parts in zip(report.methods, report.waterfalls, strict=True):
        assert parts[0].name == "wall clock"
        assert_adds_up(parts)
        top = float(latency.rows.total[latency.rows.top].sum())
        assert top + latency.unexplained == pytest.approx(latency.mean, rel=1e-12)
        assert 0 < top <= latency.mean
