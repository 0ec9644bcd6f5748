"""What events point to → bytes: values, tensors, metadata, allocators, strings."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from etscope.etdump.columns import Trace, ValueKind
from etscope.etdump.encoded_layout import Layout
from etscope.etdump.encoded_records import (
    ALLOCATOR,
    ALLOCATOR_TABLES,
    BOX,
    BOX_TABLES,
    LIST,
    LIST_TABLE,
    TENSOR,
    TENSOR_TABLE,
    TRUE,
    TRUE_TABLE,
    VALUE,
    VALUE_TABLES,
)
from etscope.etdump.encoded_runs import Piece, ragged, spans, string_targets


def _rows(count: int, size: int, layout: Layout) -> Iterator[tuple[int, int]]:
    """Groups of rows of one size."""
    step = max(1, layout.piece // size)
    return ((low, min(low + step, count)) for low in range(0, count, step))


def values(trace: Trace, layout: Layout) -> Iterator[Piece]:
    """Value tables, each with room for a number's table; then the Bool of all outputs."""
    columns = trace.values
    for low, high in _rows(len(columns), VALUE.itemsize, layout):
        span = slice(low, high)
        kind, is_output = columns.kind[span], columns.is_output[span]
        at = layout.values + VALUE.itemsize * np.arange(low, high)
        boxed = BOX_TABLES[kind] >= 0
        held = columns.tensors[low : high + 1]
        single = (kind == ValueKind.TENSOR) & (np.diff(held) > 0)
        several = kind == ValueKind.TENSOR_LIST
        target = np.where(boxed, at + BOX, 0)
        target[single] = layout.tensors + TENSOR.itemsize * held[:-1][single]
        target[several] = layout.lists[span][several]
        shown = np.where(target > 0, kind, 0)

        out = np.zeros(high - low, VALUE)
        out["table"] = at - layout.vtables - VALUE_TABLES[shown, is_output.astype(np.intp)]
        out["payload"] = np.where(target > 0, target - (at + 4), 0)
        out["output"] = np.where(is_output, layout.true - (at + 8), 0)
        out["kind"] = kind
        out["box"] = np.where(boxed, at + BOX - layout.vtables - BOX_TABLES[kind], 0)
        _put_numbers(out, columns.integer[span], columns.real[span])
        yield out
    table = layout.true - layout.vtables - TRUE_TABLE
    yield np.array([(table, 1)], TRUE)


def _put_numbers(out: Piece, integer: Piece, real: Piece) -> None:
    kind = out["kind"]
    for which, field, numbers in (
        (ValueKind.INT, "large", integer),
        (ValueKind.BOOL, "small", integer),
        (ValueKind.DOUBLE, "large", np.asarray(real, np.float64).view(np.int64)),
    ):
        rows = kind == which
        out[field][rows] = numbers[rows]
    rows = kind == ValueKind.FLOAT
    with np.errstate(over="ignore", invalid="ignore"):  # a Float has 32 bits, whatever we hold
        out["small"][rows] = real[rows].astype(np.float32).view(np.uint32)


