"""Values that share bytes as one: the pieces that a plan puts into its arenas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints
from etscope.inspector.memory.plan import MemoryPlan, Role


@dataclass(frozen=True, eq=False)
class Blocks:
    """A value with all that show its bytes, a row each, in the order of the plan's rows.

    Values that never live are in none. Block b owns step[edges[b]:edges[b + 1]] and
    what stands beside it: when it is used, ascending. The caller uses inputs in step
    -1 and outputs behind the last instruction.
    """

    row: Ints  # of the plan: the value that the others show
    arena: Ints
    start: Ints  # byte in its arena, as the exporter planned it
    size_bytes: Ints  # as far as the largest of them reaches
    first: Ints  # step
    last: Ints  # step, inclusive
    lasting: NDArray[np.bool_]  # keeps its bytes between inferences
    of_tensor: Ints  # per tensor of the method its block; -1: none
    edges: Ints  # (blocks + 1,)
    step: Ints
    tensor: Ints  # the tensor by which it is used
    reads: NDArray[np.bool_]
    writes: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.row)

    def uses(self, block: int) -> slice:
        """Where the uses of one block stand in step, tensor, reads and writes."""
        return slice(int(self.edges[block]), int(self.edges[block + 1]))


def blocks_of(plan: MemoryPlan) -> Blocks:
    """The blocks of a plan."""
    own = np.arange(len(plan))
    row = np.flatnonzero((plan.shows == own) & (plan.first <= plan.last))
    number = np.full(len(plan), -1, np.int64)
    number[row] = np.arange(len(row))
    of_tensor = np.full(len(plan.method.values.tensors), -1, np.int64)
    of_tensor[plan.tensor] = number[plan.shows]
    reach = plan.offset + plan.size_bytes
    end = reach.copy()
    np.maximum.at(end, plan.shows, reach)
    touches = plan.touches
    given, taken = plan.tensor[plan.is_input], plan.tensor[plan.is_output]
    tensor = np.concatenate([given, touches.tensor, taken])
    step = np.concatenate(
        [np.full(len(given), -1), touches.row, np.full(len(taken), plan.instructions)]
    )
    reads = np.concatenate([np.zeros(len(given), np.bool_), touches.reads, taken >= 0])
    writes = np.concatenate([given >= 0, touches.writes, np.zeros(len(taken), np.bool_)])
    block = of_tensor[tensor]
    order = np.lexsort((step, block))
    order = order[np.searchsorted(block[order], 0) :]
    return Blocks(
        row=row,
        arena=plan.arena[row],
        start=plan.offset[row],
        size_bytes=end[row] - plan.offset[row],
        first=plan.first[row],
        last=plan.last[row],
        lasting=(plan.role[row] == Role.BUFFER) | (plan.role[row] == Role.STATE),
        of_tensor=of_tensor,
        edges=np.searchsorted(block[order], np.arange(len(row) + 1)).astype(np.int64),
        step=step[order],
        tensor=tensor[order],
        reads=reads[order],
        writes=writes[order],
    )
