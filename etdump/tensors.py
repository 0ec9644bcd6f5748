"""The debug buffer: logged values as lazy numpy views on the mapped file.

The buffer has no header, no length and no checksum: a tensor is found only
through its row in `Trace.values.tensor`. Blobs are aligned in the memory of the
runtime, not in the file, so views may be unaligned. A dense tensor's bytes lie
in stride order; a channels-last tensor read without its strides is scrambled.
"""

from __future__ import annotations

from enum import IntEnum
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Bytes, Ints, TensorColumns, Trace, ValueKind
from etscope.etdump.errors import CorruptTrace, TraceError, Truncated
from etscope.etdump.mapping import mapped
from etscope.etdump.scalar_types import item_sizes, numpy_dtype

#: A view may repeat elements (stride 0). It may then be larger than the buffer, up to this size,
#: so that a few bytes of a hostile file cannot ask for terabytes.
BROADCAST_LIMIT = 64 * 2**20

Reals = NDArray[np.float64]

_MAX_DIMENSIONS = 32
# Products are taken in float64, which does not wrap; below this they are exact integers.
_EXACT = 2.0**52


class Flaw(IntEnum):
    """Why a tensor cannot be read; `NONE` where it can."""

    NONE = 0
    UNKNOWN_TYPE = 1
    NEGATIVE_SIZE = 2
    TOO_MANY_DIMENSIONS = 3
    NOT_WRITTEN = 4
    NEGATIVE_OFFSET = 5
    NEGATIVE_STRIDE = 6
    BEHIND_THE_END = 7
    TOO_LARGE = 8


FLAW_TEXT: dict[Flaw, str] = {
    Flaw.NONE: "",
    Flaw.UNKNOWN_TYPE: "its scalar type is unknown",
    Flaw.NEGATIVE_SIZE: "a size is negative",
    Flaw.TOO_MANY_DIMENSIONS: f"it has more than {_MAX_DIMENSIONS} dimensions",
    Flaw.NOT_WRITTEN: "the runtime did not write its data",
    Flaw.NEGATIVE_OFFSET: "its offset is negative",
    Flaw.NEGATIVE_STRIDE: "a stride is negative",
    Flaw.BEHIND_THE_END: "its data ends behind the debug buffer",
    Flaw.TOO_LARGE: "it repeats elements to more bytes than the debug buffer could hold",
}


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


def _products(tensors: TensorColumns) -> tuple[Reals, Reals, Reals]:
    """Per tensor: elements, elements without empty dimensions, elements from first to last + 1."""
    rows = len(tensors)
    owner = np.repeat(np.arange(rows), np.diff(tensors.dims))
    sizes = tensors.sizes.astype(np.float64)
    count, extent = np.ones(rows), np.ones(rows)
    with np.errstate(over="ignore", invalid="ignore"):
        np.multiply.at(count, owner, sizes)
        np.multiply.at(extent, owner, np.maximum(sizes, 1.0))
        reach = np.bincount(
            owner, weights=(sizes - 1.0) * tensors.strides.astype(np.float64), minlength=rows
        )
    return count, extent, np.asarray(reach + 1.0, np.float64)


