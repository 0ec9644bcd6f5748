"""Which events of a run are one row of the event table, and what it is called."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from strategies import traces as any_trace
from traces import Event, allocation, event, logged, tensor, trace_of_events

from etscope.etdump.columns import Kind, Trace
from etscope.inspector.blocks import output_flags
from etscope.inspector.signatures import Slot, slots_of


def slots(*events: Event) -> tuple[Slot, ...]:
    trace = trace_of_events(events)
    outputs = np.array([made.is_output for made in events])
    return slots_of(trace.shapes[0], trace.strings, outputs)


def test_an_operator_and_its_kernel_are_two_rows_in_the_order_of_their_ends() -> None:
    found = slots(
        event("native_call_add.out", 1, 2, instruction=0),
        event("OPERATOR_CALL", 0, 3, instruction=0),
        event("Method::execute", 0, 9),
    )
    assert [slot.name for slot in found] == [
        "native_call_add.out",
        "OPERATOR_CALL",
        "Method::execute",
    ]
    assert [slot.profile for slot in found] == [(0,), (1,), (2,)]


def test_rows_stand_where_their_instruction_is_first_met() -> None:
    found = slots(
        event("a", 0, 1, instruction=5),
        event("b", 1, 2, instruction=2),
        event("c", 2, 3, instruction=5),
    )
    assert [slot.name for slot in found] == ["a", "c", "b"]


def test_a_loop_keeps_every_sample() -> None:
    call = event("OPERATOR_CALL", 0, 1, instruction=3)
    (slot,) = slots(call, call, call)
    assert slot.profile == (0, 1, 2)


def test_events_of_different_chains_are_never_one_row() -> None:
    call = event("OPERATOR_CALL", 0, 1, instruction=3)
    found = slots(call, replace(call, chain=1), call)
    assert [(slot.signature.chain, slot.profile) for slot in found] == [(0, (0, 2)), (1, (1,))]


def test_the_framework_is_not_the_first_instruction() -> None:
    found = slots(event("x", 0, 1, instruction=0), event("x", 0, 1))
    assert [slot.signature.chain for slot in found] == [0, -1]


def test_the_delegate_id_zero_is_an_id() -> None:
    (slot,) = slots(event("kernel", 0, 1, instruction=1, delegate=0))
    assert slot.is_delegated
    assert slot.signature.delegate == 0
    assert slot.name == "0"


def test_delegated_events_go_by_their_identifier() -> None:
    found = slots(
        event("whatever", 0, 1, instruction=1, delegate="conv #1"),
        event(None, 0, 1, instruction=1, delegate=7),
        event("DELEGATE_CALL", 0, 2, instruction=1),
    )
    assert [(slot.name, slot.is_delegated) for slot in found] == [
        ("conv #1", True),
        ("7", True),
        ("DELEGATE_CALL", False),
    ]


def test_equal_delegate_ids_in_different_calls_are_different_rows() -> None:
    found = slots(*(event(None, 0, 1, instruction=i, delegate="conv #1") for i in (1, 2)))
    assert [slot.signature.instruction for slot in found] == [1, 2]


def test_an_event_that_only_logged_has_no_timing() -> None:
    (slot,) = slots(logged(tensor(2), name="half", instruction=4))
    assert (slot.name, slot.profile, slot.debug) == ("half", (), (0,))
    assert not slot.signature.is_profile


def test_an_old_dump_without_names_of_values_keeps_the_name_of_the_event() -> None:
    found = slots(logged(1, instruction=0), event("OPERATOR_CALL", 0, 1, instruction=0))
    assert [(slot.name, slot.debug) for slot in found] == [("OPERATOR_CALL", (0,))]


def test_the_name_of_a_logged_value_wins() -> None:
    found = slots(
        logged(1, name="add", instruction=0),
        event("native_call_add.out", 0, 1, instruction=0),
        event("OPERATOR_CALL", 0, 2, instruction=0),
    )
    assert [slot.name for slot in found] == ["add", "add"]
    assert [slot.profile for slot in found] == [(1,), (2,)]


def test_a_delegate_that_logs_keeps_its_identifier() -> None:
    found = slots(
        logged(1, name="ignored", instruction=0, delegate=3),
        event("x", 0, 1, instruction=0, delegate=3),
    )
    assert [slot.name for slot in found] == ["3"]


def test_outputs_of_the_program_and_allocations_are_no_rows() -> None:
    assert slots(logged(tensor(2), is_output=True), allocation(0, 8)) == ()


def test_every_value_of_an_instruction_is_kept() -> None:
    (slot,) = slots(
        logged(1, instruction=0), logged(2, instruction=0), event("op", 0, 1, instruction=0)
    )
    assert slot.debug == (0, 1)


@given(any_trace())
@settings(max_examples=25)
def test_every_timing_is_in_exactly_one_row(trace: Trace) -> None:
    flags = output_flags(trace)
    for run, number in enumerate(trace.runs.shape.tolist()):
        shape = trace.shapes[number]
        outputs = flags.get(run, np.zeros(len(shape), np.bool_))
        found = slots_of(shape, trace.strings, outputs)
        rows = sorted(row for slot in found for row in slot.profile)
        assert rows == np.flatnonzero(shape.kind == Kind.PROFILE).tolist()
        values = {row for slot in found for row in slot.debug}
        assert values == set(np.flatnonzero((shape.kind == Kind.DEBUG) & ~outputs).tolist())
        assert len({slot.signature for slot in found}) == len(found)
