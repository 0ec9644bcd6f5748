"""Where the time goes: what costs most, and what should not cost so much."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from etscope.inspector.findings import Case, Finding
from etscope.inspector.latency import MethodLatency
from etscope.inspector.operators import OperatorRows
from etscope.inspector.wording import counted, figure


def costliest(case: Case) -> Iterator[Finding]:
    """The one instruction that takes the most time."""
    latency = case.latency
    rows = latency.rows
    if not latency.mean > 0 or np.isnan(rows.total[rows.top]).all():
        return
    row = int(rows.top[np.nanargmax(rows.total[rows.top])])
    share = float(rows.share[row])
    what = _name(rows, row)
    where = case.place(row)
    inside, evidence = _inside(case, row)
    together, kin = _together(case, row)
    yield Finding(
        "costliest",
        "high" if share >= 0.5 else "medium" if share >= 0.2 else "info",
        f"{what} (instruction {rows.instruction[row]}) takes {share:.0%} of {case.name}: "
        f"{figure(rows.total[row])} {latency.unit} per inference"
        f"{f', {where}' if where else ''}{inside}{together}",
        {
            "row": row,
            "instruction": int(rows.instruction[row]),
            "share": share,
            "source": case.origins.source(row),
            "module": case.origins.module(row),
            **evidence,
            **kin,
        },
        "The costliest single instruction; its kind or line takes more: look at all of them."
        if together
        else "The costliest single instruction: look here first.",
    )


def alike(case: Case, row: int) -> tuple[int, float]:
    """(how many, their share) of the instructions with a row's backend or operator, its own too."""
    rows = case.latency.rows
    name = _name(rows, row)
    some = [r for r in rows.top.tolist() if rows.kind[r] == rows.kind[row]]
    return _share_of(rows, [r for r in some if _name(rows, r) == name])


def outweighed(share: float, by: float) -> bool:
    """Whether instructions together take so much more than one that it is not the story."""
    return by >= 2 * share


def _name(rows: OperatorRows, row: int) -> str:
    return rows.backend[row] or rows.op[row] or rows.event[row]


def _share_of(rows: OperatorRows, some: list[int]) -> tuple[int, float]:
    return len(some), float(np.nansum(rows.share[some]))


def _together(case: Case, row: int) -> tuple[str, dict[str, Any]]:
    """What instructions of the same operator or line add up to, where that is much more."""
    rows, source = case.latency.rows, case.origins.source(row)
    share = float(rows.share[row])
    count, kind = alike(case, row)
    on_line = [r for r in rows.top.tolist() if source and case.origins.source(r) == source]
    of_line, line = _share_of(rows, on_line)
    text, evidence = "", dict[str, Any]()
    if outweighed(share, kind):
        text += f"; all {count} of its kind take {kind:.0%}"
        evidence |= {"kind_instructions": count, "kind_share": kind}
    if outweighed(share, line):
        text += f"; all {of_line} of its line take {line:.0%}"
        evidence |= {"line_instructions": of_line, "line_share": line}
    return text, evidence


def _inside(case: Case, row: int) -> tuple[str, dict[str, Any]]:
    """The costliest operation inside a delegate call, in words and as evidence."""
    rows = case.latency.rows
    inner = [r for r in rows.children(row).tolist() if rows.kind[r] == "delegated"]
    if not inner or not rows.total[row] > 0:
        return "", {}
    most = max(inner, key=lambda r: float(np.nan_to_num(rows.total[r])))
    part = float(rows.total[most] / rows.total[row])
    if not part >= 0.1:
        return "", {}
    where = case.place(most)
    name = rows.op[most] or rows.event[most]
    text = f"; {part:.0%} of that is {name}{f', {where}' if where else ''}"
    return text, {"inside_row": most, "inside_source": case.origins.source(most)}


def _ids(latency: MethodLatency, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[int]:
    return [int(latency.rows.instruction[row]) for row in rows.tolist()]


def dispatch(case: Case) -> Iterator[Finding]:
    """Time spent calling kernels rather than in them."""
    latency = case.latency
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
            f"calling {counted(len(kernels), 'kernel')} takes {share:.0%} of {case.name} "
            f"({figure(cost)} {latency.unit}, derived: operator less kernel, tracing included)",
            {"share": share, "kernels": len(kernels)},
            "Fewer, larger operators: fuse, batch, or delegate.",
        )


def delegate_overhead(case: Case) -> Iterator[Finding]:
    """Time of delegate calls that lies in none of the operations inside them."""
    latency = case.latency
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
            f"{share:.0%} of {case.name} outside of the operations inside "
            f"({figure(cost)} {latency.unit}, derived: call less operations, as coarse as the "
            "backend's clock)",
            {"share": share, "calls": len(calls), "instructions": _ids(latency, np.array(calls))},
            "Entering a delegate costs time each time: fewer, larger partitions, which operators "
            "in between that stayed outside break up.",
        )


def unexplained(case: Case) -> Iterator[Finding]:
    """Time of the method that no event covers."""
    latency = case.latency
    if not latency.mean > 0:
        return
    share = latency.unexplained / latency.mean
    if abs(share) >= 0.1:
        yield Finding(
            "unexplained",
            "medium",
            f"{share:.0%} of {case.name} lies in no event of an instruction",
            {"share": share},
            "Much of it is the cost of tracing when operators are tiny: compare with an "
            "untraced run.",
        )
