"""The program (.pte) as columns, from its bytes alone; also out of a bundled program.

Values, instructions and operators are kept per method. Weights and delegate
blobs stay where they are: in the mapped file.
"""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike

import numpy as np

from etscope.etdump import program_schema as schema
from etscope.etdump.bundled_program import is_bundled, program_place
from etscope.etdump.columns import Bytes, Ints
from etscope.etdump.delegates import BlobPlaces, Delegate
from etscope.etdump.errors import CorruptTrace, NotATrace, Truncated
from etscope.etdump.flatbuffer import FlatBuffer, Positions
from etscope.etdump.mapping import mapped
from etscope.etdump.methods import Method, read_method
from etscope.etdump.program_constants import StoredData, StoredTensors
from etscope.etdump.program_segments import (
    ExtendedHeader,
    NamedData,
    read_header,
    read_named_data,
    read_segments,
)


@dataclass(frozen=True, eq=False)
class Program:
    """A program. Segment s is data[segment_start[s]:segment_start[s] + segment_bytes[s]]."""

    version: int
    methods: tuple[Method, ...]
    segment_start: Ints
    segment_bytes: Ints
    named_data: tuple[NamedData, ...]
    constants: StoredData  # what constant tensors refer to
    states: tuple[StoredData, ...]  # what mutable tensors begin with
    header: ExtendedHeader | None  # None: a program without segments has none
    start: int  # its first byte in `data`; not 0 inside a bundled program
    data: Bytes  # the file, up to the last byte of the program
    file: Bytes  # all of it; a bundled program has test cases besides `data`
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

    def segment(self, number: int) -> Bytes:
        """The bytes of one segment, without a copy."""
        start = int(self.segment_start[number])
        return self.data[start : start + int(self.segment_bytes[number])]

    def tensor_data(self, method: Method, tensor: int) -> Bytes | None:
        """What the program holds of one tensor, without a copy; None: nothing.

        Args:
            tensor: row of method.values.tensors.
        """
        start = int(method.storage.start[tensor])
        if start < 0:
            return None
        return self.data[start : start + int(method.storage.size_bytes[tensor])]


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
    start, whole = 0, data
    if is_bundled(data):
        start, size = program_place(FlatBuffer(data, path=path))
        data = data[: start + size]
    if data[start + 4 : start + 8].tobytes() != schema.IDENTIFIER:
        raise NotATrace(
            "this is not an ExecuTorch program: 'ET12' is missing at its byte 4",
            path=path,
            offset=min(start + 4, len(data)),
            cure="Give the .pte (or bundled .bpte) file that the export wrote.",
        )
    buffer = FlatBuffer(data, path=path)
    root = buffer.root(start)
    header = read_header(buffer, start)
    segments = _segments(buffer, root, start, header)
    plans, _ = buffer.tables_of(buffer.references(root, schema.Program.PLANS), "the methods")
    names, _ = buffer.tables_of(buffer.references(root, schema.Program.NAMED_DATA), "named data")
    blobs = BlobPlaces(buffer, root, *segments)
    stored = StoredTensors(buffer, root, *segments)
    return Program(
        version=int(buffer.scalars(root, schema.Program.VERSION)[0]),
        methods=tuple(
            read_method(buffer, plans[p : p + 1], blobs, stored) for p in range(len(plans))
        ),
        segment_start=segments[0],
        segment_bytes=segments[1],
        named_data=read_named_data(buffer, names, len(segments[0])),
        constants=stored.constants,
        states=stored.states,
        header=header,
        start=start,
        data=data,
        file=whole,
        path=path,
    )


def _segments(
    buffer: FlatBuffer, root: Positions, start: int, header: ExtendedHeader | None
) -> tuple[Ints, Ints]:
    """(first byte, size) of each segment; the extended header says where they begin."""
    tables, _ = buffer.tables_of(buffer.references(root, schema.Program.SEGMENTS), "the segments")
    if header is None and buffer.scalars(tables, schema.Segment.SIZE).any():
        raise buffer.corrupt("there are segments, but no header that says where", start + 8)
    if not len(tables):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    base = header.segment_base if header is not None else 0
    return read_segments(buffer, tables, start + base)
