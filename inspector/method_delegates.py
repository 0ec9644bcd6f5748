"""Tell methods apart by what runs inside of their delegates.

Two methods that are one delegate call each look alike in a trace, but for the
operations that the backend timed.
"""

from __future__ import annotations

import numpy as np

from etscope.etdump.columns import EventShape, Kind, Trace
from etscope.etdump.errors import TraceError
from etscope.etdump.program import Program
from etscope.inspector.backends import attribute, delegate_operations
from etscope.inspector.backends.operations import Confidence


def delegated_fit(trace: Trace, shape: EventShape, program: Program, method: str) -> float:
    """The share of a run's events inside delegates that a method's delegates explain, 0 to 1.

    NaN where there are none, or no plug-in reads the delegates.
    """
    explained, seen = 0.0, 0
    table = program.method(method).instructions
    for (chain, number), events in _delegated(trace, shape).items():
        at = np.flatnonzero((table.chain == chain) & (table.instruction == number))
        seen += len(events)
        try:
            operations = delegate_operations(program, method, int(at[0])) if len(at) else None
        except TraceError:
            continue
        if operations is not None:
            sure = attribute(events, operations).confidence
            # An operation without an event, and the other way round, speak against it alike.
            found = int((sure >= Confidence.ALIGNED).sum())
            explained += found * found / max(found, len(operations), len(events))
    return explained / seen if seen and explained else float("nan")


def _delegated(trace: Trace, shape: EventShape) -> dict[tuple[int, int], list[int | str]]:
    """(chain, instruction) → the ids that a backend logged there, in order."""
    inside = (shape.kind == Kind.PROFILE) & ((shape.delegate_id >= 0) | (shape.delegate_name >= 0))
    found: dict[tuple[int, int], list[int | str]] = {}
    for row in np.flatnonzero(inside).tolist():
        place = (int(shape.chain[row]), int(shape.instruction[row]))
        name = trace.text(int(shape.delegate_name[row]))
        event = int(shape.delegate_id[row]) if shape.delegate_id[row] >= 0 else name or ""
        found.setdefault(place, []).append(event)
    return found
