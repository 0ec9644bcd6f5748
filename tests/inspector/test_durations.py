"""Ticks → durations: units, clocks that wrap, clocks that go backwards, delegates' own clocks."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from traces import Event, event, inference, logged, trace_of_events, trace_of_runs

from etscope.etdump.columns import Trace
from etscope.inspector import durations
from etscope.inspector.blocks import Block, blocks_of
from etscope.inspector.durations import (
    Clock,
    block_statistics,
    duration_matrix,
    known_mean,
    slot_durations,
    slot_starts,
    totals,
)
from etscope.inspector.statistics import Statistics
from etscope.inspector.units import TimeScale

TICKS = Clock(TimeScale.NS, TimeScale.NS)
WRAP = 2**32


def block_of(trace: Trace) -> Block:
    (block,) = blocks_of(trace)
    return block


def took(start: int, end: int, clock: Clock = TICKS, delegate: str | None = None) -> float:
    made = event("op", start, end, instruction=0, delegate=delegate)
    (sample,) = slot_durations(block_of(trace_of_events([made])), 0, clock).tolist()
    return float(sample)


@pytest.mark.parametrize("delegate", [None, "conv #1"])
def test_a_clock_of_32_bits_may_wrap_once(delegate: str | None) -> None:
    # executorch.devtools counts one tick too few here: it adds 2^32 - 1.
    assert took(WRAP - 4, 6, delegate=delegate) == 10.0
    assert took(WRAP - 1, 0, delegate=delegate) == 1.0


@pytest.mark.parametrize("delegate", [None, "conv #1"])
def test_a_wider_clock_that_goes_backwards_gives_no_duration(delegate: str | None) -> None:
    assert np.isnan(took(WRAP, 6, delegate=delegate))
    assert np.isnan(took(2**63, 2**63 - 1, delegate=delegate))


def test_the_difference_is_exact_however_late_it_is() -> None:
    assert took(2**63, 2**63 + 1) == 1.0


def test_a_delegate_is_converted_at_both_ends_before_the_difference() -> None:
    clock = Clock(TimeScale.NS, TimeScale.S)
    start, end = 1_000_000_000_000_003, 1_000_000_000_000_010
    assert took(start, end, clock) == 7 / 1e9
    assert took(start, end, clock, "conv #1") == end / 1e9 - start / 1e9


def test_a_converter_is_asked_with_name_and_ticks() -> None:
    asked = []

    def convert(name: int | str, ticks: float) -> float:
        asked.append((name, ticks))
        return ticks * 2.0

    clock = Clock(TimeScale.NS, TimeScale.NS, convert)
    assert took(3, 8, clock, "conv #1") == 10.0
    assert sorted(asked) == [("conv #1", 3), ("conv #1", 8)]
    assert took(3, 8, clock) == 5.0
    assert len(asked) == 2


def test_a_converter_by_number_gets_the_number_as_text() -> None:
    names: list[int | str] = []

    def convert(name: int | str, ticks: float) -> float:
        names.append(name)
        return ticks

    clock = Clock(TimeScale.NS, TimeScale.NS, convert)
    made = event("kernel", 3, 8, instruction=0, delegate=0)
    slot_durations(block_of(trace_of_events([made])), 0, clock)
    assert names == ["0", "0"]


def test_a_converter_is_given_wrapped_ticks_unwrapped() -> None:
    clock = Clock(TimeScale.NS, TimeScale.NS, lambda _, ticks: ticks * 2.0)
    assert took(WRAP - 4, 6, clock, "conv #1") == 20.0


@pytest.mark.parametrize("made", [-1.0, float("inf"), float("nan")])
def test_what_a_converter_makes_impossible_is_no_duration(made: float) -> None:
    clock = Clock(TimeScale.NS, TimeScale.NS, lambda _, ticks: made * ticks)
    assert np.isnan(took(1, 5, clock, "conv #1"))


def runs_of(*durations_by_run: tuple[int, ...]) -> Trace:
    """An event per duration, each at an instruction of its own; the second is a delegate's."""

    def made(place: int, ticks: int) -> Event:
        delegate = "conv #1" if place == 1 else None
        return event("op", 100 * place, 100 * place + ticks, instruction=place, delegate=delegate)

    return trace_of_runs(
        *(inference(*(made(i, ticks) for i, ticks in enumerate(run))) for run in durations_by_run)
    )


def assert_same(one: Statistics, other: Statistics) -> None:
    for field in fields(Statistics):
        a, b = getattr(one, field.name), getattr(other, field.name)
        assert np.array_equal(a, b, equal_nan=True), field.name


