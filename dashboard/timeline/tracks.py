"""Slices put into rows in which none covers another, each row in the order of time."""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from etscope.dashboard.timeline.lanes import Lanes
from etscope.dashboard.timeline.slices import Slices, joined
from etscope.etdump.columns import Ints

#: Rows of one lane; what lies deeper is counted, not drawn.
MOST_DEPTHS = 48


@dataclass(frozen=True, eq=False)
class Tracks:
    """Slices row by row; row t has those from first[t] to first[t + 1]. Rows in screen order."""

    slices: Slices
    lane: Ints  # per row
    depth: Ints  # per row
    first: Ints  # (rows + 1,)
    too_deep: int

    def __len__(self) -> int:
        return len(self.lane)


def tracks_of(slices: Slices, lanes: Lanes) -> Tracks:
    """Sort slices into rows. What does not nest goes into a lane of its own, made when needed."""
    kept, deep = _not_deeper(slices)
    ordered = _ordered(kept, lanes)
    beside = _covered(ordered)
    if beside.any():
        apart = []
        odd = ordered.take(beside)
        for lane in np.unique(odd.lane).tolist():
            own = odd.take(odd.lane == lane)
            own = own.take(np.lexsort((own.duration, own.start)))
            apart.append(own.moved(lanes.overlapping(lane), _levels(own)))
        more, deeper = _not_deeper(joined(apart))
        deep += deeper
        ordered = _ordered(joined([ordered.take(~beside), more]), lanes)
    edges = _edges(ordered)
    at = edges[:-1]
    lane, depth = ordered.lane[at].astype(np.int64), ordered.depth[at].astype(np.int64)
    return Tracks(ordered, lane, depth, edges, deep)


def _not_deeper(slices: Slices) -> tuple[Slices, int]:
    fits = slices.depth < MOST_DEPTHS
    return (slices, 0) if fits.all() else (slices.take(fits), int((~fits).sum()))


def _ordered(slices: Slices, lanes: Lanes) -> Slices:
    """By lane, depth, start; of those that begin together the shortest first."""
    rank = np.empty(len(lanes), np.int64)
    rank[lanes.order()] = np.arange(len(lanes))
    row = (rank[slices.lane] * MOST_DEPTHS + slices.depth).astype(np.uint32)
    small = len(row) and int(row.max()) < 1 << 16
    order = np.argsort(row.astype(np.uint16) if small else row, kind="stable")
    out = slices.take(order)
    # Events are written in the order of time, so that a row is seldom out of it.
    edges = _edges(out).tolist()
    for low, high in itertools.pairwise(edges):
        start, duration = out.start[low:high], out.duration[low:high]
        same, later = start[1:] == start[:-1], start[1:] > start[:-1]
        if not (later | (same & (duration[1:] >= duration[:-1]))).all():
            order[low:high] = order[low:high][np.lexsort((duration, start))]
    return slices.take(order)


def _edges(slices: Slices) -> Ints:
    """Where each row begins, and where the last ends."""
    row = slices.lane.astype(np.int64) * MOST_DEPTHS + slices.depth
    starts = np.flatnonzero(np.diff(row, prepend=-1)) if len(row) else np.zeros(0, np.int64)
    return np.append(starts, len(row)).astype(np.int64)


def _covered(slices: Slices) -> NDArray[np.bool_]:
    """Per slice whether one that stays before it in its row has not ended when it begins."""
    out = np.zeros(len(slices), np.bool_)
    edges = _edges(slices).tolist()
    for low, high in itertools.pairwise(edges):
        start = slices.start[low:high]
        # Ends counted from the row's first start: floats hold those exactly, not all of a clock.
        since = (start - start[0]).astype(np.float64)
        ends = since + slices.duration[low:high]
        if (since[1:] < np.maximum.accumulate(ends)[:-1]).any():
            out[low:high] = _late(since.tolist(), ends.tolist())
    return out


def _late(starts: list[float], ends: list[float]) -> list[bool]:
    """Which of these begin before the last that stays has ended."""
    out, free = [], 0.0
    for start, end in zip(starts, ends, strict=True):
        out.append(start < free)
        if start >= free:
            free = end
    return out


def _levels(slices: Slices) -> Ints:
    """The first row in which each of these has room; they are in the order of time."""
    since = (slices.start - slices.start[:1].repeat(len(slices))).astype(np.float64)
    free: list[int] = []
    busy: list[tuple[float, int]] = []
    levels, used = [], 0
    for begin, length in zip(since.tolist(), slices.duration.tolist(), strict=True):
        while busy and busy[0][0] <= begin:
            heapq.heappush(free, heapq.heappop(busy)[1])
        if free:
            level = heapq.heappop(free)
        else:
            level, used = used, used + 1
        levels.append(level)
        heapq.heappush(busy, (begin + length, level))
    return np.array(levels, np.int64)
