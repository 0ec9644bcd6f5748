"""The data of tensors outside their program (.ptd): names, types and places, bytes left in place.

Source: ExecuTorch's `flat_tensor.fbs` and `flat_tensor_header.h`.
"""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from etscope.etdump import program_schema as schema
from etscope.etdump import ragged
from etscope.etdump.columns import Bytes, Ints
from etscope.etdump.errors import CorruptTrace, NotATrace, Truncated
from etscope.etdump.flatbuffer import FlatBuffer, Positions
from etscope.etdump.mapping import mapped
from etscope.etdump.program_segments import NamedData, read_named_data, read_segments
from etscope.etdump.schema import Offset, Scalar

IDENTIFIER = b"FT01"
_HEADER_MAGIC = b"FH01"
_SEGMENT_BASE = 24  # from the first byte of the header


class _Root:
    VERSION = Scalar(0, "<u4")
    SEGMENTS = Offset(1)
    NAMED_DATA = Offset(2)


@dataclass(frozen=True, eq=False)
class TensorData:
    """One row per name. Row n owns sizes[dims[n]:dims[n + 1]]; it may share its bytes."""

    version: int
    named: tuple[NamedData, ...]
    scalar_type: NDArray[np.int8]  # -1: bytes without a layout
    dims: Ints  # (names + 1,)
    sizes: Ints
    start: Ints  # first byte in `data`
    size_bytes: Ints
    data: Bytes  # the whole file

    def __len__(self) -> int:
        return len(self.named)

    def shape_of(self, row: int) -> tuple[int, ...]:
        """Sizes of one tensor; () where the file says none."""
        return tuple(self.sizes[self.dims[row] : self.dims[row + 1]].tolist())

    def bytes_of(self, row: int) -> Bytes:
        """The bytes under one name, without a copy."""
        start = int(self.start[row])
        return self.data[start : start + int(self.size_bytes[row])]


def read_tensor_data(source: str | PathLike[str] | bytes | Bytes) -> TensorData:
    """What a .ptd file holds.

    Raises:
        NotATrace: it is another kind of file.
        Truncated: the file ends before something that it points to.
        CorruptTrace: an offset, number or text in the file cannot be true.
    """
    data, path = mapped(source)
    if data[4:8].tobytes() != IDENTIFIER:
        raise NotATrace(
            "this is no tensor data: 'FT01' is missing at byte 4",
            path=path,
            offset=min(4, len(data)),
            cure="Give the .ptd file that the export wrote beside the program.",
        )
    try:
        return _read(FlatBuffer(data, path=path))
    except (CorruptTrace, Truncated) as error:
        cure = "Copy the file again in binary mode, or export the program again."
        raise type(error)(error.message, path=path, offset=error.offset, cure=cure) from None


def _read(buffer: FlatBuffer) -> TensorData:
    root = buffer.root(0)
    tables, _ = buffer.tables_of(buffer.references(root, _Root.SEGMENTS), "the segments")
    base = 0
    if buffer.data[8:12].tobytes() == _HEADER_MAGIC:
        base = buffer.number(8 + _SEGMENT_BASE, "<u8", "the segment base")
    elif len(tables):
        raise buffer.corrupt("there are segments, but no header that says where", 8)
    if base >= 2**60:
        raise buffer.corrupt("a header that points beyond any file", 8)
    starts, sizes = read_segments(buffer, tables, base)
    names, _ = buffer.tables_of(buffer.references(root, _Root.NAMED_DATA), "the names")
    named = read_named_data(buffer, names, len(tables))
    segment = np.array([entry.segment for entry in named], np.int64)
    scalar_type, dims, shape = _layouts(buffer, buffer.references(names, schema.NamedData.LAYOUT))
    return TensorData(
        version=int(buffer.scalars(root, _Root.VERSION)[0]),
        named=named,
        scalar_type=scalar_type,
        dims=dims,
        sizes=shape,
        start=starts[segment],
        size_bytes=sizes[segment],
        data=buffer.data,
    )


def _layouts(buffer: FlatBuffer, at: Positions) -> tuple[NDArray[np.int8], Ints, Ints]:
    """(scalar type, edges, sizes) of each name; -1 and no size without a layout."""
    rows = np.flatnonzero(at >= 0)
    scalar_type = np.full(len(at), -1, np.int8)
    scalar_type[rows] = buffer.scalars(at[rows], schema.Layout.SCALAR_TYPE)
    vectors = np.full(len(at), -1, np.int64)
    vectors[rows] = buffer.references(at[rows], schema.Layout.SIZES)
    edges, sizes = ragged.numbers(buffer, vectors, "<i4", "the sizes of a tensor")
    if (sizes < 0).any():
        raise buffer.corrupt("a tensor with a negative size")
    return scalar_type, edges, sizes.astype(np.int64)
