"""Two sequences in one order, both with gaps: which event is which operation.

The best alignment by dynamic programming (Needleman and Wunsch, 1970): a pair
counts its score, an event or an operation left out costs. Which operations lie
on *some* best alignment tells whether the answer is the only one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints, Ints32
from etscope.inspector.backends.operations import Confidence

#: What it costs to leave out an event (it was really run, so more than any operation), an
#: operation that backends run together with a neighbour, and one that they do not.
EVENT_COST = 40
FOLDED_COST = 1
LOST_COST = 12
#: Events times operations that are tried: 64 MB for each of two tables.
CELL_LIMIT = 16_000_000
_NEVER = -(2**30)


class Fits(NamedTuple):
    """How well events fit operations: the score of event e and operation o is
    score[family[e], o]; 0 or less: not at all."""

    family: Ints  # (events,)
    score: Ints32  # (families, operations)


class Alignment(NamedTuple):
    """A row per event."""

    operation: Ints  # -1: none
    confidence: NDArray[np.uint8]  # Confidence


def align(fits: Fits, foldable: NDArray[np.bool_], handles: Ints) -> Alignment | None:
    """Pair events with operations, both in the order in which they ran.

    Args:
        fits: the score of every pair; a good one is 10.
        foldable: (operations,): whether it is usual that one has no event.
        handles: (operations,): between operations of one handle it is no guess.

    Returns:
        None where there are too many to try.
    """
    events, count = len(fits.family), len(foldable)
    rows = np.arange(events, dtype=np.int64)
    if events == count and (fits.score[fits.family, rows] > 0).all():
        return Alignment(rows, np.full(events, Confidence.EXACT, np.uint8))
    if (events + 1) * (count + 1) > CELL_LIMIT:
        return None
    if not events or not count:
        return Alignment(np.full(events, -1, np.int64), np.zeros(events, np.uint8))
    skip_costs = np.where(foldable, FOLDED_COST, LOST_COST).astype(np.int32)
    ahead = _best(fits, skip_costs)
    turned = Fits(fits.family[::-1], fits.score[:, ::-1])
    behind = _best(turned, skip_costs[::-1])[::-1, ::-1]
    operation = _walk(ahead, fits, skip_costs)
    confidence = np.array(
        [
            _confidence(fits.score[family], ahead, behind, event, handles)
            for event, family in enumerate(fits.family.tolist())
        ],
        np.uint8,
    )
    confidence[operation < 0] = Confidence.NONE
    placed = _by_place(operation, foldable)
    confidence[placed != operation] = Confidence.GUESSED
    return Alignment(placed, confidence)


def _best(fits: Fits, skip_costs: Ints32) -> Ints32:
    """(events + 1, operations + 1): the best sum for the first e events and o operations."""
    skipped = np.zeros(len(skip_costs) + 1, np.int32)
    np.cumsum(skip_costs, out=skipped[1:])
    best = np.empty((len(fits.family) + 1, len(skipped)), np.int32)
    best[0] = -skipped
    allowed = np.where(fits.score > 0, fits.score, np.int32(_NEVER))
    for event, family in enumerate(fits.family.tolist()):
        row = best[event] - np.int32(EVENT_COST)
        np.maximum(row[1:], best[event, :-1] + allowed[family], out=row[1:])
        # Leaving out operations: the best of all columns before, less what lies between.
        best[event + 1] = np.maximum.accumulate(row + skipped) - skipped
    return best


def _walk(best: Ints32, fits: Fits, skip_costs: Ints32) -> Ints:
    """One best alignment, from the end: pairs before gaps, so that of equals the last is taken.

    A producer swallows what follows it, so of equal operations the first has no event.
    """
    operation = np.full(len(fits.family), -1, np.int64)
    event, row = len(operation), len(skip_costs)
    while event and row:
        value, pair = best[event, row], fits.score[fits.family[event - 1], row - 1]
        if pair > 0 and best[event - 1, row - 1] + pair == value:
            event, row = event - 1, row - 1
            operation[event] = row
        elif best[event, row - 1] - skip_costs[row - 1] == value:
            row -= 1
        else:
            event -= 1
    return operation


def _confidence(
    scores: Ints32, ahead: Ints32, behind: Ints32, event: int, handles: Ints
) -> Confidence:
    """Whether the best alignments agree on one event's debug handle."""
    through = ahead[event, :-1] + scores + behind[event + 1, 1:]
    candidates = handles[(scores > 0) & (through == ahead[-1, -1])]
    one = len(candidates) > 0 and (candidates == candidates[0]).all()
    left_out = (ahead[event] + behind[event + 1] - EVENT_COST == ahead[-1, -1]).any()
    return Confidence.ALIGNED if one and not left_out else Confidence.GUESSED


def _by_place(operation: Ints, foldable: NDArray[np.bool_]) -> Ints:
    """Events of no known kind, between two pairs with as many operations left over, take those.

    Backends rewrite operations (a product with itself into a square), which no list of kinds
    ever covers. Foldable operations do not count: they may have no event.
    """
    placed = operation.copy()
    lost = np.flatnonzero(operation < 0)
    for gap in np.split(lost, np.flatnonzero(np.diff(lost) > 1) + 1):
        if not len(gap):
            continue
        before = int(operation[gap[0] - 1]) if gap[0] else -1
        after = int(operation[gap[-1] + 1]) if gap[-1] + 1 < len(operation) else len(foldable)
        left = before + 1 + np.flatnonzero(~foldable[before + 1 : after])
        if len(left) == len(gap):
            placed[gap] = left
    return placed
