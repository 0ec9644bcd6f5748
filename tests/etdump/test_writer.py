"""Columns written as an ETDump are read back as they were."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from differences import difference
from examples import ADD, EXECUTE, everything
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import traces
from traces import (
    event,
    inference,
    logged,
    tensor,
    trace_of_events,
    trace_of_runs,
)

from etscope.etdump import schema, writer
from etscope.etdump.columns import RunColumns, Trace
from etscope.etdump.errors import CorruptTrace, TraceTooLarge
from etscope.etdump.flatbuffer import FlatBuffer, Positions
from etscope.etdump.reader import read_etdump
from etscope.etdump.shapes import trace_of
from etscope.etdump.times import Times
from etscope.etdump.writer import encoded_size, etdump_bytes, first_runs, write_etdump


def equal_runs(count: int, events: int) -> Trace:
    """So many inferences of so many events each; their times take no memory."""
    shapes = trace_of_events([ADD] * events).shapes
    times = np.broadcast_to(np.uint64(5), count * events)
    same = np.zeros(count, np.int32)
    runs = RunColumns(same, same - np.int32(1), same, events * np.arange(count + 1))
    return Trace(("Execute", "a"), shapes, runs, Times(times, times))


@given(traces(), st.booleans())
@settings(deadline=None)
def test_what_is_written_is_read(trace: Trace, size_prefix: bool) -> None:
    written = etdump_bytes(trace, size_prefix=size_prefix)

    assert difference(read_etdump(bytes(written)), trace) is None
    assert encoded_size(trace, size_prefix=size_prefix) == len(written)


@given(traces(), st.integers(1, 300))
@settings(deadline=None, max_examples=50)
def test_the_size_of_the_pieces_changes_no_byte(trace: Trace, piece: int) -> None:
    assert etdump_bytes(trace, piece_bytes=piece) == etdump_bytes(trace)


def test_every_kind_of_event_and_value() -> None:
    trace = everything()

    assert difference(read_etdump(bytes(etdump_bytes(trace))), trace) is None
    assert set(trace.values.kind.tolist()) == set(range(7))


def test_runs_that_repeat_each_other_share_a_shape_again() -> None:
    trace = trace_of_runs(*[inference(ADD, EXECUTE)] * 50)

    assert len(read_etdump(bytes(etdump_bytes(trace))).shapes) == 1


def test_a_long_irregular_trace() -> None:
    counts = np.random.default_rng(1).integers(0, 9, 3000)
    rows = np.random.default_rng(2).integers(0, 40, (7, int(counts.sum())))
    names = ["Execute", *(f"operator {i}" for i in range(39))]
    trace = trace_of(
        names, np.zeros(3000), counts,
        kind=np.zeros(rows.shape[1]), name=rows[0], chain=rows[1] - 1, instruction=rows[2],
        delegate_id=rows[3] - 1, delegate_name=rows[4] - 1, start=rows[5], end=rows[6],
    )  # fmt: skip

    assert difference(read_etdump(bytes(etdump_bytes(trace, piece_bytes=5000))), trace) is None


def positions(buffer: FlatBuffer, base: int = 4) -> dict[str, Positions]:
    """Where the tables of each kind are."""
    root = np.array([base + buffer.number(base, "<u4")])
    runs, _ = buffer.tables_of(buffer.references(root, schema.ETDump.RUNS), "runs")
    events, _ = buffer.tables_of(buffer.references(runs, schema.RunData.EVENTS), "events")
    found = {
        "profile": buffer.references(events, schema.Event.PROFILE),
        "debug": buffer.references(events, schema.Event.DEBUG),
    }
    found = {kind: tables[tables >= 0] for kind, tables in found.items()}
    values = buffer.references(found["debug"], schema.DebugEvent.ENTRY)
    tensors = buffer.references(values, schema.Value.TENSOR)
    return {**found, "values": values, "tensors": tensors[tensors >= 0]}


@pytest.mark.parametrize("size_prefix", [True, False])
def test_wide_numbers_are_aligned_in_the_file(size_prefix: bool) -> None:
    raw = etdump_bytes(everything(), size_prefix=size_prefix)
    buffer = FlatBuffer(np.frombuffer(raw, np.uint8))
    tables = positions(buffer, 4 if size_prefix else 0)
    wide = [
        buffer.fields(tables["profile"], schema.ProfileEvent.START.slot),
        buffer.fields(tables["debug"], schema.DebugEvent.CHAIN.slot),
        buffer.fields(tables["tensors"], schema.Tensor.OFFSET.slot),
        buffer.references(tables["tensors"], schema.Tensor.SIZES) + 4,
    ]

    assert [len(at) > 0 and not (at % 8).any() for at in wide] == [True] * 4


def test_scalar_tensors_have_sizes_and_strides() -> None:
    buffer = FlatBuffer(np.frombuffer(etdump_bytes(trace_of_events([logged(tensor())])), np.uint8))
    tensors = positions(buffer)["tensors"]

    for field in (schema.Tensor.SIZES, schema.Tensor.STRIDES):
        _, counts = buffer.vectors(buffer.references(tensors, field), 8, "a vector")
        assert (buffer.references(tensors, field) > 0).tolist() == [True]
        assert counts.tolist() == [0]


def test_empty_metadata_is_written_and_says_nothing() -> None:
    trace = trace_of_events([event("a", 0, 1, delegate=2, metadata=b"")])
    raw = etdump_bytes(trace)
    buffer = FlatBuffer(np.frombuffer(raw, np.uint8))

    vector = buffer.references(positions(buffer)["profile"], schema.ProfileEvent.METADATA)

    assert vector.tolist() > [0]
    assert len(read_etdump(bytes(raw)).metadata) == 0


def test_the_framework_chain_is_the_runtimes_in_both_kinds() -> None:
    trace = trace_of_events([EXECUTE, logged(1)])
    raw = bytes(etdump_bytes(trace))

    assert schema.NO_CHAIN.to_bytes(8, "little") in raw
    assert read_etdump(raw).events.chain.tolist() == [-1, -1]


def test_each_string_is_written_once() -> None:
    raw = bytes(etdump_bytes(trace_of_runs(*[inference(ADD, ADD)] * 9)))

    assert raw.count(b"native_call_aten::add.out") == 1


def test_a_file_appears_whole(tmp_path: Path) -> None:
    path = tmp_path / "run.etdp"

    size = write_etdump(everything(), path)

    assert path.read_bytes() == bytes(etdump_bytes(everything()))
    assert size == path.stat().st_size
    assert [p.name for p in tmp_path.iterdir()] == ["run.etdp"]


def broken() -> Trace:
    """Fails only when its events are encoded: the chain of an operator has 32 bits."""
    return trace_of_events([replace(ADD, chain=2**31)])


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "run.etdp"
    path.write_bytes(b"old")

    with pytest.raises(CorruptTrace, match="chain index of a profile event"):
        write_etdump(broken(), path)

    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("run.etdp", b"old")]


def test_a_dump_that_would_reach_the_limit_is_refused_before_writing(tmp_path: Path) -> None:
    trace = equal_runs(37_000, 1000)

    with pytest.raises(TraceTooLarge) as caught:
        write_etdump(trace, tmp_path / "run.etdp")

    fitting = int(caught.value.message.split("the first ")[1].split(" ")[0].replace(",", ""))
    assert f"{encoded_size(trace):,} bytes" in caught.value.message
    assert encoded_size(first_runs(trace, fitting)) < schema.SIZE_LIMIT
    assert encoded_size(first_runs(trace, fitting + 1)) >= schema.SIZE_LIMIT
    assert list(tmp_path.iterdir()) == []


def test_the_limit_itself_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = everything()
    monkeypatch.setattr(writer, "SIZE_LIMIT", encoded_size(trace) + 1)
    assert len(etdump_bytes(trace)) == encoded_size(trace)
    monkeypatch.setattr(writer, "SIZE_LIMIT", encoded_size(trace))
    with pytest.raises(TraceTooLarge, match="the first 4 runs would fit"):
        etdump_bytes(trace)


@pytest.mark.parametrize("count", range(2, 6))
def test_the_first_runs_are_a_trace(count: int) -> None:
    part = first_runs(everything(), count)
    whole = everything().events

    back = read_etdump(bytes(etdump_bytes(part)))

    assert difference(back, part) is None
    assert back.start.tolist() == whole.start[whole.run < count].tolist()


def test_memory_does_not_grow_with_the_trace(tmp_path: Path) -> None:
    trace = equal_runs(60_000, 3)
    tracemalloc.start()
    try:
        size = write_etdump(trace, tmp_path / "run.etdp", piece_bytes=1 << 16)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert size > 11_000_000
    assert peak < 4_000_000
