"""What changes places in another order, in few words: which instructions run right after which."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

#: Moves of one order, and instructions of one move, that are listed.
_LISTED = 64


class Move(NamedTuple):
    """Instructions that run, in this order, right after one that stays."""

    instructions: tuple[int, ...]
    after: int  # -1: they are the first of all


def moves_of(order: Sequence[int]) -> list[Move]:
    """The moves that lead to a new order of instructions i, i + 1, ..., as few as possible.

    All but a longest run that is still in the old order change places.
    """
    stays = _longest_run(order)
    moves: list[Move] = []
    after = min(order, default=0) - 1
    moved: list[int] = []
    for one in order:
        if one not in stays:
            moved.append(one)
            continue
        if moved:
            moves.append(Move(tuple(moved), after))
        after, moved = one, []
    return [*moves, Move(tuple(moved), after)] if moved else moves


def move_columns(order: Sequence[int]) -> dict[str, Any]:
    """What changes places in flat words, as far as it is listed, and how much is left out."""
    moves = moves_of(order)
    return {
        "moves": [
            {
                "steps": list(move.instructions[:_LISTED]),
                "steps_left_out": max(len(move.instructions) - _LISTED, 0),
                "after": None if move.after < 0 else move.after,
            }
            for move in moves[:_LISTED]
        ],
        "moves_left_out": max(len(moves) - _LISTED, 0),
    }


def numbers_text(numbers: Sequence[int], most: int) -> str:
    """`5-7, 9 and 3 more`: numbers with those that follow one another together."""
    edges = [0, *(at + 1 for at, (a, b) in enumerate(pairwise(numbers)) if b != a + 1)]
    spans = [(low, high) for low, high in pairwise([*edges, len(numbers)]) if low < high]
    texts = [
        f"{numbers[low]}" if high - low == 1 else f"{numbers[low]}-{numbers[high - 1]}"
        for low, high in spans[:most]
    ]
    more = sum(high - low for low, high in spans[most:])
    return ", ".join(texts) + (f" and {more:,} more" if more else "")


def _longest_run(order: Sequence[int]) -> set[int]:
    """A longest ascending subsequence."""
    tails: list[int] = []
    at: list[int] = []
    before = [-1] * len(order)
    for place, one in enumerate(order):
        length = bisect_left(tails, one)
        before[place] = at[length - 1] if length else -1
        tails[length : length + 1] = [one]
        at[length : length + 1] = [place]
    kept = set()
    place = at[-1] if at else -1
    while place >= 0:
        kept.add(order[place])
        place = before[place]
    return kept
