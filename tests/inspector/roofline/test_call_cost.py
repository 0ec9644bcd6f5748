"""What a call costs at most: the fastest of its kind, and the step of its clock."""

from __future__ import annotations

import math

import pytest
from origins_builder import Row, latency_and_origins, method

from etscope.inspector.roofline.call_cost import CallCosts, TimedCall

KINDS = ("operator", "kernel", "delegated", "delegated", "delegate", "control")
ROWS = latency_and_origins(
    method(10), *(Row(kind, 1.0, backend=f"B{at}") for at, kind in enumerate(KINDS, 1))
)[0].rows


def most(*calls: TimedCall) -> list[float | None]:
    costs = CallCosts(ROWS, calls)
    return [costs.of(row) for row in range(1, len(ROWS))]


def call(row: int, each_s: float | None, step_s: float | None = None) -> TimedCall:
    return TimedCall(row, each_s, each_s, step_s)


def test_it_is_no_more_than_the_fastest_call_of_its_kind_took() -> None:
    found = most(call(1, 3e-6), call(2, 2e-6), call(3, 5e-6), call(6, 1e-7))
    assert found == [2e-6, 2e-6, 5e-6, None, None, None]


def test_a_coarse_clock_may_have_left_out_a_step() -> None:
    assert most(call(3, 0.0, 1e-6))[2] == pytest.approx(1e-6)
    assert most(call(3, 2e-6, 1e-6))[2] == pytest.approx(3e-6)


def test_a_reading_of_nothing_by_a_clock_that_is_not_known_tells_nothing() -> None:
    assert most(call(3, 0.0, math.nan), call(1, None), call(2, 0.0)) == [None] * 6