@pytest.mark.parametrize("convert", [None, lambda _, ticks: ticks * 3.0])
def test_statistics_do_not_depend_on_how_the_work_is_cut(
    monkeypatch: pytest.MonkeyPatch, convert: durations.DelegateConverter | None
) -> None:
    rng = np.random.default_rng(5)
    trace = runs_of(*(tuple(row) for row in rng.integers(1, 90, (23, 5)).tolist()))
    block, clock = block_of(trace), Clock(TimeScale.NS, TimeScale.US, convert)
    whole = block_statistics(block, clock)
    monkeypatch.setattr(durations, "_SAMPLES", 40)  # one slot at a time
    monkeypatch.setattr(durations, "_RUNS", 4)
    assert_same(block_statistics(block, clock), whole)
    monkeypatch.setattr(durations, "_SAMPLES", 60)  # two at a time, the last alone
    assert_same(block_statistics(block, clock), whole)


def test_statistics_of_some_runs() -> None:
    block = block_of(runs_of((10, 1), (20, 2), (40, 3)))
    found = block_statistics(block, TICKS, np.array([0, 2]))
    assert found.count.tolist() == [2, 2]
    assert found.mean.tolist() == [25.0, 2.0]


def test_a_slot_without_timing_counts_nothing() -> None:
    trace = trace_of_events([event("op", 0, 4, instruction=0), logged(1, instruction=1)])
    found = block_statistics(block_of(trace), TICKS)
    assert found.count.tolist() == [1, 0]
    assert np.isnan(found.p50[1])
    assert np.isnan(totals(block_of(trace), TICKS, np.array([0]))[1])


def test_a_block_without_rows_has_no_statistics() -> None:
    block = block_of(trace_of_events([logged(1, is_output=True)]))
    assert len(block_statistics(block, TICKS)) == 0


def test_samples_without_a_duration_are_not_counted() -> None:
    ends = [4, 8, 2]
    runs = [inference(event("op", WRAP if end == 2 else 0, end, instruction=0)) for end in ends]
    block = block_of(trace_of_runs(*runs))
    found = block_statistics(block, TICKS)
    assert (found.count[0], found.mean[0]) == (2, 6.0)
    assert totals(block, TICKS, block.runs).tolist() == [6.0]


def test_samples_of_loops_stand_in_the_order_of_the_runs() -> None:
    def looped(*ticks: int) -> tuple[Event, ...]:
        return tuple(event("op", 50 * i, 50 * i + t, instruction=0) for i, t in enumerate(ticks))

    trace = trace_of_runs(inference(*looped(1, 2)), inference(*looped(3)), inference(*looped(4, 5)))
    block = block_of(trace)
    assert slot_durations(block, 0, TICKS).tolist() == [1, 2, 3, 4, 5]
    assert slot_starts(block, 0).tolist() == [0, 50, 0, 0, 50]
    assert block_statistics(block, TICKS).mean.tolist() == [3.0]
    assert block_statistics(block, TICKS, np.array([1, 2])).count.tolist() == [3]
    assert totals(block, TICKS, np.array([0, 1])).tolist() == [3.0]
    with pytest.raises(ValueError, match="several samples a run"):
        duration_matrix(block, TICKS)


def test_the_matrix_has_a_row_per_slot_and_a_column_per_run() -> None:
    block = block_of(runs_of((10, 1), (20, 2), (40, 3)))
    assert duration_matrix(block, TICKS).tolist() == [[10, 20, 40], [1, 2, 3]]
    found = duration_matrix(block, TICKS, np.array([2]), np.array([1, 0]))
    assert found.tolist() == [[3], [40]]


def test_a_mean_is_over_what_is_known() -> None:
    nan = np.nan
    found = known_mean(np.array([[1.0, 3.0], [nan, 5.0], [nan, nan]]))
    assert found.tolist()[:2] == [2.0, 5.0]
    assert np.isnan(found[2])
    assert np.isnan(known_mean(np.empty((2, 0)))).all()


@given(st.lists(st.tuples(st.integers(0, WRAP - 1), st.integers(0, WRAP - 1)), min_size=1))
def test_on_a_32_bit_clock_a_short_duration_is_a_difference_modulo_its_range(
    pairs: list[tuple[int, int]],
) -> None:
    start, end = (np.array(column, np.uint64) for column in zip(*pairs, strict=True))
    # An end shortly before the start is no wrap: half the range would have had to pass.
    wanted = [(e - s) % WRAP if e >= s or s - e > WRAP // 2 else np.nan for s, e in pairs]
    np.testing.assert_array_equal(TICKS.durations(start, end, None), wanted)
    np.testing.assert_array_equal(TICKS.durations(start, end, "delegate"), wanted)
