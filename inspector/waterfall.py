"""From the wall clock down to operators: parts that add up, with what is left over shown."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from etscope.inspector.latency import MethodLatency
from etscope.inspector.recording import Recording
from etscope.inspector.resolution import clock_step
from etscope.inspector.statistics import middle_half
from etscope.inspector.wording import counted

#: The bar that all shares are shares of.
METHOD = "method"

_PER_NANOSECOND = {"ns": 1.0, "us": 1e-3, "ms": 1e-6, "s": 1e-9}


@dataclass(frozen=True)
class Part:
    """One bar. The parts of a level add up to the bar that they stand under."""

    name: str
    value: float  # mean per typical inference, in the unit of the latency
    basis: str  # measured or derived
    level: int  # 0: the wall clock or, without one, the method
    note: str = ""


def waterfall(recording: Recording, latency: MethodLatency) -> list[Part]:
    """The bars of one method, outermost first.

    The wall time comes from a bundle's manifest: measured around the traced
    inferences, with the same inferences left out as warm-up.
    """
    rows = latency.rows
    wall = mean_wall(recording, latency, traced=True)
    parts = []
    if wall is not None:
        note = "around each traced inference"
        parts.append(Part("wall clock", wall, "measured", 0, note))
        outside = Part("outside the method", wall - latency.mean, "derived", 1, "caller and tracer")
        parts.append(outside)
    base = len(parts) and 1
    parts.append(Part(METHOD, latency.mean, "measured", base, "Method::execute"))
    for kind, name in (
        ("operator", "operators"),
        ("delegate", "delegates"),
        ("control", "control"),
    ):
        some = [row for row in rows.top.tolist() if rows.kind[row] == kind]
        if not some:
            continue
        total = float(np.nansum(rows.total[some]))
        parts.append(
            Part(name, total, "measured", base + 1, _counted(latency, some, "instruction"))
        )
        if kind != "control":
            parts += _inside(latency, some, kind, base + 2)
    others = [row for row in rows.top.tolist() if rows.kind[row] not in _NAMED]
    if others:
        total = float(np.nansum(rows.total[others]))
        note = _counted(latency, others, "event")
        parts.append(Part("other events", total, "measured", base + 1, note))
    note = "between the instructions, and whatever has no event"
    parts.append(Part("unexplained", latency.unexplained, "derived", base + 1, note))
    return parts


_NAMED = {"operator": "operators", "delegate": "delegates", "control": "control"}


def _counted(latency: MethodLatency, rows: list[int], what: str) -> str:
    """How many rows are in a part, and how many of them have no time to add to it."""
    blank = int(np.isnan(latency.rows.total[rows]).sum())
    return counted(len(rows), what) + (f", {blank:,} of them without a time" if blank else "")


def _inside(latency: MethodLatency, some: list[int], kind: str, level: int) -> list[Part]:
    """What is inside operators (kernel, dispatch) or delegates (operations, the rest)."""
    rows = latency.rows
    wanted = "kernel" if kind == "operator" else "delegated"
    inner = [r for row in some for r in rows.children(row).tolist() if rows.kind[r] == wanted]
    if not inner:
        return []
    total, inside = float(np.nansum(rows.total[some])), float(np.nansum(rows.total[inner]))
    # An operator without an event of its kernel is all kernel as far as anyone can tell.
    blind = [row for row in some if not len(rows.children(row))]
    unseen = float(np.nansum(rows.total[blind]))
    if kind == "operator":
        parts = [Part("kernels", inside, "measured", level)]
        rest = Part("dispatch", total - inside - unseen, "derived", level, "operator less kernel")
    else:
        parts = [_operations(latency, inner, inside, level)]
        rest = Part("delegate's own", total - inside - unseen, "derived", level, "call less inside")
    if blind:
        parts.append(
            Part("not broken down", unseen, "measured", level, counted(len(blind), "call"))
        )
    return [*parts, rest]


def _operations(latency: MethodLatency, inner: list[int], inside: float, level: int) -> Part:
    """What delegates report of themselves: no 0 where their clock could tell none of it."""
    note = counted(len(inner), "operation")
    rows, unit = latency.rows, latency.unit
    if all(rows.total[row] == 0 and clock_step(rows, row, unit) is not None for row in inner):
        inside, note = math.nan, f"{note}, each below the step of the backend's clock"
    return Part("operations inside", inside, "measured", level, note)


def mean_wall(recording: Recording, latency: MethodLatency, *, traced: bool) -> float | None:
    """Mean wall time around the inferences, with tracing or without; None: not recorded.

    Traced, it is over the same inferences as the latency's totals. Untraced
    inferences are others, so there it is over the middle half of those.
    """
    bundle, factor = recording.bundle, _PER_NANOSECOND.get(latency.unit)
    if bundle is None or factor is None or latency.method is None:
        return None
    listed = bundle.manifest.traced_wall_ns if traced else bundle.manifest.untraced_wall_ns
    of_run = recording.input_set[latency.runs]
    walls = np.full(len(latency.runs), np.nan)
    series = []
    for number in np.unique(of_run).tolist():
        times = np.asarray(listed.get(f"{latency.method}/{number}", ()), np.float64)
        if not len(times):
            return None
        series.append(times)
        if len(times) == int((of_run == number).sum()):
            walls[of_run == number] = times
    if traced:
        chosen = walls[np.isin(latency.runs, latency.typical)]
        return None if np.isnan(chosen).any() else float(chosen.mean() * factor)
    times = np.concatenate(series)
    return float(times[middle_half(times)].mean() * factor)
