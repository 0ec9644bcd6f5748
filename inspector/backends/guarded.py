"""Plug-ins asked with care: what a stranger's code raises or gives back wrong is its own fault."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from etscope.etdump.columns import Bytes
from etscope.etdump.errors import PluginFault, TraceError
from etscope.inspector.backends.operations import Attribution, Confidence, Operations
from etscope.inspector.backends.weights import WeightReader, Weights

if TYPE_CHECKING:
    from etscope.inspector.backends import Backend

Answer = TypeVar("Answer")


def asked(plug_in: object, name: str, what: str, ask: Callable[[], Answer]) -> Answer:
    """What a plug-in answers.

    Args:
        name: the backend's id.
        what: the member that is asked.

    Raises:
        PluginFault: it raised what is no TraceError; the text names the plug-in and the backend.
    """
    try:
        return ask()
    except TraceError:
        raise
    except Exception as error:
        raise fault(plug_in, name, what, f"{type(error).__name__}: {error}") from error


def fault(plug_in: object, name: str, what: str, text: str) -> PluginFault:
    """The error that says whose fault it is."""
    kind = type(plug_in)
    return PluginFault(
        f"the plug-in {kind.__module__}.{kind.__qualname__} for {name} failed in {what}: {text}"
    )


def operations_of(backend: Backend, name: str, blob: Bytes) -> Operations:
    """What a delegate runs, with columns that fit each other.

    Raises:
        TraceError: the bytes are damaged; offsets are those in the blob.
        PluginFault: the plug-in failed, or what it gave does not fit together.
    """
    found = asked(backend, name, "operations", lambda: backend.operations(blob))
    wrong = asked(backend, name, "operations", lambda: _wrong_operations(found))
    if wrong:
        raise fault(backend, name, "operations", wrong)
    return found


def weights_of(backend: Backend, name: str, blob: Bytes, operations: int) -> Weights | None:
    """Which of that many operations read which constants; None: the plug-in does not tell.

    Raises:
        TraceError: the bytes are damaged; offsets are those in the blob.
        PluginFault: the plug-in failed, or what it gave does not fit together.
    """
    if not isinstance(backend, WeightReader):
        return None
    reader = backend
    found = asked(backend, name, "weights", lambda: reader.weights(blob))
    wrong = asked(backend, name, "weights", lambda: _wrong_weights(found, operations))
    if wrong:
        raise fault(backend, name, "weights", wrong)
    return found


def attribution_of(
    backend: Backend, events: Sequence[str | int], operations: Operations
) -> Attribution:
    """Which operation each event reports: a row per event, every row one of the operations.

    Raises:
        TraceError: the plug-in cannot tell.
        PluginFault: it failed, or what it gave does not fit the events or operations.
    """
    name = operations.backend
    found = asked(backend, name, "attribute", lambda: backend.attribute(events, operations))
    wrong = asked(
        backend, name, "attribute", lambda: _wrong_attribution(found, len(events), len(operations))
    )
    if wrong:
        raise fault(backend, name, "attribute", wrong)
    return found


def resolution_of(backend: Backend, name: str) -> float | None:
    """The step of a backend's clock in nanoseconds; None where it does not tell one.

    Raises:
        PluginFault: what it tells is no length of time.
    """
    step = asked(backend, name, "resolution_ns", lambda: backend.resolution_ns)
    if step is None:
        return None
    if not isinstance(step, (int, float, np.number)) or not 0 < step < math.inf:
        raise fault(backend, name, "resolution_ns", f"{step!r} is no length of time")
    return float(step)


def _wrong_operations(found: Any) -> str:
    """What does not fit in the operations of a delegate; "": all of it does."""
    if not isinstance(found, Operations):
        return f"it gave {_kind(found)} instead of Operations"
    count = len(found.kind)
    columns = {
        "handle": found.handle,
        "inserted": found.inserted,
        "foldable": found.foldable,
        "detail": found.detail,
    }
    for name in ("stands_for", "quantized"):
        # Empty where the plug-in does not tell.
        told = getattr(found, name, ())
        columns |= {name: told} if len(told) else {}
    wrong = _unlike(columns, count, "operations") or _no_numbers({"handle": found.handle})
    if wrong:
        return wrong
    if not all(isinstance(text, str) for text in (found.backend, *found.kind, *found.detail)):
        return "its names, kinds and details are not all texts"
    return _wrong_edges("inputs", found.inputs, found.input, count) or _wrong_edges(
        "outputs", found.outputs, found.output, count
    )


def _wrong_edges(name: str, edges: Any, values: Any, count: int) -> str:
    wrong = _unlike({name: edges}, count + 1, "edges") or _no_numbers({name: edges})
    if wrong:
        return wrong
    steps = np.diff(edges)
    if edges[0] != 0 or (steps < 0).any() or edges[-1] > len(values):
        return f"{name} points outside of its values"
    return ""


def _wrong_weights(found: Any, operations: int) -> str:
    if not isinstance(found, Weights):
        return f"it gave {_kind(found)} instead of Weights"
    columns = {"operation": found.operation, "size_bytes": found.size_bytes}
    wrong = _unlike(columns, len(found.key), "keys") or _no_numbers(columns)
    return wrong or _outside(found.operation, 0, operations)


def _wrong_attribution(found: Any, events: int, operations: int) -> str:
    if not isinstance(found, Attribution):
        return f"it gave {_kind(found)} instead of an Attribution"
    columns = {
        "operation": found.operation,
        "handle": found.handle,
        "confidence": found.confidence,
    }
    wrong = _unlike({**columns, "reason": found.reason}, events, "events") or _no_numbers(columns)
    if wrong:
        return wrong
    if np.setdiff1d(found.confidence, [int(word) for word in Confidence]).size:
        return "a confidence is none of Confidence"
    return _outside(found.operation, -1, operations)


def _unlike(columns: dict[str, Any], count: int, of: str) -> str:
    """The first column that has another length."""
    for name, column in columns.items():
        if len(column) != count:
            return f"{name} has {len(column)} rows for {count} {of}"
    return ""


def _no_numbers(columns: dict[str, Any]) -> str:
    """The first column that is no flat array of whole numbers."""
    for name, column in columns.items():
        if not isinstance(column, np.ndarray) or column.ndim != 1 or column.dtype.kind not in "iu":
            return f"{name} is no array of whole numbers"
    return ""


def _outside(rows: Any, least: int, operations: int) -> str:
    out = (rows < least) | (rows >= operations)
    return f"it names operation {rows[out][0]} of {operations}" if out.any() else ""


def _kind(found: object) -> str:
    return "nothing" if found is None else f"a {type(found).__name__}"
