"""Every byte is counted once."""

from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from etscope.inspector.program.byte_owners import Owned, Span, owned_bytes

FILE = np.frombuffer(b"aaaa\0\0\0\0bbbb\0x\0\0", np.uint8)


def count(*spans: tuple[int, int, int], owners: int = 2) -> tuple[list[int], int, int]:
    owned = owned_bytes(FILE, [Span(*span) for span in spans], owners)
    return owned.bytes_of.tolist(), owned.padding, owned.unaccounted


def test_what_nobody_claims_is_padding_or_unaccounted() -> None:
    assert count((0, 4, 0), (8, 12, 1)) == ([4, 4], 4, 4)
    assert count() == ([0, 0], 0, 16)


def test_the_first_of_two_claims_holds() -> None:
    assert count((2, 6, 1), (0, 16, 0)) == ([12, 4], 0, 0)
    assert count((0, 16, 0), (2, 6, 1)) == ([16, 0], 0, 0)
    assert count((0, 8, 0), (4, 16, 1)) == ([8, 8], 0, 0)


def test_an_owner_may_have_several_spans_and_the_same_twice() -> None:
    assert count((0, 4, 0), (0, 4, 0), (8, 12, 0), (4, 8, 1), (12, 16, 1)) == ([8, 8], 0, 0)


def test_claims_are_cut_to_the_file() -> None:
    assert count((-5, 4, 0), (12, 99, 1)) == ([4, 4], 0, 8)
    assert count((20, 30, 0), (9, 3, 1)) == ([0, 0], 0, 16)


def test_an_empty_file() -> None:
    owned = owned_bytes(FILE[:0], [Span(0, 4, 0)], 1)
    assert owned == Owned(owned.bytes_of, 0, 0)
    assert owned.bytes_of.tolist() == [0]


@given(st.lists(st.tuples(st.integers(-3, 20), st.integers(-3, 20), st.integers(0, 1))))
def test_as_counted_byte_by_byte(spans: list[tuple[int, int, int]]) -> None:
    first = [
        next((owner for start, end, owner in spans if start <= at < end), -1)
        for at in range(len(FILE))
    ]
    owned, padding, unaccounted = count(*spans)
    assert owned == [first.count(0), first.count(1)]
    assert padding + unaccounted == first.count(-1)


def test_a_hundred_thousand_claims_on_the_same_bytes_come_to_an_end() -> None:
    """A sweep that visits every pair of these would do ten thousand million steps."""
    rng, size = Random(1), 100_000
    data = np.ones(size, np.uint8)
    spans = [Span(rng.randrange(50), size - rng.randrange(50), 0) for _ in range(size)]
    assert int(owned_bytes(data, spans, 1).bytes_of[0]) == size
