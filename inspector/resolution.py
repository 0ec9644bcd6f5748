"""Times that a coarse clock reads as nothing: below its step, which is not 0."""

from __future__ import annotations

from etscope.inspector.backends import resolution_ns
from etscope.inspector.operators import OperatorRows
from etscope.inspector.units import TimeScale, ticks_per_unit


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
