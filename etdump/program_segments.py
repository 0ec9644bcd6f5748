"""Where the bytes behind the flatbuffer of a .pte (and of a .ptd) lie: header, segments, names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from etscope.etdump import program_schema as schema
from etscope.etdump import ragged
from etscope.etdump.columns import Ints
from etscope.etdump.errors import Truncated
from etscope.etdump.flatbuffer import FlatBuffer, Positions

_LARGEST = 2**60


@dataclass(frozen=True)
class ExtendedHeader:
    """What stands between the identifier and the tables of a program that has segments."""

    start: int  # its first byte in the file
    length: int  # as it says itself
    program_bytes: int  # of the flatbuffer, this header included
    segment_base: int  # byte in the program that segment offsets count from
    segment_data_bytes: int | None  # None: an old header that does not say


@dataclass(frozen=True)
class NamedData:
    """Bytes that the program or a backend asks for by name. Names may share a segment."""

    key: str
    segment: int


def read_header(buffer: FlatBuffer, start: int) -> ExtendedHeader | None:
    """The extended header of the program at `start`; None: it has none.

    Raises:
        TraceError: it ends behind the file, or holds numbers that cannot be true.
    """
    at = start + 8
    if buffer.data[at : at + 4].tobytes() != schema.HEADER_MAGIC:
        return None
    length = buffer.number(at + schema.Header.LENGTH, "<u4", "the header")
    header = ExtendedHeader(
        start=at,
        length=length,
        program_bytes=buffer.number(at + schema.Header.PROGRAM_BYTES, "<u8", "the header"),
        segment_base=buffer.number(at + schema.Header.SEGMENT_BASE, "<u8", "the header"),
        segment_data_bytes=(
            buffer.number(at + schema.Header.SEGMENT_BYTES, "<u8", "the header")
            if length > schema.Header.SEGMENT_BYTES
            else None
        ),
    )
    if max(header.program_bytes, header.segment_base, header.segment_data_bytes or 0) >= _LARGEST:
        raise buffer.corrupt("a header that points beyond any file", at)
    return header


def read_segments(buffer: FlatBuffer, tables: Positions, base: int) -> tuple[Ints, Ints]:
    """(first byte, size) of each segment; `base` is the byte in the file that offsets count from.

    Raises:
        Truncated: a segment ends behind the file.
        CorruptTrace: numbers that cannot be true.
    """
    offsets = buffer.scalars(tables, schema.Segment.OFFSET)
    sizes = buffer.scalars(tables, schema.Segment.SIZE)
    beyond = (offsets >= _LARGEST) | (sizes >= _LARGEST)
    if beyond.any():
        raise buffer.corrupt("a segment beyond any file", int(tables[beyond.argmax()]))
    starts, sizes = base + offsets.astype(np.int64), sizes.astype(np.int64)
    behind = starts + sizes > buffer.size
    if behind.any():
        number = int(behind.argmax())
        raise Truncated(
            f"segment {number} ends at byte {int(starts[number] + sizes[number])}, "
            f"the file at byte {buffer.size}",
            path=buffer.path,
            offset=int(starts[number]),
        )
    return starts, sizes


def read_named_data(buffer: FlatBuffer, tables: Positions, segments: int) -> tuple[NamedData, ...]:
    """The names of these NamedData tables, in the order of the file.

    Raises:
        TraceError: something lies outside the file, or names a segment that is not there.
    """
    keys = ragged.texts(buffer, buffer.references(tables, schema.NamedData.KEY), "a data name")
    numbers = buffer.scalars(tables, schema.NamedData.SEGMENT)
    ragged.check_indices(buffer, numbers, segments, "named data")
    return tuple(
        NamedData(key or "", segment) for key, segment in zip(keys, numbers.tolist(), strict=True)
    )
