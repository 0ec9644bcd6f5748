"""Find the runs that repeat each other, so that their events are kept once.

Runs are grouped by a 64-bit hash of their events and then compared with the
first of their group, event by event: a collision never merges two shapes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from etscope.etdump.columns import (
    AllocationColumns,
    EventShape,
    Ints,
    Ints32,
    MetadataColumns,
    RunColumns,
    Trace,
    ValueColumns,
    Words,
)
from etscope.etdump.errors import UsageError
from etscope.etdump.times import Times

Columns = tuple[NDArray[Any], ...]  # kind, name, chain, instruction, delegate_id, delegate_name

_TYPES = (np.uint8, np.int32, np.int64, np.int32, np.int32, np.int32)
_PIECE = 1 << 15  # events at a time: the temporaries of one piece stay in the L2 cache
_FACTORS = np.array(  # odd, with no pattern in their bits; the last one is for the position
    [
        0x9E3779B97F4A7C15,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
        0xD6E8FEB86659FD93,
        0xA0761D6478BD642F,
        0xE7037ED1A0B428DB,
        0x8EBC6AF09C88C6E3,
    ],
    np.uint64,
)


class _Piece(NamedTuple):
    """Consecutive events first:last, which touch the runs low:high."""

    first: int
    last: int
    low: int
    high: int
    starts: Ints  # of those runs, counted from `first`; a run begun earlier starts at 0
    counts: Ints  # events of each run in this piece


def _pieces(edges: Ints) -> Iterator[_Piece]:
    """Cut the events of non-empty runs into pieces; runs may lie over several of them."""
    for first in range(0, int(edges[-1]), _PIECE):
        last = min(first + _PIECE, int(edges[-1]))
        low = int(np.searchsorted(edges, first, "right")) - 1
        high = int(np.searchsorted(edges, last, "left"))
        cuts = np.clip(edges[low : high + 1], first, last) - first
        yield _Piece(first, last, low, high, cuts[:-1], np.diff(cuts))


def _hashes(columns: Columns, edges: Ints) -> Words:
    """One 64-bit word per run: the sum over its events of a hash of (columns, place in the run)."""
    out = np.zeros(len(edges) - 1, np.uint64)
    for piece in _pieces(edges):
        place = np.arange(piece.first, piece.last)
        place -= np.repeat(edges[piece.low : piece.high], piece.counts)
        word = place.astype(np.uint64) * _FACTORS[6]
        for column, factor in zip(columns, _FACTORS[:6], strict=True):
            word += column[piece.first : piece.last].astype(np.uint64) * factor
        word ^= word >> np.uint64(32)
        word *= _FACTORS[0]
        word ^= word >> np.uint64(29)
        word *= _FACTORS[1]
        word ^= word >> np.uint64(32)
        out[piece.low : piece.high] += np.add.reduceat(word, piece.starts)
    return out


def _differing(columns: Columns, edges: Ints, twin: Ints) -> Ints:
    """The runs whose events are not those of their twin, ascending."""
    lengths = np.diff(edges)
    wrong = lengths != lengths[twin]
    shift = np.where(wrong, 0, edges[twin] - edges[:-1])
    for piece in _pieces(edges):
        shifts = shift[piece.low : piece.high]
        if not shifts.any():
            continue
        other = np.arange(piece.first, piece.last) + np.repeat(shifts, piece.counts)
        unequal = np.zeros(len(other), np.bool_)
        for column in columns:
            unequal |= column[piece.first : piece.last] != column[other]
        if unequal.any():
            wrong[piece.low : piece.high] |= np.logical_or.reduceat(unequal, piece.starts)
    return np.flatnonzero(wrong)


def _twins(columns: Columns, edges: Ints) -> Ints:
    """For each non-empty run the first run with exactly the same events."""
    _, first, group = np.unique(_hashes(columns, edges), return_index=True, return_inverse=True)
    twin = first[group].astype(np.int64)
    seen: dict[tuple[bytes, ...], int] = {}
    for run in _differing(columns, edges, twin).tolist():  # hash collisions: next to never
        span = slice(int(edges[run]), int(edges[run + 1]))
        twin[run] = seen.setdefault(tuple(c[span].tobytes() for c in columns), run)
    return twin


def _cut_out(columns: Columns, lengths: Ints, chosen: NDArray[np.bool_]) -> tuple[EventShape, ...]:
    """The events of the chosen runs, copied out of the columns so that these can be freed."""
    rows = np.repeat(chosen, lengths)
    kept: list[NDArray[Any]] = [
        c[rows].astype(t, copy=False) for c, t in zip(columns, _TYPES, strict=True)
    ]
    edges = [0, *np.cumsum(lengths[chosen]).tolist()]
    return tuple(EventShape(*(column[a:b] for column in kept)) for a, b in pairwise(edges))


def find_shapes(
    kind: NDArray[np.uint8],
    name: Ints32,
    chain: Ints,
    instruction: Ints32,
    delegate_id: Ints32,
    delegate_name: Ints32,
    first_event: Ints,
) -> tuple[tuple[EventShape, ...], Ints32]:
    """Group runs that repeat the same events.

    Args:
        kind ... delegate_name: one row per event, shape (events,).
        first_event: (runs + 1,), ascending from 0 to the number of events.

    Returns:
        The distinct shapes, numbered by first appearance, and the shape of each
        run, (runs,). The shapes hold copies of the rows.
    """
    return _grouped((kind, name, chain, instruction, delegate_id, delegate_name), first_event)


def _grouped(columns: Columns, first_event: Ints) -> tuple[tuple[EventShape, ...], Ints32]:
    lengths = np.diff(first_event)
    twin = np.zeros(len(lengths), np.int64)
    filled = np.flatnonzero(lengths)
    if len(filled):
        edges = np.append(first_event[filled], first_event[-1])
        twin[filled] = filled[_twins(columns, edges)]
    hollow = np.flatnonzero(lengths == 0)
    twin[hollow] = hollow[:1]
    chosen = twin == np.arange(len(twin))
    number = np.cumsum(chosen, dtype=np.int32) - np.int32(1)
    return _cut_out(columns, lengths, chosen), number[twin]


def trace_of(
    strings: Sequence[str],
    run_names: ArrayLike,
    run_lengths: ArrayLike,
    *,
    kind: ArrayLike,
    name: ArrayLike,
    chain: ArrayLike,
    instruction: ArrayLike,
    delegate_id: ArrayLike,
    delegate_name: ArrayLike,
    start: ArrayLike,
    end: ArrayLike,
    bundled_input: ArrayLike | None = None,
    values: ValueColumns | None = None,
    metadata: MetadataColumns | None = None,
    allocations: AllocationColumns | None = None,
) -> Trace:
    """Make a trace from flat columns, one row per event in file order.

    Args:
        strings: what the index columns point into; -1 is absent.
        run_names: (runs,) indices into `strings`.
        run_lengths: (runs,) events of each run.
        kind ... delegate_name: (events,) as in `EventShape`.
        start, end: (events,) ticks; 0 for debug and allocation events.
        bundled_input: (runs,); unknown (-1) when left out.

    Raises:
        UsageError: the columns differ in length, or the runs do not add up to the events.
    """
    given = (kind, name, chain, instruction, delegate_id, delegate_name)
    columns: Columns = tuple(np.asarray(c, t) for c, t in zip(given, _TYPES, strict=True))
    times = tuple(np.asarray(c, np.uint64) for c in (start, end))
    first_event = np.append(np.int64(0), np.cumsum(np.asarray(run_lengths, np.int64)))
    names = np.asarray(run_names, np.int32)
    _check_lengths(columns + times, names, first_event)
    shapes, shape = _grouped(columns, first_event)
    unknown = np.full(len(names), -1, np.int32)
    bundled = unknown if bundled_input is None else np.asarray(bundled_input, np.int32)
    return Trace(
        strings=tuple(strings),
        shapes=shapes,
        runs=RunColumns(names, bundled, shape, first_event),
        times=Times(times[0], times[1]),
        values=ValueColumns.none() if values is None else values,
        metadata=MetadataColumns.none() if metadata is None else metadata,
        allocations=AllocationColumns.none() if allocations is None else allocations,
    )


def _check_lengths(columns: Columns, names: Ints32, first_event: Ints) -> None:
    """Every column has a row per event, and every run a name."""
    lengths = {len(column) for column in columns} | {int(first_event[-1])}
    if len(lengths) > 1 or len(names) != len(first_event) - 1:
        raise UsageError(
            f"The columns of a trace disagree: {sorted(lengths)} events by column and by run "
            f"lengths, {len(names)} run names for {len(first_event) - 1} runs."
        )
