"""Rows in which nothing covers anything, each in the order of time."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from etscope.dashboard.timeline.lanes import OVERLAPPING, RUNTIME, Lanes
from etscope.dashboard.timeline.slices import Slices
from etscope.dashboard.timeline.tracks import MOST_DEPTHS, Tracks, tracks_of


def slices(*rows: tuple[int, int, int]) -> Slices:
    """(start, end, depth) each, in one lane."""
    start = np.array([row[0] for row in rows], np.uint64)
    length = np.array([row[1] - row[0] for row in rows], np.float64)
    numbers = np.arange(len(rows)).astype(np.uint32)
    depth = np.array([row[2] for row in rows], np.uint8)
    return Slices(start, length, numbers, numbers, np.zeros(len(rows), np.uint32), depth)


def put(*rows: tuple[int, int, int]) -> tuple[Tracks, Lanes]:
    lanes = Lanes()
    lanes.index("forward", RUNTIME)
    return tracks_of(slices(*rows), lanes), lanes


def keys(tracks: Tracks) -> list[list[int]]:
    edges = tracks.first.tolist()
    return [tracks.slices.key[low:high].tolist() for low, high in pairwise(edges)]


def test_rows_are_depths_in_the_order_of_time() -> None:
    tracks, _ = put((20, 30, 1), (0, 40, 0), (5, 9, 1))
    assert keys(tracks) == [[1], [2, 0]]
    assert tracks.depth.tolist() == [0, 1]


def test_of_two_that_begin_together_the_shorter_comes_first() -> None:
    tracks, lanes = put((10, 20, 0), (10, 10, 0))
    assert keys(tracks) == [[1, 0]]
    assert len(lanes) == 1


def test_what_lies_across_another_goes_to_a_lane_of_its_own() -> None:
    tracks, lanes = put((0, 10, 0), (5, 15, 0), (10, 20, 0))
    assert keys(tracks) == [[0, 2], [1]]
    assert tracks.lane.tolist() == [0, 1]
    assert [lane.kind for lane in lanes] == [RUNTIME, OVERLAPPING]


def test_overlapping_ones_take_the_fewest_rows() -> None:
    tracks, _ = put((0, 100, 0), (10, 30, 0), (20, 40, 0), (30, 50, 0))
    assert keys(tracks) == [[0], [1, 3], [2]]


def test_what_is_too_deep_is_counted_and_not_drawn() -> None:
    tracks, _ = put((0, 2000, 0), (0, 9, MOST_DEPTHS), *[(n, 1000, 0) for n in range(1, 60)])
    assert tracks.too_deep == 1 + 59 - MOST_DEPTHS
    assert len(tracks.slices) == 1 + MOST_DEPTHS


def test_ends_are_compared_exactly_on_a_clock_that_stands_high() -> None:
    high = 2**63
    tracks, lanes = put((high, high + 3, 0), (high + 3, high + 4, 0), (high + 3, high + 5, 0))
    assert len(lanes) == 2
    assert keys(tracks) == [[0, 1], [2]]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20), st.integers(0, 2)), max_size=40))
def test_nothing_is_lost_and_nothing_covers_anything(rows: list[tuple[int, int, int]]) -> None:
    tracks, _ = put(*[(start, start + length, depth) for start, length, depth in rows])
    assert sorted(tracks.slices.key.tolist()) == list(range(len(rows)))
    assert tracks.too_deep == 0
    start = tracks.slices.start.astype(np.float64)
    for low, high in pairwise(tracks.first.tolist()):
        ends = (start + tracks.slices.duration)[low : high - 1]
        assert (start[low + 1 : high] >= ends).all()


def test_no_slices_make_no_rows() -> None:
    tracks, _ = put()
    assert len(tracks) == 0
    assert tracks.first.tolist() == [0]
