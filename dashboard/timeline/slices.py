"""Slices as columns, before and after they are put into rows that can be drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints, Words
from etscope.inspector.statistics import Reals


@dataclass(frozen=True, eq=False)
class Slices:
    """Events with times, (slices,) each, in no order that matters."""

    start: Words  # ticks of the runtime's clock
    duration: Reals  # ticks; 0: shorter than a step of its clock
    key: NDArray[np.uint32]  # row of the table of keys
    run: NDArray[np.uint32]  # row of the trace's runs
    lane: NDArray[np.uint32]
    depth: NDArray[np.uint8]  # in the lane, 0 at the top; 255: that or more

    def __len__(self) -> int:
        return len(self.start)

    def take(self, rows: Ints | NDArray[np.bool_]) -> Slices:
        """Some of them, in that order."""
        return Slices(
            self.start[rows],
            self.duration[rows],
            self.key[rows],
            self.run[rows],
            self.lane[rows],
            self.depth[rows],
        )

    def moved(self, lane: int, depth: Ints) -> Slices:
        """The same in another lane."""
        lanes = np.full(len(self), lane, np.uint32)
        return Slices(self.start, self.duration, self.key, self.run, lanes, shallow(depth))


def shallow(depth: Ints) -> NDArray[np.uint8]:
    """Depths as slices have them."""
    return np.minimum(depth, 255).astype(np.uint8)


def joined(parts: list[Slices]) -> Slices:
    """All parts one after the other."""
    return Slices(
        np.concatenate([np.zeros(0, np.uint64), *[part.start for part in parts]]),
        np.concatenate([np.zeros(0), *[part.duration for part in parts]]),
        np.concatenate([np.zeros(0, np.uint32), *[part.key for part in parts]]),
        np.concatenate([np.zeros(0, np.uint32), *[part.run for part in parts]]),
        np.concatenate([np.zeros(0, np.uint32), *[part.lane for part in parts]]),
        np.concatenate([np.zeros(0, np.uint8), *[part.depth for part in parts]]),
    )
