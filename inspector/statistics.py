"""Order statistics of many rows of samples at once."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]

_PERCENTS = (10, 50, 90, 99)


@dataclass(frozen=True, eq=False)
class Statistics:
    """One row per series of samples, all (rows,). NaN where a row has too few samples for it."""

    count: NDArray[np.int64]  # samples with a duration
    mean: Reals
    std: Reals  # of a sample: divided by count - 1
    min: Reals
    p10: Reals
    p50: Reals
    p90: Reals
    p99: Reals
    max: Reals

    def __len__(self) -> int:
        return len(self.count)

    def take(self, rows: NDArray[np.int64]) -> Statistics:
        """Some rows of it."""
        return Statistics(*(getattr(self, f.name)[rows] for f in fields(self)))


def statistics_of(samples: Reals) -> Statistics:
    """Statistics of each row of `samples`, (rows, samples); the rows are left in other order.

    Percentiles interpolate linearly between the two nearest ranks, bit for
    bit as `numpy.percentile` does by default.
    """
    if not samples.shape[1]:
        return _nothing(len(samples))
    with np.errstate(invalid="ignore"):  # infinite samples have no mean
        mean = samples.mean(axis=1)
        if np.isnan(mean).any() and np.isnan(samples).any():
            return _row_by_row(samples)
        return _of_numbers(samples, mean)


def _of_numbers(samples: Reals, mean: Reals) -> Statistics:
    rows, width = samples.shape
    std = _std(samples, mean)
    low, high = samples.min(axis=1), samples.max(axis=1)
    # Only the ranks that the percentiles need are put in place: half the time of a sort.
    ranks = {rank for percent in _PERCENTS for rank in _ranks(width, percent)[:2]}
    samples.partition(sorted(ranks), axis=1)
    p10, p50, p90, p99 = (_percentile(samples, percent) for percent in _PERCENTS)
    return Statistics(np.full(rows, width, np.int64), mean, std, low, p10, p50, p90, p99, high)


def _std(samples: Reals, mean: Reals) -> Reals:
    width = samples.shape[1]
    if width < 2:
        return np.full(len(samples), np.nan)
    # Not a dot product: BLAS threads spin on busy cores for vectors this long.
    squares = np.square(samples - mean[:, None]).sum(axis=1)
    return np.asarray(np.sqrt(squares / (width - 1)))


def _ranks(width: int, percent: int) -> tuple[int, int, float]:
    """(rank below, rank above, how far between them) of a percentile of `width` samples."""
    rank = (width - 1) * (percent / 100)
    low = int(rank)
    return low, min(low + 1, width - 1), rank - low


def _percentile(ordered: Reals, percent: int) -> Reals:
    low, high, part = _ranks(ordered.shape[1], percent)
    below, above = ordered[:, low], ordered[:, high]
    step = above - below
    # Two forms, because that is what keeps the result between its neighbours.
    return np.asarray(above - step * (1 - part) if part >= 0.5 else below + step * part)


def _row_by_row(samples: Reals) -> Statistics:
    """For rows where some samples have no duration: those are left out."""
    parts = [statistics_of(series[~np.isnan(series)][None, :]) for series in samples]
    return Statistics(
        *(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Statistics))
    )


def _nothing(rows: int) -> Statistics:
    absent = np.full(rows, np.nan)
    return Statistics(np.zeros(rows, np.int64), *(absent for _ in range(8)))


def middle_half(samples: Reals) -> NDArray[np.bool_]:
    """Which samples lie between the quartiles, edges included; all of them when there are few.

    Means over these add up as any means do, and one stalled inference in
    twenty does not decide where "most of the time" went. A sample without a
    duration (NaN) is never one of them, unless no sample has any.
    """
    timed = ~np.isnan(samples)
    if not timed.any():
        return np.ones(len(samples), np.bool_)
    if timed.sum() < 8:
        return np.asarray(timed)
    low, high = np.percentile(samples[timed], (25, 75))
    return np.asarray((samples >= low) & (samples <= high))
