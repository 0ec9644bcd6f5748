"""Time that belongs to no entry: around the operations of delegates, control, what is unknown."""

from __future__ import annotations

from typing import NamedTuple

from etscope.inspector.correlate.how import How
from etscope.inspector.latency import MethodLatency
from etscope.inspector.rollups.table import Sheet


class Remainder(NamedTuple):
    """Why a row is in no entry, as a name in parentheses, and more about it."""

    name: str
    detail: str


#: What the overhead of a delegate call is.
AROUND_OPERATIONS = "outside of the operations inside: entering it, copies, waiting"
AROUND = Remainder("(around operators)", "events of the runtime that run no operator")
CONTROL = Remainder("(control flow)", "jumps, moves and frees of the runtime")


def backend_of(latency: MethodLatency, call: int) -> str:
    """What a delegate is called."""
    return latency.rows.backend[call] or "delegate"


def breaks_down(latency: MethodLatency, call: int) -> bool:
    """Whether a delegate call has events of the operations inside it."""
    rows = latency.rows
    return any(rows.kind[row] == "delegated" for row in rows.children(call).tolist())


def of_delegate_call(latency: MethodLatency, call: int) -> Remainder:
    """The own time of a delegate call."""
    backend = backend_of(latency, call)
    if breaks_down(latency, call):
        return Remainder(f"({backend} overhead)", AROUND_OPERATIONS)
    return Remainder(f"({backend}, not timed inside)", "the backend logged no operations")


def of_kind(kind: str) -> Remainder | None:
    """What is no operator by its kind; None: it is one, or a delegate call."""
    if kind == "control":
        return CONTROL
    return None if kind in ("operator", "kernel", "delegated", "delegate") else AROUND


def not_mapped(sheet: Sheet, row: int, what: str) -> Remainder:
    """A row without the module or source line that was asked for."""
    origin = sheet.origins[row]
    if origin.how >= How.HANDLE:
        return Remainder(f"(no {what})", f"the graph has no {what} for these")
    # What is particular to one instruction would make as many remainders.
    reason = origin.reason.partition(":")[0]
    return Remainder(f"(not mapped: {reason or 'no reason is known'})", origin.reason)
