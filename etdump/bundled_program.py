"""A bundled program (.bpte): test cases per method around a program.

Source: ExecuTorch's `bundled_program_schema.fbs`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etscope.etdump import ragged
from etscope.etdump.columns import Bytes, Ints, Ints32
from etscope.etdump.errors import CorruptTrace, Truncated
from etscope.etdump.flatbuffer import FlatBuffer, Positions
from etscope.etdump.mapping import mapped
from etscope.etdump.schema import Offset, Scalar

IDENTIFIER = b"BP08"


class _Bundle:
    VERSION = Scalar(0, "<u4")
    SUITES = Offset(1)
    PROGRAM = Offset(2)


class _Suite:
    METHOD = Offset(0)
    CASES = Offset(1)


class _Case:
    INPUTS = Offset(0)
    OUTPUTS = Offset(1)


class _Value:
    KIND = Scalar(0, "<u1")
    PAYLOAD = Offset(1)


class _Tensor:
    SCALAR_TYPE = Scalar(0, "<i1")
    SIZES = Offset(1)
    DATA = Offset(2)
    DIM_ORDER = Offset(3)


class CaseValueKind(IntEnum):
    """What a value of a test case is. Numbers above the last are kept, without content."""

    NONE = 0
    TENSOR = 1
    INT = 2
    BOOL = 3
    DOUBLE = 4


_NUMBERS = {
    CaseValueKind.INT: Scalar(0, "<i8"),
    CaseValueKind.BOOL: Scalar(0, "<u1"),
    CaseValueKind.DOUBLE: Scalar(0, "<f8"),
}


@dataclass(frozen=True, eq=False)
class CaseValues:
    """One row per value. Row v owns sizes[dims[v]:dims[v + 1]], dim_order likewise."""

    case: Ints32  # row of TestSuites.method
    expected: NDArray[np.bool_]  # an expected output; else an input
    kind: NDArray[np.uint8]  # CaseValueKind
    integer: Ints  # of INT and BOOL, else 0
    real: NDArray[np.float64]  # of DOUBLE, else 0
    scalar_type: NDArray[np.int8]  # of TENSOR, else -1
    dims: Ints  # (values + 1,)
    sizes: Ints
    dim_order: NDArray[np.uint8]
    start: Ints  # first byte of a tensor's data in the file; -1: none
    size_bytes: Ints

    def __len__(self) -> int:
        return len(self.kind)

    def shape_of(self, row: int) -> tuple[int, ...]:
        """Sizes of one value; () for what is no tensor."""
        return tuple(self.sizes[self.dims[row] : self.dims[row + 1]].tolist())


@dataclass(frozen=True, eq=False)
class BundledCases:
    """The test cases of a bundled program, in the order of the file."""

    version: int
    method: tuple[str, ...]  # per case the method that it is for
    values: CaseValues
    data: Bytes  # the whole file

    def __len__(self) -> int:
        """How many cases there are, over all methods."""
        return len(self.method)

    def values_of(self, case: int, *, expected: bool) -> Ints:
        """Rows of `values`: the inputs of one case, or its expected outputs."""
        return np.flatnonzero((self.values.case == case) & (self.values.expected == expected))

    def tensor_data(self, row: int) -> Bytes:
        """The bytes of one tensor, without a copy; empty for what is no tensor."""
        start = max(int(self.values.start[row]), 0)
        return self.data[start : start + int(self.values.size_bytes[row])]


def is_bundled(data: Bytes) -> bool:
    """Whether these are the bytes of a bundled program."""
    return data[4:8].tobytes() == IDENTIFIER


def program_place(buffer: FlatBuffer) -> tuple[int, int]:
    """(first byte, size) of the program inside a bundled program.

    Raises:
        TraceError: it lies outside the file.
    """
    at = buffer.references(buffer.root(0), _Bundle.PROGRAM)
    starts, counts = buffer.vectors(at, 1, "the program in the bundle")
    return int(starts[0]), int(counts[0])


def read_bundled_cases(source: str | PathLike[str] | bytes | Bytes) -> BundledCases | None:
    """The test cases of a bundled program; None: this is another kind of file.

    Raises:
        Truncated: the file ends before something that it points to.
        CorruptTrace: an offset, number or text in the file cannot be true.
    """
    data, path = mapped(source)
    if not is_bundled(data):
        return None
    try:
        return _read(FlatBuffer(data, path=path))
    except (CorruptTrace, Truncated) as error:
        cure = "Copy the file again in binary mode, or bundle the program again."
        raise type(error)(error.message, path=path, offset=error.offset, cure=cure) from None


def _read(buffer: FlatBuffer) -> BundledCases:
    root = buffer.root(0)
    suites, _ = buffer.tables_of(buffer.references(root, _Bundle.SUITES), "the test suites")
    names = ragged.texts(buffer, buffer.references(suites, _Suite.METHOD), "a method's name")
    cases, per_suite = buffer.tables_of(buffer.references(suites, _Suite.CASES), "the test cases")
    suite = np.repeat(np.arange(len(suites)), per_suite)
    tables, owners, expected = [], [], []
    for field, is_output in ((_Case.INPUTS, False), (_Case.OUTPUTS, True)):
        found, counts = buffer.tables_of(buffer.references(cases, field), "a test case's values")
        tables.append(found)
        owners.append(np.repeat(np.arange(len(cases)), counts))
        expected.append(np.full(len(found), is_output))
    return BundledCases(
        version=int(buffer.scalars(root, _Bundle.VERSION)[0]),
        method=tuple(names[s] or "" for s in suite.tolist()),
        values=_values(
            buffer, np.concatenate(tables), np.concatenate(owners), np.concatenate(expected)
        ),
        data=buffer.data,
    )


def _values(
    buffer: FlatBuffer, tables: Positions, case: Ints, expected: NDArray[np.bool_]
) -> CaseValues:
    kind = buffer.scalars(tables, _Value.KIND)
    payload = buffer.references(tables, _Value.PAYLOAD)
    missing = (kind > CaseValueKind.NONE) & (kind <= max(CaseValueKind)) & (payload < 0)
    if missing.any():
        raise buffer.corrupt("a value without its content", int(tables[missing.argmax()]))
    integer, real = np.zeros(len(kind), np.int64), np.zeros(len(kind), np.float64)
    for which, field in _NUMBERS.items():
        rows = np.flatnonzero(kind == which)
        column: NDArray[Any] = real if which is CaseValueKind.DOUBLE else integer
        column[rows] = buffer.scalars(payload[rows], field)
    rows = np.flatnonzero(kind == CaseValueKind.TENSOR)
    return CaseValues(
        case=case.astype(np.int32),
        expected=expected,
        kind=kind,
        integer=integer,
        real=real,
        **_tensors(buffer, len(kind), rows, payload[rows]),
    )


def _tensors(
    buffer: FlatBuffer, count: int, rows: NDArray[np.intp], tables: Positions
) -> dict[str, Any]:
    """The columns that only tensors fill; `rows` says which of the values they are."""
    scalar_type = np.full(count, -1, np.int8)
    scalar_type[rows] = buffer.scalars(tables, _Tensor.SCALAR_TYPE)
    edges, sizes = ragged.numbers(
        buffer, buffer.references(tables, _Tensor.SIZES), "<i4", "the sizes of a tensor"
    )
    order_edges, order = ragged.numbers(
        buffer, buffer.references(tables, _Tensor.DIM_ORDER), "<u1", "a dimension order"
    )
    if len(tables) and ((sizes < 0).any() or not np.array_equal(edges, order_edges)):
        raise buffer.corrupt("a tensor whose sizes cannot be true", int(tables[0]))
    dims = np.zeros(count, np.int64)
    dims[rows] = np.diff(edges)
    data = buffer.references(tables, _Tensor.DATA)
    starts, lengths = buffer.vectors(data, 1, "a tensor's data")
    start, size = np.full(count, -1, np.int64), np.zeros(count, np.int64)
    start[rows], size[rows] = np.where(data >= 0, starts, -1), lengths
    return {
        "scalar_type": scalar_type,
        "dims": ragged.edges_of(dims),
        "sizes": sizes.astype(np.int64),
        "dim_order": order,
        "start": start,
        "size_bytes": size,
    }
