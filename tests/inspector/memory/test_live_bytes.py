"""Bytes alive per step, beside counting every byte of every step."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from etscope.inspector.memory.live_bytes import Ranges, summed, united

STEPS, BYTES = 12, 40


@st.composite
def ranges(draw: st.DrawFn) -> Ranges:
    """Some ranges that overlap or do not, of any length, alive in some steps."""
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(0, BYTES), st.integers(0, BYTES), st.integers(0, 11), st.integers(0, 11)
            ),
            max_size=9,
        )
    )
    table = np.array([(*sorted(row[:2]), *sorted(row[2:])) for row in rows], np.int64)
    return Ranges(*table.reshape(-1, 4).T)


def counted(rows: Ranges) -> list[int]:
    alive = np.zeros((STEPS, BYTES), np.bool_)
    for start, end, first, last in zip(*rows, strict=True):
        alive[first : last + 1, start:end] = True
    return alive.sum(1).tolist()


@given(ranges())
def test_each_byte_counts_once(rows: Ranges) -> None:
    assert united(rows, STEPS).tolist() == counted(rows)


@given(ranges())
def test_the_union_is_at_most_the_sum(rows: Ranges) -> None:
    assert (united(rows, STEPS) <= summed(rows, STEPS)).all()


@given(ranges())
def test_reversed_time_gives_the_reversed_curve(rows: Ranges) -> None:
    back = Ranges(rows.start, rows.end, STEPS - 1 - rows.last, STEPS - 1 - rows.first)
    assert united(back, STEPS).tolist() == united(rows, STEPS).tolist()[::-1]
    assert summed(back, STEPS).tolist() == summed(rows, STEPS).tolist()[::-1]


@given(ranges())
def test_where_an_arena_begins_does_not_matter(rows: Ranges) -> None:
    far = rows._replace(start=rows.start + 2**60, end=rows.end + 2**60)
    assert united(far, STEPS).tolist() == united(rows, STEPS).tolist()


@given(ranges())
def test_a_range_given_twice_changes_nothing(rows: Ranges) -> None:
    twice = Ranges(*(np.concatenate([column, column]) for column in rows))
    assert united(twice, STEPS).tolist() == united(rows, STEPS).tolist()
