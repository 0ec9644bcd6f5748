"""Times that a coarse clock cannot tell from nothing: below its step, which is not 0."""

from __future__ import annotations

import math
from weakref import WeakKeyDictionary

import numpy as np

from etscope.inspector.backends import resolution_ns
from etscope.inspector.operators import OperatorRows
from etscope.inspector.units import TimeScale, ticks_per_unit

#: Statistics that are readings of the clock. A mean of many readings may lie below one step.
READINGS = ("min", "p10", "p50", "p90", "p99", "max")

_MICROSECOND_NS = 1000.0
#: Backend → step in nanoseconds as its readings tell, per table and unit: it is asked row by row.
_DERIVED: WeakKeyDictionary[OperatorRows, dict[tuple[str | None, str], float]] = WeakKeyDictionary()


def clock_step(rows: OperatorRows, row: int, unit: str) -> float | None:
    """The shortest time, in `unit`, that the clock of a row's backend can tell from nothing.

    What no plug-in tells is derived: a clock whose readings are all whole
    microseconds counts those. NaN where that does not hold: a reading of 0 then
    has no bound. None outside delegates and in cycles, where nothing is coarse.
    """
    target = TimeScale(unit)
    if rows.kind[row] != "delegated" or target is TimeScale.CYCLES:
        return None
    step = resolution_ns(rows.backend[row])
    if step is None:
        step = _derived_ns(rows, rows.backend[row], target)
    return step / ticks_per_unit(TimeScale.NS, target)


def is_derived(rows: OperatorRows, row: int) -> bool:
    """Whether the step of a row's clock is read off its figures: no plug-in tells it."""
    return resolution_ns(rows.backend[row]) is None


def _derived_ns(rows: OperatorRows, backend: str | None, unit: TimeScale) -> float:
    known = _DERIVED.setdefault(rows, {})
    key = (backend, unit.value)
    if key not in known:
        some = [
            row
            for row, kind in enumerate(rows.kind)
            if kind == "delegated" and rows.backend[row] == backend
        ]
        of = rows.statistics
        readings = np.concatenate([of.min[some], of.max[some]])
        steps = readings[np.isfinite(readings) & (readings != 0)]
        steps = steps * ticks_per_unit(TimeScale.NS, unit) / _MICROSECOND_NS
        # A nanosecond is 1e-3 of a step; the rest is what floats make of whole numbers.
        whole = len(steps) > 0 and bool((np.abs(steps - np.round(steps)) < 1e-4).all())
        known[key] = _MICROSECOND_NS if whole else math.nan
    return known[key]


def is_below(value: float, step: float | None, name: str) -> bool:
    """Whether a figure says no more than "shorter than a step of the clock".

    Readings below a step are one or the other side of a tick. A mean, of one call or per
    inference, says nothing where all of its readings were 0, and nothing tells how such
    readings vary. Where the step is not known (NaN) that holds of any 0.
    """
    if step is None or not math.isfinite(value):
        return False
    return value < step if name in READINGS and not math.isnan(step) else value == 0


def known(value: float, step: float | None, name: str) -> float | None:
    """A figure for a document: None where there is none, or where it is below the clock's step."""
    if not math.isfinite(value) or is_below(value, step, name):
        return None
    return float(value)


def below_text(step: float) -> str | None:
    """What stands for a figure below a step: "<0.001"; None where the step is not known."""
    return None if math.isnan(step) else f"<{step:.6g}"
