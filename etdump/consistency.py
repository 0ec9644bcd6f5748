"""A trace that contradicts itself is refused before any of it is written."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints, Kind, Trace, ValueKind
from etscope.etdump.errors import CorruptTrace

_CURE = "Correct the columns that the trace was made of."


def impossible(trace: Trace, message: str) -> CorruptTrace:
    """The error to raise for columns that cannot be written."""
    return CorruptTrace(message, path=trace.path, cure=_CURE)


class _Check:
    """Collects nothing: the first contradiction ends it."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    def that(self, holds: bool, message: str) -> None:
        if not holds:
            raise impossible(self.trace, message)

    def edges(self, edges: Ints, rows: int, items: int, what: str) -> None:
        fits = len(edges) == rows + 1 and int(edges[0]) == 0 and int(edges[-1]) == items
        self.that(
            fits and bool((edges[1:] >= edges[:-1]).all()),
            f"the boundaries of {what} must rise from 0 to {items} in {rows} steps",
        )

    def rows(self, event: Ints, what: str) -> None:
        inside = not len(event) or (int(event[0]) >= 0 and int(event[-1]) < len(self.trace))
        self.that(
            inside and bool((event[1:] > event[:-1]).all()),
            f"the rows of {what} must name events of the trace, in rising order",
        )

    def lengths(self, what: str, count: int, *columns: int) -> None:
        self.that(
            all(length == count for length in columns),
            f"the columns of {what} differ in length: {count}, {', '.join(map(str, columns))}",
        )


def check(trace: Trace) -> None:
    """Refuse columns that cannot be written as one file.

    Raises:
        CorruptTrace: lengths, boundaries or rows that contradict each other. What
            only shows event by event is found while writing.
    """
    at = _Check(trace)
    runs = trace.runs
    at.lengths("the events", len(trace.start), len(trace.end))
    at.lengths("the runs", len(runs), len(runs.name), len(runs.bundled_input))
    at.edges(runs.first_event, len(runs), len(trace), "the runs")
    _check_shapes(at)
    _check_values(at)
    _check_metadata(at)
    allocations = trace.allocations
    at.rows(allocations.event, "the allocations")
    at.lengths(
        "the allocations",
        len(allocations),
        len(allocations.allocator),
        len(allocations.size_bytes),
    )
    owners = allocations.allocator_run
    at.lengths("the allocators", len(owners), len(allocations.allocator_name))
    inside = not len(owners) or (int(owners[0]) >= 0 and int(owners[-1]) < len(runs))
    at.that(
        inside and bool((owners[1:] >= owners[:-1]).all()),
        "the allocators must name runs of the trace, in rising order",
    )


def _check_shapes(at: _Check) -> None:
    trace, shape = at.trace, at.trace.runs.shape
    low, high = (int(shape.min()), int(shape.max())) if len(shape) else (0, -1)
    at.that(low >= 0 and high < len(trace.shapes), "a run names an event shape that is not there")
    lengths = np.array([len(shape.kind) for shape in trace.shapes], np.int64)
    wrong = lengths[shape] != np.diff(trace.runs.first_event)
    at.that(
        not wrong.any(), f"run {int(wrong.argmax() if len(wrong) else 0)} differs from its shape"
    )


def _check_values(at: _Check) -> None:
    values, tensor = at.trace.values, at.trace.values.tensor
    at.rows(values.event, "the debug values")
    columns = (values.kind, values.is_output, values.integer, values.real)
    at.lengths("the debug values", len(values), *(len(c) for c in columns))
    at.edges(values.tensors, len(values), len(tensor), "the tensors")
    at.lengths("the tensors", len(tensor), len(tensor.scalar_type))
    at.edges(tensor.dims, len(tensor), len(tensor.sizes), "the tensor sizes")
    at.lengths("the tensor sizes", len(tensor.sizes), len(tensor.strides))
    owned = np.diff(values.tensors)
    most = np.where(values.kind == ValueKind.TENSOR, 1, 0)
    at.that(
        bool(((owned <= most) | (values.kind == ValueKind.TENSOR_LIST)).all()),
        "a debug value owns more tensors than its kind can hold",
    )
    odd = (values.kind == ValueKind.BOOL) & ((values.integer < 0) | (values.integer > 255))
    at.that(not odd.any(), "a Bool does not fit in its byte")


def _check_metadata(at: _Check) -> None:
    metadata = at.trace.metadata
    at.rows(metadata.event, "the metadata")
    at.lengths("the metadata", len(metadata), len(metadata.start), len(metadata.length))
    inside = (metadata.start >= 0) & (metadata.length >= 0)
    inside &= metadata.start <= len(metadata.data) - metadata.length
    at.that(bool(inside.all()), "metadata lies outside the buffer it was read from")


def check_kinds(trace: Trace, first: int, kind: NDArray[np.uint8], rows: Ints, which: Kind) -> None:
    """Check that the rows of a table are just the events of their kind, from event `first` on."""
    events = first + np.flatnonzero(kind == which)
    if not np.array_equal(events, rows):
        odd = np.setxor1d(events, rows)
        raise impossible(
            trace, f"event {int(odd[0])} and the {which.name.lower()} columns disagree"
        )
