"""The figures of one row of events for documents: no 0 for what the clock cannot tell."""

from __future__ import annotations

import math
from typing import Any

from etscope.inspector.latency import MethodLatency
from etscope.inspector.resolution import clock_step, is_below, known
from etscope.inspector.units import TimeScale, ticks_per_unit

STATISTICS = ("mean", "std", "min", "p10", "p50", "p90", "p99", "max")


def row_figures(latency: MethodLatency, row: int) -> dict[str, Any]:
    """Times, share and what the clock can tell, by key; the unit is the end of a key.

    A figure below the clock's step is None, and `below_resolution` says of the
    median that it is: its bound is `resolution_ns`, None where that is not known.
    """
    rows, unit = latency.rows, latency.unit
    step = clock_step(rows, row, unit)
    total, share = float(rows.total[row]), float(rows.share[row])
    blind = is_below(total, step, "total")
    figures = {name: float(getattr(rows.statistics, name)[row]) for name in STATISTICS}
    if step is not None and figures["mean"] == 0:
        figures["std"] = math.nan  # nothing is known of how times vary that no reading tells
    return {
        "below_resolution": is_below(figures["p50"], step, "p50"),
        "resolution_ns": _nanoseconds(step, unit),
        f"per_inference_{unit}": known(total, step, "total"),
        "share": None if blind or not math.isfinite(share) else share,
        **{f"{name}_{unit}": known(value, step, name) for name, value in figures.items()},
    }


def _nanoseconds(step: float | None, unit: str) -> float | None:
    if step is None or math.isnan(step):
        return None
    return round(step * ticks_per_unit(TimeScale.NS, TimeScale(unit)), 3)
