"""Places for values from their sizes and lifetimes alone: the baseline of every what-if.

Greedy by size with best fit, as in Pisarchyk and Lee, "Efficient Memory Management
for Deep Neural Net Inference" (2020), "greedy by size for offset calculation". The
largest value comes first. Each goes into the smallest gap that holds it between those
already placed that are alive in one of its steps; where none does, behind the last of
them. Beside the paper's: of equal sizes the one that lives longer comes first; values
that are alive in every step have no choice and lie at the bottom; sizes are rounded
up to the alignment, so that every place is a multiple of it. Arenas are apart.

Where an arena comes out larger than what is alive at once in it, and has at most 1,000
values, three more orders are tried, and the smallest arena is taken: those that live
longest first, those of the most bytes times steps first, and those that begin first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from etscope.etdump import ragged
from etscope.etdump.columns import Ints
from etscope.inspector.memory.live_bytes import Ranges, disjoint, summed

#: The exporter's: the start of every value is a multiple of it.
ALIGNMENT = 16

#: Beyond these, places are not looked for: values, pairs of them that are alive at once where
#: all pairs are kept, and values where each is compared with all.
_MOST_VALUES, _MOST_PAIRS, _MOST_COMPARED = 250_000, 4_000_000, 8192
#: With so many others alive beside each value it is faster to compare with all.
_MANY = 100
#: So few are looked at one by one; more at once.
_FEW = 12
_MOST_BYTES = 2.0**62
#: Values of an arena for which more than one order is tried.
_MOST_TRIED = 1000


class Lives(NamedTuple):
    """What is to be placed, a row each."""

    arena: Ints
    size_bytes: Ints
    first: Ints  # step
    last: Ints  # step, inclusive; never below first


class Placement(NamedTuple):
    """Where each row of some lives goes. Estimated: no exporter has planned it so."""

    start: Ints  # byte in its arena
    arena_bytes: dict[int, int]  # arena → its size: what its values reach, rounded up

    @property
    def planned_bytes(self) -> int:
        """All arenas together."""
        return sum(self.arena_bytes.values())


def replanned(lives: Lives, alignment: int = ALIGNMENT) -> Placement | None:
    """A place for every value; None: there are too many, or too large, to try.

    Takes O(n log n) and time in the number of pairs that are alive at once.

    Args:
        alignment: every place is a multiple of it, at least 1.
    """
    total = (lives.size_bytes.astype(np.float64) + alignment).sum()
    if total >= _MOST_BYTES or len(lives.first) > _MOST_VALUES:
        return None
    rounded = -(-lives.size_bytes // alignment) * alignment
    start = np.zeros(len(rounded), np.int64)
    arena_bytes = {}
    by_arena = np.argsort(lives.arena, kind="stable")
    borders = np.flatnonzero(np.diff(lives.arena[by_arena])) + 1
    for mine in np.split(by_arena, borders) if len(by_arena) else ():
        found = _smallest(rounded[mine], lives.first[mine], lives.last[mine])
        if found is None:
            return None
        start[mine] = found
        arena_bytes[int(lives.arena[mine[0]])] = int((found + rounded[mine]).max())
    return Placement(start, arena_bytes)


def is_slow(lives: Lives) -> bool:
    """Whether so many values are alive at once that it takes long to place them."""
    return _pairs(lives.first, lives.last) > _MANY * len(lives.first)


def is_sound(lives: Lives, placement: Placement) -> bool:
    """Whether no two values that are alive at once share a byte, and all lie in their arenas."""
    end = placement.start + lives.size_bytes
    for arena in np.unique(lives.arena).tolist():
        mine = np.flatnonzero(lives.arena == arena)
        here = Ranges(placement.start[mine], end[mine], lives.first[mine], lives.last[mine])
        if here.start.min() < 0 or here.end.max() > placement.arena_bytes[arena]:
            return False
        if not disjoint(here):
            return False
    return True


def live_bytes_of(lives: Lives, steps: int) -> Ints:
    """Bytes alive per step over all arenas, the first of step -1; shape (steps,)."""
    ranges = Ranges(np.zeros_like(lives.first), lives.size_bytes, lives.first + 1, lives.last + 1)
    return summed(ranges, steps)


def _smallest(size: Ints, first: Ints, last: Ints) -> Ints | None:
    """The places of the values of one arena, of the order that needs the fewest bytes."""
    since, until = first - first.min(), last - first.min()
    ranges = Ranges(np.zeros_like(size), size, since, until)
    least = int(summed(ranges, int(until.max()) + 1).max())
    best, fewest = None, 0
    for order in _orders(size, first, last):
        found = _placed(size[order], first[order], last[order])
        if found is None:
            return None
        needs = int((found + size[order]).max())
        if best is None or needs < fewest:
            best, fewest = np.empty_like(found), needs
            best[order] = found
        if fewest <= least or len(size) > _MOST_TRIED:
            break
    return best


def _orders(size: Ints, first: Ints, last: Ints) -> Iterator[Ints]:
    """Orders of placing. Equal values keep their places in the plan."""
    steps = last - first
    yield np.lexsort((-steps, -size))
    yield np.lexsort((-size, -steps))
    yield np.argsort(-(size * (steps + 1.0)), kind="stable")
    yield np.lexsort((-size, first))


def _placed(size: Ints, first: Ints, last: Ints) -> Ints | None:
    """The place of each value of one arena; they come in the order of placing."""
    start = np.zeros(len(size), np.int64)
    always = (first == first.min()) & (last == last.max())
    start[always] = ragged.edges_of(size[always])[:-1]
    bottom = int(size[always].sum())
    rest = np.flatnonzero(~always)
    count, (size, first, last) = len(rest), (size[rest], first[rest], last[rest])
    pairs = _pairs(first, last)
    if pairs <= _MANY * count and pairs <= _MOST_PAIRS:
        start[rest] = _by_pairs(size, first, last, bottom)
    elif count <= _MOST_COMPARED:
        start[rest] = _by_comparing(size, first, last, bottom)
    else:
        return None
    return start


def _pairs(first: Ints, last: Ints) -> int:
    """How many pairs of values are alive in a common step."""
    begun = np.searchsorted(np.sort(first), last, side="right")
    count = len(first)
    return int(begun.sum()) - count * (count + 1) // 2


def _by_pairs(size: Ints, first: Ints, last: Ints, bottom: int) -> Ints:
    """Places above `bottom`; each value looks at those before it that are alive with it."""
    edges, before = _alive_before(first, last)
    start, end = np.zeros((2, len(size)), np.int64)
    starts, ends = [0] * len(size), [0] * len(size)  # the same, for those that have few
    borders, others = edges.tolist(), before.tolist()
    for value, need in enumerate(size.tolist()):
        low, high = borders[value], borders[value + 1]
        if high - low > _FEW:
            beside = before[low:high]
            begins = start[beside]
            order = begins.argsort()
            place = _tightest(begins[order], end[beside][order], need, bottom)
        else:
            spans = sorted([(starts[other], ends[other]) for other in others[low:high]])
            place = _tightest_of_few(spans, need, bottom)
        starts[value] = start[value] = place
        ends[value] = end[value] = place + need
    return start


def _tightest(begins: Ints, ends: Ints, need: int, bottom: int) -> int:
    """The start of the smallest gap that holds `need` bytes, between these ascending ranges."""
    # Mostly no range ends behind the end of the next: then this saves the slow accumulate.
    ascending = bool((ends[1:] >= ends[:-1]).all())
    reach = ends if ascending else np.maximum.accumulate(ends)
    gaps = begins.copy()
    gaps[0] -= bottom
    gaps[1:] -= np.maximum(reach[:-1], bottom)
    fitting = np.flatnonzero(gaps >= need)
    if not len(fitting):
        return max(int(reach[-1]), bottom)
    tightest = int(fitting[gaps[fitting].argmin()])
    return max(int(reach[tightest - 1]), bottom) if tightest else bottom


def _tightest_of_few(spans: list[tuple[int, int]], need: int, bottom: int) -> int:
    """The same of (begin, end) one by one."""
    reach, place, smallest = bottom, -1, 0
    for begin, end in spans:
        gap = begin - reach
        if gap >= need and (place < 0 or gap < smallest):
            place, smallest = reach, gap
        reach = max(reach, end)
    return place if place >= 0 else reach


def _alive_before(first: Ints, last: Ints) -> tuple[Ints, Ints]:
    """(edges, values): per value those of lower number that are alive in one of its steps."""
    order = np.argsort(first, kind="stable")
    begun = np.searchsorted(first[order], last[order], side="right")
    place = np.arange(len(order))
    counts = begun - place - 1  # those that begin behind it, while it is alive
    one = np.repeat(order, counts)
    other = order[ragged.spread(place + 1, place, counts)]
    key = np.sort(np.maximum(one, other) * len(order) + np.minimum(one, other))
    edges = np.searchsorted(key, np.arange(len(order) + 1) * len(order)).astype(np.int64)
    return edges, key % max(len(order), 1)


def _by_comparing(size: Ints, first: Ints, last: Ints, bottom: int) -> Ints:
    """The same where nearly all are alive at once: each value is compared with all before it."""
    # Of values already placed, in the order of their places.
    begin, end = np.zeros((2, len(size) + 1), np.int64)
    since, until = np.zeros((2, len(size) + 1), np.int64)
    out = np.zeros(len(size), np.int64)
    lives = zip(size.tolist(), first.tolist(), last.tolist(), strict=True)
    for count, (need, low, high) in enumerate(lives):
        beside = (since[:count] <= high) & (until[:count] >= low)
        begins, ends = begin[:count], end[:count]
        if not beside.all():
            begins, ends = begins[beside], ends[beside]
        place = _tightest(begins, ends, need, bottom) if len(begins) else bottom
        at = int(begin[:count].searchsorted(place, side="right"))
        for column, new in ((begin, place), (end, place + need), (since, low), (until, high)):
            column[at + 1 : count + 1] = column[at:count]
            column[at] = new
        out[count] = place
    return out
