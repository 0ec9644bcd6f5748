"""Runs and their events → the bytes of their blocks, many runs at a time.

The events of a shape are encoded once per piece and repeated for its runs;
then all references are moved by the position of the record that holds them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints, Kind, Trace
from etscope.etdump.consistency import check_kinds, impossible
from etscope.etdump.encoded_layout import Layout, block_head
from etscope.etdump.encoded_records import (
    ALLOCATION,
    DEBUG,
    EVENT_TABLES,
    INNER,
    INNER_TABLES,
    PROFILE,
    RECORD,
    RUN,
    RUN_TABLES,
    VALUE,
)

Piece = NDArray[Any]

# Bytes of the references in a record; a DEBUG record has its entry where metadata would be.
_PLACES = {"name": 12, "delegate_name": 28, "metadata": 32}
_NAME, _ID, _TEXT, _METADATA = 1, 2, 4, 8  # bits of INNER_TABLES' second index


def spans(edges: Ints, limit: int) -> Iterator[tuple[int, int]]:
    """Cut rows into consecutive groups of at most `limit` bytes each, or a single row."""
    low, last = 0, len(edges) - 1
    while low < last:
        high = int(np.searchsorted(edges, edges[low] + limit, "right")) - 1
        high = max(high, low + 1)
        yield low, high
        low = high


def ragged(starts: Ints, counts: Ints) -> Ints:
    """start, start + 1, ... for each row, end to end."""
    first = np.cumsum(counts) - counts
    places: Ints = np.arange(int(counts.sum())) + np.repeat(starts - first, counts)
    return places


def string_targets(layout: Layout, index: Piece, what: str, trace: Trace) -> Ints:
    """Position of each string; 0 where absent (-1)."""
    if len(index) and not -1 <= int(index.min()) <= int(index.max()) < len(layout.raw_strings):
        raise impossible(trace, f"{what} names a string that is not there")
    targets: Ints = np.append(layout.strings[:-1], 0)[index]
    return targets


class _Template(NamedTuple):
    """Events as records at position 0, and what of them is present."""

    records: Piece  # PROFILE; debug and allocation records lie in the same 56 bytes
    kind: NDArray[np.uint8]
    bits: NDArray[np.uint8]

    def take(self, rows: Ints) -> _Template:
        return _Template(*(part.take(rows) for part in self))


def _template(columns: list[Piece], trace: Trace, layout: Layout) -> _Template:
    kind, name, chain, instruction, delegate_id, delegate_name = columns
    if len(kind) and int(kind.max()) > Kind.ALLOCATION:
        raise impossible(trace, f"an event of kind {int(kind.max())}")
    profile, debug, allocation = (kind == k for k in Kind)
    if (profile & (chain != chain.astype(np.int32))).any():
        raise impossible(trace, "the chain index of a profile event does not fit in 32 bits")
    bits = (name >= 0) * _NAME | (delegate_id != -1) * _ID | (delegate_name >= 0) * _TEXT
    bits[allocation] = 0
    out = np.zeros(len(kind), PROFILE)
    out["event"] = -(layout.vtables + EVENT_TABLES[kind])
    out["to"] = INNER - 4
    out["table"] = INNER - layout.vtables - INNER_TABLES[kind, bits]
    for field, index, bit in (("name", name, _NAME), ("delegate_name", delegate_name, _TEXT)):
        place = _PLACES[field]
        target = string_targets(layout, index, "an event", trace)
        out[field] = np.where(bits & bit, target - place, 0)
    shown = ~allocation
    out["chain"][profile] = chain[profile]
    out["instruction"][profile] = instruction[profile]
    out["delegate_id"][shown] = delegate_id[shown]
    as_debug = out.view(DEBUG)
    as_debug["chain"][debug] = chain[debug].view(np.uint64)
    as_debug["instruction"][debug] = instruction[debug]
    return _Template(out, kind, bits.astype(np.uint8))


def _place(events: _Template, at: Ints, first: int, trace: Trace, layout: Layout) -> Piece:
    """Make the template the records of the events from `first` on, at these positions."""
    records, kind, bits = events
    last = first + len(records)
    moved = at.astype(np.int32)
    records["event"] += moved
    records["table"] += moved
    for field, bit in (("name", _NAME), ("delegate_name", _TEXT)):
        present = bits & bit != 0
        if present.any():
            records[field] -= np.where(present, moved, 0).astype(np.uint32)
    records["start"] = trace.start[first:last]
    records["end"] = trace.end[first:last]
    _attach_metadata(events, at, first, trace, layout)
    if kind.any():
        _attach_values(events, at, first, trace, layout)
        _attach_allocations(events, first, trace)
    return records


def _attach_metadata(events: _Template, at: Ints, first: int, trace: Trace, layout: Layout) -> None:
    records, kind, bits = events
    low, high = np.searchsorted(trace.metadata.event, [first, first + len(records)])
    rows = trace.metadata.event[low:high] - first
    if not len(rows):
        return
    if kind[rows].any():
        raise impossible(trace, "metadata of an event that is not a profile event")
    place = at[rows] + _PLACES["metadata"]
    records["metadata"][rows] = layout.metadata[low:high] - place
    table = layout.vtables + INNER_TABLES[Kind.PROFILE, bits[rows] | _METADATA]
    records["table"][rows] = at[rows] + INNER - table


def _attach_values(events: _Template, at: Ints, first: int, trace: Trace, layout: Layout) -> None:
    records, kind, _ = events
    low, high = np.searchsorted(trace.values.event, [first, first + len(records)])
    event = trace.values.event[low:high]
    check_kinds(trace, first, kind, event, Kind.DEBUG)
    rows = event - first
    value = layout.values + VALUE.itemsize * np.arange(low, high)
    records.view(DEBUG)["entry"][rows] = value - (at[rows] + _PLACES["metadata"])


def _attach_allocations(events: _Template, first: int, trace: Trace) -> None:
    records, kind, _ = events
    low, high = np.searchsorted(trace.allocations.event, [first, first + len(records)])
    event = trace.allocations.event[low:high]
    check_kinds(trace, first, kind, event, Kind.ALLOCATION)
    view = records.view(ALLOCATION)
    view["allocator"][event - first] = trace.allocations.allocator[low:high]
    view["size"][event - first] = trace.allocations.size_bytes[low:high]


def _heads(low: int, high: int, trace: Trace, layout: Layout) -> Piece:
    """The RunData tables of some runs, each with the length of its vector of events."""
    runs, at = trace.runs, layout.blocks[low:high]
    name = runs.name[low:high]
    has_allocators = np.isin(np.arange(low, high), layout.allocator_runs)
    vector = np.searchsorted(layout.allocator_runs, np.arange(low, high))
    out = np.zeros(high - low, RUN)
    out["table"] = at - layout.vtables - RUN_TABLES[(name >= 0) + 2 * has_allocators]
    out["name"] = np.where(name >= 0, string_targets(layout, name, "a run", trace) - at - 4, 0)
    out["bundled_input"] = runs.bundled_input[low:high]
    out["allocators"] = np.where(has_allocators, layout.allocator_vectors[vector] - at - 12, 0)
    out["events"] = RUN.itemsize - 4 - 16
    out["count"] = np.diff(runs.first_event[low : high + 1])
    return out


def _short_runs(low: int, high: int, trace: Trace, layout: Layout) -> Piece:
    """The blocks of some runs, as 8-byte words."""
    first = trace.runs.first_event[low : high + 1]
    counts = np.diff(first)
    used, example, local = np.unique(
        trace.runs.shape[low:high], return_index=True, return_inverse=True
    )
    shapes = (trace.shapes[s].columns() for s in used.tolist())
    columns = [np.concatenate(c) for c in zip(*shapes, strict=True)]
    begin = np.cumsum(counts[example]) - counts[example]
    events = _template(columns, trace, layout).take(ragged(begin[local], counts))

    at = layout.blocks[low:high] + block_head(counts)
    within = np.arange(int(counts.sum())) - np.repeat(first[:-1] - first[0], counts)
    positions = np.repeat(at, counts) + RECORD * within
    records = _place(events, positions, int(first[0]), trace, layout)

    origin = int(layout.blocks[low])
    out = np.zeros((int(layout.blocks[high]) - origin) // 8, np.uint64)
    heads = _heads(low, high, trace, layout).view(np.uint64).reshape(-1, 3)
    out[((layout.blocks[low:high] - origin) // 8)[:, None] + np.arange(3)] = heads
    vector = np.repeat(layout.blocks[low:high] + RUN.itemsize, counts) + 4 * within
    out.view(np.uint32)[(vector - origin) // 4] = positions - vector
    words = records.view(np.uint64).reshape(-1, RECORD // 8)
    out[((positions - origin) // 8)[:, None] + np.arange(RECORD // 8)] = words
    return out


def _long_run(run: int, trace: Trace, layout: Layout) -> Iterator[Piece]:
    """The block of one run that is too long to be made at once."""
    yield _heads(run, run + 1, trace, layout)
    first, last = trace.runs.first_event[run : run + 2].tolist()
    count, vector = last - first, int(layout.blocks[run]) + RUN.itemsize
    at = int(layout.blocks[run]) + int(block_head(np.array(count)))
    for low, high in spans(4 * np.arange(count + 1), layout.piece):
        place = np.arange(low, high)
        yield (at - vector + (RECORD - 4) * place).astype(np.uint32)
    yield np.zeros(count % 2, np.uint32)
    shape = trace.shapes[int(trace.runs.shape[run])]
    step = max(1, layout.piece // RECORD)
    for low in range(0, count, step):
        high = min(low + step, count)
        events = _template([c[low:high] for c in shape.columns()], trace, layout)
        yield _place(events, at + RECORD * np.arange(low, high), first + low, trace, layout)


def run_blocks(trace: Trace, layout: Layout) -> Iterator[Piece]:
    """All runs with their events, in order, as arrays of any type."""
    for low, high in spans(layout.blocks, layout.piece):
        if high - low == 1 and layout.blocks[high] - layout.blocks[low] > layout.piece:
            yield from _long_run(low, trace, layout)
        else:
            yield _short_runs(low, high, trace, layout)
