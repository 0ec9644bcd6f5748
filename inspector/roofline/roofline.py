"""Each operator's work and bytes beside its measured time, and what that says of its limit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from etscope.etdump.machine_peak import MachinePeak
from etscope.inspector.correlate.origins import Origins
from etscope.inspector.latency import MethodLatency
from etscope.inspector.own_time import OwnTimes, own_times
from etscope.inspector.recording import Recording
from etscope.inspector.resolution import clock_step
from etscope.inspector.roofline.bounds import BOUNDS, STEPS, UNKNOWN, Bound, bound_of
from etscope.inspector.roofline.call_cost import CallCosts, TimedCall
from etscope.inspector.roofline.event_work import EventWork, WorkOfEvents
from etscope.inspector.roofline.operator_roof import OperatorRoof
from etscope.inspector.roofline.rows import roof_rows
from etscope.inspector.units import TimeScale, ticks_per_unit
from etscope.inspector.wording import counted, finite

__all__ = ["OperatorRoof", "Roofline", "Totals", "roofline_of", "rooflines"]


class Totals(NamedTuple):
    """A method's operators together, per inference. Unknown ones are left out and counted."""

    float_operations: float
    integer_operations: float
    read_bytes: float
    written_bytes: float
    operators: int
    operators_counted: int  # whose operations and bytes are known
    time_s: float  # of the method
    time_counted_s: float  # of the operators that are counted
    time_unexplained_s: float  # of the method in none of its events


@dataclass(frozen=True, eq=False)
class Roofline:
    """The operators of one kind of inference under the roof of their machine.

    `rows` and what lies in no row (`totals.time_unexplained_s`) add up to the method.
    """

    latency: MethodLatency
    origins: Origins  # row for row with the latency's rows
    peak: MachinePeak | None  # None: the recording has no calibration
    rows: tuple[OperatorRoof, ...]
    whole_s: float  # the method; NaN: in cycles
    unexplained_s: float

    def to_rows(self) -> list[dict[str, Any]]:
        """One flat row per operator, for tables and JSON; see `roof_rows`."""
        return roof_rows(self.latency, self.origins, self.rows, self.whole_s)

    @property
    def ridge(self) -> float | None:
        """Operations per byte from which on arithmetic is the lower roof (float32)."""
        if self.peak is None or not self.peak.memory_gb_per_s:
            return None
        return finite(self.peak.float32_gflops_per_s / self.peak.memory_gb_per_s)

    @property
    def coverage(self) -> float:
        """The share of the method's time in operators of which work and bytes are known.

        Of shapes that are only known when it runs, they are not.
        """
        return self.totals.time_counted_s / self.whole_s if self.whole_s else math.nan

    @cached_property
    def totals(self) -> Totals:
        """All operators together."""
        known = [row for row in self.rows if row.total_bytes is not None]
        known = [row for row in known if row.operations is not None and not row.work.upper_bound]
        return Totals(
            float_operations=_sum(r.operations for r in known if not r.work.work.integer),
            integer_operations=_sum(r.operations for r in known if r.work.work.integer),
            read_bytes=_sum(row.read_bytes for row in known),
            written_bytes=_sum(row.written_bytes for row in known),
            operators=len(self.rows),
            operators_counted=len(known),
            time_s=self.whole_s,
            time_counted_s=_sum(row.time_s for row in known),
            time_unexplained_s=self.unexplained_s,
        )

    @cached_property
    def time_shares(self) -> dict[str, float]:
        """Of the method's time, by bound; what is missing to 1 lies in no event."""
        out = dict.fromkeys(BOUNDS, 0.0)
        for row in self.rows:
            out[row.bound] += (row.time_s or 0.0) / self.whole_s if self.whole_s else math.nan
        return out


def _sum(figures: Iterable[float | None]) -> float:
    return float(sum(figure for figure in figures if figure is not None))