def tensor_lists(trace: Trace, layout: Layout) -> Iterator[Piece]:
    """TensorList tables, each followed by its vector."""
    columns = trace.values
    for low, high in spans(layout.lists, layout.piece):
        rows = low + np.flatnonzero(columns.kind[low:high] == ValueKind.TENSOR_LIST)
        at, first = layout.lists[rows], columns.tensors[rows]
        counts = columns.tensors[rows + 1] - first
        origin = int(layout.lists[low])
        out = np.zeros((int(layout.lists[high]) - origin) // 4, np.uint32)
        heads = np.zeros(len(rows), LIST)
        heads["table"] = at - layout.vtables - LIST_TABLE
        heads["tensors"] = 4
        heads["count"] = counts
        words = heads.view(np.uint32).reshape(-1, 3)
        out[((at - origin) // 4)[:, None] + np.arange(3)] = words
        items = ragged((at + LIST.itemsize) // 4, counts)
        tensors = layout.tensors + TENSOR.itemsize * ragged(first, counts)
        out[items - origin // 4] = tensors - 4 * items
        yield out


def tensors(trace: Trace, layout: Layout) -> Iterator[Piece]:
    """Tensor tables."""
    columns = trace.values.tensor
    for low, high in _rows(len(columns), TENSOR.itemsize, layout):
        at = layout.tensors + TENSOR.itemsize * np.arange(low, high)
        dims = columns.dims[low : high + 1]
        sizes = layout.dims + 16 * (np.arange(low, high) + dims[:-1]) + 4
        out = np.zeros(high - low, TENSOR)
        out["table"] = at - layout.vtables - TENSOR_TABLE
        out["sizes"] = sizes - (at + 4)
        out["strides"] = sizes + 8 + 8 * np.diff(dims) - (at + 8)
        out["scalar_type"] = columns.scalar_type[low:high]
        out["offset"] = columns.offset[low:high]
        yield out


def dims(trace: Trace, layout: Layout) -> Iterator[Piece]:
    """For each tensor the vectors of sizes and strides, as 8-byte words.

    The count of a vector lies in the upper half of the word in front of it.
    """
    columns = trace.values.tensor
    edges = 16 * (np.arange(len(columns) + 1) + columns.dims)
    for low, high in spans(edges, layout.piece):
        counts = np.diff(columns.dims[low : high + 1])
        begin = (edges[low:high] - edges[low]) // 8
        out = np.zeros((int(edges[high]) - int(edges[low])) // 8, np.int64)
        out[begin] = counts << 32
        out[begin + 1 + counts] = counts << 32
        span = slice(int(columns.dims[low]), int(columns.dims[high]))
        items = ragged(begin + 1, counts)
        out[items] = columns.sizes[span]
        out[items + 1 + np.repeat(counts, counts)] = columns.strides[span]
        yield out


def metadata(trace: Trace, layout: Layout) -> Iterator[Piece]:
    """Byte vectors that delegates attached."""
    columns = trace.metadata
    for low, high in spans(layout.metadata, layout.piece):
        origin = int(layout.metadata[low])
        at = layout.metadata[low:high] - origin
        counts = columns.length[low:high]
        out = np.zeros(int(layout.metadata[high]) - origin, np.uint8)
        out.view(np.uint32)[at // 4] = counts
        if high - low == 1:  # may be large: no index per byte
            start = int(columns.start[low])
            out[4 : 4 + int(counts[0])] = columns.data[start : start + int(counts[0])]
        else:
            out[ragged(at + 4, counts)] = columns.data[ragged(columns.start[low:high], counts)]
        yield out


def allocators(trace: Trace, layout: Layout) -> Iterator[Piece]:
    """Per run a vector of its allocators, then the allocators' tables."""
    names = trace.allocations.allocator_name
    vectors = layout.allocator_vectors
    counts = np.diff(vectors) // 4 - 1
    at = layout.allocators + ALLOCATOR.itemsize * np.arange(len(names))
    out = np.zeros((layout.allocators - int(vectors[0])) // 4, np.uint32)
    out[(vectors[:-1] - vectors[0]) // 4] = counts
    items = ragged(vectors[:-1] // 4 + 1, counts)
    out[items - vectors[0] // 4] = at - 4 * items
    yield out
    tables = np.zeros(len(names), ALLOCATOR)
    named = names >= 0
    tables["table"] = at - layout.vtables - ALLOCATOR_TABLES[named.astype(np.intp)]
    target = string_targets(layout, names, "an allocator", trace)
    tables["name"] = np.where(named, target - (at + 4), 0)
    yield tables


def strings(layout: Layout) -> Iterator[bytes]:
    """All strings: length, UTF-8, NUL, padding."""
    sizes = np.diff(layout.strings).tolist()
    for low, high in spans(layout.strings, layout.piece):
        rows = zip(layout.raw_strings[low:high], sizes[low:high], strict=True)
        yield b"".join((len(r).to_bytes(4, "little") + r).ljust(size, b"\0") for r, size in rows)
