"""Work that computes nothing: conversions, small partitions, jumps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from etscope.inspector.categories import category_of_event
from etscope.inspector.fallbacks.edges import QUANTIZE, WORDS
from etscope.inspector.findings import Case, Finding
from etscope.inspector.wording import counted, figure

_LITTLE = 0.05


def boundary_conversions(case: Case) -> Iterator[Finding]:
    """Values that are converted because their operators are not in one delegate."""
    if not case.fallbacks.delegate_calls:
        return  # there is no boundary, so nothing that could move across one
    found = [one for one in case.fallbacks.conversions if np.isfinite(one.time)]
    time = float(sum(one.time for one in found))
    if not found or not case.share(time) >= _LITTLE:
        return
    kinds = {kind: sum(one.kind == kind for one in found) for kind in {one.kind for one in found}}
    named = ", ".join(counted(n, *WORDS[kind]) for kind, n in sorted(kinds.items()))
    inside = sum(one.inside for one in found)
    yield Finding(
        "boundary_conversions",
        "medium" if case.share(time) >= 0.15 else "low",
        f"converting values for operators outside of delegates takes {case.share(time):.0%} of "
        f"{case.name}: {named}{_inside(inside, len(found))} "
        f"({figure(time)} {case.latency.unit}, measured)",
        {"share": case.share(time), "kinds": kinds, "inside": inside},
        "They go when the operators between the delegates move inside, or when those at the edge "
        "leave together.",
    )


def _inside(some: int, of: int) -> str:
    """Where conversions are, after their number: ", 3 of them inside delegates"."""
    if not some:
        return ""
    if some == of:
        return ", inside a delegate" if of == 1 else ", all inside delegates"
    return f", {some} of them inside delegates"


def quantize_dequantize(case: Case) -> Iterator[Finding]:
    """Time in a quantized method that only changes between integers and floats."""
    rows = case.latency.rows
    timed = [r for r, kind in enumerate(rows.kind) if kind in ("operator", "delegated")]
    some = [
        row
        for row in timed
        if category_of_event(rows.event[row], rows.op[row], case.origins.op(row)) == QUANTIZE
    ]
    time = float(np.nansum(rows.total[some])) if some else 0.0
    if not case.share(time) >= 0.1:
        return
    outside = sum(rows.kind[row] == "operator" for row in some)
    most = max(some, key=lambda row: float(np.nan_to_num(rows.total[row])))
    where = case.place(most)
    yield Finding(
        "quantize_dequantize",
        "medium",
        f"{counted(len(some), 'conversion')} between integers and floats take "
        f"{case.share(time):.0%} of {case.name}, {outside} of them outside of delegates; the "
        f"costliest is {rows.op[most] or rows.event[most]}{f', {where}' if where else ''}",
        {"share": case.share(time), "operations": len(some), "outside": outside},
        "Quantize the operators in between too, or keep the part around them in float.",
    )


def tiny_partitions(case: Case) -> Iterator[Finding]:
    """Delegates so small that calling them costs as much as what they do."""
    rows = case.latency.rows
    calls = [row for row in rows.top.tolist() if rows.kind[row] == "delegate" and rows.inner[row]]
    if len(calls) < 3 or not case.latency.mean > 0:
        return
    tiny = [row for row in calls if rows.total[row] - rows.inner[row] >= rows.inner[row]]
    cost = float(rows.total[tiny].sum() - rows.inner[tiny].sum())
    if len(tiny) < 3 or not case.share(cost) >= _LITTLE:
        return
    yield Finding(
        "tiny_partitions",
        "medium" if case.share(cost) >= 0.15 else "low",
        f"{len(tiny)} of {len(calls)} delegate calls take as long to enter and leave as what they "
        f"do: {figure(cost)} {case.latency.unit}, {case.share(cost):.0%} of {case.name} (derived)",
        {
            "share": case.share(cost),
            "calls": len(tiny),
            "instructions": [int(rows.instruction[row]) for row in tiny],
        },
        "Join partitions by moving what lies between them inside, or leave the smallest out.",
    )


def control_flow(case: Case) -> Iterator[Finding]:
    """Time of the runtime's own jumps and moves."""
    rows = case.latency.rows
    some = [row for row in rows.top.tolist() if rows.kind[row] == "control"]
    time = float(np.nansum(rows.total[some])) if some else 0.0
    if not case.share(time) >= _LITTLE:
        return
    calls = float(rows.calls[some].sum())
    yield Finding(
        "control_flow",
        "medium" if case.share(time) >= 0.15 else "low",
        f"jumps and moves of loops and branches take {case.share(time):.0%} of {case.name}: "
        f"{calls:,.0f} an inference",
        {"share": case.share(time), "calls": calls},
        "Unroll short loops before the export, or do more in each round.",
    )
