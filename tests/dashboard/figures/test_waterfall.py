"""The waterfall's bars lie where they add up."""

from __future__ import annotations

import math

import pytest
from latency_reports import mixed, report_of

from etscope.dashboard.figures.waterfall import starts, waterfall_figure
from etscope.dashboard.wording import Scale
from etscope.inspector.waterfall import Part

MS = Scale("ms", 1.0)


def part(name: str, value: float, level: int, basis: str = "measured") -> Part:
    return Part(name, value, basis, level)


def test_bars_lie_end_to_end_inside_of_the_bar_above() -> None:
    parts = [
        part("wall clock", 12, 0),
        part("outside the method", 2, 1, "derived"),
        part("method", 10, 1),
        part("operators", 6, 2),
        part("kernels", 5, 3),
        part("dispatch", 1, 3, "derived"),
        part("delegates", 3, 2),
        part("unexplained", 1, 2, "derived"),
    ]
    assert starts(parts) == [0, 0, 2, 2, 2, 7, 8, 11]


def test_the_bars_of_a_report_end_where_the_method_ends() -> None:
    report = report_of(*[mixed()] * 3)
    parts = report.waterfalls[0]
    drawn = waterfall_figure(parts, MS, "forward")
    assert drawn is not None
    bar = drawn["data"][0]
    ends = [base + length for base, length in zip(bar["base"], bar["x"], strict=True)]
    assert parts[-1].name == "unexplained"
    assert ends[-1] == pytest.approx(ends[0])


def test_what_is_derived_is_hatched() -> None:
    parts = [part("method", 10, 0), part("unexplained", 10, 1, "derived")]
    drawn = waterfall_figure(parts, MS, "forward")
    assert drawn is not None
    assert drawn["data"][0]["marker"]["pattern"]["shape"] == ["", "/"]


def test_axis_and_bars_say_the_unit() -> None:
    drawn = waterfall_figure([part("method", 0.25, 0)], Scale("us", 1e3), "forward")
    assert drawn is not None
    assert "[µs]" in drawn["layout"]["xaxis"]["title"]["text"]
    assert drawn["data"][0]["text"] == ["250 µs · 100.0%"]


@pytest.mark.parametrize("value", [math.nan, 0.0])
def test_nothing_is_drawn_of_a_method_that_was_not_timed(value: float) -> None:
    assert waterfall_figure([part("method", value, 0)], MS, "forward") is None


def test_what_a_clock_cannot_tell_has_no_bar() -> None:
    parts = [part("method", 2.0, 0), part("operations inside", float("nan"), 1)]
    drawn = waterfall_figure(parts, MS, "forward")
    assert drawn is not None
    assert len(drawn["data"][0]["x"]) == 1
