"""How an arena is used over time: bytes alive per step, their peak, what is free at the peak."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from etscope.etdump.columns import Ints
from etscope.etdump.methods import Method
from etscope.inspector.memory.live_bytes import Ranges, summed, united


@dataclass(frozen=True, eq=False)
class ArenaUse:
    """One arena of a method. Curves have one entry per step, the first of step -1."""

    arena: int
    size_bytes: int  # as the exporter planned it
    live_bytes: Ints  # each byte in use counted once
    summed_bytes: Ints  # each value counted for itself, views with what they show

    @property
    def peak_bytes(self) -> int:
        """The most bytes in use in one step."""
        return int(self.live_bytes.max())

    @property
    def peak_step(self) -> int:
        """The first step of the peak; -1: before the first instruction."""
        return int(self.live_bytes.argmax()) - 1

    @property
    def fragmentation_bytes(self) -> int:
        """Bytes of the arena that are free at the peak: gaps, alignment, padding."""
        return self.size_bytes - self.peak_bytes

    @property
    def lower_bound_bytes(self) -> int:
        """No plan for this order of instructions, of values that do not overlap, is smaller."""
        return int(self.summed_bytes.max())


def arena_uses(method: Method, arena: Ints, ranges: Ranges, shows: Ints) -> tuple[ArenaUse, ...]:
    """The use of each arena of a method but number 0, which is not one.

    Args:
        arena: of each range, ascending.
        ranges: where planned values lie, alive from step first to last, from -1 on.
        shows: the range whose bytes each one shows; itself where they are its own.
    """
    steps = len(method.instructions) + 2
    alive = ranges.last >= ranges.first
    own = shows == np.arange(len(shows))
    reach = ranges.end.copy()  # of a value with all that show its bytes
    np.maximum.at(reach, shows, ranges.end)
    out = []
    edges = np.searchsorted(arena, np.arange(len(method.arena_bytes) + 1))
    for number in range(1, len(method.arena_bytes)):
        first = int(edges[number])
        mine = first + np.flatnonzero(alive[first : int(edges[number + 1])])
        here = Ranges(*(column[mine] for column in ranges))
        moved = here._replace(first=here.first + 1, last=here.last + 1)
        distinct = _distinct(moved)
        alone = moved._replace(end=reach[mine])
        alone = Ranges(*(column[own[mine]] for column in alone))
        out.append(
            ArenaUse(
                arena=number,
                size_bytes=int(method.arena_bytes[number]),
                live_bytes=united(distinct, steps),
                summed_bytes=summed(alone, steps),
            )
        )
    return tuple(out)


def _distinct(ranges: Ranges) -> Ranges:
    """Each range once: views mostly lie exactly where what they show lies."""
    if not len(ranges.start):
        return ranges
    columns = np.unique(np.stack(ranges, 1), axis=0)
    return Ranges(*(columns[:, place] for place in range(4)))
