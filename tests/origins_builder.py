"""Latencies and origins row for row, built by hand in the words of a test.

rows(("Method::execute", 0, 100), ("operator", 0, 10, "layers.0.attention"))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from latency_reports import latency_of
from traces import event, inference

from etscope.etdump.program_graph import Frame, Module
from etscope.inspector.backends.operations import Confidence
from etscope.inspector.correlate.how import How
from etscope.inspector.correlate.origins import Origin, Origins, origins_of
from etscope.inspector.latency import MethodLatency
from etscope.inspector.operators import OperatorRows
from etscope.inspector.statistics import Statistics


@dataclass(frozen=True)
class Row:
    """One event of a method: what it is, what lies around it, and where it comes from."""

    kind: str
    total: float
    parent: int = 0
    op: str | None = None
    module: str | None = None  # path of the innermost; None: not mapped
    line: int | None = None
    calls: float = 1.0
    backend: str | None = None
    call: int = 0  # of the innermost module
    instruction: int = 0
    reason: str = ""
    confidence: Confidence = Confidence.EXACT


def method(total: float) -> Row:
    """The method itself: always the first row."""
    return Row("method", total, parent=-1)


def operator(op: str, total: float, module: str | None = None, **more: object) -> Row:
    """An operator right under the method, in the module with this path."""
    return Row("operator", total, op=op, module=module, **more)  # type: ignore[arg-type]


def modules_of(path: str, call: int = 0) -> tuple[Module, ...]:
    """The stack of a module whose callers are the prefixes of its path; "" is the root.

    Numbers are no modules that are called by their list: "layers.0" stands right under the root.
    """
    parts = path.split(".") if path else []
    paths = [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
    called = [p for p in paths if p == path or not _is_list(p, paths)]
    stack = [Module("", "model.Net", 0)]
    stack += [Module(p, f"model.{p.rpartition('.')[2].title()}", 0) for p in called]
    return (*stack[:-1], stack[-1]._replace(call=call))


def _is_list(path: str, paths: Sequence[str]) -> bool:
    below = [p for p in paths if p.rpartition(".")[0] == path]
    return any(p.rpartition(".")[2].isdigit() for p in below)


def origin_of(row: Row) -> Origin:
    """Where a row comes from, as the join would say it."""
    if row.kind in ("method", "control", "other") and row.module is None:
        return Origin(How.NO_OPERATOR, Confidence.NONE, "around the instructions")
    if row.module is None and row.line is None:
        return Origin(How.NONE, Confidence.NONE, row.reason or "there is no ETRecord")
    how = How.DELEGATE if row.kind == "delegate" else How.HANDLE
    source = (
        None if row.line is None else Frame("model.py", row.line, "forward", f"line {row.line}")
    )
    return Origin(
        how,
        row.confidence,
        "",
        nodes=(1, 2) if how == How.DELEGATE else (1,),
        modules=() if row.module is None else modules_of(row.module, row.call),
        frames=() if source is None else (source,),
        source=source,
    )


def latency_and_origins(*rows: Row, unit: str = "ms") -> tuple[MethodLatency, Origins]:
    """A method with these rows, and where they come from."""
    total = np.array([row.total for row in rows], np.float64)
    parent = np.array([row.parent for row in rows], np.int64)
    inner = np.zeros(len(rows))
    np.add.at(inner, parent[parent >= 0], total[parent >= 0])
    none = np.full(len(rows), np.nan)
    tree = OperatorRows(
        event=[row.op or row.kind for row in rows],
        op=[row.op for row in rows],
        kind=[row.kind for row in rows],
        backend=[row.backend for row in rows],
        chain=np.zeros(len(rows), np.int64),
        instruction=np.array([row.instruction for row in rows], np.int64),
        delegate_id=[None] * len(rows),
        parent=parent,
        calls=np.array([row.calls for row in rows], np.float64),
        statistics=Statistics(*([none] * len(Statistics.__dataclass_fields__))),
        total=total,
        inner=inner,
    )
    return _latency(tree, unit), origins_of([origin_of(row) for row in rows], None)


def _latency(rows: OperatorRows, unit: str) -> MethodLatency:
    return MethodLatency(**{**vars(_any_latency()), "rows": rows, "unit": unit})


@lru_cache
def _any_latency() -> MethodLatency:
    """Only its rows are of interest, which others take the place of."""
    return latency_of(inference(event("Method::execute", 0, 1)))
