"""Where the time goes: what costs most, and what should not cost so much."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from etscope.inspector.findings import Finding
from etscope.inspector.latency import MethodLatency
from etscope.inspector.recording import Recording
from etscope.inspector.wording import counted, figure


def _name(latency: MethodLatency) -> str:
    return latency.method or "the method"


def costliest(recording: Recording, latency: MethodLatency) -> Iterator[Finding]:
    """The one instruction that takes the most time."""
    rows = latency.rows
    if not latency.mean > 0 or np.isnan(rows.total[rows.top]).all():
        return
    row = int(rows.top[np.nanargmax(rows.total[rows.top])])
    share = float(rows.share[row])
    what = rows.backend[row] or rows.op[row] or rows.event[row]
    yield Finding(
        "costliest",
        "high" if share >= 0.5 else "medium" if share >= 0.2 else "info",
        f"{what} (instruction {rows.instruction[row]}) takes {share:.0%} of {_name(latency)}: "
        f"{figure(rows.total[row])} {latency.unit} per inference",
        {"row": row, "instruction": int(rows.instruction[row]), "share": share},
        "Start here: nothing else can save more.",
    )


def portable_beside_delegates(recording: Recording, latency: MethodLatency) -> Iterator[Finding]:
    """Operators left on portable kernels in a method that has delegates."""
    rows = latency.rows
    kinds = np.array(rows.kind)
    delegates = rows.top[kinds[rows.top] == "delegate"]
    operators = rows.top[kinds[rows.top] == "operator"]
    if not len(delegates) or not len(operators) or not latency.mean > 0:
        return
    share = float(np.nansum(rows.share[operators]))
    ordered = operators[np.argsort(-rows.total[operators])]
    names = list(dict.fromkeys(str(rows.op[r] or rows.event[r]) for r in ordered.tolist()))[:3]
    yield Finding(
        "portable_beside_delegates",
        "high" if share >= 0.4 else "medium" if share >= 0.1 else "low",
        f"{counted(len(operators), 'operator')} outside of {counted(len(delegates), 'delegate')} "
        f"{'takes' if len(operators) == 1 else 'take'} {share:.0%} "
        f"of {_name(latency)}; most of it: {', '.join(names)}",
        {"share": share, "operators": len(operators), "instructions": _ids(latency, ordered)},
        "Find out why the partitioner left them out, or replace them by operators it takes.",
    )


def _ids(latency: MethodLatency, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[int]:
    return [int(latency.rows.instruction[row]) for row in rows.tolist()]


def dispatch(recording: Recording, latency: MethodLatency) -> Iterator[Finding]:
    """Time spent calling kernels rather than in them."""
    rows = latency.rows
    kinds = np.array(rows.kind)
    kernels = np.flatnonzero(kinds == "kernel")
    if not len(kernels) or not latency.mean > 0:
        return
    operators = np.unique(rows.parent[kernels])  # one may have several kernels
    cost = float(rows.total[operators].sum() - rows.total[kernels].sum())
    share = cost / latency.mean
    if share >= 0.1:
        yield Finding(
            "dispatch",
            "medium",
            f"calling {counted(len(kernels), 'kernel')} takes {share:.0%} of {_name(latency)} "
            f"({figure(cost)} {latency.unit}, derived: operator less kernel, tracing included)",
            {"share": share, "kernels": len(kernels)},
            "Fewer, larger operators: fuse, batch, or delegate.",
        )


def delegate_overhead(recording: Recording, latency: MethodLatency) -> Iterator[Finding]:
    """Time of delegate calls that lies in none of the operations inside them."""
    rows = latency.rows
    calls = [row for row in rows.top.tolist() if rows.kind[row] == "delegate" and rows.inner[row]]
    if not calls or not latency.mean > 0:
        return
    cost = float((rows.total[calls] - rows.inner[calls]).sum())
    share = cost / latency.mean
    if share >= 0.1:
        yield Finding(
            "delegate_overhead",
            "medium",
            f"{counted(len(calls), 'delegate call')} {'takes' if len(calls) == 1 else 'take'} "
            f"{share:.0%} of {_name(latency)} outside of the operations inside "
            f"({figure(cost)} {latency.unit}, derived: call less operations, as coarse as the "
            "backend's clock)",
            {"share": share, "calls": len(calls), "instructions": _ids(latency, np.array(calls))},
            "Entering a delegate costs time each time: fewer, larger partitions, which operators "
            "in between that stayed outside break up.",
        )


def unexplained(recording: Recording, latency: MethodLatency) -> Iterator[Finding]:
    """Time of the method that no event covers."""
    if not latency.mean > 0:
        return
    share = latency.unexplained / latency.mean
    if abs(share) >= 0.1:
        yield Finding(
            "unexplained",
            "medium",
            f"{share:.0%} of {_name(latency)} lies in no event of an instruction",
            {"share": share},
            "Much of it is the cost of tracing when operators are tiny: compare with an "
            "untraced run.",
        )
