"""The debug buffer: logged values as lazy numpy views on the mapped file.

The buffer has no header, no length and no checksum: a tensor is found only
through its row in `Trace.values.tensor`. Blobs are aligned in the memory of the
runtime, not in the file, so views may be unaligned. A dense tensor's bytes lie
in stride order; a channels-last tensor read without its strides is scrambled.
"""

from __future__ import annotations

from math import prod
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Bytes, Ints, TensorColumns, Trace, ValueKind
from etscope.etdump.errors import CorruptTrace, TraceError, Truncated
from etscope.etdump.mapping import mapped
from etscope.etdump.scalar_types import SCALAR_TYPES, numpy_dtype
from etscope.etdump.tensor_flaws import (
    BROADCAST_LIMIT,
    FLAW_TEXT,
    MAX_DIMENSIONS,
    Flaw,
    ends_of,
    flaws_of,
)


class DebugBuffer:
    """A debug buffer, mapped read-only.

    Attributes:
        data: all bytes, shape (size,), not writable.
        path: the file, or None when it came as bytes.
    """

    def __init__(self, source: str | PathLike[str] | bytes | Bytes) -> None:
        self.data, self.path = mapped(source)

    def __len__(self) -> int:
        return len(self.data)


def check(trace: Trace, buffer: DebugBuffer) -> NDArray[np.uint8]:
    """For each tensor row the `Flaw` that keeps it from being read; never raises for one value."""
    return flaws_of(trace.values.tensor, len(buffer))


def used_bytes(trace: Trace) -> int:
    """Bytes of the debug buffer that the trace refers to: the end of its last tensor.

    The runtime writes the whole buffer that it was given; what lies behind this
    byte may be cut off. Rows that make no sense in any buffer do not count.
    """
    tensors = trace.values.tensor
    sane = flaws_of(tensors, 2**50) == Flaw.NONE
    end, filled = ends_of(tensors)
    return int(end[sane & filled].max(initial=0.0))


def extents(trace: Trace) -> tuple[Ints, Ints]:
    """(first byte, byte behind the last) of each tensor row; -1 where it has no bytes to read."""
    tensors = trace.values.tensor
    end, filled = ends_of(tensors)
    fine = filled & (flaws_of(tensors, 2**50) == Flaw.NONE)
    stop = np.where(fine, end, -1.0).astype(np.int64)
    return np.where(fine, tensors.offset, -1), stop


def tensor(trace: Trace, buffer: DebugBuffer, row: int) -> NDArray[Any]:
    """One logged tensor as a read-only view of the mapped buffer: no bytes are copied.

    Args:
        row: row of `trace.values.tensor`.

    Raises:
        Truncated: the data lies behind the end of the buffer.
        CorruptTrace: the row cannot be true, see `Flaw`.
        MissingExtra: bfloat16 or float8, and ml_dtypes is not installed.
    """
    tensors = trace.values.tensor
    if not 0 <= row < len(tensors):
        raise IndexError(f"tensor row {row} of {len(tensors)}")
    view = _plain_view(tensors, buffer, row)
    return _careful_view(trace, buffer, row) if view is None else view


def _plain_view(tensors: TensorColumns, buffer: DebugBuffer, row: int) -> NDArray[Any] | None:
    """The view of an ordinary tensor, with Python's numbers, which neither wrap nor cost much.

    None for anything else: `_careful_view` knows what to say.
    """
    sizes, strides = tensors.shape_of(row)
    number, offset = int(tensors.scalar_type[row]), int(tensors.offset[row])
    if number not in SCALAR_TYPES or offset < 0 or len(sizes) > MAX_DIMENSIONS:
        return None
    if min(sizes, default=1) < 1 or min(strides, default=0) < 0:
        return None
    width = SCALAR_TYPES[number].item_size
    reach = 1 + sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True))
    fits = offset + reach * width <= len(buffer)
    if not fits or prod(sizes) * width > max(len(buffer), BROADCAST_LIMIT):
        return None
    return _view(buffer, number, offset, sizes, strides)


def _careful_view(trace: Trace, buffer: DebugBuffer, row: int) -> NDArray[Any]:
    """The view of a tensor by the rules of `check`, or the error that says which one it breaks."""
    one = _row(trace.values.tensor, row)
    flaw = Flaw(int(flaws_of(one, len(buffer))[0]))
    if flaw is not Flaw.NONE:
        raise _error(trace, buffer, row, flaw)
    number = int(one.scalar_type[0])
    sizes, strides = one.shape_of(0)
    if 0 in sizes:
        return np.ndarray(sizes, numpy_dtype(number), buffer=b"")
    return _view(buffer, number, int(one.offset[0]), sizes, strides)


def _view(
    buffer: DebugBuffer,
    number: int,
    offset: int,
    sizes: tuple[int, ...],
    strides: tuple[int, ...],
) -> NDArray[Any]:
    dtype = numpy_dtype(number)
    # The stride of a dimension of size 1 is never used; a huge one would overflow in numpy.
    steps = tuple(
        0 if size == 1 else stride * dtype.itemsize
        for size, stride in zip(sizes, strides, strict=True)
    )
    return np.ndarray(sizes, dtype, buffer=buffer.data, offset=offset, strides=steps)


def value_of(
    trace: Trace, buffer: DebugBuffer, row: int
) -> NDArray[Any] | list[NDArray[Any]] | int | float | bool | None:
    """The value of one debug event; tensors are views as in `tensor`.

    Args:
        row: row of `trace.values`.

    Raises:
        TraceError: as `tensor`, or the kind of the value is not one that the format stores.
    """
    values = trace.values
    kind = int(values.kind[row])
    if kind == ValueKind.NULL:
        return None
    if kind == ValueKind.INT:
        return int(values.integer[row])
    if kind == ValueKind.BOOL:
        return bool(values.integer[row])
    if kind in (ValueKind.FLOAT, ValueKind.DOUBLE):
        return float(values.real[row])
    rows = range(int(values.tensors[row]), int(values.tensors[row + 1]))
    if kind == ValueKind.TENSOR_LIST:
        return [tensor(trace, buffer, item) for item in rows]
    if kind == ValueKind.TENSOR and len(rows) == 1:
        return tensor(trace, buffer, rows[0])
    event = int(values.event[row])
    what = "a tensor, but none is there" if kind == ValueKind.TENSOR else f"of kind {kind}"
    raise CorruptTrace(f"the value logged by event {event} is {what}", path=trace.path)


def _row(tensors: TensorColumns, row: int) -> TensorColumns:
    first, last = int(tensors.dims[row]), int(tensors.dims[row + 1])
    return TensorColumns(
        scalar_type=tensors.scalar_type[row : row + 1],
        offset=tensors.offset[row : row + 1],
        dims=np.array([0, last - first], dtype=np.int64),
        sizes=tensors.sizes[first:last],
        strides=tensors.strides[first:last],
    )


def _error(trace: Trace, buffer: DebugBuffer, row: int, flaw: Flaw) -> TraceError:
    offset = int(trace.values.tensor.offset[row])
    message = f"tensor {row} of the trace cannot be read: {FLAW_TEXT[flaw]}"
    place = offset if offset >= 0 else None
    if flaw is Flaw.BEHIND_THE_END:
        return Truncated(
            message,
            path=buffer.path,
            offset=place,
            cure="Give the debug buffer of the same run, copied whole in binary mode.",
        )
    cure = "Give the debug buffer of the same run, or record the run again."
    return CorruptTrace(message, path=buffer.path, offset=place, cure=cure)
