"""The two sides of each branch of a method: instructions of which only one side runs.

The exporter writes `torch.cond` as a jump over the true side, whose last instruction
always jumps over the false side, which stands behind it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints
from etscope.etdump.evalues import EValueKind
from etscope.etdump.instructions import InstructionKind
from etscope.etdump.methods import Method

#: No exporter nests branches deeper; of a method that does, nothing is taken as proven.
_DEEPEST = 16


class Branches(NamedTuple):
    """Sides of branches as instructions first..last; each lies inside its parent or beside all.

    Sides 2b and 2b + 1 are the true and the false side of branch b.
    """

    first: Ints
    last: Ints
    parent: Ints  # -1: none
    depth: Ints  # how many sides are around it
    inner: Ints  # per instruction the smallest side around it; -1: none

    def __len__(self) -> int:
        return len(self.first)


def branches_of(method: Method) -> Branches:
    """The branches of which it is proven that one pass through them runs one side alone.

    There are none where sides cross, or where a jump leads into one from elsewhere.
    """
    table = method.instructions
    jumps = np.flatnonzero(table.kind == InstructionKind.JUMP_FALSE_CALL)
    targets = jumps + table.destination[jumps] - table.instruction[jumps]
    target_of = np.full(len(table) + 1, -1, np.int64)
    target_of[jumps] = targets
    always = np.zeros(len(table) + 1, np.bool_)
    always[jumps] = _stay_false(method)[table.arguments[table.args[jumps]]]
    leaves = targets - 1  # the last instruction of the true side, if this is a branch
    fits = (leaves > jumps) & always[leaves] & (target_of[leaves] > targets)
    jump, middle, end = jumps[fits], targets[fits], target_of[leaves[fits]]
    first = np.stack([jump + 1, middle], 1).reshape(-1)
    last = np.stack([middle, end], 1).reshape(-1) - 1
    found = _nested(first, last, len(table))
    if found is None or not _only_from(found, np.repeat(jump, 2), jumps, targets):
        none = np.zeros(0, np.int64)
        return Branches(none, none, none, none, np.full(len(table), -1, np.int64))
    return found


def _stay_false(method: Method) -> NDArray[np.bool_]:
    """Per value whether it is False in the file and nothing may write it."""
    table, values = method.instructions, method.values
    out: NDArray[np.bool_] = (values.kind == EValueKind.BOOL) & (values.integer == 0)
    owner = np.repeat(np.arange(len(table)), np.diff(table.args))
    last = table.args[1:][owner] - 1 == np.arange(len(owner))
    kinds = table.kind[owner]
    reads = kinds == InstructionKind.JUMP_FALSE_CALL
    reads |= (kinds == InstructionKind.KERNEL_CALL) & ~last
    reads |= (kinds == InstructionKind.MOVE_CALL) & ~last
    out[table.arguments[~reads]] = False
    out[method.inputs] = False
    return out


def _nested(first: Ints, last: Ints, steps: int) -> Branches | None:
    """Sides with their parents; None: they cross, or are nested too deeply."""
    count = len(first)
    parent, depth = np.full(count, -1, np.int64), np.zeros(count, np.int64)
    inner = np.full(steps, -1, np.int64)
    around: list[int] = []
    begins, ends = first.tolist(), last.tolist()
    for side in np.lexsort((-last, first)).tolist():
        while around and ends[around[-1]] < begins[side]:
            around.pop()
        if len(around) == _DEEPEST or (around and ends[around[-1]] < ends[side]):
            return None
        if around:
            parent[side], depth[side] = around[-1], len(around)
        inner[begins[side] : ends[side] + 1] = side
        around.append(side)
    return Branches(first, last, parent, depth, inner)


def _only_from(sides: Branches, entrance: Ints, jumps: Ints, targets: Ints) -> bool:
    """Whether each jump into a side comes from that side, or is the one that chooses it."""
    into = np.append(sides.inner, -1)[targets]
    jumps, targets, into = jumps[into >= 0], targets[into >= 0], into[into >= 0]
    inside = (sides.first[into] <= jumps) & (jumps <= sides.last[into])
    chooses = (entrance[into] == jumps) & (sides.first[into] == targets)
    return bool((inside | chooses).all())
