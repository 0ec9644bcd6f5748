"""How many bytes of each value no other value has while it lives, where values overlap."""

from __future__ import annotations

from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints
from etscope.inspector.memory.blocks import Blocks


def own_bytes(blocks: Blocks, step: int) -> Ints:
    """Per block that is alive in a step: its bytes that no other has in its life; else 0.

    Cuts each arena where a block begins or ends. A piece is a block's own if of the blocks
    that live in the step it alone has it, none of those before reaches into its life,
    and none behind begins in it. Takes O(n log n) however blocks lie.
    """
    out = np.zeros(len(blocks), np.int64)
    there = np.flatnonzero(blocks.size_bytes > 0)
    if not len(there):
        return out
    first, last = blocks.first[there], blocks.last[there]
    begins, ends, length = _pieces(blocks, there)
    alive = (first <= step) & (last >= step)
    count, sole = _held(begins[alive], ends[alive], np.flatnonzero(alive), len(length))
    before, behind = last < step, first > step
    reach = _highest(begins[before], ends[before], last[before], len(length))
    start = -_highest(begins[behind], ends[behind], -first[behind], len(length))
    owner = np.where(count == 1, sole, 0)
    own = (count == 1) & (reach < first[owner]) & (start > last[owner])
    np.add.at(out, there[owner[own]], length[own])
    return out


def _pieces(blocks: Blocks, there: Ints) -> tuple[Ints, Ints, Ints]:
    """(first piece, piece behind the last) of each block, and bytes per piece."""
    arena, start = blocks.arena[there], blocks.start[there]
    place = np.concatenate([start, start + blocks.size_bytes[there]])
    arena = np.concatenate([arena, arena])
    order = np.lexsort((place, arena))
    number = np.empty(len(order), np.int64)
    number[order] = np.arange(len(order))
    # A piece from the end of one arena to the start of the next is in no block.
    length = np.diff(place[order], append=0)
    return number[: len(there)], number[len(there) :], length


def _held(begins: Ints, ends: Ints, who: Ints, pieces: int) -> tuple[Ints, Ints]:
    """Per piece how many blocks have it, and the number of the block if it is one."""
    count, number = np.zeros(pieces + 1, np.int64), np.zeros(pieces + 1, np.int64)
    np.add.at(count, begins, 1)
    np.add.at(count, ends, -1)
    np.add.at(number, begins, who)
    np.add.at(number, ends, -who)
    return np.cumsum(count)[:-1], np.cumsum(number)[:-1]


#: Lower than every step, and negated higher.
_NONE = -(2**62)


def _highest(begins: Ints, ends: Ints, height: Ints, pieces: int) -> Ints:
    """Per piece the highest of the blocks that have it."""
    out: NDArray[np.int64] = np.full(pieces, _NONE, np.int64)
    if not len(begins):
        return out
    order = np.argsort(begins, kind="stable")
    waiting = zip(
        begins[order].tolist(), (-height[order]).tolist(), ends[order].tolist(), strict=True
    )
    following = next(waiting, None)
    begun: list[tuple[int, int]] = []  # (-height, piece behind the last), the highest on top
    for piece in range(int(begins.min()), int(ends.max())):
        while following is not None and following[0] <= piece:
            heappush(begun, following[1:])
            following = next(waiting, None)
        while begun and begun[0][1] <= piece:
            heappop(begun)
        if begun:
            out[piece] = -begun[0][0]
    return out
