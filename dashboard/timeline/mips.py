"""Runs of slices summed up, so that a row of a million is drawn in as many steps as it has pixels.

Level k (from 2) has one entry for every 2^k consecutive slices of a row: how long they
take together, and what the longest of them is. Where 2^k slices lie within one pixel,
the entry is all that can be seen of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from etscope.dashboard.timeline.tracks import Tracks
from etscope.etdump.columns import Ints
from etscope.inspector.statistics import Reals

FIRST_LEVEL = 2


@dataclass(frozen=True, eq=False)
class Level:
    """One entry per 2^k slices of each row, row after row."""

    first: Ints  # (rows + 1,)
    covered: NDArray[np.float32]  # ticks that its slices take
    longest: NDArray[np.uint32]  # the key of the longest of them, the first of several


def levels_of(tracks: Tracks) -> list[Level]:
    """The levels, the finest first, up to the one that has one entry for the longest row."""
    counts = np.diff(tracks.first)
    most = int(counts.max()) if len(counts) else 0
    covered = tracks.slices.duration
    longest, length = tracks.slices.key, tracks.slices.duration
    first, out, size = tracks.first, [], 1
    while size < most:
        first, covered, longest, length = _halved(first, covered, longest, length)
        size *= 2
        if size >= 1 << FIRST_LEVEL:
            out.append(Level(first, covered.astype(np.float32), longest))
    return out


def _halved(
    first: Ints, covered: Reals, longest: NDArray[np.uint32], length: Reals
) -> tuple[Ints, Reals, NDArray[np.uint32], Reals]:
    """Two entries of a row make one; an odd one at the end of a row is taken as it is."""
    counts = np.diff(first)
    half = np.append(0, np.cumsum((counts + 1) // 2)).astype(np.int64)
    # The left one of each pair: two steps per pair, counted from the begin of its row.
    left = 2 * np.arange(int(half[-1])) - np.repeat(2 * half[:-1] - first[:-1], np.diff(half))
    alone = left + 1 >= np.repeat(first[1:], np.diff(half))
    right = np.where(alone, left, left + 1)
    both = covered[left] + np.where(alone, 0.0, covered[right])
    later = length[right] > length[left]
    key = np.where(later, longest[right], longest[left]).astype(np.uint32)
    return half, both, key, np.maximum(length[left], length[right])
