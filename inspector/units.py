"""Clock units: ticks of the trace → what the reader wants to see."""

from __future__ import annotations

from enum import Enum

from etscope.etdump.errors import UsageError


class TimeScale(Enum):
    """The unit of a clock. CYCLES has no length in seconds and converts to nothing else."""

    NS = "ns"
    US = "us"
    MS = "ms"
    S = "s"
    CYCLES = "cycles"


_PER_SECOND = {
    TimeScale.NS: 1_000_000_000,
    TimeScale.US: 1_000_000,
    TimeScale.MS: 1_000,
    TimeScale.S: 1,
    TimeScale.CYCLES: 1,
}


class ClockMismatch(UsageError, RuntimeError):
    """Cycles on one side only; also a RuntimeError, as executorch.devtools raises there."""


def ticks_per_unit(source: TimeScale, target: TimeScale) -> float:
    """How many ticks of `source` make one `target`: divide by it.

    Raises:
        ClockMismatch: one of the two is in cycles and the other in seconds.
    """
    if (source is TimeScale.CYCLES) != (target is TimeScale.CYCLES):
        raise ClockMismatch(
            f"cannot convert {source.value} to {target.value}: the trace does not say how long a "
            "cycle is. Use cycles for both scales, or for neither."
        )
    return _PER_SECOND[source] / _PER_SECOND[target]
