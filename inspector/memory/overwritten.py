"""Results of branches that something overwrites before they are read: wrong answers on device.

The exporter plans the tensors of a branch as if a move copied the branch's result
out of it. The runtime's move copies no data: the value then shows the branch's
own tensor, whose place the next branch may use again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints
from etscope.etdump.instructions import InstructionKind
from etscope.etdump.methods import Method
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
    sound = all((use.live_bytes == use.summed_bytes).all() for use in plan.arenas)
    if sound or not len(plan.touches.moves):
        return []
    after = _after_moves(plan.method)
    row_of = np.full(len(plan.method.values.tensors), -1, np.int64)
    row_of[plan.tensor] = np.arange(len(plan))
    found = []
    carries = plan.touches.writes & plan.touches.carries
    where = np.flatnonzero(carries & (row_of[plan.touches.tensor] >= 0))
    step, written = plan.touches.row[where], row_of[plan.touches.tensor[where]]
    for move, source, target in plan.touches.moves.tolist():
        result, shown = int(row_of[source]), int(row_of[target])
        if result < 0 or shown < 0:
            continue
        last = int(plan.last[plan.shows[shown]])
        low, high = np.searchsorted(step, (int(after[move]), last))
        hits = np.flatnonzero(_writes_over(plan, result, written[low:high]))
        if len(hits):
            at = int(low + hits[0])
            found.append(Overwritten(result, shown, move, int(step[at]), int(written[at]), last))
    return found


def _writes_over(plan: MemoryPlan, result: int, written: Ints) -> NDArray[np.bool_]:
    """Per write whether it goes to bytes of the result, not through the result itself."""
    start, end = plan.offset[written], plan.offset[written] + plan.size_bytes[written]
    first = plan.offset[result]
    same = plan.arena[written] == plan.arena[result]
    shared: NDArray[np.bool_] = same & (plan.shows[written] != plan.shows[result])
    shared &= (start < first + plan.size_bytes[result]) & (end > first)
    return shared


def _after_moves(method: Method) -> Ints:
    """Per instruction the first that runs when the moves that begin there are done."""
    table, rows = method.instructions, np.arange(len(method.instructions))
    no_move = np.where(table.kind == InstructionKind.MOVE_CALL, len(rows), rows)
    at = np.minimum.accumulate(no_move[::-1])[::-1]
    jumps = table.kind == InstructionKind.JUMP_FALSE_CALL
    behind = np.where(jumps, rows + np.maximum(table.destination - table.instruction, 1), rows)
    return np.append(behind, len(rows))[at]