def roofline_of(latency: MethodLatency, origins: Origins, recording: Recording) -> Roofline:
    """Hold the operators of one kind of inference against what their machine reaches.

    A kernel counts with the operator that calls it, operations of a delegate for
    themselves, and what a delegate's call takes besides them is a row of its own.

    Args:
        origins: of the latency's rows.
    """
    times = own_times(latency)
    peak = None if recording.bundle is None else recording.bundle.manifest.machine_peak
    scale = _seconds(latency.unit)
    work = WorkOfEvents(recording.program, latency.rows, origins)
    taken = np.zeros(len(latency.rows))
    np.add.at(taken, times.leader[times.counted], times.own[times.counted])
    timed = _timed(times)
    calls = []
    for row in np.unique(times.leader[times.counted]).tolist():
        time_s = float(taken[row]) * scale if timed[row] and math.isfinite(scale) else None
        calls.append(_timed_call(latency, row, time_s))
    costs = CallCosts(latency.rows, calls)
    rows = tuple(_roof(latency, call, work.of(call.row), peak, costs) for call in calls)
    whole, rest = times.whole * scale, times.unexplained * scale
    return Roofline(latency, origins, peak, rows, whole, rest)


def rooflines(
    latencies: Sequence[MethodLatency], origins: Sequence[Origins], recording: Recording
) -> tuple[Roofline, ...]:
    """One per kind of inference, in their order."""
    pairs = zip(latencies, origins, strict=True)
    return tuple(roofline_of(latency, of, recording) for latency, of in pairs)


def _seconds(unit: str) -> float:
    """Seconds per unit of a latency; NaN in cycles."""
    scale = TimeScale(unit)
    if scale is TimeScale.CYCLES:
        return math.nan
    return 1 / ticks_per_unit(scale, TimeScale.S)


def _timed(times: OwnTimes) -> list[bool]:
    """Per row whether any of the events that count as it has a time."""
    out = np.zeros(len(times.leader), np.bool_)
    out[times.leader[times.counted & ~times.untimed]] = True
    found: list[bool] = out.tolist()
    return found


def _timed_call(latency: MethodLatency, row: int, time_s: float | None) -> TimedCall:
    calls = float(latency.rows.calls[row])
    each = time_s / calls if time_s is not None and calls > 0 else None
    step = clock_step(latency.rows, row, latency.unit)
    return TimedCall(row, time_s, each, None if step is None else step * _seconds(latency.unit))


def _roof(
    latency: MethodLatency,
    call: TimedCall,
    work: EventWork,
    peak: MachinePeak | None,
    costs: CallCosts,
) -> OperatorRoof:
    row, time_s, each, step_s = call
    calls = float(latency.rows.calls[row])
    found = work.bound or bound_of(work.work, work.moved.total_bytes, each, peak, costs.of(row))
    if work.upper_bound and not work.bound:
        # The time is that of the shapes that ran, the work that of the largest there can be.
        found = Bound(UNKNOWN, None, "")
    found = _told_by_clock(found, each, step_s)
    notes = dict.fromkeys(text for text in (found.reason, work.note) if text)
    if each is not None and each <= 0 and not work.bound:
        time_s = None
    return OperatorRoof(row, calls, work, time_s, found.bound, found.peak_share, "; ".join(notes))


def _told_by_clock(found: Bound, each: float | None, step_s: float | None) -> Bound:
    """A bound with what the step of a coarse clock makes of it."""
    if step_s is None or math.isnan(step_s):
        return found
    micro = f"{step_s * 1e6:g} µs"
    if each is not None and each <= 0:
        return Bound(UNKNOWN, None, f"its clock counts in steps of {micro}, and it took less")
    if each is not None and each < STEPS * step_s:
        note = f"its time is {counted(1, 'step')} of its clock ({micro}) or less: rates are rough"
        return found._replace(reason="; ".join(filter(None, (found.reason, note))))
    return found
