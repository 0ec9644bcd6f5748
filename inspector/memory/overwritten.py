"""Results of branches that something overwrites before they are read: wrong answers on device.

The exporter plans the tensors of a branch as if a move copied the branch's result
out of it. The runtime's move copies no data: the value then shows the branch's
own tensor, whose place the next branch may use again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from etscope.etdump.columns import Ints
from etscope.etdump.instructions import InstructionKind
from etscope.etdump.methods import Method
from etscope.inspector.memory.first_writes import Spans, first_writes
from etscope.inspector.memory.plan import MemoryPlan


class Overwritten(NamedTuple):
    """A value that a move handed over, and the first write to its bytes before its last use."""

    result: int  # row of the plan whose bytes are lost
    moved_to: int  # row of the plan that shows them
    move: int  # instruction
    writer: int  # instruction that writes over it
    by: int  # row of the plan that it writes
    last: int  # step in which the result is read last


def overwritten_results(plan: MemoryPlan) -> list[Overwritten]:
    """Every result of a branch that is overwritten while it is still needed.

    Only what runs behind the move counts: the jump after it skips the other branch.
    """
    if not len(plan.touches.moves):
        return []
    moves, row_of = plan.touches.moves, rows_of_tensors(plan)
    moves = moves[(row_of[moves[:, 1:]] >= 0).all(1)]
    result, shown = row_of[moves[:, 1]], row_of[moves[:, 2]]
    step, written = data_writes(plan)
    since = np.searchsorted(step, _after_moves(plan.method)[moves[:, 0]])
    at = first_writes(bytes_of(plan, written), bytes_of(plan, result), since)
    last = plan.last[plan.shows[shown]]
    lost = np.flatnonzero((at >= 0) & (np.append(step, -1)[at] < last))
    first = at[lost]
    columns = (result[lost], shown[lost], moves[lost, 0], step[first], written[first], last[lost])
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [Overwritten(*row) for row in rows]


def rows_of_tensors(plan: MemoryPlan) -> Ints:
    """Per tensor of the method its row in the plan; -1: not planned."""
    out = np.full(len(plan.method.values.tensors), -1, np.int64)
    out[plan.tensor] = np.arange(len(plan))
    return out


def data_writes(plan: MemoryPlan) -> tuple[Ints, Ints]:
    """(instruction, row of the plan) of each write of data, in the order of instructions."""
    touches, row_of = plan.touches, rows_of_tensors(plan)
    where = np.flatnonzero(touches.writes & touches.carries & (row_of[touches.tensor] >= 0))
    return touches.row[where], row_of[touches.tensor[where]]


def bytes_of(plan: MemoryPlan, rows: Ints) -> Spans:
    """The bytes of some rows; a value that shows another's has that one as its root."""
    start = plan.offset[rows]
    return Spans(plan.arena[rows], start, start + plan.size_bytes[rows], plan.shows[rows])


def _after_moves(method: Method) -> Ints:
    """Per instruction the first that runs when the moves that begin there are done."""
    table, rows = method.instructions, np.arange(len(method.instructions))
    no_move = np.where(table.kind == InstructionKind.MOVE_CALL, len(rows), rows)
    at = np.minimum.accumulate(no_move[::-1])[::-1]
    jumps = table.kind == InstructionKind.JUMP_FALSE_CALL
    behind = np.where(jumps, rows + np.maximum(table.destination - table.instruction, 1), rows)
    return np.append(behind, len(rows))[at]
