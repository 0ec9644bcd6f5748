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
    """How well a run's events inside delegates fit a method's delegates, 0 to 1.

    The share of the events that are an operation, or that of the operations (but for
    those that may be run together with a neighbour) that have an event, whichever
    is less. NaN where there are no events, or no plug-in reads the delegates.
    """
    events = told = expected = met = 0
    table = program.method(method).instructions
    for (chain, number), ids in _delegated(trace, shape).items():
        at = np.flatnonzero((table.chain == chain) & (table.instruction == number))
        try:
            operations = delegate_operations(program, method, int(at[0])) if len(at) else None
        except TraceError:
            continue
        if operations is None:
            continue
        found = attribute(ids, operations)
        # An event that only takes the place that is left over says nothing of the delegate.
        operation = np.where(found.confidence >= Confidence.ALIGNED, found.operation, -1)
        events += len(ids)
        told += int((operation >= 0).sum())
        alone = np.flatnonzero(~operations.foldable)
        expected += len(alone)
        met += int(np.isin(alone, operation).sum())
    if not events:
        return float("nan")
    return min(told / events, met / expected if expected else 1.0)


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
