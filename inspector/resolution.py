"""Times that a coarse clock cannot tell from nothing: below its step, which is not 0."""

from __future__ import annotations

import math

from etscope.inspector.backends import resolution_ns
from etscope.inspector.operators import OperatorRows
from etscope.inspector.units import TimeScale, ticks_per_unit

#: Statistics that are readings of the clock. A mean of many readings may lie below one step.
READINGS = ("min", "p10", "p50", "p90", "p99", "max")


def clock_step(rows: OperatorRows, row: int, unit: str) -> float | None:
    """The shortest time, in `unit`, that the clock of a row's backend can tell from nothing.

    None where that is not known: outside delegates, in cycles, or where no
    plug-in knows the backend.
    """
    target = TimeScale(unit)
    if rows.kind[row] != "delegated" or target is TimeScale.CYCLES:
        return None
    step = resolution_ns(rows.backend[row])
    return None if step is None else step / ticks_per_unit(TimeScale.NS, target)


def is_below(value: float, step: float | None, name: str) -> bool:
    """Whether a figure says no more than "shorter than a step of the clock".

    Readings below a step are one or the other side of a tick. A mean, of one call or per
    inference, says nothing where all of its readings were 0, and nothing tells how such
    readings vary.
    """
    if step is None or not math.isfinite(value):
        return False
    return value < step if name in READINGS else value == 0


def known(value: float, step: float | None, name: str) -> float | None:
    """A figure for a document: None where there is none, or where it is below the clock's step."""
    if not math.isfinite(value) or is_below(value, step, name):
        return None
    return float(value)
