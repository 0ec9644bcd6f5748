"""What each instruction does to memory: bytes read, written, newly in use, and given up."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints
from etscope.inspector.memory.plan import MemoryPlan


class Traffic(NamedTuple):
    """One entry per instruction, from the program alone; of dynamic shapes, upper bounds.

    Read and written are the bytes of the tensors that a call is given, each
    counted once per call: planned, constant or the caller's. What happens inside
    a delegate is not in them. Instructions that only change a shape, move or jump
    carry no data.
    """

    read_bytes: Ints
    written_bytes: Ints
    live_bytes: Ints  # planned bytes in use while it runs, each counted once
    allocated_bytes: Ints  # of planned values that begin to live with it
    freed_bytes: Ints  # of planned values that nothing needs after it


def traffic_of(plan: MemoryPlan) -> Traffic:
    """The bytes that each instruction of a method touches, once per time that it runs."""
    own = plan.shows == np.arange(len(plan))
    alive = own & (plan.first <= plan.last)
    return Traffic(
        read_bytes=_carried(plan, plan.touches.reads),
        written_bytes=_carried(plan, plan.touches.writes),
        live_bytes=plan.live_bytes[1:-1],
        allocated_bytes=_counted(plan, plan.first, alive),
        freed_bytes=_counted(plan, plan.last, alive),
    )


def _carried(plan: MemoryPlan, which: NDArray[np.bool_]) -> Ints:
    """Bytes of the touched tensors per instruction, each tensor once."""
    touches = plan.touches
    rows = np.flatnonzero(which & touches.carries)
    pairs = np.unique(np.stack([touches.row[rows], touches.tensor[rows]], 1), axis=0)
    size = np.maximum(plan.method.values.tensors.size_bytes, 0)
    out = np.zeros(plan.instructions, np.int64)
    np.add.at(out, pairs[:, 0], size[pairs[:, 1]])
    return out


def _counted(plan: MemoryPlan, step: Ints, which: NDArray[np.bool_]) -> Ints:
    """Bytes of some rows per instruction; steps before the first and behind the last are not."""
    rows = np.flatnonzero(which & (step >= 0) & (step < plan.instructions))
    out = np.zeros(plan.instructions, np.int64)
    np.add.at(out, step[rows], plan.size_bytes[rows])
    return out
