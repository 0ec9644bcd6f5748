"""Runs that did the same are one block."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from strategies import traces as any_trace
from traces import (
    Event,
    Run,
    allocation,
    event,
    inference,
    logged,
    method_load,
    tensor,
    trace_of_runs,
)

from etscope.etdump.columns import Trace
from etscope.inspector.blocks import Block, blocks_of

OP = event("OPERATOR_CALL", 0, 1, instruction=0)
OTHER = event("OPERATOR_CALL", 1, 2, instruction=1)


def runs(trace: Trace, methods: list[str | None] | None = None) -> list[list[int]]:
    return [block.runs.tolist() for block in blocks_of(trace, methods)]


def test_blocks_stand_in_the_order_of_their_first_run() -> None:
    one, two = inference(OP, OTHER), inference(OP)
    trace = trace_of_runs(two, method_load(OP), one, two, one)
    assert runs(trace) == [[0, 3], [1], [2, 4]]
    assert [block.name for block in blocks_of(trace)] == ["Execute", "Default", "Execute"]


def test_a_loop_that_turned_more_often_is_the_same_block_in_two_parts() -> None:
    once, twice = inference(OP, OTHER), inference(OP, OP, OTHER)
    (block,) = blocks_of(trace_of_runs(twice, once, twice))
    assert [part.runs.tolist() for part in block.parts] == [[0, 2], [1]]
    assert [len(slot.profile) for slot in block.slots] == [2, 1]
    assert block.positions is None
    # Rows of the file, run after run: both samples of run 0, one of run 1, both of run 2.
    assert block.rows(0).tolist() == [0, 1, 3, 5, 6]
    assert block.rows(1).tolist() == [2, 4, 7]


def test_methods_are_kept_apart_where_they_are_known() -> None:
    trace = trace_of_runs(*[inference(OP)] * 4)
    assert runs(trace) == [[0, 1, 2, 3]]
    assert runs(trace, ["a", "b", "a", None]) == [[0, 2], [1], [3]]
    assert [block.method for block in blocks_of(trace, ["a", "b", "a", None])] == ["a", "b", None]


def test_bundled_inputs_are_kept_apart() -> None:
    first, second = (replace(inference(OP), bundled_input=number) for number in (0, 1))
    trace = trace_of_runs(first, second, first, inference(OP))
    assert runs(trace) == [[0, 2], [1], [3]]
    assert [block.bundled_input for block in blocks_of(trace)] == [0, 1, -1]


def test_runs_that_differ_only_in_what_is_an_output_are_one_block() -> None:
    def flagged(first: bool) -> Run:
        value = logged(tensor(2), is_output=first)
        return inference(OP, value, replace(value, is_output=not first))

    trace = trace_of_runs(flagged(True), flagged(False), flagged(True))
    assert len(trace.shapes) == 1
    # The value that is no output is a row of its own, with another row of the run each time.
    (block,) = blocks_of(trace)
    assert [part.runs.tolist() for part in block.parts] == [[0, 2], [1]]
    assert block.logged_rows(1, 0).tolist() == [2]
    assert block.logged_rows(1, 1).tolist() == [4]
    assert block.logged_rows(1, 2).tolist() == [8]
    assert block.logged_rows(1, 99).tolist() == []


def test_a_slot_that_only_logged_has_no_position() -> None:
    (block,) = blocks_of(trace_of_runs(inference(OP, logged(1, instruction=7))))
    assert block.positions is not None
    assert block.positions.tolist() == [0, -1]
    assert block.rows(1).tolist() == []


def test_empty_runs_are_no_block_and_allocations_a_block_without_rows() -> None:
    trace = trace_of_runs(Run(()), inference(allocation(0, 1), allocators=["a"]), inference(OP))
    assert [len(block.slots) for block in blocks_of(trace)] == [0, 1]
    assert runs(trace) == [[1], [2]]


def test_a_run_without_a_name_has_an_empty_one() -> None:
    (block,) = blocks_of(trace_of_runs(replace(inference(OP), name=None)))
    assert block.name == ""


def _signature(block: Block) -> tuple[object, ...]:
    name = int(block.trace.runs.name[block.runs[0]])  # absent is not the same as empty
    return name, block.bundled_input, tuple(slot.signature for slot in block.slots)


@given(any_trace())
@settings(max_examples=25)
def test_every_run_with_events_is_in_exactly_one_block(trace: Trace) -> None:
    blocks = blocks_of(trace)
    found = sorted(run for block in blocks for run in block.runs.tolist())
    filled = np.flatnonzero(np.diff(trace.runs.first_event)).tolist()
    signatures = {_signature(block) for block in blocks}
    firsts = [int(block.runs[0]) for block in blocks]
    same = [
        [slot.signature for slot in part.slots] == [slot.signature for slot in block.slots]
        for block in blocks
        for part in block.parts
    ]
    assert (found, len(signatures), firsts) == (filled, len(blocks), sorted(firsts))
    assert all(same)


def test_runs_in_turns_make_two_blocks() -> None:
    def named(name: str) -> Event:
        return event(name, 0, 1, instruction=0)

    trace = trace_of_runs(*[inference(named("a")), inference(named("b"))] * 50)
    assert runs(trace) == [list(range(0, 100, 2)), list(range(1, 100, 2))]
