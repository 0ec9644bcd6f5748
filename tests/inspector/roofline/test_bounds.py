"""What bounds a call: the lower roof, the cost of a call, or the kernel."""

from __future__ import annotations

import pytest

from etscope.etdump.machine_peak import MachinePeak
from etscope.inspector.roofline.bounds import (
    COMPUTE,
    KERNEL,
    MEMORY,
    OVERHEAD,
    UNKNOWN,
    Bound,
    bound_of,
)
from etscope.inspector.roofline.flops import Work

PEAK = MachinePeak(2, float32_gflops_per_s=100.0, memory_gb_per_s=10.0, int8_gops_per_s=400.0)


@pytest.mark.parametrize(
    ("operations", "size", "time_s", "bound", "share"),
    [
        (50_000_000, 1_000, 1e-3, COMPUTE, 0.5),
        (1_000, 5_000_000, 1e-3, MEMORY, 0.5),
        (0, 5_000_000, 1e-3, MEMORY, 0.5),
        (1_000, 100, 2e-6, KERNEL, 0.005),
        (1_000_000, 100, 1e-3, KERNEL, 0.01),
        (10, 0, 1e-3, KERNEL, 1e-7),
    ],
)
def test_the_side_of_the_ridge_and_how_far_below_the_roof(
    operations: int, size: int, time_s: float, bound: str, share: float
) -> None:
    found = bound_of(Work(operations), size, time_s, PEAK)
    assert found.bound == bound
    assert found.peak_share == pytest.approx(share)


@pytest.mark.parametrize(
    ("time_s", "call_s", "bound"),
    [
        (1e-6, 0.5e-6, OVERHEAD),
        (1e-6, 0.4e-6, KERNEL),
        (9e-6, 9e-6, OVERHEAD),
        (11e-6, 11e-6, KERNEL),
        (1e-6, None, KERNEL),
    ],
)
def test_overhead_is_what_a_call_can_cost(time_s: float, call_s: float | None, bound: str) -> None:
    found = bound_of(Work(100), 100, time_s, PEAK, call_s)
    assert found.bound == bound
    share = found.peak_share or 0
    assert share == pytest.approx(1e-8 / time_s)
    told = "half of its time or more may be the call" if bound == OVERHEAD else "its kernel"
    assert found.reason.startswith(told)


def test_what_does_no_work_is_all_call() -> None:
    found = bound_of(Work(0), 0, 1e-3, PEAK)
    assert found == Bound(
        OVERHEAD, 0.0, "it computes and moves nothing: all of its time is the call"
    )


def test_faster_than_memory_is_said_and_not_cut() -> None:
    found = bound_of(Work(0), 20_000, 1e-6, PEAK)
    assert found.bound == MEMORY
    assert found.peak_share == pytest.approx(2.0)
    assert found.reason.startswith("in cache")
    assert "calibration" in bound_of(Work(200), 1, 1e-9, PEAK).reason


def test_integers_have_a_roof_of_their_own() -> None:
    on_integers = Work(40_000_000, integer=True)
    assert bound_of(on_integers, 8, 1e-3, PEAK).peak_share == pytest.approx(0.1)
    without = MachinePeak(2, 100.0, 10.0)
    missing = bound_of(on_integers, 8, 1e-3, without)
    assert missing == Bound(UNKNOWN, None, "the calibration has no figure for integers")
    # Memory is the lower roof even if integers were no faster than float32.
    assert bound_of(Work(8, integer=True), 5_000_000, 1e-3, without).bound == MEMORY


@pytest.mark.parametrize(
    ("work", "size", "time_s", "peak", "reason"),
    [
        (Work(8), 8, 1.0, None, "the bundle has no calibration"),
        (Work(8), 8, None, PEAK, "its time is not known"),
        (Work(8), 8, 0.0, PEAK, "its time is not known"),
        (Work(None, reason="there is no rule for it"), 8, 1.0, PEAK, "there is no rule for it"),
        (Work(8), None, 1.0, PEAK, "the bytes that it moves are not known"),
        (Work(8), 8, 1.0, MachinePeak(1, 0.0, 0.0), "the calibration has no figure above 0"),
    ],
)
def test_unknown_says_why(
    work: Work, size: int | None, time_s: float | None, peak: MachinePeak | None, reason: str
) -> None:
    found = bound_of(work, size, time_s, peak)
    assert (found.bound, found.peak_share) == (UNKNOWN, None)
    assert found.reason.startswith(reason)
