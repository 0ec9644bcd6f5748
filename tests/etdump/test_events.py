"""Event tables become columns, with what the schema says of fields that are left out."""

from __future__ import annotations

import pytest
from dump_builder import NO_CHAIN, allocation, debug, dump, profile, run
from flatbuffer_builder import Table

from etscope.etdump.columns import Kind, Trace
from etscope.etdump.errors import CorruptTrace
from etscope.etdump.reader import read_etdump


def read(*events: Table) -> Trace:
    return read_etdump(dump(run(*events)))


def test_a_profile_event_with_every_field() -> None:
    trace = read(
        profile("add", 5, 2**64 - 1, chain=2, instruction=7, delegate=3, metadata=b"k1"),
        profile("mul", 6, 7, chain=1, instruction=0, delegate="conv #1"),
    )

    events = trace.events
    assert events.kind.tolist() == [Kind.PROFILE] * 2
    assert [trace.text(i) for i in events.name] == ["add", "mul"]
    assert events.chain.tolist() == [2, 1]
    assert events.instruction.tolist() == [7, 0]
    assert events.delegate_id.tolist() == [3, -1]
    assert [trace.text(i) for i in events.delegate_name] == [None, "conv #1"]
    assert (trace.start.tolist(), trace.end.tolist()) == ([5, 6], [2**64 - 1, 7])
    assert trace.metadata.event.tolist() == [0]
    assert trace.metadata.blob(0) == b"k1"


def test_fields_that_are_left_out() -> None:
    """What an older or a sparing writer leaves out: chain 0, instruction -1, no name, no times."""
    events = read(profile(), debug()).events

    assert events.chain.tolist() == [0, 0]
    assert events.instruction.tolist() == [-1, -1]
    for column in (events.name, events.delegate_id, events.delegate_name):
        assert column.tolist() == [-1, -1]
    assert (events.start.tolist(), events.end.tolist()) == ([0, 0], [0, 0])


def test_events_of_the_framework_have_chain_minus_one_and_instruction_zero() -> None:
    """Signed in profile events, unsigned in debug events: one number for both."""
    events = read(
        profile("Method::execute", 1, 2, chain=-1, instruction=0),
        debug(chain=NO_CHAIN, instruction=0),
        debug(chain=3, instruction=0),
    ).events

    assert events.chain.tolist() == [-1, -1, 3]
    assert events.instruction.tolist() == [0, 0, 0]


def test_an_instruction_that_a_loop_repeats_keeps_every_sample() -> None:
    trace = read(*[profile("add", i, i + 3, chain=0, instruction=4) for i in range(1, 6)])

    assert trace.events.instruction.tolist() == [4] * 5
    assert trace.start.tolist() == [1, 2, 3, 4, 5]


def test_kinds_side_by_side() -> None:
    trace = read(
        allocation(1, 2**40), debug(name="out", delegate="d"), profile("add", 1, 2), allocation()
    )

    kinds = [Kind.ALLOCATION, Kind.DEBUG, Kind.PROFILE, Kind.ALLOCATION]
    assert trace.events.kind.tolist() == kinds
    assert trace.start.tolist() == [0, 0, 1, 0]
    assert trace.allocations.event.tolist() == [0, 3]
    assert trace.allocations.allocator.tolist() == [1, 0]
    assert trace.allocations.size_bytes.tolist() == [2**40, 0]
    assert trace.values.event.tolist() == [1]
    events = trace.events
    assert [trace.text(i) for i in events.name] == [None, "out", "add", None]
    assert [trace.text(i) for i in events.delegate_name] == [None, "d", None, None]


def test_empty_metadata_is_none() -> None:
    trace = read(profile("add", 1, 2, metadata=b""), profile("add", 1, 2, metadata=b"\0"))

    assert trace.metadata.event.tolist() == [1]


def test_allocators_are_listed_by_run() -> None:
    load = run(allocation(0, 8), name="Default", allocators=["planned", "temporary"])
    trace = read_etdump(
        dump(load, run(profile("a", 1, 2)), run(allocation(0, 4), allocators=["x"]))
    )

    assert trace.allocations.allocator_run.tolist() == [0, 0, 2]
    names = [trace.text(i) for i in trace.allocations.allocator_name]
    assert names == ["planned", "temporary", "x"]
    assert trace.allocations.event.tolist() == [0, 2]


def test_an_event_without_content_is_refused() -> None:
    with pytest.raises(CorruptTrace, match="an event that holds nothing"):
        read(profile("add", 1, 2), Table({}))
