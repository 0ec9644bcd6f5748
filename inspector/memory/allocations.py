"""The allocation events of a trace: what each allocator was asked for, run by run.

An allocation event has an allocator and a size, no time and no place, and nothing says
when memory is given back: sums over a run are what was asked for, not what was held.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints, Trace, Words

#: What is said beside any figure of these.
NO_TIMES = (
    "allocation events carry no times and no frees: bytes are what was asked for in the whole "
    "run, not what was held at once"
)


@dataclass(frozen=True, eq=False)
class Allocations:
    """One row per kind of run and allocator, in the order of the file. Bytes are measured.

    An allocator that a run declares and never uses has a row with 0 requests: it was
    looked at. One that no run declares has no row.
    """

    run: tuple[str | None, ...]  # name of the runs, "Execute"; None: without a name
    allocator: tuple[str | None, ...]  # None: a number that the run declares no allocator for
    runs: Ints  # runs of that name that declare or use it
    requests: Ints  # over all of these runs
    total_bytes: tuple[int, ...]  # whole numbers: sizes of a broken trace pass 64 bits in sum
    most_bytes: tuple[int, ...]  # of the run that asked for the most
    largest_bytes: Words  # the largest single request; 0: there was none

    def __len__(self) -> int:
        return len(self.run)

    @property
    def is_empty(self) -> bool:
        """Whether the runtime that wrote the trace emitted no such events at all."""
        return not self.requests.any()


def allocations_of(trace: Trace) -> Allocations:
    """The allocation events of a trace, by name of the run and name of the allocator.

    Runtimes emit them when they are built with allocation tracking; the packaged one is not.
    """
    run, allocator = _declared(trace)
    event_run, event_allocator = _named(trace, run)
    runs = np.concatenate([run, event_run])
    names = trace.runs.name[runs].astype(np.int64)
    keys = np.stack([names, np.concatenate([allocator, event_allocator])], 1)
    order, which = _in_order(keys)
    size = trace.allocations.size_bytes
    mine = which[len(run) :]
    totals = _totals(len(order), mine, event_run, size)
    pairs = np.unique(np.stack([which, runs], 1), axis=0)
    largest = np.zeros(len(order), np.uint64)
    np.maximum.at(largest, mine, size)
    return Allocations(
        run=tuple(trace.text(int(name)) for name in keys[order, 0]),
        allocator=tuple(trace.text(int(name)) for name in keys[order, 1]),
        runs=np.bincount(pairs[:, 0], minlength=len(order)).astype(np.int64),
        requests=np.bincount(mine, minlength=len(order)).astype(np.int64),
        total_bytes=tuple(sum(found) for found in totals),
        most_bytes=tuple(max(found, default=0) for found in totals),
        largest_bytes=largest,
    )


def _declared(trace: Trace) -> tuple[Ints, Ints]:
    """(run, name) of each allocator that a run declares."""
    table = trace.allocations
    return table.allocator_run.astype(np.int64), table.allocator_name.astype(np.int64)


def _named(trace: Trace, declared: Ints) -> tuple[Ints, Ints]:
    """(run, name of the allocator) of each event; -1: its run declares no such number.

    A runtime counts allocators from 1: it hands out how many it has declared so far
    (track_allocator in devtools/etdump/etdump_flatcc.cpp of ExecuTorch).
    """
    table = trace.allocations
    run = np.searchsorted(trace.runs.first_event, table.event, side="right") - 1
    first = np.searchsorted(declared, run, side="left")
    count = np.searchsorted(declared, run, side="right") - first
    number = table.allocator.astype(np.int64) - 1
    known = (number >= 0) & (number < count)
    name = np.full(len(run), -1, np.int64)
    name[known] = table.allocator_name[(first + number)[known]]
    return run.astype(np.int64), name


def _in_order(keys: Ints) -> tuple[Ints, NDArray[np.intp]]:
    """(first row of each distinct key, in the order of the rows; number of the key per row)."""
    _, first, which = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    return np.sort(first), rank[which.reshape(-1)]


def _totals(rows: int, row: Ints, run: Ints, size: Words) -> list[list[int]]:
    """Per row the bytes asked for in each run, as whole numbers: sums may pass 64 bits."""
    pairs, which = np.unique(np.stack([row, run], 1), axis=0, return_inverse=True)
    halves = np.zeros((2, len(pairs)), np.uint64)
    for half, part in zip(
        halves, (size >> np.uint64(32), size & np.uint64(2**32 - 1)), strict=True
    ):
        np.add.at(half, which.reshape(-1), part)
    out: list[list[int]] = [[] for _ in range(rows)]
    for owner, high, low in zip(pairs[:, 0].tolist(), *halves.tolist(), strict=True):
        out[owner].append((high << 32) + low)
    return out
