"""The estimate of what moving an operator inside could save."""

from __future__ import annotations

import math

import pytest

from etscope.inspector.fallbacks.around import Around
from etscope.inspector.fallbacks.gain import Together, gain_of, no_gain, together
from etscope.inspector.fallbacks.throughput import Estimate

FAST = Estimate(2.0, "as fast per element as 3 add operations inside")


def edge(time: float) -> Around:
    return Around("copy", "Copy", 0, True, -1, time, None)


def test_an_estimate_is_no_upper_bound() -> None:
    gain = gain_of(10.0, FAST)
    assert (gain.value, gain.inside, gain.at_most) == (8.0, 2.0, False)
    assert gain.basis == f"its time less an estimate of it inside: {FAST.basis}"


def test_without_one_it_is_at_most_all_of_it() -> None:
    gain = gain_of(10.0, None)
    assert (gain.value, gain.at_most) == (10.0, True)
    assert gain.basis.startswith("at most all of its time")


def test_what_is_faster_outside_gains_nothing() -> None:
    assert gain_of(1.0, FAST).value == 0.0


def test_members_of_an_island_share_what_they_only_save_together() -> None:
    gain = gain_of(10.0, FAST, together((edge(6.0), edge(math.nan)), 4.0, 2))
    assert (gain.edges, gain.calls, gain.value) == (3.0, 2.0, 13.0)
    assert gain.at_most
    assert gain.basis.endswith("a part each of 2 operators that must move together")


def test_what_serves_another_vanishes_with_it() -> None:
    gain = gain_of(10.0, None, vanishes=True)
    assert (gain.value, gain.inside, gain.at_most) == (10.0, 0.0, False)


def test_what_was_not_timed_has_no_gain() -> None:
    assert math.isnan(gain_of(math.nan, FAST, Together(0.0, 1.0, 1)).value)
    assert no_gain(10.0, 0.0, "none").value == pytest.approx(0.0)


def test_edges_and_calls_that_were_not_timed_are_not_known_and_add_nothing() -> None:
    gain = gain_of(10.0, FAST, together((edge(math.nan),), math.nan, 2))
    assert (math.isnan(gain.edges), math.isnan(gain.calls), gain.value) == (True, True, 8.0)
    assert together((), 0.0, 1).edges == 0.0
    nothing = no_gain(10.0, math.nan, "not estimated")
    assert math.isnan(nothing.edges)
    assert math.isnan(nothing.calls)
