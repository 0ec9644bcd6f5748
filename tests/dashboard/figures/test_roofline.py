"""The roofline as plain data: points where work, bytes and time put them, under their roofs."""

from __future__ import annotations

import json
import math

import pytest
from origins_builder import latency_and_origins, method, operator
from planned import HOSTILE
from plotly.graph_objects import Figure as Checked

from etscope.dashboard.figures import roofline as module
from etscope.dashboard.figures.roofline import placed, roofline_figure
from etscope.dashboard.figures.roofline_bounds import bounds_figure
from etscope.etdump.machine_peak import MachinePeak
from etscope.inspector.roofline.bounds import COMPUTE, KERNEL, MEMORY, UNKNOWN
from etscope.inspector.roofline.event_work import EventWork
from etscope.inspector.roofline.flops import Work
from etscope.inspector.roofline.moved_bytes import Moved
from etscope.inspector.roofline.roofline import OperatorRoof, Roofline

PEAK = MachinePeak(1, 64.0, 8.0)


def roof(row: int, operations: int, size: int, time_s: float | None, bound: str) -> OperatorRoof:
    work = EventWork(Work(operations), Moved(size, 0))
    return OperatorRoof(row, 1.0, work, time_s, bound, 0.5, "")


def made(
    *roofs: OperatorRoof, peak: MachinePeak | None = PEAK, op: str = "aten::add.out"
) -> Roofline:
    """Of a method of one second, with a tenth of it in no operator."""
    rows = [operator(op, 1.0, "a") for _ in roofs]
    latency, origins = latency_and_origins(method(10), *rows)
    return Roofline(latency, origins, peak, roofs, 1.0, 0.1)


FOUND = made(
    roof(1, 32_000_000_000, 1_000_000_000, 0.6, COMPUTE),
    roof(2, 500_000_000, 2_000_000_000, 0.25, MEMORY),
    roof(3, 0, 1_000_000, 0.05, KERNEL),
)


def test_points_are_where_work_bytes_and_time_put_them() -> None:
    figure = roofline_figure(FOUND)
    assert figure is not None
    Checked(figure)
    points = {
        trace["name"]: (trace["x"], trace["y"])
        for trace in figure["data"]
        if trace["mode"] == "markers"
    }
    assert points == {
        COMPUTE: ([32.0], [pytest.approx(32 / 0.6)]),
        MEMORY: ([0.25], [pytest.approx(2.0)]),
    }
    sizes = [t["marker"]["size"][0] for t in figure["data"] if t["mode"] == "markers"]
    assert sizes == sorted(sizes, reverse=True)


def test_the_roof_has_its_corner_where_both_limits_meet() -> None:
    figure = roofline_figure(FOUND)
    assert figure is not None
    line = figure["data"][0]
    assert line["name"] == "memory 8.00 GB/s, 64.0 GFLOP/s"
    assert line["x"][1:2] == [8.0]
    assert line["y"][1:] == [64, 64]
    low, high = (10**end for end in figure["layout"]["xaxis"]["range"])
    assert line["x"][0] == pytest.approx(low)
    assert line["x"][-1] == pytest.approx(high)


def test_without_a_calibration_there_is_no_roof() -> None:
    figure = roofline_figure(made(roof(1, 10, 10, 0.5, UNKNOWN), peak=None))
    assert figure is not None
    assert [trace["mode"] for trace in figure["data"]] == ["markers"]


def test_what_does_no_arithmetic_has_no_place_and_is_left_to_the_table() -> None:
    assert [one.row for one in placed(FOUND)] == [1, 2]
    assert roofline_figure(made(roof(1, 0, 10, 0.5, MEMORY))) is None
    assert roofline_figure(made(roof(1, 10, 10, None, UNKNOWN))) is None


def test_of_very_many_those_with_the_most_time_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MARK_LIMIT", 2)
    many = made(*(roof(at, 10, 10, at / 100, MEMORY) for at in range(1, 6)))
    figure = roofline_figure(many)
    assert figure is not None
    assert figure["data"][-1]["y"] == [pytest.approx(2e-7), pytest.approx(2.5e-7)]


def test_bounds_and_what_lies_in_no_operator_add_up_to_the_method() -> None:
    figure = bounds_figure(FOUND)
    assert figure is not None
    Checked(figure)
    (bar,) = figure["data"]
    assert figure["layout"]["yaxis"]["ticktext"] == [COMPUTE, MEMORY, KERNEL, "in no operator"]
    assert bar["x"] == pytest.approx([60, 25, 5, 10])


def test_without_seconds_there_are_no_bounds() -> None:
    found = made(roof(1, 10, 10, None, UNKNOWN))
    cycles = Roofline(found.latency, found.origins, PEAK, found.rows, math.nan, math.nan)
    assert bounds_figure(cycles) is None


def test_hostile_names_are_only_text() -> None:
    figure = roofline_figure(made(roof(1, 10, 10, 0.5, MEMORY), op=HOSTILE))
    assert "<a href" not in json.dumps(figure, allow_nan=False)