def _any_per_tensor(tensors: TensorColumns, flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    owner = np.repeat(np.arange(len(tensors)), np.diff(tensors.dims))
    return np.bincount(owner[flags], minlength=len(tensors)) > 0


def _ends(tensors: TensorColumns) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(byte behind the last one of each tensor, whether the tensor has bytes at all)."""
    count, _, span = _products(tensors)
    width = item_sizes(tensors.scalar_type).astype(np.float64)
    return tensors.offset + span * width, count != 0


def _flaws(tensors: TensorColumns, buffer_size: int) -> NDArray[np.uint8]:
    count, extent, _ = _products(tensors)
    width = item_sizes(tensors.scalar_type)
    end, filled = _ends(tensors)
    negative_size = _any_per_tensor(tensors, tensors.sizes < 0)
    negative_stride = _any_per_tensor(tensors, tensors.strides < 0)
    largest = float(max(buffer_size, BROADCAST_LIMIT))
    # Later rows win, so the most basic flaw comes last.
    rules = (
        (Flaw.TOO_LARGE, filled & ~(count * width <= largest)),
        (Flaw.BEHIND_THE_END, filled & ~(end <= buffer_size)),
        (Flaw.NEGATIVE_STRIDE, filled & negative_stride),
        (Flaw.NEGATIVE_OFFSET, filled & (tensors.offset < -1)),
        (Flaw.NOT_WRITTEN, filled & (tensors.offset == -1)),
        (Flaw.TOO_LARGE, ~filled & ~(extent * width < _EXACT)),
        (Flaw.TOO_MANY_DIMENSIONS, np.diff(tensors.dims) > _MAX_DIMENSIONS),
        (Flaw.NEGATIVE_SIZE, negative_size),
        (Flaw.UNKNOWN_TYPE, width == 0),
    )
    flaws = np.zeros(len(tensors), np.uint8)
    for flaw, where in rules:
        flaws[where] = flaw
    return flaws


def check(trace: Trace, buffer: DebugBuffer) -> NDArray[np.uint8]:
    """For each tensor row the `Flaw` that keeps it from being read; never raises for one value."""
    return _flaws(trace.values.tensor, len(buffer))


def used_bytes(trace: Trace) -> int:
    """Bytes of the debug buffer that the trace refers to: the end of its last tensor.

    The runtime writes the whole buffer that it was given; what lies behind this
    byte may be cut off. Rows that make no sense in any buffer do not count.
    """
    tensors = trace.values.tensor
    sane = _flaws(tensors, 2**50) == Flaw.NONE
    end, filled = _ends(tensors)
    return int(end[sane & filled].max(initial=0.0))


def tensor(trace: Trace, buffer: DebugBuffer, row: int) -> NDArray[Any]:
    """One logged tensor as a read-only view of the mapped buffer: no bytes are copied.

    Args:
        row: row of `trace.values.tensor`.

    Raises:
        Truncated: the data lies behind the end of the buffer.
        CorruptTrace: the row cannot be true, see `Flaw`.
        MissingExtra: bfloat16 or float8, and ml_dtypes is not installed.
    """
    one = _row(trace.values.tensor, row)
    flaw = Flaw(int(_flaws(one, len(buffer))[0]))
    if flaw is not Flaw.NONE:
        raise _error(trace, buffer, row, flaw)
    dtype = numpy_dtype(int(one.scalar_type[0]))
    sizes, strides = one.shape_of(0)
    if 0 in sizes:
        return np.ndarray(sizes, dtype, buffer=b"")
    byte_strides = tuple(stride * dtype.itemsize for stride in _tamed(sizes, strides))
    return np.ndarray(
        sizes, dtype, buffer=buffer.data, offset=int(one.offset[0]), strides=byte_strides
    )


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
    if not 0 <= row < len(tensors):
        raise IndexError(f"tensor row {row} of {len(tensors)}")
    first, last = int(tensors.dims[row]), int(tensors.dims[row + 1])
    return TensorColumns(
        scalar_type=tensors.scalar_type[row : row + 1],
        offset=tensors.offset[row : row + 1],
        dims=np.array([0, last - first], dtype=np.int64),
        sizes=tensors.sizes[first:last],
        strides=tensors.strides[first:last],
    )


def _tamed(sizes: tuple[int, ...], strides: tuple[int, ...]) -> tuple[int, ...]:
    """Strides of dimensions of size 1 are never used; a huge one would overflow in numpy."""
    return tuple(0 if size == 1 else stride for size, stride in zip(sizes, strides, strict=True))


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


def extents(trace: Trace) -> tuple[Ints, Ints]:
    """(first byte, byte behind the last) of each tensor row; -1 where it has no bytes to read."""
    tensors = trace.values.tensor
    end, filled = _ends(tensors)
    fine = filled & (_flaws(tensors, 2**50) == Flaw.NONE)
    stop = np.where(fine, end, -1.0).astype(np.int64)
    return np.where(fine, tensors.offset, -1), stop
