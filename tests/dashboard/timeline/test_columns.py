"""The timeline of a recording, from its bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from latency_reports import delegate, method, mixed, operator, report_of
from timelines import column, names_of_rows, of_slices
from traces import event, inference, method_load

from etscope.dashboard.timeline.columns import INFERENCE, Timeline, timeline_of
from etscope.inspector.latency_report import latency_report
from etscope.inspector.recording import open_recording
from etscope.inspector.units import TimeScale

SAMPLES = sorted((Path(__file__).parents[3] / "sample_traces").glob("*.etscope"))
LOAD = method_load(event("Method::init", 0, 900))


def of_sample(path: Path) -> tuple[Timeline, int]:
    """The timeline of a sample, and how many events it has."""
    report = latency_report(open_recording(path))
    return timeline_of(report), len(report.recording.trace)


def test_lanes_are_the_runtime_and_each_delegate_and_rows_are_depths() -> None:
    made = timeline_of(report_of(mixed()))
    assert [lane["kind"] for lane in made.header["lanes"]] == ["runtime", "delegate"]
    assert made.header["tracks"]["lane"] == [0, 0, 0, 1]
    assert names_of_rows(made) == [
        ["Method::execute"],
        ["add.out", "DELEGATE_CALL", "mul.out"],
        ["add.out", "mul.out"],
        ["conv #1", "conv #2"],
    ]


def test_times_are_ticks_since_the_first_start() -> None:
    run = inference(event("Method::execute", 5000, 5100))
    later = inference(event("Method::execute", 5200, 5350))
    made = timeline_of(report_of(run, later))
    assert column(made, "start").tolist() == [0, 200]
    assert column(made, "duration").tolist() == [100, 150]
    assert made.header["clock"] == {"unit": "ns", "origin": "5000"}
    assert made.header["span"] == 350


def test_every_slice_has_the_row_of_the_report_that_it_is_a_sample_of() -> None:
    report = report_of(mixed(), mixed())
    made = timeline_of(report)
    for block, row, name in zip(
        of_slices(made, "key_block"),
        of_slices(made, "key_row"),
        of_slices(made, "key_event"),
        strict=True,
    ):
        assert report.methods[block].rows.event[row] == made.header["texts"][name]


def test_slices_of_a_row_take_what_the_report_says_of_it() -> None:
    report = report_of(mixed(), mixed(), mixed())
    made = timeline_of(report)
    of_row, duration = np.array(of_slices(made, "key_row")), column(made, "duration")
    latency = report.methods[0]
    for row in range(len(latency.rows)):
        mean = duration[of_row == row].mean() / 1e6
        assert mean == pytest.approx(latency.rows.statistics.mean[row])


def test_the_load_of_a_method_is_shown_and_is_no_row_of_the_report() -> None:
    made = timeline_of(report_of(LOAD, mixed()))
    first = of_slices(made, "key_block").index(-1)
    assert names_of_rows(made)[0][first] == "Method::init"
    assert column(made, "run_number").tolist() == [-1, 0]
    assert column(made, "run_flags").tolist() == [0, INFERENCE]


def test_events_of_another_clock_are_moved_and_it_is_said() -> None:
    away = [
        event(None, 10**9 + at, 10**9 + at + 5, instruction=0, delegate=f"op {at}")
        for at in (0, 10)
    ]
    call = event("DELEGATE_CALL", 1000, 2000, instruction=0)
    made = timeline_of(report_of(method(3, *away, call)))
    start = column(made, "start").tolist()
    first = made.header["tracks"]["first"]
    assert start[first[-2] :] == [1000, 1010]
    assert made.header["span"] == 3000
    assert made.header["lanes"][1]["moved"] == 1
    assert "another clock" in made.header["notes"][0]


def test_events_that_end_before_they_begin_are_told_of() -> None:
    far = 2**40
    made = timeline_of(
        report_of(inference(event("broken", far + 9, far), event("Method::execute", far, far + 9)))
    )
    assert names_of_rows(made) == [["Method::execute"]]
    assert made.header["notes"][0].startswith("1 event ended before")


def test_events_that_do_not_nest_have_a_lane_of_their_own() -> None:
    one = event(None, 100, 300, instruction=0, delegate="a")
    other = event(None, 200, 400, instruction=0, delegate="b")
    call = event("DELEGATE_CALL", 0, 900, instruction=0)
    made = timeline_of(report_of(method(1, one, other, call)))
    assert [lane["kind"] for lane in made.header["lanes"]][-1] == "overlapping"
    assert names_of_rows(made)[-2:] == [["a"], ["b"]]


def test_the_step_of_a_coarse_clock_is_in_ticks() -> None:
    coarse = [event(None, at, at, instruction=0, delegate=f"op {at}") for at in (1000, 2000)]
    call = event("DELEGATE_CALL", 900, 5000, instruction=0)
    made = timeline_of(report_of(method(9, *coarse, call)))
    steps = np.array(of_slices(made, "key_step"))[-2:]
    assert np.isnan(steps).all()


def test_the_same_recording_gives_the_same_bytes() -> None:
    one, other = (timeline_of(report_of(LOAD, mixed())) for _ in range(2))
    assert one.key == other.key
    assert (one.data, one.header_json) == (other.data, other.header_json)
    assert timeline_of(report_of(mixed())).key != one.key


def test_a_trace_without_inferences_has_an_empty_timeline() -> None:
    made = timeline_of(report_of())
    assert len(made) == 0
    assert (made.header["span"], made.header["tracks"]["first"]) == (0.0, [0])


def test_cycles_have_no_microseconds() -> None:
    report = report_of(mixed())
    report.methods.clear()
    report.origins.clear()
    made = timeline_of(report, TimeScale.CYCLES)
    assert made.header["clock"]["unit"] == "cycles"
    assert set(of_slices(made, "key_block")) == {-1}


def test_names_from_files_are_cut_and_made_visible() -> None:
    made = timeline_of(report_of(method(50, *operator("x" * 5000, 0, 0, 9),
                                        *delegate(1, 10, 20, "a\u202eb"))))  # fmt: skip
    texts = made.header["texts"]
    assert max(map(len, texts)) <= 300
    assert "a\\u202eb" in texts


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_samples_are_whole_and_small(path: Path) -> None:
    made, events = of_sample(path)
    assert len(made) == events
    assert made.header["notes"] == []
    assert len(made.data) <= 40 * events
    start, end = column(made, "start"), column(made, "start") + column(made, "duration")
    edges = made.header["tracks"]["first"]
    inner = np.ones(events, np.bool_)
    inner[edges[:-1]] = False
    assert (start[1:][inner[1:]] >= end[:-1][inner[1:]]).all()
