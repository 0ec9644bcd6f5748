"""How far the figures can be trusted: noise, warm-up, clocks, the cost of measuring."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from etscope.inspector.findings import Case, Finding
from etscope.inspector.resolution import clock_step, is_below, is_derived
from etscope.inspector.waterfall import mean_wall
from etscope.inspector.wording import counted, figure

_FEW = 10


def few_samples(case: Case) -> Iterator[Finding]:
    """Too few inferences for percentiles to mean much."""
    latency = case.latency
    count = len(latency.runs)
    if count < _FEW:
        yield Finding(
            "few_samples",
            "low",
            f"only {counted(count, 'inference')} of {latency.method or 'the method'} "
            f"{'was' if count == 1 else 'were'} counted",
            {"inferences": count},
            "Record 20 or more after some warm-up; percentiles of few samples are guesses.",
        )


def warm_up(case: Case) -> Iterator[Finding]:
    """The first inference took much longer than the rest and is among the samples."""
    latency = case.latency
    samples = latency.samples[~np.isnan(latency.samples)]
    if len(samples) < 4:
        return
    ratio = float(samples[0] / np.median(samples[1:])) if np.median(samples[1:]) > 0 else 0.0
    if ratio >= 1.5:
        yield Finding(
            "warm_up",
            "low",
            f"the first counted inference took {ratio:.1f}x the median of the others",
            {"ratio": ratio},
            "Record with warm-up, or read p50 instead of the mean.",
        )


def spread(case: Case) -> Iterator[Finding]:
    """Times differ much from inference to inference."""
    latency = case.latency
    samples = latency.samples[~np.isnan(latency.samples)]
    if len(samples) < _FEW:
        return
    low, middle, high = np.percentile(samples, (10, 50, 90))
    if middle > 0 and (high - low) / middle >= 0.5:
        yield Finding(
            "spread",
            "medium",
            f"{latency.method or 'the method'} varies: p10 {figure(low)}, p50 {figure(middle)}, "
            f"p90 {figure(high)} {latency.unit}",
            {"p10": float(low), "p50": float(middle), "p90": float(high)},
            "Look for other load, heat or frequency changes before comparing runs; "
            "trust p50 over the mean.",
        )


def tracing_cost(case: Case) -> Iterator[Finding]:
    """What the tracing itself costs, where both passes were timed from outside."""
    latency = case.latency
    traced = mean_wall(case.recording, latency, traced=True)
    untraced = mean_wall(case.recording, latency, traced=False)
    if traced is None or untraced is None or not (traced > 0 and untraced > 0):
        return
    ratio = traced / untraced
    evidence = {"traced": traced, "untraced": untraced, "ratio": ratio}
    times = (
        f"a traced inference of {latency.method} takes {figure(traced)} {latency.unit}, an "
        f"untraced one {figure(untraced)} {latency.unit}"
    )
    if ratio < 0.9:
        yield Finding(
            "tracing_cost",
            "medium",
            f"{times}: the machine changed between the two passes",
            evidence,
            "Record again when the machine is quiet; until then trust shares more than times.",
        )
        return
    seen = f"{ratio:.2f}x" if ratio > 1.02 else "no difference to speak of"
    yield Finding(
        "tracing_cost",
        "medium" if ratio >= 1.25 else "info",
        f"{times} ({seen})",
        evidence,
        "Shares are those of the traced run; for the real speed quote the untraced time.",
    )


def clocks_disagree(case: Case) -> Iterator[Finding]:
    """A delegate's operations add up to more than its call: another clock, or parallel work."""
    latency = case.latency
    rows = latency.rows
    for row in rows.top.tolist():
        if rows.kind[row] != "delegate" or not rows.inner[row] > rows.total[row] * 1.02:
            continue
        yield Finding(
            "clocks_disagree",
            "medium",
            f"the operations inside the delegate at instruction {rows.instruction[row]} add up to "
            f"{figure(float(rows.inner[row]))} {latency.unit}, the call took "
            f"{figure(float(rows.total[row]))}",
            {"instruction": int(rows.instruction[row])},
            "The backend runs in parallel or counts with its own clock: give "
            "delegate_time_scale_converter, and do not add its times to the others.",
        )


def resolution(case: Case) -> Iterator[Finding]:
    """Events inside delegates that a coarse clock reads as nothing."""
    latency = case.latency
    if latency.unit == "cycles":
        return
    rows = latency.rows
    inside = [row for row, kind in enumerate(rows.kind) if kind == "delegated"]
    p50 = rows.statistics.p50
    zero = [
        row
        for row in inside
        if p50[row] <= 0 or is_below(p50[row], clock_step(rows, row, latency.unit), "p50")
    ]
    if not zero:
        return
    steps = {clock_step(rows, row, latency.unit) for row in zero}
    step = steps.pop() if len(steps) == 1 else None
    evidence: dict[str, float] = {"operations": len(zero)}
    known = ", which is not known"
    if step is not None and math.isfinite(step):
        evidence["clock_step"] = step
        derived = any(is_derived(rows, row) for row in zero)
        how = ", derived: all its readings are whole microseconds" if derived else ""
        known = f" ({figure(step)} {latency.unit}{how})"
    yield Finding(
        "resolution",
        "info",
        f"{len(zero)} of {len(inside)} operations inside delegates have a median below the "
        f"resolution of the backend's clock{known}: short, not free",
        evidence,
        "Judge them by the delegate call around them.",
    )
