"""Times that stay in the file are those that dense columns would hold."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from etscope.etdump import times
from etscope.etdump.times import Layout, MappedTimes, Times

EVENTS, IMAGE = 5, 96


def words(*numbers: int) -> NDArray[np.uint64]:
    return np.array(numbers, np.uint64)


def images(runs: int, skew: int) -> tuple[NDArray[np.uint8], MappedTimes, Times]:
    """(file, times in it, the same dense) of runs with two layouts, and some dense ones.

    `skew` bytes lie before the first image, and between the begin of an image and its times.
    """
    rng = np.random.default_rng(skew)
    data = rng.integers(0, 256, skew + runs * IMAGE + 40).astype(np.uint8)
    layouts = [
        Layout(skew + 16 * np.arange(EVENTS), skew + 8 + 16 * np.arange(EVENTS)),
        Layout(skew + 80 - 16 * np.arange(EVENTS), skew + 16 * np.arange(EVENTS)),
    ]
    layout = rng.integers(-1, 2, runs).astype(np.int32)
    place = skew + IMAGE * rng.permutation(runs)
    dense_runs = np.flatnonzero(layout < 0)
    place[dense_runs] = EVENTS * np.arange(len(dense_runs))
    dense_words = rng.integers(0, 2**63, (2, EVENTS * len(dense_runs))).astype(np.uint64)
    start, end = np.zeros((2, runs, EVENTS), np.uint64)
    for run in range(runs):
        if layout[run] < 0:
            span = slice(int(place[run]), int(place[run]) + EVENTS)
            start[run], end[run] = dense_words[:, span]
            continue
        for event in range(EVENTS):
            for out, offset in (
                (start, layouts[layout[run]].start),
                (end, layouts[layout[run]].end),
            ):
                at = int(place[run] + offset[event])
                out[run, event] = int.from_bytes(data[at : at + 8].tobytes(), "little")
    first = EVENTS * np.arange(runs + 1)
    mapped = MappedTimes(data, layouts, layout, place, first, Times(*dense_words))
    return data, mapped, Times(start.reshape(-1), end.reshape(-1))


@pytest.mark.parametrize("skew", [0, 4, 1])
def test_all_times_equal_dense_ones(skew: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(times, "_CHUNK", 3 * EVENTS)  # several pieces per layout
    _, mapped, dense = images(40, skew)

    assert np.array_equal(mapped.start, dense.start)
    assert np.array_equal(mapped.end, dense.end)
    assert mapped.start.dtype == mapped.end.dtype == np.uint64


@pytest.mark.parametrize("skew", [0, 4, 1])
@pytest.mark.parametrize("columns", [[0, 1, 2, 3, 4], [3, 0, 3], []])
def test_some_times_of_some_runs(skew: int, columns: list[int]) -> None:
    _, mapped, dense = images(40, skew)
    rows = np.array([7, 0, 39, 7, 12, 13, 14])
    chosen = np.array(columns, np.int64)

    got = mapped.of_runs(rows, EVENTS * rows, chosen)
    expected = dense.of_runs(rows, EVENTS * rows, chosen)

    for ours, theirs in zip(got, expected, strict=True):
        assert ours.shape == (7, len(columns))
        assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("number", [-1, 0, 1])
def test_runs_of_one_layout(number: int) -> None:
    _, mapped, dense = images(40, 4)
    rows = np.flatnonzero(mapped._layout == number)
    assert len(rows) > 3

    got = mapped.of_runs(rows, EVENTS * rows, np.array([2]))

    assert np.array_equal(got, dense.of_runs(rows, EVENTS * rows, np.array([2])))


def test_no_runs() -> None:
    _, mapped, _ = images(4, 0)
    none = np.zeros(0, np.int64)

    assert [part.shape for part in mapped.of_runs(none, none, np.array([0, 1]))] == [(0, 2)] * 2


def test_dense_times() -> None:
    dense = Times(words(1, 2, 3, 4), words(5, 6, 7, 2**64 - 1))

    start, end = dense.of_runs(np.array([0, 1]), np.array([0, 2]), np.array([1]))

    assert (start.tolist(), end.tolist()) == ([[2], [4]], [[6], [2**64 - 1]])
