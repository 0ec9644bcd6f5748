"""The program (.pte) as columns, from its bytes alone; also out of a bundled program.

Values, instructions and operators are kept per method. Weights and delegate
blobs stay where they are: in the mapped file.
"""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike

import numpy as np

from etscope.etdump import program_schema as schema
from etscope.etdump.columns import Bytes, Ints
from etscope.etdump.delegates import BlobPlaces, Delegate
from etscope.etdump.errors import CorruptTrace, NotATrace, Truncated
from etscope.etdump.flatbuffer import FlatBuffer, Positions
from etscope.etdump.mapping import mapped
from etscope.etdump.methods import Method, read_method


@dataclass(frozen=True, eq=False)
class Program:
    """A program. Segment s is data[segment_start[s]:segment_start[s] + segment_bytes[s]]."""

    version: int
    methods: tuple[Method, ...]
    segment_start: Ints
    segment_bytes: Ints
    data: Bytes  # the whole file
    path: str | None = None

    def method(self, name: str) -> Method:
        """The method of that name.

        Raises:
            KeyError: there is none; the text lists those that are.
        """
        for method in self.methods:
            if method.name == name:
                return method
        known = ", ".join(method.name for method in self.methods)
        raise KeyError(f"no method {name!r}; the program has {known}")

    def blob(self, delegate: Delegate) -> Bytes:
        """The bytes that the backend was given, without a copy."""
        return self.data[delegate.start : delegate.start + delegate.size_bytes]


def read_program(source: str | PathLike[str] | bytes | Bytes) -> Program:
    """The program of a .pte file or of a bundled program.

    Raises:
        NotATrace: it is neither.
        Truncated: the file ends before something that it points to.
        CorruptTrace: an offset, number or text in the file cannot be true.
    """
    data, path = mapped(source)
    try:
        return _read(data, path)
    except (CorruptTrace, Truncated) as error:
        cure = "Copy the file again in binary mode, or export the program again."
        raise type(error)(error.message, path=path, offset=error.offset, cure=cure) from None


def _read(data: Bytes, path: str | None) -> Program:
    start = 0
    if _identifier(data, 0) == schema.BUNDLE_IDENTIFIER:
        start, data = _unwrap(data, path)
    if _identifier(data, start) != schema.IDENTIFIER:
        raise NotATrace(
            "this is not an ExecuTorch program: 'ET12' is missing at its byte 4",
            path=path,
            offset=min(start + 4, len(data)),
            cure="Give the .pte (or bundled .bpte) file that the export wrote.",
        )
    buffer = FlatBuffer(data, path=path)
    root = _root(buffer, start)
    segment_start, segment_bytes = _segments(buffer, root, start)
    plans, _ = buffer.tables_of(buffer.references(root, schema.Program.PLANS), "the methods")
    blobs = BlobPlaces(buffer, root, segment_start, segment_bytes)
    return Program(
        version=int(buffer.scalars(root, schema.Program.VERSION)[0]),
        methods=tuple(read_method(buffer, plans[p : p + 1], blobs) for p in range(len(plans))),
        segment_start=segment_start,
        segment_bytes=segment_bytes,
        data=data,
        path=path,
    )


def _identifier(data: Bytes, start: int) -> bytes:
    return data[start + 4 : start + 8].tobytes()


def _root(buffer: FlatBuffer, start: int) -> Positions:
    root = np.array([start + buffer.number(start, "<u4", "the root offset")])
    buffer.inside(root, 4, "the root table")
    return root


def _unwrap(data: Bytes, path: str | None) -> tuple[int, Bytes]:
    """(first byte, the file up to the last byte) of the program inside a bundled program."""
    buffer = FlatBuffer(data, path=path)
    at = buffer.references(_root(buffer, 0), schema.BundledProgram.PROGRAM)
    starts, counts = buffer.vectors(at, 1, "the program in the bundle")
    start = int(starts[0])
    return start, data[: start + int(counts[0])]


def _segments(buffer: FlatBuffer, root: Positions, start: int) -> tuple[Ints, Ints]:
    """(first byte, size) of each segment; the extended header says where they begin."""
    tables, _ = buffer.tables_of(buffer.references(root, schema.Program.SEGMENTS), "the segments")
    header = start + 8
    extended = buffer.data[header : header + 4].tobytes() == schema.HEADER_MAGIC
    if not len(tables):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    offsets = buffer.scalars(tables, schema.Segment.OFFSET)
    sizes = buffer.scalars(tables, schema.Segment.SIZE)
    if not extended and sizes.any():
        raise buffer.corrupt("there are segments, but no header that says where", header)
    base = buffer.number(header + 16, "<u8", "the segment base") if extended else 0
    if base >= 2**60 or (offsets >= 2**60).any() or (sizes >= 2**60).any():
        raise buffer.corrupt("a segment beyond any file", int(tables[0]))
    starts, sizes = start + base + offsets.astype(np.int64), sizes.astype(np.int64)
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
