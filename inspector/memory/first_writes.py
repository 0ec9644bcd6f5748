"""The first write behind a step to some bytes: for many questions at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints


class Spans(NamedTuple):
    """Bytes start..end (exclusive) of an arena, of a value whose bytes `root` has."""

    arena: Ints
    start: Ints
    end: Ints
    root: Ints


def first_writes(written: Spans, asked: Spans, since: Ints) -> Ints:
    """Per question the first write to some of its bytes by another root; -1: there is none.

    Takes O(n log n) for n writes and questions.

    Args:
        written: in the order in which they are written.
        since: per question the first write that counts.
    """
    places, low, high = _pieces(written, asked)
    tree = _Earliest(places)
    roots, questions = written.root.tolist(), asked.root.tolist()
    out = np.full(len(since), -1, np.int64)
    at = len(roots)
    for question in np.argsort(-since, kind="stable").tolist():
        while at > since[question]:
            at -= 1
            tree.put(int(low[at]), int(high[at]), at, roots[at])
        place = len(roots) + question
        out[question] = tree.least(int(low[place]), int(high[place]), questions[question])
    return out


def _pieces(written: Spans, asked: Spans) -> tuple[int, NDArray[np.intp], NDArray[np.intp]]:
    """(how many pieces the edges cut arenas into, first piece, piece behind the last) of each."""
    arena = np.concatenate([written.arena, asked.arena])
    start = np.concatenate([written.start, asked.start])
    end = np.concatenate([written.end, asked.end])
    edges = np.stack([np.tile(arena, 2), np.concatenate([start, end])], 1)
    distinct, number = np.unique(edges, axis=0, return_inverse=True)
    number = number.reshape(-1)
    return len(distinct), number[: len(arena)], number[len(arena) :]


#: The smallest number put, its root, and the smallest of any other root; -1: none.
_Two = tuple[int, int, int]


class _Earliest:
    """Numbers put on ranges of pieces, each smaller than those before it."""

    def __init__(self, pieces: int) -> None:
        self._leaves = 1 << max(pieces - 1, 0).bit_length()
        empty: list[_Two] = [(-1, -1, -1)]
        self._whole = empty * (2 * self._leaves)  # on all pieces below a node
        self._some = empty * (2 * self._leaves)  # on some of them

    def put(self, low: int, high: int, number: int, root: int) -> None:
        """Put a number on pieces low..high (exclusive)."""
        if low >= high:
            return
        covering, around = self._nodes(low, high)
        for node in covering:
            _push(self._whole, node, number, root)
            _push(self._some, node, number, root)
        for node in around:
            _push(self._some, node, number, root)

    def least(self, low: int, high: int, root: int) -> int:
        """The smallest number on any of pieces low..high that has another root; -1: none."""
        if low >= high:
            return -1
        covering, around = self._nodes(low, high)
        found = [self._some[node] for node in covering] + [self._whole[node] for node in around]
        numbers = (one if owner != root else other for one, owner, other in found)
        return min((number for number in numbers if number >= 0), default=-1)

    def _nodes(self, low: int, high: int) -> tuple[list[int], list[int]]:
        """The nodes that make up pieces low..high, and those above their first and last leaf."""
        left, right = low + self._leaves, high + self._leaves
        ends, covering = (left, right - 1), []
        while left < right:
            if left & 1:
                covering.append(left)
                left += 1
            if right & 1:
                right -= 1
                covering.append(right)
            left, right = left >> 1, right >> 1
        around = [leaf >> up for leaf in ends for up in range(leaf.bit_length())]
        return covering, around


def _push(nodes: list[_Two], node: int, number: int, root: int) -> None:
    least, owner, other = nodes[node]
    nodes[node] = (number, root, other if owner == root else least)
