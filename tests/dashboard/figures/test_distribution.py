"""The series of inferences: all of them, or the extremes of each part."""

from __future__ import annotations

import numpy as np
import pytest
from latency_reports import latency_of, method

from etscope.dashboard.figures.distribution import buckets, distribution_figure
from etscope.dashboard.figures.layout import MARK_LIMIT
from etscope.dashboard.wording import Scale

US = Scale("us", 1e3)


def test_a_short_series_is_drawn_in_full_and_in_order() -> None:
    drawn = distribution_figure(latency_of(method(30), method(10), method(20)), US)
    assert drawn is not None
    points, *lines = drawn["data"]
    assert points["x"] == [1, 2, 3]
    assert points["y"] == [30.0, 10.0, 20.0]
    assert [line["name"] for line in lines] == ["p90 28.0 µs", "p50 20.0 µs", "p10 12.0 µs"]


def test_parts_keep_their_extremes_in_order() -> None:
    series = np.array([5.0, 9.0, 1.0, 4.0, 4.0, 8.0])
    extremes, middle, median = buckets(series, 2)
    assert extremes.tolist() == [1, 2, 3, 5]
    assert middle.tolist() == [1, 4]
    assert median.tolist() == [5.0, 4.0]


def test_a_long_series_is_thinned_and_keeps_its_outlier() -> None:
    runs = [method(10 + at % 3) for at in range(2000)]
    runs[1234] = method(77)
    drawn = distribution_figure(latency_of(*runs), US)
    assert drawn is not None
    span = drawn["data"][0]
    assert span["x"][span["y"].index(77.0)] == 1235
    assert sum(len(trace["x"]) for trace in drawn["data"]) <= MARK_LIMIT


@pytest.mark.parametrize(("slowest", "scale"), [(100, None), (1000, "log")])
def test_a_far_outlier_makes_the_axis_logarithmic(slowest: int, scale: str | None) -> None:
    drawn = distribution_figure(latency_of(*[method(10)] * 9, method(slowest)), US)
    assert drawn is not None
    assert drawn["layout"]["yaxis"].get("type") == scale
    assert ("log" in drawn["layout"]["yaxis"]["title"]["text"]) == (scale == "log")
