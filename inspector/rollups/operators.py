"""Time by operator type and by category of work."""

from __future__ import annotations

import re
from collections.abc import Hashable

from etscope.inspector.categories import category_of_event
from etscope.inspector.correlate.origins import Origins
from etscope.inspector.latency import MethodLatency
from etscope.inspector.rollups.remainders import Remainder, of_delegate_call, of_kind
from etscope.inspector.rollups.table import Place, Rollup, Sheet
from etscope.inspector.wording import listed

#: Backends number their operations: "Convolution (NHWC, F32) IGEMM #2".
_NUMBER = re.compile(r"\s+#\d+$")
_UNNAMED = Remainder("(operators without a name)", "a program tells: --program")
#: Graph operators that stand beside one operation of a backend.
_MOST = 4


def by_operator(latency: MethodLatency, origins: Origins) -> Rollup:
    """Time by operator type: that of the runtime, or the operation in its backend's words.

    What an operator does to be called and its kernel are one. Inside of delegates,
    `detail` says which operators of the graph an operation stands for.
    """
    sheet = Sheet("op", latency, origins)
    rows = latency.rows
    graph_ops: dict[Place, dict[str, None]] = {}
    for row, head in sheet.rows():
        rest = _remainder(latency, head)
        if rest is not None:
            _put(sheet, rest, row)
            continue
        place, keys = _kind_of(latency, head)
        sheet.draft((place,), keys["op"] or "", keys=keys).rows.append(row)
        node_op = origins.op(head)
        if rows.kind[head] == "delegated" and node_op is not None and not origins[head].inserted:
            graph_ops.setdefault((place,), {})[node_op] = None
    for place, found in graph_ops.items():
        sheet.drafts[place].detail = listed(list(found), _MOST)
    return sheet.rollup()


def _kind_of(latency: MethodLatency, head: int) -> tuple[Hashable, dict[str, str | None]]:
    """What tells types of operators apart, and the keys of one."""
    rows = latency.rows
    inside = rows.kind[head] == "delegated"
    name = _NUMBER.sub("", rows.op[head] or rows.event[head]) or "(no name)"
    backend = rows.backend[head] if inside else None
    return (name, inside, backend), {"op": name, "backend": backend}


def by_category(latency: MethodLatency, origins: Origins) -> Rollup:
    """Time by category of work, with the operator types of each under it."""
    sheet = Sheet("category", latency, origins)
    rows = latency.rows
    for row, head in sheet.rows():
        rest = None if rows.kind[head] == "control" else _remainder(latency, head)
        if rest is not None:
            _put(sheet, rest, row)
            continue
        category = "control"
        if rows.kind[head] != "control":
            category = category_of_event(rows.event[head], rows.op[head], origins.op(head))
        sheet.draft((category,), category, keys={"category": category})
        place, keys = _kind_of(latency, head)
        draft = sheet.draft(
            (category, place), keys["op"] or "", keys={"category": category, **keys}
        )
        draft.rows.append(row)
    return sheet.rollup()


def _remainder(latency: MethodLatency, head: int) -> Remainder | None:
    """Why a row has no operator to count with; None: it has one."""
    rows = latency.rows
    if rows.kind[head] == "delegate":
        return of_delegate_call(latency, head)
    if rows.kind[head] == "operator" and rows.op[head] is None:
        return _UNNAMED if rows.event[head] == "OPERATOR_CALL" else None
    return of_kind(rows.kind[head])


def _put(sheet: Sheet, rest: Remainder, row: int) -> None:
    draft = sheet.draft((rest.name,), rest.name, remainder=True, detail=rest.detail)
    draft.rows.append(row)
