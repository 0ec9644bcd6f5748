"""The loops of a method, and how far a lifetime reaches that crosses their border.

A jump backwards repeats everything between its destination and itself. What was
there before the loop and is needed in it must live until its last round ends;
what a loop makes and something behind it reads lives from its first round on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints
from etscope.etdump.instructions import InstructionKind
from etscope.etdump.methods import Method

#: Deeper nests, and loops that cross each other, are made by no exporter: what touches them
#: lives as long as all of them.
_DEEPEST = 16

_Crosses = Callable[[Ints, Ints], NDArray[np.bool_]]


class LoopSpans(NamedTuple):
    """Loops as instructions first..last; each lies inside its parent or beside all others."""

    first: Ints
    last: Ints
    parent: Ints  # -1: none
    whole: NDArray[np.bool_]  # whatever it touches lives as long as it
    inner: Ints  # per instruction the smallest loop around it; -1: none

    def __len__(self) -> int:
        return len(self.first)


def loop_spans(method: Method) -> LoopSpans:
    """The loops of a method, over the instructions of all its chains."""
    table = method.instructions
    jump = table.kind == InstructionKind.JUMP_FALSE_CALL
    rows = np.flatnonzero(jump & (table.destination <= table.instruction))
    first = rows - (table.instruction[rows] - table.destination[rows])
    spans = sorted(set(zip(first.tolist(), (-rows).tolist(), strict=True)))
    nests = [loop for nest in _nests([(a, -b) for a, b in spans]) for loop in _nested(nest)]
    edges: list[tuple[int, int, int, bool]] = []
    inner = np.full(len(table), -1, np.int64)
    for begin, end, up, whole in nests:
        # A parent counts within its nest: the loops of a nest stand one after another.
        inner[begin : end + 1] = len(edges)
        edges.append((begin, end, up if up < 0 else len(edges) - up, whole))
    columns = [np.array(column, np.int64) for column in zip(*edges, strict=True)]
    begins, ends, parent, whole_ = columns if edges else [np.zeros(0, np.int64)] * 4
    return LoopSpans(begins, ends, parent, whole_.astype(np.bool_), inner)


def _nests(spans: list[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Loops that touch each other, together; sorted by (first, -last)."""
    out: list[list[tuple[int, int]]] = []
    reach = -1
    for begin, end in spans:
        if begin > reach:
            out.append([])
        out[-1].append((begin, end))
        reach = max(reach, end)
    return out


def _nested(nest: list[tuple[int, int]]) -> list[tuple[int, int, int, bool]]:
    """(first, last, how many places before it its parent stands or -1, whole) of each loop."""
    around: list[int] = []
    out: list[tuple[int, int, int, bool]] = []
    for number, (begin, end) in enumerate(nest):
        while around and nest[around[-1]][1] < begin:
            around.pop()
        if len(around) == _DEEPEST or (around and nest[around[-1]][1] < end):
            return [(nest[0][0], max(last for _, last in nest), -1, True)]
        out.append((begin, end, number - around[-1] if around else -1, False))
        around.append(number)
    return out


def extended(loops: LoopSpans, first: Ints, last: Ints) -> tuple[Ints, Ints]:
    """Lifetimes first..last (instructions; outside of them: before, behind) with the loops.

    Values that live in one round only are left as they are.
    """
    if not len(loops):
        return first, last
    until = _reached(loops, last, lambda loop, rows: loops.first[loop] > first[rows], loops.last)
    since = _reached(loops, first, lambda loop, rows: loops.last[loop] < last[rows], loops.first)
    return np.minimum(first, since), np.maximum(last, until)


def _reached(loops: LoopSpans, at: Ints, crosses: _Crosses, end: Ints) -> Ints:
    """Per lifetime the end of the largest loop around `at` that it crosses into, else `at`."""
    out = at.copy()
    rows = np.flatnonzero((at >= 0) & (at < len(loops.inner)))
    loop = loops.inner[at[rows]]
    rows, loop = rows[loop >= 0], loop[loop >= 0]
    while len(rows):
        going = crosses(loop, rows) | loops.whole[loop]
        rows, loop = rows[going], loop[going]
        out[rows] = end[loop]
        rows, loop = rows[loops.parent[loop] >= 0], loops.parent[loop[loops.parent[loop] >= 0]]
    return out
