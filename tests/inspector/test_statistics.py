"""Order statistics, bit for bit those of numpy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from etscope.inspector.statistics import Reals, Statistics, middle_half, statistics_of

PERCENTS = {"p10": 10, "p50": 50, "p90": 90, "p99": 99}
#: Few values make ties; many, and of all sizes, make roundings.
TIMES = st.sampled_from([0.0, 1.0, 2.5]) | st.floats(0, 1e12, allow_subnormal=False)


def expected(samples: Reals) -> dict[str, Reals]:
    out = {name: np.percentile(samples, percent, axis=1) for name, percent in PERCENTS.items()}
    out["mean"] = np.array([row.mean() for row in samples])
    out["min"], out["max"] = samples.min(axis=1), samples.max(axis=1)
    if samples.shape[1] > 1:
        out["std"] = np.array([np.std(row, ddof=1) for row in samples])
    return out


def assert_bits_equal(found: Statistics, wanted: dict[str, Reals]) -> None:
    for name, column in wanted.items():
        assert getattr(found, name).tobytes() == np.asarray(column, np.float64).tobytes(), name


@given(arrays(np.float64, array_shapes(min_dims=2, max_dims=2, max_side=40), elements=TIMES))
def test_equal_numpy_to_the_last_bit(samples: Reals) -> None:
    found = statistics_of(samples.copy())
    assert_bits_equal(found, expected(samples))
    assert found.count.tolist() == [samples.shape[1]] * len(samples)


@pytest.mark.parametrize("width", [1, 2, 3, 10, 127, 128, 129, 1000, 10_007])
def test_equal_numpy_at_many_lengths(width: int) -> None:
    samples = np.random.default_rng(width).lognormal(3, 2, (3, width))
    samples[1] = np.round(samples[1])
    assert_bits_equal(statistics_of(samples.copy()), expected(samples))


def test_one_sample_has_no_deviation() -> None:
    found = statistics_of(np.array([[7.0]]))
    assert np.isnan(found.std[0])
    assert [getattr(found, name)[0] for name in ("mean", "min", "p10", "p99", "max")] == [7.0] * 5


def test_two_samples() -> None:
    found = statistics_of(np.array([[3.0, 1.0]]))
    assert (found.p50[0], found.mean[0], found.std[0]) == (2.0, 2.0, np.sqrt(2.0))


@pytest.mark.parametrize("rows", [0, 2])
def test_no_samples_are_not_a_number_rather_than_zero(rows: int) -> None:
    found = statistics_of(np.empty((rows, 0)))
    assert len(found) == rows
    assert found.count.tolist() == [0] * rows
    for name in ("mean", "std", "min", "p10", "p50", "p90", "p99", "max"):
        assert np.isnan(getattr(found, name)).tolist() == [True] * rows


def test_samples_without_a_duration_are_left_out() -> None:
    nan = np.nan
    found = statistics_of(np.array([[4.0, nan, 2.0], [nan, nan, nan], [1.0, 2.0, 3.0]]))
    assert found.count.tolist() == [2, 0, 3]
    assert found.mean.tolist()[::2] == [3.0, 2.0]
    assert found.max.tolist()[::2] == [4.0, 3.0]
    assert np.isnan(found.p50[1])


def test_infinite_samples_do_no_harm() -> None:
    found = statistics_of(np.array([[np.inf, -np.inf, 1.0]]))
    assert (found.min[0], found.max[0]) == (-np.inf, np.inf)
    assert np.isnan(found.mean[0])


def test_some_rows_can_be_taken() -> None:
    found = statistics_of(np.array([[1.0], [2.0], [3.0]])).take(np.array([2, 0]))
    assert found.p50.tolist() == [3.0, 1.0]
    assert found.count.tolist() == [1, 1]


def test_the_middle_half_leaves_stalls_out() -> None:
    samples = np.array([9.0, 1, 2, 3, 4, 5, 6, 7, 100])
    assert np.flatnonzero(middle_half(samples)).tolist() == [3, 4, 5, 6, 7]


def test_the_middle_half_of_few_is_all_of_them() -> None:
    assert middle_half(np.array([1.0, 1000, 1, 1, 1, 1, 1])).all()
    assert middle_half(np.ones(50)).all()
    assert len(middle_half(np.zeros(0))) == 0


@pytest.mark.parametrize("timed", [3, 20])
def test_the_middle_half_is_of_those_that_have_a_duration(timed: int) -> None:
    samples = np.concatenate([np.full(timed, 5.0), [np.nan]])
    assert middle_half(samples).tolist() == [True] * timed + [False]


def test_where_nothing_has_a_duration_nothing_is_singled_out() -> None:
    assert middle_half(np.full(9, np.nan)).all()
