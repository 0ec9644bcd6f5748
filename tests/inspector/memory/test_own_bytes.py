"""Bytes that a value shares with no other, where plans let values overlap."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from etscope.inspector.memory.blocks import Blocks
from etscope.inspector.memory.own_bytes import own_bytes

Row = tuple[int, int, int, int, int]  # arena, start, size, first, last


def own(rows: list[Row], step: int) -> list[int]:
    """What blocks that nothing uses have for themselves."""
    arena, start, size, first, last = np.array(rows, np.int64).reshape(-1, 5).T
    none, count = np.zeros(0, np.int64), len(rows)
    blocks = Blocks(
        row=np.arange(count),
        arena=arena,
        start=start,
        size_bytes=size,
        first=first,
        last=last,
        lasting=np.zeros(count, np.bool_),
        of_tensor=none,
        edges=np.zeros(count + 1, np.int64),
        step=none,
        tensor=none,
        reads=none > 0,
        writes=none > 0,
    )
    found: list[int] = own_bytes(blocks, step).tolist()
    return found


def test_neighbours_share_where_they_overlap() -> None:
    rows = [(1, 0, 32, 0, 4), (1, 16, 32, 0, 4), (1, 40, 32, 0, 4)]
    assert own(rows, 2) == [16, 8, 24]


def test_others_count_only_while_a_value_lives() -> None:
    assert own([(1, 0, 32, 2, 4), (1, 0, 8, 0, 2), (1, 8, 8, 5, 6)], 3) == [24, 0, 0]
    assert own([(1, 0, 32, 2, 4), (1, 0, 8, 0, 1), (1, 8, 8, 4, 6)], 3) == [24, 0, 0]


def test_another_arena_has_other_bytes() -> None:
    assert own([(1, 0, 32, 0, 1), (2, 0, 32, 0, 1)], 0) == [32, 32]
    assert own([(1, 2**62, 32, 0, 1), (2, 0, 32, 0, 1)], 0) == [32, 32]


def test_nothing_has_nothing() -> None:
    assert own([], 0) == []
    assert own([(1, 0, 0, 0, 0), (1, 0, 8, 0, 0)], 0) == [0, 8]


_STEPS = st.tuples(st.integers(0, 6), st.integers(0, 6)).map(sorted)
_ROWS = st.builds(
    lambda arena, start, size, steps: (arena, start, size, steps[0], steps[1]),
    st.integers(1, 2),
    st.integers(0, 8),
    st.integers(0, 6),
    _STEPS,
)


@given(st.lists(_ROWS, max_size=9), st.integers(0, 6))
def test_it_is_what_counting_byte_by_byte_gives(rows: list[Row], step: int) -> None:
    for found, (number, row) in zip(own(rows, step), enumerate(rows), strict=True):
        arena, start, size, first, last = row
        theirs = {
            byte
            for other, (where, begin, length, since, until) in enumerate(rows)
            if other != number and where == arena and since <= last and until >= first
            for byte in range(begin, begin + length)
        }
        alive = first <= step <= last
        assert found == (len({*range(start, start + size)} - theirs) if alive else 0)
