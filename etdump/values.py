"""What debug events logged: Value tables → ValueColumns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from etscope.etdump import schema
from etscope.etdump.columns import Ints, TensorColumns, ValueColumns, ValueKind
from etscope.etdump.flatbuffer import FlatBuffer, Positions
from etscope.etdump.schema import Offset, Scalar


def read_values(buffer: FlatBuffer, events: Ints, entries: Positions) -> ValueColumns:
    """The values that debug events logged.

    Args:
        events: row of each debug event among the trace's events, ascending.
        entries: position of its Value table; -1 where the event carries none.
    """
    there = entries >= 0
    tables = entries[there]
    kind = np.zeros(len(entries), np.uint8)
    kind[there] = buffer.scalars(tables, schema.Value.KIND).view(np.uint8)
    output = np.zeros(len(entries), np.bool_)
    output[there] = _boxed(buffer, tables, schema.Value.OUTPUT, schema.Bool.VALUE) != 0

    integer = np.zeros(len(entries), np.int64)
    real = np.zeros(len(entries), np.float64)
    boxes = (
        (ValueKind.INT, schema.Value.INT, schema.Int.VALUE, integer),
        (ValueKind.BOOL, schema.Value.BOOL, schema.Bool.VALUE, integer),
        (ValueKind.FLOAT, schema.Value.FLOAT, schema.Float.VALUE, real),
        (ValueKind.DOUBLE, schema.Value.DOUBLE, schema.Double.VALUE, real),
    )
    for which, reference, number, column in boxes:
        rows = np.flatnonzero(there & (kind == which))
        column[rows] = _boxed(buffer, entries[rows], reference, number)

    tensors, counts = _tensor_tables(buffer, entries, kind, there)
    return ValueColumns(
        event=events,
        kind=kind,
        is_output=output,
        integer=integer,
        real=real,
        tensors=_edges(counts),
        tensor=read_tensors(buffer, tensors),
    )


def _boxed(
    buffer: FlatBuffer, tables: Positions, reference: Offset, number: Scalar
) -> NDArray[np.float64] | NDArray[np.int64]:
    """A number that the schema keeps in a table of its own; its default where absent."""
    boxes = buffer.references(tables, reference)
    out = np.full(len(boxes), number.default, dtype=number.dtype)
    out[boxes >= 0] = buffer.scalars(boxes[boxes >= 0], number)
    return out


def _tensor_tables(
    buffer: FlatBuffer, entries: Positions, kind: NDArray[np.uint8], there: NDArray[np.bool_]
) -> tuple[Positions, Ints]:
    """(Tensor tables of all values end to end, count per value)."""
    single = np.flatnonzero(there & (kind == ValueKind.TENSOR))
    lists = np.flatnonzero(there & (kind == ValueKind.TENSOR_LIST))
    counts = np.zeros(len(entries), np.int64)

    one = buffer.references(entries[single], schema.Value.TENSOR)
    counts[single] = one >= 0
    list_tables = buffer.references(entries[lists], schema.Value.TENSOR_LIST)
    vectors = np.full(len(lists), -1, np.int64)
    known = list_tables >= 0
    vectors[known] = buffer.references(list_tables[known], schema.TensorList.TENSORS)
    many, lengths = buffer.tables_of(vectors, "a tensor list")
    counts[lists] = lengths

    owner = np.concatenate([single[one >= 0], np.repeat(lists, lengths)])
    tables = np.concatenate([one[one >= 0], many])
    return tables[np.argsort(owner, kind="stable")], counts


def read_tensors(buffer: FlatBuffer, tables: Positions) -> TensorColumns:
    """Tensor tables → columns. A file without strides gets contiguous ones."""
    sizes, dims = _numbers(buffer, tables, schema.Tensor.SIZES, "tensor sizes")
    strides, stride_dims = _numbers(buffer, tables, schema.Tensor.STRIDES, "tensor strides")
    differ = (stride_dims != dims) & (stride_dims != 0)
    if differ.any():
        row = int(differ.argmax())
        raise buffer.corrupt(
            f"a tensor with {int(dims[row])} sizes and {int(stride_dims[row])} strides",
            int(tables[row]),
        )
    edges = _edges(dims)
    if len(strides) != len(sizes):
        missing = np.flatnonzero((stride_dims == 0) & (dims > 0))
        strides = _with_contiguous(sizes, strides, edges, missing)
    return TensorColumns(
        scalar_type=buffer.scalars(tables, schema.Tensor.SCALAR_TYPE),
        offset=buffer.scalars(tables, schema.Tensor.OFFSET),
        dims=edges,
        sizes=sizes,
        strides=strides,
    )


def _numbers(buffer: FlatBuffer, tables: Positions, field: Offset, what: str) -> tuple[Ints, Ints]:
    """(all int64 items end to end, count per table) of a vector field."""
    starts, counts = buffer.vectors(buffer.references(tables, field), 8, what)
    return buffer.gather(buffer.items(starts, counts, 8, what), "<i8", what), counts


def _with_contiguous(sizes: Ints, strides: Ints, edges: Ints, missing: Ints) -> Ints:
    """`strides` with row-major ones put in for the tensors that carry none."""
    out = np.zeros(len(sizes), np.int64)
    absent = np.zeros(len(sizes), np.bool_)
    for row in missing.tolist():
        span = slice(int(edges[row]), int(edges[row + 1]))
        absent[span] = True
        step = 1
        for dim in range(span.stop - 1, span.start - 1, -1):
            out[dim] = step
            step = min(step * max(int(sizes[dim]), 1), 2**62)
    out[~absent] = strides
    return out


def _edges(counts: Ints) -> Ints:
    """Counts → (n + 1,) boundaries."""
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def join_values(parts: list[ValueColumns]) -> ValueColumns:
    """Values read chunk by chunk, put in the order of their events."""
    if not parts:
        return ValueColumns.none()
    if len(parts) == 1:
        return parts[0]
    event = np.concatenate([p.event for p in parts])
    order = np.argsort(event, kind="stable")
    counts = np.concatenate([np.diff(p.tensors) for p in parts])
    tensor = _join_tensors([p.tensor for p in parts])
    rows = _rows_in_order(_edges(counts), counts, order)
    return ValueColumns(
        event=event[order],
        kind=np.concatenate([p.kind for p in parts])[order],
        is_output=np.concatenate([p.is_output for p in parts])[order],
        integer=np.concatenate([p.integer for p in parts])[order],
        real=np.concatenate([p.real for p in parts])[order],
        tensors=_edges(counts[order]),
        tensor=_reorder_tensors(tensor, rows),
    )


def _rows_in_order(edges: Ints, counts: Ints, order: Ints) -> Ints:
    """Items of variable-length rows, in the new order of the rows."""
    chosen = counts[order]
    within = np.arange(int(chosen.sum())) - np.repeat(np.cumsum(chosen) - chosen, chosen)
    return np.repeat(edges[:-1][order], chosen) + within


def _join_tensors(parts: list[TensorColumns]) -> TensorColumns:
    return TensorColumns(
        scalar_type=np.concatenate([p.scalar_type for p in parts]),
        offset=np.concatenate([p.offset for p in parts]),
        dims=_edges(np.concatenate([np.diff(p.dims) for p in parts])),
        sizes=np.concatenate([p.sizes for p in parts]),
        strides=np.concatenate([p.strides for p in parts]),
    )


def _reorder_tensors(tensor: TensorColumns, rows: Ints) -> TensorColumns:
    counts = np.diff(tensor.dims)
    items = _rows_in_order(tensor.dims, counts, rows)
    return TensorColumns(
        scalar_type=tensor.scalar_type[rows],
        offset=tensor.offset[rows],
        dims=_edges(counts[rows]),
        sizes=tensor.sizes[items],
        strides=tensor.strides[items],
    )
