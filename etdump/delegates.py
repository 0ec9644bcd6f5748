"""The delegates of a method: which backend, and where the bytes lie that it was given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from etscope.etdump import program_schema as schema
from etscope.etdump import ragged
from etscope.etdump.columns import Ints
from etscope.etdump.flatbuffer import FlatBuffer, Positions


@dataclass(frozen=True)
class Delegate:
    """A part of a method that a backend runs."""

    backend: str
    start: int  # byte in Program.data
    size_bytes: int
    in_segment: bool
    index: int  # of the segment, or of the data in the flatbuffer
    compile_specs: tuple[tuple[str, bytes], ...]


class BlobPlaces:
    """Where the data of delegates lie: in the flatbuffer or in segments."""

    def __init__(self, buffer: FlatBuffer, root: Positions, start: Ints, size: Ints) -> None:
        inline = buffer.references(root, schema.Program.DELEGATE_DATA)
        tables, _ = buffer.tables_of(inline, "the delegates' data")
        at = buffer.references(tables, schema.DelegateData.DATA)
        self.inline = buffer.vectors(at, 1, "a delegate's data")
        self.segments = (start, size)

    def find(self, buffer: FlatBuffer, in_segment: bool, index: int) -> tuple[int, int]:
        """(first byte, size) of one delegate's data."""
        starts, sizes = self.segments if in_segment else self.inline
        ragged.check_indices(buffer, np.array([index]), len(starts), "a delegate's data")
        return int(starts[index]), int(sizes[index])


def read_delegate(buffer: FlatBuffer, table: Positions, blobs: BlobPlaces) -> Delegate:
    """One delegate from its table.

    Raises:
        TraceError: something lies outside the file, or its data is not there.
    """
    backend = ragged.texts(
        buffer, buffer.references(table, schema.Delegate.BACKEND), "a backend's name"
    )[0]
    processed = buffer.references(table, schema.Delegate.PROCESSED)
    if processed[0] < 0:
        raise buffer.corrupt("a delegate without data", int(table[0]))
    in_segment = bool(buffer.scalars(processed, schema.DataReference.LOCATION)[0])
    index = int(buffer.scalars(processed, schema.DataReference.INDEX)[0])
    start, size = blobs.find(buffer, in_segment, index)
    specs = buffer.references(table, schema.Delegate.COMPILE_SPECS)
    return Delegate(backend or "", start, size, in_segment, index, _compile_specs(buffer, specs))


def _compile_specs(buffer: FlatBuffer, vector: Positions) -> tuple[tuple[str, bytes], ...]:
    tables, _ = buffer.tables_of(vector, "the compile specs")
    what = "a compile spec"
    keys = ragged.texts(buffer, buffer.references(tables, schema.CompileSpec.KEY), what)
    edges, data = ragged.numbers(
        buffer, buffer.references(tables, schema.CompileSpec.VALUE), "<u1", what
    )
    return tuple((key or "", data[edges[k] : edges[k + 1]].tobytes()) for k, key in enumerate(keys))
