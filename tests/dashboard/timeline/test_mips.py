"""Sums over runs of slices, level by level."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from etscope.dashboard.timeline.lanes import RUNTIME, Lanes
from etscope.dashboard.timeline.mips import FIRST_LEVEL, levels_of
from etscope.dashboard.timeline.slices import Slices
from etscope.dashboard.timeline.tracks import Tracks, tracks_of


def rows(*lengths: list[int]) -> Tracks:
    """Rows of slices of these lengths, one right behind the other; keys count from 0."""
    lanes = Lanes()
    lanes.index(None, RUNTIME)
    all_lengths = np.array([one for row in lengths for one in row], np.float64)
    starts = [np.cumsum([0, *row])[:-1] for row in lengths if row]
    start = np.concatenate([np.zeros(0), *starts]).astype(np.uint64)
    depth = np.repeat(np.arange(len(lengths)), [len(row) for row in lengths]).astype(np.uint8)
    key = np.arange(len(start)).astype(np.uint32)
    lane = np.zeros(len(start), np.uint32)
    return tracks_of(Slices(start, all_lengths, key, key, lane, depth), lanes)


def test_four_slices_make_an_entry_of_the_first_level() -> None:
    (level, _) = levels_of(rows([1, 2, 9, 4, 5, 6]))
    assert level.first.tolist() == [0, 2]
    assert level.covered.tolist() == [16, 11]
    assert level.longest.tolist() == [2, 5]


def test_a_short_row_is_summed_up_beside_a_long_one() -> None:
    level, top = levels_of(rows([3], [1] * 8))
    assert level.first.tolist() == [0, 1, 3]
    assert level.covered.tolist() == [3, 4, 4]
    assert top.first.tolist() == [0, 1, 2]
    assert top.longest.tolist() == [0, 1]


def test_few_slices_need_no_level() -> None:
    assert levels_of(rows([1, 2])) == []
    assert levels_of(rows([])) == []


@given(st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=40), min_size=1, max_size=4))
def test_every_entry_is_what_its_slices_are(lengths: list[list[int]]) -> None:
    tracks = rows(*lengths)
    edges, duration = tracks.first.tolist(), tracks.slices.duration
    for number, level in enumerate(levels_of(tracks)):
        size = 1 << (FIRST_LEVEL + number)
        at = 0
        for low, high in pairwise(edges):
            for begin in range(low, high, size):
                some = duration[begin : min(begin + size, high)]
                assert level.covered[at] == some.sum()
                assert duration[level.longest[at]] == some.max()
                at += 1
        assert at == len(level.covered)
