"""Time in delegates against time outside of them: each call, its inside, its overhead."""

from __future__ import annotations

from typing import Any

from etscope.inspector.correlate.origins import Origins
from etscope.inspector.latency import MethodLatency
from etscope.inspector.rollups.remainders import (
    AROUND_OPERATIONS,
    backend_of,
    breaks_down,
    of_kind,
)
from etscope.inspector.rollups.table import Place, Rollup, Sheet

OUTSIDE = "outside of delegates"
OVERHEAD = "overhead"


def by_delegate(latency: MethodLatency, origins: Origins) -> Rollup:
    """Time by backend, then by call, then by a call's operations and its overhead.

    Operators outside of delegates are split into their kernels and what it takes to
    call those, as far as the runtime timed both.
    """
    sheet = Sheet("delegate", latency, origins)
    rows = latency.rows
    kernels = [row for row, kind in enumerate(rows.kind) if kind == "kernel"]
    with_kernel = set(rows.parent[kernels].tolist())
    for row, head in sheet.rows():
        kind = rows.kind[head]
        if kind in ("delegate", "delegated"):
            _of_call(sheet, row, head)
            continue
        if kind in ("operator", "kernel"):
            _of_operator(sheet, row, head, has_kernel=head in with_kernel)
            continue
        rest = of_kind(kind)
        if rest is not None:
            draft = sheet.draft((rest.name,), rest.name, remainder=True, detail=rest.detail)
            draft.rows.append(row)
    return sheet.rollup()


def _of_call(sheet: Sheet, row: int, head: int) -> None:
    latency = sheet.latency
    rows = latency.rows
    inside = rows.kind[head] == "delegated"
    call = int(rows.parent[head]) if inside and rows.parent[head] >= 0 else head
    backend = backend_of(latency, call)
    chain, number = int(rows.chain[call]), int(rows.instruction[call])
    keys: dict[str, Any] = {"backend": backend}
    sheet.draft((backend,), backend, keys=keys)
    where = f"{chain}:{number}" if chain else str(number)
    keys = keys | {"chain": chain, "instruction": number, "module": sheet.origins.module(call)}
    module = keys["module"]
    detail = "" if module is None else f"in {module or 'the root module'}"
    place: Place = (backend, (chain, number))
    draft = sheet.draft(place, f"call at instruction {where}", detail=detail, keys=keys)
    draft.calls = float(rows.calls[call])
    if inside:
        sheet.draft((*place, 0), "operations inside", keys=keys).rows.append(row)
    elif breaks_down(latency, call):
        around = sheet.draft((*place, 1), OVERHEAD, detail=AROUND_OPERATIONS, keys=keys)
        around.rows.append(row)
    else:
        draft.rows.append(row)
        draft.detail = f"{detail}; its inside is not timed".removeprefix("; ")


def _of_operator(sheet: Sheet, row: int, head: int, *, has_kernel: bool) -> None:
    rows = sheet.latency.rows
    sheet.draft((OUTSIDE,), OUTSIDE, detail="operators on kernels of the runtime")
    if row != head:
        name, detail = "kernels", ""
    elif has_kernel:
        name, detail = "dispatch", "operator less kernel"
    else:
        name, detail = "not broken down", "operators without an event of their kernel"
    draft = sheet.draft((OUTSIDE, name), name, detail=detail)
    draft.rows.append(row)
    if rows.kind[row] == "kernel":
        draft.calls = (draft.calls or 0.0) + float(rows.calls[row])
