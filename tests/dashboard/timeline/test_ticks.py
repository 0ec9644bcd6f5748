"""One axis for clocks that wrap, and for clocks that are not the runtime's."""

from __future__ import annotations

import numpy as np
from traces import event, inference, trace_of_runs

from etscope.dashboard.timeline.ticks import RunClock, on_the_clock_of_calls

WRAP = 2**32


def words(*rows: list[int]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint64]]:
    return np.array(rows, np.uint64)


def clock(*starts: int) -> RunClock:
    """Of runs that begin at these ticks."""
    runs = [inference(event("Method::execute", start, start + 5)) for start in starts]
    return RunClock.of(trace_of_runs(*runs))


def test_a_clock_of_32_bits_goes_on_after_it_has_wrapped() -> None:
    found = clock(WRAP - 1000, 500, 900)
    assert found.before.tolist() == [0, WRAP, WRAP]
    assert found.unwrapped(words([500, 510]), np.array([1])).tolist() == [[WRAP + 500, WRAP + 510]]


def test_a_run_in_which_the_clock_wraps_stays_together() -> None:
    found = clock(WRAP - 5000, 20, 900)
    both = found.unwrapped(words([20, WRAP - 10]), np.array([1]))
    assert both.tolist() == [[WRAP + 20, WRAP - 10]]


def test_a_clock_of_64_bits_is_left_alone() -> None:
    found = clock(WRAP + 9, 3, WRAP + 50)
    assert found.before.tolist() == [0, 0, 0]
    start = words([3, 4])
    assert found.unwrapped(start, np.array([1])) is start


def moved(call: tuple[int, int], *inside: tuple[int, int]) -> tuple[list[int], list[int]]:
    """Starts and counts of events of a delegate, with its call behind them; slack of 10 ticks."""
    events = [*inside, call]
    start = words([begin for begin, _ in events])
    duration = np.array([[end - begin for begin, end in events]], np.float64)
    last = len(events) - 1
    calls = np.array([last] * last + [-1])
    flags = np.array([True] * last + [False])
    starts, counts = on_the_clock_of_calls(start, duration, calls, flags, 10)
    return starts[0].tolist(), counts.tolist()


def test_events_of_another_clock_are_moved_together_to_the_start_of_their_call() -> None:
    assert moved((1000, 1100), (90_000, 90_010), (90_020, 90_030)) == (
        [1000, 1020, 1000],
        [1, 0, 0],
    )


def test_a_clock_far_behind_is_moved_exactly() -> None:
    far = 2**63 + 12345
    assert moved((7, 107), (far, far + 10))[0] == [7, 7]


def test_events_within_their_call_stay() -> None:
    assert moved((1000, 1100), (1010, 1020)) == ([1010, 1000], [0, 0])


def test_a_coarser_reading_of_the_same_clock_stays() -> None:
    assert moved((1003, 1005), (995, 995)) == ([995, 1003], [0, 0])
