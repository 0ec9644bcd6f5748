"""In which steps of its lifetime a tensor has bytes: not on the other side of a branch.

What the true side of a branch makes for what follows does not exist while the false
side runs. Behind the branch there are the results of one side: those of the side
whose results are larger are counted, on equal terms those of the true side. What both
sides touch is there throughout, as the exporter plans it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from etscope.etdump import ragged
from etscope.etdump.columns import Ints
from etscope.etdump.methods import Method
from etscope.inspector.memory.branches import Branches, branches_of
from etscope.inspector.memory.lifetimes import Lifetimes
from etscope.inspector.memory.touches import Touches


class Presence(NamedTuple):
    """Row i has its bytes in steps first..last (inclusive), perhaps in several such spans."""

    row: Ints  # ascending, and by first
    first: Ints
    last: Ints

    def at(self, step: int) -> Ints:
        """The rows that have bytes in a step, ascending."""
        return self.row[(self.first <= step) & (step <= self.last)]

    def spans_of(self, row: int) -> list[tuple[int, int]]:
        """The (first, last) steps of one row, ascending."""
        low, high = np.searchsorted(self.row, [row, row + 1])
        firsts, lasts = self.first[low:high].tolist(), self.last[low:high].tolist()
        return list(zip(firsts, lasts, strict=True))

    def of(self, rows: Ints, count: int) -> Presence:
        """What stands at `rows` of these, as rows 0, 1, …; there are `count` here."""
        edges = np.searchsorted(self.row, np.arange(count + 1)).astype(np.int64)
        spans = np.diff(edges)[rows]
        place = ragged.spread(edges, rows, spans)
        return Presence(np.repeat(np.arange(len(rows)), spans), self.first[place], self.last[place])


def presence_of(
    method: Method, touches: Touches, root: Ints, lives: Lifetimes, size_bytes: Ints
) -> Presence:
    """When each tensor of a method has bytes; the same for all that share them.

    Args:
        root: per tensor the one whose bytes it shows.
        size_bytes: of each tensor.
    """
    sides, count = branches_of(method), len(root)
    gaps = _none(3)
    if len(sides):
        mine = np.flatnonzero((root == np.arange(count)) & (lives.first <= lives.last))
        gaps = _gaps(sides, _Uses(method, touches, root), lives, size_bytes, mine)
    return _without(lives, gaps, root, count)


def _none(columns: int) -> Ints:
    return np.zeros((columns, 0), np.int64)


class _Uses:
    """When each root is touched."""

    def __init__(self, method: Method, touches: Touches, root: Ints) -> None:
        self._steps = len(method.instructions) + 2
        outputs = method.values.tensor[method.outputs].astype(np.int64)
        outputs = outputs[outputs >= 0]
        tensor = np.concatenate([touches.tensor, outputs])
        step = np.concatenate([touches.row, np.full(len(outputs), len(method.instructions))])
        self._key = np.unique(root[tensor] * self._steps + step)

    def between(self, roots: Ints, first: Ints, last: Ints) -> NDArray[np.bool_]:
        """Whether each is touched in its steps first..last."""
        low = np.searchsorted(self._key, roots * self._steps + first)
        return low < np.searchsorted(self._key, roots * self._steps + last, side="right")


def _gaps(sides: Branches, uses: _Uses, lives: Lifetimes, size: Ints, mine: Ints) -> Ints:
    """(3, gaps): root, first and last step of each span of a lifetime without bytes."""
    born, side = _born(sides, lives, mine)
    is_true = side % 2 == 0
    # The false side of the branch, and the last instruction of the branch.
    begins, ends = sides.first[side | 1], sides.last[side | 1]
    alone = ~is_true | ~uses.between(born, begins, ends)
    during = is_true & alone & (lives.last[born] >= begins)
    lost = _not_counted(sides, lives, born, side, size, alone)
    behind = np.stack([born, ends + 1, lives.last[born]])[:, lost]
    return np.concatenate([np.stack([born, begins, ends])[:, during], behind], 1)


def _born(sides: Branches, lives: Lifetimes, mine: Ints) -> tuple[Ints, Ints]:
    """(root, side) for each side around the instruction that makes a root."""
    first = lives.first[mine]
    roots = mine[(first >= 0) & (first < len(sides.inner))]
    side = sides.inner[lives.first[roots]]
    found = [_none(2)]
    while len(roots):
        roots, side = roots[side >= 0], side[side >= 0]
        found.append(np.stack([roots, side]))
        side = sides.parent[side]
    born, around = np.concatenate(found, 1)
    return born, around


def _not_counted(
    sides: Branches, lives: Lifetimes, born: Ints, side: Ints, size: Ints, alone: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which results of a side are not counted behind the branch, since the other's are.

    Args:
        alone: whether the other side has nothing to do with it.
    """
    result = alone & (lives.last[born] > sides.last[side | 1])
    out = np.zeros(len(born), np.bool_)
    gone = np.zeros(len(size), np.bool_)
    for depth in range(int(sides.depth.max(initial=0)), -1, -1):  # the inner ones choose first
        here = result & (sides.depth[side] == depth) & ~gone[born]
        total = np.zeros(len(sides), np.int64)
        np.add.at(total, side[here], np.maximum(size[born[here]], 0))
        mine, other = total[side], total[side ^ 1]
        lost = here & (other > 0) & ((mine < other) | ((mine == other) & (side % 2 == 1)))
        out |= lost
        gone[born[lost]] = True
    return out


def _without(lives: Lifetimes, gaps: Ints, root: Ints, count: int) -> Presence:
    """What gaps leave of lifetimes."""
    own = np.flatnonzero((root == np.arange(count)) & (lives.first <= lives.last))
    gaps = gaps[:, np.lexsort((gaps[2], gaps[1], gaps[0]))]
    # Steps begin at -1; one number line for all roots lets gaps of each be united in order.
    line = int(max(lives.last.max(initial=0), gaps[2].max(initial=0))) + 3
    reach = np.maximum.accumulate(gaps[0] * line + gaps[2] + 1) - gaps[0] * line - 1
    begins = np.stack([np.append(own, gaps[0]), np.append(lives.first[own], reach + 1)])
    ends = np.stack([np.append(own, gaps[0]), np.append(lives.last[own], gaps[1] - 1)])
    begins, ends = (pair[:, np.lexsort((pair[1], pair[0]))] for pair in (begins, ends))
    keep = begins[1] <= ends[1]
    spans = Presence(begins[0][keep], begins[1][keep], ends[1][keep])
    return spans.of(root, count)
