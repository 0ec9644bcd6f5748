"""Which event lies inside which."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from strategies import traces as any_trace
from traces import Event, event, logged, trace_of_events

from etscope.etdump.columns import Kind, Trace
from etscope.inspector.nesting import parents_of, runs_that_nest


def parents(*events: Event) -> list[int]:
    trace = trace_of_events(events)
    found: list[int] = parents_of(trace.shapes[0], trace.start, trace.end).tolist()
    return found


def test_an_event_lies_in_the_one_that_ends_after_it() -> None:
    assert parents(
        event("native_call_add.out", 2, 3, instruction=0),
        event("OPERATOR_CALL", 1, 4, instruction=0),
        event("OPERATOR_CALL", 4, 6, instruction=1),
        event("Method::execute", 0, 9),
    ) == [1, 3, 3, -1]


def test_of_equal_intervals_the_later_one_is_outside() -> None:
    assert parents(
        event("kernel", 1, 4, instruction=0),
        event("OPERATOR_CALL", 1, 4, instruction=0),
        event("Method::execute", 1, 4),
    ) == [1, 2, -1]


def test_instructions_lie_beside_each_other_even_where_a_coarse_clock_says_otherwise() -> None:
    assert parents(
        event("kernel", 5, 5, instruction=0),
        event("OPERATOR_CALL", 5, 5, instruction=0),
        event("kernel", 5, 6, instruction=1),
        event("OPERATOR_CALL", 5, 6, instruction=1),
        event("Method::execute", 5, 6),
    ) == [1, 4, 3, 4, -1]


def test_events_beside_each_other_have_no_parent() -> None:
    assert parents(event("a", 0, 1), event("b", 1, 2), event("c", 1, 3)) == [-1, 2, -1]


def test_events_that_overlap_do_not_nest() -> None:
    assert parents(event("a", 0, 5), event("b", 3, 8)) == [-1, -1]


def test_events_inside_a_delegate_belong_to_its_call_whatever_their_clock_says() -> None:
    assert parents(
        event(None, 10**15, 10**15 + 1, instruction=1, delegate="conv #1"),
        event(None, 0, 0, instruction=1, delegate=0),
        event("DELEGATE_CALL", 2, 3, instruction=1),
        event(None, 2, 3, instruction=2, delegate="conv #1"),
        event("Method::execute", 0, 9),
    ) == [2, 2, 4, -1, -1]


def test_a_delegate_called_in_a_loop_keeps_what_each_call_did() -> None:
    inner = event(None, 0, 1, instruction=1, delegate="conv #1")
    assert parents(
        inner,
        event("DELEGATE_CALL", 2, 3, instruction=1),
        inner,
        event("DELEGATE_CALL", 4, 5, instruction=1),
    ) == [1, -1, 3, -1]


def test_values_have_no_place_in_time() -> None:
    assert parents(logged(1, instruction=0), event("Method::execute", 0, 9)) == [-1, -1]


def test_runs_that_nest_otherwise_are_found() -> None:
    events = (
        event(None, 7, 8, instruction=1, delegate="conv #1"),
        event("DELEGATE_CALL", 1, 2, instruction=1),
        event("Method::execute", 0, 9),
    )
    trace = trace_of_events(events)
    found = parents_of(trace.shapes[0], trace.start, trace.end)
    start = np.array([[7, 1, 0], [90, 1, 0], [7, 1, 2]], np.uint64)
    end = np.array([[8, 2, 9], [91, 9, 9], [8, 2, 9]], np.uint64)
    # Delegates' clocks do not count: in the second run theirs is far ahead.
    assert runs_that_nest(trace.shapes[0], found, start, end).tolist() == [True, True, False]


@given(any_trace())
@settings(max_examples=25)
def test_a_parent_always_comes_after_its_children(trace: Trace) -> None:
    for run, number in enumerate(trace.runs.shape.tolist()):
        shape = trace.shapes[number]
        low, high = trace.runs.first_event[run : run + 2].tolist()
        found = parents_of(shape, trace.start[low:high], trace.end[low:high])
        rows = np.flatnonzero(found >= 0)
        assert (found[rows] > rows).all()
        assert (shape.kind[found[rows]] == Kind.PROFILE).all()
