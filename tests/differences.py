"""The first difference between two traces, named; what a round trip must not have."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Trace

_EVENT_FIELDS = ("kind", "chain", "instruction", "delegate_id", "start", "end")


def _texts(trace: Trace, index: NDArray[np.int32]) -> NDArray[Any]:
    table = np.array([*trace.strings, None], dtype=object)
    return table[index]


def _columns(trace: Trace) -> dict[str, NDArray[Any]]:
    """Every column that says something, with texts in place of indices."""
    events, values, tensor = trace.events, trace.values, trace.values.tensor
    metadata, allocations = trace.metadata, trace.allocations
    blobs = np.empty(len(metadata), dtype=object)
    blobs[:] = [metadata.blob(row) for row in range(len(metadata))]
    out = {
        "version": np.array([trace.version]),
        "run name": _texts(trace, trace.runs.name),
        "run bundled_input": trace.runs.bundled_input,
        "run first_event": trace.runs.first_event,
        "event name": _texts(trace, events.name),
        "event delegate_name": _texts(trace, events.delegate_name),
        "metadata event": metadata.event,
        "metadata blob": blobs,
        "allocator name": _texts(trace, allocations.allocator_name),
        "allocator run": allocations.allocator_run,
    }
    groups = (
        ("event", events, _EVENT_FIELDS),
        ("value", values, ("event", "kind", "is_output", "integer", "real", "tensors")),
        ("tensor", tensor, ("scalar_type", "offset", "dims", "sizes", "strides")),
        ("allocation", allocations, ("event", "allocator", "size_bytes")),
    )
    for what, columns, names in groups:
        out |= {f"{what} {name}": getattr(columns, name) for name in names}
    return out


def difference(one: Trace, other: Trace) -> str | None:
    """Say where two traces first differ; None: they say the same.

    Strings are compared as text and shapes by their events. Not compared: the
    order of strings and shapes, unused strings, the path, and losses.
    """
    for (what, a), b in zip(_columns(one).items(), _columns(other).values(), strict=True):
        if a.dtype != b.dtype:
            return f"{what}: {a.dtype} and {b.dtype}"
        if len(a) != len(b):
            return f"{what}: {len(a)} and {len(b)} rows"
        unequal = a != b
        if a.dtype.kind == "f":
            unequal &= ~(np.isnan(a) & np.isnan(b))
        if unequal.any():
            row = int(np.argmax(unequal))
            return f"{what}, row {row}: {a[row]!r} and {b[row]!r}"
    return None
