"""Places for values from sizes and lifetimes: sound, never below the bound, and bounded in time."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etscope.inspector.memory import replan
from etscope.inspector.memory.replan import Lives, Placement, is_sound, live_bytes_of, replanned


def lives(*rows: tuple[int, int, int], arena: int = 1) -> Lives:
    """Values of one arena as (size, first, last)."""
    columns = np.array(rows, np.int64).reshape(-1, 3).T
    return Lives(np.full(len(rows), arena, np.int64), *columns)


def placed(values: Lives, alignment: int = 16) -> Placement:
    found = replanned(values, alignment)
    assert found is not None
    return found


@st.composite
def any_lives(draw: st.DrawFn) -> Lives:
    row = st.tuples(
        st.integers(1, 3), st.integers(0, 200), st.integers(-1, 20), st.integers(-1, 20)
    )
    rows = draw(st.lists(row, max_size=30))
    columns = np.array(rows, np.int64).reshape(-1, 4).T
    return Lives(
        columns[0], columns[1], np.minimum(columns[2], columns[3]), columns[2:].max(0, initial=-1)
    )


def test_values_that_follow_each_other_take_turns() -> None:
    found = placed(lives((64, 0, 1), (64, 1, 2), (64, 2, 3)))
    assert found.start.tolist() == [0, 64, 0]
    assert found.arena_bytes == {1: 128}


def test_the_smallest_gap_that_holds_a_value_is_taken() -> None:
    """Of 64 bytes at 0 and 32 bytes at 160, 32 bytes take the second; 65 fit into neither."""
    begins, ends = np.array([64, 192]), np.array([160, 200])
    assert replan._tightest(begins, ends, 32, 0) == 160
    assert replan._tightest_of_few([(64, 160), (192, 200)], 32, 0) == 160
    assert replan._tightest(begins, ends, 64, 0) == 0
    assert replan._tightest(begins, ends, 65, 0) == 200


def test_places_are_multiples_of_the_alignment() -> None:
    values = lives((10, 0, 1), (7, 0, 1), (3, 1, 1))
    assert placed(values).start.tolist() == [0, 16, 32]
    assert placed(values, 64).arena_bytes == {1: 192}
    assert placed(values, 1).arena_bytes == {1: 20}


def test_another_order_is_taken_where_it_needs_less() -> None:
    """Below the large value, the first two of step 3 leave no room of their size side by side."""
    values = lives((48, 1, 2), (32, 1, 3), (16, 1, 3), (32, 3, 4), (32, 3, 4))
    _, size, first, last = values
    order = next(replan._orders(size, first, last))
    largest_first = replan._placed(size[order], first[order], last[order])
    assert largest_first is not None
    assert (largest_first + size[order]).max() == 128
    assert placed(values).arena_bytes == {1: 112}
    assert live_bytes_of(values, 6).max() == 112


def test_arenas_are_apart() -> None:
    both = Lives(
        *(
            np.concatenate(c)
            for c in zip(lives((32, 0, 1)), lives((48, 0, 1), arena=2), strict=True)
        )
    )
    found = placed(both)
    assert found.start.tolist() == [0, 0]
    assert (found.arena_bytes, found.planned_bytes) == ({1: 32, 2: 48}, 80)


def test_no_values_need_no_arena() -> None:
    found = placed(lives())
    assert (found.planned_bytes, found.start.tolist()) == (0, [])
    assert is_sound(lives(), found)


def test_more_than_can_be_tried_is_not() -> None:
    assert replanned(lives((1 << 61, 0, 1), (1 << 61, 0, 1))) is None
    count = replan._MOST_COMPARED + 2
    first = np.arange(count)
    ones = np.ones(count, np.int64)
    assert replanned(Lives(ones, ones, first, np.full(count, count))) is None
    assert replanned(Lives(ones, ones, first, first)) is not None


def test_an_unsound_placement_is_seen() -> None:
    values = lives((32, 0, 1), (32, 1, 2))
    start = np.array([0, 16])
    assert not is_sound(values, Placement(start, {1: 64}))
    assert not is_sound(values, Placement(np.array([0, 32]), {1: 32}))
    assert is_sound(values, Placement(np.array([0, 32]), {1: 64}))


@settings(max_examples=40, deadline=None)
@given(any_lives(), st.sampled_from([1, 16, 64]))
def test_no_two_that_are_alive_at_once_share_a_byte(values: Lives, alignment: int) -> None:
    found = placed(values, alignment)
    assert is_sound(values, found)
    assert not (found.start % alignment).any()
    ends = found.start + values.size_bytes
    for one, other in combinations(range(len(ends)), 2):
        together = max(values.first[one], values.first[other]) <= min(
            values.last[one], values.last[other]
        )
        if together and values.arena[one] == values.arena[other]:
            assert ends[one] <= found.start[other] or ends[other] <= found.start[one]
    steps = int(values.last.max(initial=-1)) + 2
    assert found.planned_bytes >= live_bytes_of(values, steps).max()


@settings(max_examples=40, deadline=None)
@given(any_lives())
def test_both_ways_to_find_who_is_beside_a_value_agree(values: Lives) -> None:
    size, first, last = values.size_bytes, values.first, values.last
    by_pairs = replan._by_pairs(size, first, last, 32)
    assert by_pairs.tolist() == replan._by_comparing(size, first, last, 32).tolist()
    alive = (first[:, None] <= last) & (last[:, None] >= first)
    assert replan._pairs(first, last) == (alive.sum() - len(first)) // 2


@pytest.mark.parametrize("few", [0, 100])
def test_how_many_are_few_does_not_matter(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    first = random.integers(0, 200, 100)
    values = Lives(np.ones(100, np.int64), random.integers(1, 99, 100) * 16, first, first + 15)
    expected = placed(values)
    monkeypatch.setattr(replan, "_FEW", few)
    assert placed(values).start.tolist() == expected.start.tolist()
