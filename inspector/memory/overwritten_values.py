"""Values that another one's instruction overwrites before they are read: wrong answers.

So it is where a pass made operators write in place after lifetimes were taken, or a
planning algorithm puts values that are alive at once on the same bytes. What is lost
behind a move is told in overwritten.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints
from etscope.etdump.instructions import InstructionKind
from etscope.etdump.methods import Method
from etscope.etdump.program_constants import Storage
from etscope.inspector.memory.blocks import Blocks, blocks_of
from etscope.inspector.memory.branches import Branches, branches_of
from etscope.inspector.memory.first_writes import first_writes
from etscope.inspector.memory.overwritten import bytes_of, data_writes
from etscope.inspector.memory.plan import MemoryPlan

_CALLS = (InstructionKind.KERNEL_CALL, InstructionKind.DELEGATE_CALL)


class Lost(NamedTuple):
    """A value that is overwritten while it is still needed."""

    row: int  # of the plan: the value
    made: int  # step that wrote it last; -1: it is there before the first instruction
    writer: int  # instruction that writes over it
    by: int  # row of the plan that it writes
    reader: int  # step that reads it next; behind the last instruction it is the caller


def overlapping(plan: MemoryPlan) -> bool:
    """Whether any two values that have bytes in one step share some of them."""
    return any(bool((use.live_bytes != use.summed_bytes).any()) for use in plan.arenas)


def overwritten_values(plan: MemoryPlan) -> list[Lost]:
    """Every value that is lost, by writer; each with what made, overwrites and reads it.

    All three are instructions that one run executes in this order. Where there are jumps
    other than those of branches, none lies between them. Takes O(n log n).
    """
    if not overlapping(plan):
        return []
    blocks, (step, written) = blocks_of(plan), data_writes(plan)
    block, made = _made(plan, blocks)
    since = np.searchsorted(step, made, side="right")
    at = first_writes(bytes_of(plan, written), bytes_of(plan, blocks.row[block]), since)
    block, made, at = block[at >= 0], made[at >= 0], at[at >= 0]
    writer, by = step[at], written[at]
    reader, reads = _next_use(blocks, plan.instructions, block, writer)
    lost = reads & _in_one_run(plan.method, made, writer, reader)
    found: dict[tuple[int, int], Lost] = {}
    columns = (blocks.row[block], made, writer, by, reader)
    for one in zip(*(column[lost].tolist() for column in columns), strict=True):
        told = Lost(*one)
        found[told.writer, told.row] = max(told, found.get((told.writer, told.row), told))
    return [found[key] for key in sorted(found)]


def _made(plan: MemoryPlan, blocks: Blocks) -> tuple[Ints, Ints]:
    """(block, step) of each time when a block gets its data; -1: it has them from the start."""
    calls = np.append(np.isin(plan.method.instructions.kind, _CALLS), True)  # the last: step -1
    inside = np.flatnonzero(blocks.writes & (blocks.step < plan.instructions))
    inside = inside[calls[blocks.step[inside]]]
    owner = np.repeat(np.arange(len(blocks)), np.diff(blocks.edges))
    stored = plan.method.storage.kind[plan.tensor[blocks.row]] == Storage.INITIAL_STATE
    states = np.flatnonzero(stored)
    block = np.concatenate([owner[inside], states])
    return block, np.concatenate([blocks.step[inside], np.full(len(states), -1)])


def _next_use(
    blocks: Blocks, instructions: int, block: Ints, behind: Ints
) -> tuple[Ints, NDArray[np.bool_]]:
    """(the first step behind another one that uses a block, whether it reads it) of each."""
    line = instructions + 2
    owner = np.repeat(np.arange(len(blocks)), np.diff(blocks.edges))
    key, place = np.unique(owner * line + blocks.step + 1, return_inverse=True)
    reads = np.zeros(len(key) + 1, np.bool_)
    np.logical_or.at(reads, place.reshape(-1), blocks.reads)
    found = np.searchsorted(key, block * line + behind + 1, side="right")
    key = np.append(key, len(blocks) * line)
    return key[found] % line - 1, reads[found] & (key[found] // line == block)


def _in_one_run(method: Method, made: Ints, writer: Ints, reader: Ints) -> NDArray[np.bool_]:
    """Whether one run executes each three steps, one after another."""
    jumps = method.instructions.kind == InstructionKind.JUMP_FALSE_CALL
    sides = branches_of(method)
    if len(sides) != int(jumps.sum()):
        count = np.concatenate([[0], np.cumsum(jumps)])
        between: NDArray[np.bool_] = count[reader] == count[made + 1]
        return between
    pairs = ((made, writer), (writer, reader), (made, reader))
    apart = [_on_opposite_sides(sides, one, other) for one, other in pairs]
    return ~(apart[0] | apart[1] | apart[2])


def _on_opposite_sides(sides: Branches, one: Ints, other: Ints) -> NDArray[np.bool_]:
    """Whether a branch has the first step on one side and the second on the other."""
    out = np.zeros(len(one), np.bool_)
    inner = np.append(sides.inner, -1)  # also of the steps before and behind all instructions
    side = inner[np.where(one < len(sides.inner), one, -1)]
    rows = np.arange(len(one))
    while len(rows):
        rows, side = rows[side >= 0], side[side >= 0]
        across = side ^ 1
        out[rows] |= (sides.first[across] <= other[rows]) & (other[rows] <= sides.last[across])
        side = sides.parent[side]
    return out
