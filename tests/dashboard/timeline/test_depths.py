"""Rows of events of one run: those of the runtime by nesting, those of a delegate among them."""

from __future__ import annotations

from traces import Event, event, inference, trace_of_runs

from etscope.dashboard.timeline.depths import depths_of
from etscope.inspector.nesting import parents_of


def depths(*events: Event) -> list[int]:
    trace = trace_of_runs(inference(*events))
    shape = trace.shapes[0]
    parents = parents_of(shape, trace.start, trace.end)
    return depths_of(shape, parents, trace.start, trace.end).tolist()


def inside(name: str, start: int, end: int) -> Event:
    return event(None, start, end, instruction=0, delegate=name)


CALL = event("DELEGATE_CALL", 0, 100, instruction=0)


def test_events_of_the_runtime_lie_below_what_is_around_them() -> None:
    kernel = event("native_call_add.out", 11, 19, instruction=0)
    call = event("OPERATOR_CALL", 10, 20, instruction=0)
    assert depths(kernel, call, event("Method::execute", 0, 30)) == [2, 1, 0]


def test_events_of_a_delegate_begin_at_the_top_of_their_own_lane() -> None:
    assert depths(inside("conv", 10, 20), inside("relu", 20, 30), CALL) == [0, 0, 0]


def test_events_of_a_delegate_nest_in_each_other() -> None:
    graph, conv, relu = inside("graph", 0, 90), inside("conv", 5, 20), inside("relu", 20, 90)
    assert depths(graph, conv, relu, CALL) == [0, 1, 1, 0]


def test_what_a_coarse_clock_shows_without_a_length_lies_beside_its_neighbours() -> None:
    assert depths(inside("pad", 10, 10), inside("conv", 10, 20), inside("x", 20, 20), CALL) == [
        0,
        0,
        0,
        0,
    ]
    assert depths(inside("graph", 0, 50), inside("pad", 10, 10), CALL) == [0, 1, 0]


def test_events_across_each_other_are_not_inside() -> None:
    assert depths(inside("a", 0, 20), inside("b", 10, 30), CALL) == [0, 0, 0]
