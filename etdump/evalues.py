"""The values of a method: tensors, numbers and lists, as columns.

An EValue is what an instruction's argument points to. Lists of ints and of
tensors do not hold their members: they hold the numbers of other values.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from etscope.etdump import program_schema as schema
from etscope.etdump import ragged
from etscope.etdump.columns import Ints, Ints32
from etscope.etdump.flatbuffer import FlatBuffer, Positions
from etscope.etdump.schema import Scalar
from etscope.etdump.tensor_specs import TensorSpecs, read_tensors


class EValueKind(IntEnum):
    """What a value is. Numbers above the last are kept as they are, without a payload."""

    NONE = 0
    NULL = 1
    INT = 2
    BOOL = 3
    DOUBLE = 4
    TENSOR = 5
    STRING = 6
    INT_LIST = 7
    DOUBLE_LIST = 8
    BOOL_LIST = 9
    TENSOR_LIST = 10
    OPTIONAL_TENSOR_LIST = 11


@dataclass(frozen=True, eq=False)
class EValueColumns:
    """One row per value. Row v owns items[v]:items[v + 1] of the three item arrays."""

    kind: NDArray[np.uint8]  # EValueKind
    integer: Ints  # of INT and BOOL, else 0
    real: NDArray[np.float64]  # of DOUBLE, else 0
    text: Ints32  # of STRING: index into `texts`, else -1
    tensor: Ints32  # of TENSOR: row in `tensors`, else -1
    items: Ints  # (values + 1,)
    item: Ints  # members of lists: values (INT_LIST, TENSOR_LIST, ...; -1: none), 0/1 (BOOL_LIST)
    real_item: NDArray[np.float64]  # members of DOUBLE_LIST, else 0
    texts: tuple[str, ...]
    tensors: TensorSpecs

    def __len__(self) -> int:
        return len(self.kind)

    def tensors_of(self, value: int) -> Ints:
        """Rows in `tensors` of one value: itself, the members of its list, or none."""
        if self.kind[value] == EValueKind.TENSOR:
            return self.tensor[value : value + 1].astype(np.int64)
        if self.kind[value] in (EValueKind.TENSOR_LIST, EValueKind.OPTIONAL_TENSOR_LIST):
            members = self.item[self.items[value] : self.items[value + 1]]
            rows = self.tensor[members[members >= 0]]
            return rows[rows >= 0].astype(np.int64)
        return np.zeros(0, np.int64)


#: Vectors that hold numbers of values, and the least number that they may hold.
_REFERENCES = {
    EValueKind.INT_LIST: 0,
    EValueKind.TENSOR_LIST: 0,
    EValueKind.OPTIONAL_TENSOR_LIST: -1,
}
_ITEM_TYPES = {
    EValueKind.INT_LIST: "<i8",
    EValueKind.DOUBLE_LIST: "<f8",
    EValueKind.BOOL_LIST: "<u1",
    EValueKind.TENSOR_LIST: "<i4",
    EValueKind.OPTIONAL_TENSOR_LIST: "<i4",
}


def read_evalues(buffer: FlatBuffer, tables: Positions) -> EValueColumns:
    """The columns of these EValue tables.

    Raises:
        TraceError: what the tables point to lies outside the file or cannot be true.
    """
    kind = buffer.scalars(tables, schema.EValue.KIND)
    payload = buffer.references(tables, schema.EValue.PAYLOAD)
    missing = (kind > EValueKind.NULL) & (kind <= max(EValueKind)) & (payload < 0)
    if missing.any():
        raise buffer.corrupt("a value without its content", int(tables[missing.argmax()]))

    def scalar(which: EValueKind, field: Scalar) -> tuple[NDArray[np.intp], NDArray[np.generic]]:
        rows = np.flatnonzero(kind == which)
        return rows, buffer.scalars(payload[rows], field)

    integer, real = np.zeros(len(kind), np.int64), np.zeros(len(kind), np.float64)
    for which, field in (
        (EValueKind.INT, schema.Int.VALUE),
        (EValueKind.BOOL, schema.Bool.VALUE),
    ):
        rows, found = scalar(which, field)
        integer[rows] = found
    rows, found = scalar(EValueKind.DOUBLE, schema.Double.VALUE)
    real[rows] = found
    text, texts = _texts(buffer, kind, payload)
    items, item, real_item = _lists(buffer, kind, payload)
    tensor = np.full(len(kind), -1, np.int32)
    rows = np.flatnonzero(kind == EValueKind.TENSOR)
    tensor[rows] = np.arange(len(rows))
    specs = read_tensors(buffer, rows, payload[rows])
    return EValueColumns(kind, integer, real, text, tensor, items, item, real_item, texts, specs)


def _texts(
    buffer: FlatBuffer, kind: NDArray[np.uint8], payload: Positions
) -> tuple[Ints32, tuple[str, ...]]:
    rows = np.flatnonzero(kind == EValueKind.STRING)
    at = buffer.references(payload[rows], schema.Items.ITEMS)
    found = ragged.texts(buffer, at, "a string value")
    index = np.full(len(kind), -1, np.int32)
    index[rows] = np.arange(len(rows))
    return index, tuple(text or "" for text in found)


def _lists(
    buffer: FlatBuffer, kind: NDArray[np.uint8], payload: Positions
) -> tuple[Ints, Ints, NDArray[np.float64]]:
    counts = np.zeros(len(kind), np.int64)
    parts = []
    for which, dtype in _ITEM_TYPES.items():
        rows = np.flatnonzero(kind == which)
        at = buffer.references(payload[rows], schema.Items.ITEMS)
        edges, values = ragged.numbers(buffer, at, dtype, "a list value")
        counts[rows] = np.diff(edges)
        parts.append((which, rows, values))
    items = ragged.edges_of(counts)
    item, real_item = np.zeros(items[-1], np.int64), np.zeros(items[-1], np.float64)
    for which, rows, values in parts:
        places = ragged.spread(items, rows, counts[rows])
        if which == EValueKind.DOUBLE_LIST:
            real_item[places] = values
        else:
            item[places] = values
        if which in _REFERENCES:
            ragged.check_indices(buffer, values, len(kind), "a list of values", _REFERENCES[which])
    return items, item, real_item
