"""How deep each event of one kind of run lies, so that it is always drawn in the same row."""

from __future__ import annotations

import numpy as np

from etscope.etdump.columns import EventShape, Ints, Words
from etscope.inspector.nesting import is_delegated


def depths_of(shape: EventShape, parents: Ints, start: Words, end: Words) -> Ints:
    """Per event how many lie around it: for one of a delegate, only others of that delegate.

    Args:
        parents: as `parents_of` says.
        start, end: the ticks of one run of that shape.
    """
    depth = np.zeros(len(shape), np.int64)
    inside = is_delegated(shape)
    for row in range(len(shape) - 1, -1, -1):  # a parent comes after its children
        above = int(parents[row])
        if above >= 0 and not inside[row]:
            depth[row] = depth[above] + 1
    by_call: dict[int, list[int]] = {}
    for row in np.flatnonzero(inside).tolist():
        by_call.setdefault(int(parents[row]), []).append(row)
    begins, ends = start.tolist(), end.tolist()
    for rows in by_call.values():
        _contained(rows, begins, ends, depth)
    return depth


def _contained(rows: list[int], begins: list[int], ends: list[int], depth: Ints) -> None:
    """The depth of each of these events among them."""
    around: list[int] = []
    for row in sorted(rows, key=lambda one: (begins[one], -ends[one], one)):
        while around and not _holds(around[-1], row, begins, ends):
            around.pop()
        depth[row] = len(around)
        around.append(row)


def _holds(outer: int, inner: int, begins: list[int], ends: list[int]) -> bool:
    if begins[inner] == ends[inner]:
        # What a coarse clock shows without a length may as well lie just before the other.
        return begins[outer] < begins[inner] < ends[outer]
    return begins[inner] < ends[outer] and ends[inner] <= ends[outer]
