"""What each event of a method computes and moves: from the program, the graph, or not known."""

from __future__ import annotations

import re
from functools import cached_property
from typing import NamedTuple

from etscope.etdump.program import Program
from etscope.inspector.backends import resolution_ns
from etscope.inspector.categories import category_of
from etscope.inspector.correlate.origins import Origins
from etscope.inspector.memory.touches import touches_of
from etscope.inspector.operators import OperatorRows
from etscope.inspector.roofline.bounds import OVERHEAD, UNKNOWN, Bound
from etscope.inspector.roofline.flops import Work, flops_of
from etscope.inspector.roofline.graph_calls import GraphCalls
from etscope.inspector.roofline.moved_bytes import Moved, moved_by
from etscope.inspector.roofline.program_calls import ProgramCalls
from etscope.inspector.wording import counted, figure

_NOTHING = Moved(None, None)
_TRANSPOSED = re.compile(r"deconv|conv\w*transpose|transpose\w*conv", re.I)
UPPER_BOUND = "shapes are upper bounds"
EXAMPLE = "shapes are those of the example inputs"
_INSERTED = "the export added it, and the record has no shapes of it"
_COPIES = "the export added it: its bytes are taken to be those of the tensor beside it"
_AROUND = "what the call takes besides its operations"


class EventWork(NamedTuple):
    """What one call of an operator, or of an operation in a delegate, does: estimated."""

    work: Work
    moved: Moved
    upper_bound: bool = False
    note: str = ""  # what to know about the figures; "": nothing
    bound: Bound | None = None  # where it follows from what the event is


def _unknown(reason: str) -> EventWork:
    return EventWork(Work(None, reason=reason), _NOTHING)


class WorkOfEvents:
    """The work of the rows of one tree of events."""

    def __init__(self, program: Program | None, rows: OperatorRows, origins: Origins) -> None:
        self._program, self._rows, self._origins = program, rows, origins
        self._operations: dict[int, list[int]] = {}  # of each delegate call, in order
        for row, kind in enumerate(rows.kind):
            if kind == "delegated":
                self._operations.setdefault(int(rows.parent[row]), []).append(row)

    def of(self, row: int) -> EventWork:
        """The work of one call of a row."""
        kind = self._rows.kind[row]
        if kind == "delegated":
            return self._operation(row)
        if kind == "delegate":
            return self._around(row) if row in self._operations else self._whole(row)
        if kind == "control":
            return EventWork(Work(0), Moved(0, 0))
        if kind in ("operator", "kernel"):
            return self._operator(row)
        return _unknown("an event of the runtime, not of an operator")

    @cached_property
    def _calls(self) -> ProgramCalls | None:
        plan = self._origins.plan
        if plan is None or self._program is None:
            return None
        return ProgramCalls(plan, touches_of(self._program, plan))

    @cached_property
    def _graph(self) -> GraphCalls | None:
        graph = self._origins.graph
        if graph is None:
            return None
        origins = [self._origins[row] for rows in self._operations.values() for row in rows]
        return GraphCalls(graph, {of.nodes[0] for of in origins if of.nodes and not of.inserted})

    def _operator(self, row: int) -> EventWork:
        places = self._origins.instruction
        instruction = -1 if places is None else int(places[row])
        if self._calls is not None and instruction >= 0:
            call = self._calls.call(instruction)
            if call is not None:
                bound = self._calls.is_bound(instruction)
                note = UPPER_BOUND if bound else ""
                return EventWork(flops_of(call), moved_by(call), bound, note)
        return self._nodes(row, fused=False)

    def _operation(self, row: int) -> EventWork:
        origin = self._origins[row]
        if not origin.inserted:
            return self._nodes(row, fused=True)
        before = self._is_before(row)
        if category_of(self._rows.event[row]) != "data movement":
            return _unknown(_INSERTED)
        if self._graph is None or before is None:
            return EventWork(Work(0), _NOTHING, note=_INSERTED)
        return EventWork(Work(0), self._graph.copied(origin.nodes[0], before=before), note=_COPIES)

    def _is_before(self, row: int) -> bool | None:
        """Whether an inserted operation comes before the one whose node it is named after."""
        node = self._origins[row].nodes[:1]
        for other in self._operations[int(self._rows.parent[row])]:
            origin = self._origins[other]
            if node and origin.nodes[:1] == node and not origin.inserted:
                return row < other
        return None

    def _around(self, row: int) -> EventWork:
        own = float(self._rows.total[row] - self._rows.inner[row])
        if own > 0:
            bound = Bound(OVERHEAD, None, _AROUND + self._rounding(row))
            return EventWork(Work(0), Moved(0, 0), bound=bound)
        why = "its operations, measured one by one, add up to more than the call"
        return EventWork(Work(0), Moved(0, 0), bound=Bound(UNKNOWN, None, why))

    def _rounding(self, row: int) -> str:
        """How much of it may be what a coarse clock leaves out of the operations."""
        operations = self._operations[row]
        step = resolution_ns(self._rows.backend[row])
        if step is None:
            return ""
        most = figure(len(operations) * step / 1000)
        return f", up to {most} µs of it the rounding of {counted(len(operations), 'time')}"

    def _whole(self, row: int) -> EventWork:
        found = self._nodes(row, fused=True)
        if found.work.operations is None and not found.work.reason:
            return found
        note = "all operators of the delegate; bytes are those that go in and out of it"
        return found._replace(note="; ".join(filter(None, (found.note, note))))

    def _nodes(self, row: int, *, fused: bool) -> EventWork:
        nodes = self._origins[row].nodes
        if self._graph is None or not nodes:
            reason = self._origins[row].reason
            return _unknown(reason or "there is no shape of its tensors")
        transposed = True if _TRANSPOSED.search(self._rows.event[row]) else None
        found = self._graph.group(nodes, fused=fused, transposed=transposed)
        note = EXAMPLE if found.from_example else ""
        return EventWork(found.work, found.moved, note=note)
