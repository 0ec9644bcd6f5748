"""How many bytes of an arena are in use at each step: the union of the ranges that are alive."""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

import numpy as np

from etscope.etdump.columns import Ints


class Ranges(NamedTuple):
    """Bytes start..end (exclusive) of an arena, alive in steps first..last (inclusive)."""

    start: Ints
    end: Ints
    first: Ints
    last: Ints


def summed(ranges: Ranges, steps: int) -> Ints:
    """Bytes alive per step, each range counted for itself; shape (steps,)."""
    change = np.zeros(steps + 1, np.int64)
    size = ranges.end - ranges.start
    np.add.at(change, ranges.first, size)
    np.add.at(change, ranges.last + 1, -size)
    return np.cumsum(change[:-1])


def united(ranges: Ranges, steps: int) -> Ints:
    """Bytes alive per step, each byte counted once; shape (steps,). Takes O(n log n)."""
    if disjoint(ranges):
        return summed(ranges, steps)
    return _swept(ranges, steps)


def _events(ranges: Ranges) -> list[tuple[int, int, int]]:
    """(step, -1 end or +1 begin, range) in order; a range ends in the step after its last."""
    keep = np.flatnonzero((ranges.end > ranges.start) & (ranges.last >= ranges.first))
    begins = zip(ranges.first[keep].tolist(), keep.tolist(), strict=True)
    ends = zip((ranges.last[keep] + 1).tolist(), keep.tolist(), strict=True)
    return sorted([(at, 1, r) for at, r in begins] + [(at, -1, r) for at, r in ends])


def disjoint(ranges: Ranges) -> bool:
    """Whether no two ranges that are alive in one step share a byte: so in a sound plan."""
    starts, ends = ranges.start.tolist(), ranges.end.tolist()
    alive: list[int] = []  # first bytes, ascending
    end_of: dict[int, int] = {}
    for _, change, which in _events(ranges):
        start, end = starts[which], ends[which]
        at = bisect_left(alive, start)
        if change < 0:
            del alive[at]
            continue
        if at < len(alive) and alive[at] < end:
            return False
        if at and end_of[alive[at - 1]] > start:
            return False
        alive.insert(at, start)
        end_of[start] = end
    return True


def _swept(ranges: Ranges, steps: int) -> Ints:
    """The union where ranges overlap: a segment tree that counts covers."""
    edges = np.unique(np.concatenate([ranges.start, ranges.end]))
    tree = _Cover(np.diff(edges).tolist())
    low = np.searchsorted(edges, ranges.start).tolist()
    high = np.searchsorted(edges, ranges.end).tolist()
    events = _events(ranges)
    out = np.zeros(steps + 1, np.int64)
    at = np.array([step for step, _, _ in events], np.int64)
    covered = np.zeros(len(events) + 1, np.int64)
    for number, (_, change, which) in enumerate(events):
        covered[number + 1] = tree.change(low[which], high[which], change)
    out[:] = covered[np.searchsorted(at, np.arange(steps + 1), side="right")]
    return out[:-1]


class _Cover:
    """Lengths side by side; how much of them is covered at least once."""

    def __init__(self, lengths: list[int]) -> None:
        self._leaves = 1 << max(len(lengths) - 1, 0).bit_length()
        self._count = [0] * (2 * self._leaves)
        self._covered = [0] * (2 * self._leaves)
        self._length = [0] * (2 * self._leaves)
        self._length[self._leaves : self._leaves + len(lengths)] = lengths
        for node in range(self._leaves - 1, 0, -1):
            self._length[node] = self._length[2 * node] + self._length[2 * node + 1]

    def change(self, low: int, high: int, by: int) -> int:
        """Cover (+1) or uncover (-1) pieces low..high (exclusive); the length covered then."""
        left, right = low + self._leaves, high + self._leaves
        first, last = left, right - 1
        while left < right:
            if left & 1:
                self._cover(left, by)
                left += 1
            if right & 1:
                right -= 1
                self._cover(right, by)
            left, right = left >> 1, right >> 1
        for node in (first >> 1, last >> 1):
            while node:
                self._settle(node)
                node >>= 1
        return self._covered[1]

    def _cover(self, node: int, by: int) -> None:
        self._count[node] += by
        self._settle(node)

    def _settle(self, node: int) -> None:
        if self._count[node]:
            self._covered[node] = self._length[node]
        elif node >= self._leaves:
            self._covered[node] = 0
        else:
            self._covered[node] = self._covered[2 * node] + self._covered[2 * node + 1]
