"""How an arena is used over time: bytes alive per step, their peak, what is free at the peak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from etscope.etdump.columns import Ints
from etscope.etdump.instructions import InstructionKind
from etscope.etdump.methods import Method
from etscope.inspector.memory.live_bytes import Ranges, summed, united
from etscope.inspector.memory.presence import Presence


@dataclass(frozen=True, eq=False)
class ArenaUse:
    """One arena of a method. Curves have one entry per step, the first of step -1."""

    arena: int
    size_bytes: int  # as the exporter planned it
    live_bytes: Ints  # each byte in use counted once
    summed_bytes: Ints  # each value counted for itself, views with what they show
    jumps: bool  # whether the method has branches or loops

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
        """No plan for this order of instructions, of values that do not overlap, is smaller.

        Where there are branches or loops no more than `peak_bytes`: values that overlap
        may then never meet in one run.
        """
        most = int(self.summed_bytes.max())
        return min(most, self.peak_bytes) if self.jumps else most


class Places(NamedTuple):
    """Where planned values lie, by arena: bytes start..end (exclusive)."""

    arena: Ints  # ascending
    start: Ints
    end: Ints
    shows: Ints  # the value whose bytes each one shows; itself where they are its own


def arena_uses(method: Method, places: Places, present: Presence) -> tuple[ArenaUse, ...]:
    """The use of each arena of a method but number 0, which is not one.

    Args:
        present: when each of the values has bytes, from step -1 on.
    """
    steps = len(method.instructions) + 2
    jumps = bool((method.instructions.kind == InstructionKind.JUMP_FALSE_CALL).any())
    row, first, last = present.row, present.first + 1, present.last + 1
    reach = places.end.copy()  # of a value with all that show its bytes
    np.maximum.at(reach, places.shows, places.end)
    own = places.shows[row] == row
    out = []
    edges = np.searchsorted(places.arena[row], np.arange(len(method.arena_bytes) + 1))
    for number in range(1, len(method.arena_bytes)):
        mine = slice(int(edges[number]), int(edges[number + 1]))
        here = row[mine]
        all_of_it = Ranges(places.start[here], places.end[here], first[mine], last[mine])
        alone = Ranges(places.start[here], reach[here], first[mine], last[mine])
        out.append(
            ArenaUse(
                arena=number,
                size_bytes=int(method.arena_bytes[number]),
                live_bytes=united(_distinct(all_of_it), steps),
                summed_bytes=summed(Ranges(*(column[own[mine]] for column in alone)), steps),
                jumps=jumps,
            )
        )
    return tuple(out)


def _distinct(ranges: Ranges) -> Ranges:
    """Each range once: views mostly lie exactly where what they show lies."""
    if not len(ranges.start):
        return ranges
    columns = np.unique(np.stack(ranges, 1), axis=0)
    return Ranges(*(columns[:, place] for place in range(4)))
