"""Who owns each byte of a file: claims may overlap, every byte is counted once."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from etscope.etdump.columns import Bytes, Ints


class Span(NamedTuple):
    """Bytes [start, end) that an owner claims."""

    start: int
    end: int
    owner: int


class Owned(NamedTuple):
    """How many bytes each owner got, and what nobody claimed. All together are the file."""

    bytes_of: Ints  # (owners,)
    padding: int  # in stretches of zeros that nobody claimed
    unaccounted: int  # in other stretches that nobody claimed


def owned_bytes(data: Bytes, spans: Sequence[Span], owners: int) -> Owned:
    """Count every byte of `data` once: for the first of the spans that claims it.

    Spans are cut to the file. Takes O(n log n) however they lie.
    """
    size = len(data)
    counts, padding, unaccounted = np.zeros(owners, np.int64), 0, 0
    cut = [Span(max(start, 0), min(end, size), owner) for start, end, owner in spans]
    for start, end, owner in _pieces(cut, size):
        if owner >= 0:
            counts[owner] += end - start
        elif data[start:end].any():
            unaccounted += end - start
        else:
            padding += end - start
    return Owned(counts, padding, unaccounted)


def _pieces(spans: Sequence[Span], size: int) -> Iterator[Span]:
    """The file from its first byte to its last, cut where the owner (-1: nobody) may change."""
    begins = sorted((span.start, number) for number, span in enumerate(spans))
    begun: list[int] = []  # spans that begin at or before `at`; the first of them on top
    at = following = 0
    while at < size:
        while following < len(begins) and begins[following][0] <= at:
            heapq.heappush(begun, begins[following][1])
            following += 1
        while begun and spans[begun[0]].end <= at:
            heapq.heappop(begun)
        until = begins[following][0] if following < len(begins) else size
        owner = -1
        if begun:
            owner, until = spans[begun[0]].owner, min(until, spans[begun[0]].end)
        yield Span(at, min(until, size), owner)
        at = until
