"""The first write to some bytes, beside looking at every write."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from etscope.inspector.memory.first_writes import Spans, first_writes

#: (arena, start, size, root)
_SPAN = st.tuples(st.integers(1, 2), st.integers(0, 9), st.integers(0, 6), st.integers(0, 3))


def spans(rows: list[Any]) -> Spans:
    columns = np.array(rows, np.int64).reshape(-1, 4)
    arena, start, size, root = columns.T
    return Spans(arena, start, start + size, root)


def slowly(written: list[Any], asked: list[Any], since: list[int]) -> list[int]:
    out = []
    for (arena, start, size, root), first in zip(asked, since, strict=True):
        hits = [
            number
            for number, (where, begin, length, owner) in enumerate(written)
            if number >= first and where == arena and owner != root
            if max(begin, start) < min(begin + length, start + size)
        ]
        out.append(min(hits, default=-1))
    return out


@settings(deadline=None)
@given(st.lists(_SPAN, max_size=14), st.lists(st.tuples(_SPAN, st.integers(0, 15)), max_size=8))
def test_as_if_every_write_was_looked_at(written: list[Any], questions: list[Any]) -> None:
    asked, since = [span for span, _ in questions], [first for _, first in questions]
    found = first_writes(spans(written), spans(asked), np.array(since, np.int64))
    assert found.tolist() == slowly(written, asked, since)


def test_nothing_is_asked_of_nothing() -> None:
    assert first_writes(spans([]), spans([]), np.zeros(0, np.int64)).tolist() == []


def test_places_near_the_largest_number() -> None:
    far = [(1, 2**61, 2**40, 0)]
    other = [(1, 2**61 + 5, 1, 1)]
    assert first_writes(spans(other), spans(far), np.zeros(1, np.int64)).tolist() == [0]
