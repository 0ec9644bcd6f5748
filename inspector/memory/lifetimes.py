"""From when to when each planned tensor must keep its bytes, from the instructions alone.

Lifetimes are in instructions, counted over all chains: -1 is before the first
(inputs are set then), the number of instructions is behind the last (outputs
are read then). What nothing touches has first > last.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from etscope.etdump.columns import Ints
from etscope.etdump.methods import Method
from etscope.inspector.memory.loop_spans import LoopSpans, extended, loop_spans
from etscope.inspector.memory.sharing import Sharing
from etscope.inspector.memory.touches import Touches


class Lifetimes(NamedTuple):
    """One entry per tensor of a method, both ends inclusive; equal for all that share bytes."""

    first: Ints
    last: Ints


def lifetimes_of(method: Method, touches: Touches, sharing: Sharing) -> Lifetimes:
    """When each tensor must keep its bytes.

    A move makes a value show the bytes of another, so those must live as long as
    that value is read. Loops repeat: see loop_spans.
    """
    end, root = len(method.instructions), sharing.root
    first, last = np.full(len(root), end, np.int64), np.full(len(root), -1, np.int64)
    np.minimum.at(first, root[touches.tensor], touches.row)
    np.maximum.at(last, root[touches.tensor], touches.row)
    inputs, outputs = (_tensors(method, ends) for ends in (method.inputs, method.outputs))
    first[root[inputs]] = -1
    last[root[inputs]] = np.maximum(last[root[inputs]], -1)
    untouched = outputs[first[root[outputs]] > last[root[outputs]]]
    first[root[untouched]] = end
    last[root[outputs]] = end
    lasting = np.unique(root[sharing.lasting])
    first[lasting], last[lasting] = -1, end
    loops = loop_spans(method)
    _follow_moves(loops, root, touches.moves, first, last)
    first, last = extended(loops, first, last)
    _follow_moves(loops, root, touches.moves, first, last)
    return Lifetimes(first[root], last[root])


def _tensors(method: Method, values: Ints) -> Ints:
    tensors = method.values.tensor[values].astype(np.int64)
    return tensors[tensors >= 0]


def _follow_moves(loops: LoopSpans, root: Ints, moves: Ints, first: Ints, last: Ints) -> None:
    """Let what was moved live as long as what it was moved to; in place."""
    moved = np.full(len(root), len(loops.inner), np.int64)  # when first something was moved to it
    np.minimum.at(moved, root[moves[:, 2]], moves[:, 0])
    for row, source, target in moves[::-1].tolist():
        source, target = int(root[source]), int(root[target])
        last[source] = max(last[source], last[target])
        # The next round reads what this one moved.
        if loops.inner[row] >= 0 and first[target] < moved[target]:
            first[source] = min(first[source], first[target])
