"""The delegates of a method: which backend, and where the bytes lie that it was given."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

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
        self._granted: set[tuple[bool, int]] = set()

    def find(self, buffer: FlatBuffer, in_segment: bool, index: int) -> tuple[int, int]:
        """(first byte, size) of one delegate's data."""
        starts, sizes = self.segments if in_segment else self.inline
        if index >= len(starts):
            raise buffer.corrupt(f"a delegate's data names number {index} of {len(starts)}")
        if (in_segment, index) not in self._granted:
            # Plug-ins read each once: overlapping ones would be read again and again.
            self._granted.add((in_segment, index))
            buffer.take(int(sizes[index]), 1, "the delegates' data")
        return int(starts[index]), int(sizes[index])


def read_delegates(
    buffer: FlatBuffer, tables: Positions, blobs: BlobPlaces
) -> tuple[Delegate, ...]:
    """The delegates of these tables.

    Raises:
        TraceError: something lies outside the file, or the data of one is not there.
    """
    backends = ragged.texts(
        buffer, buffer.references(tables, schema.Delegate.BACKEND), "a backend's name"
    )
    processed = buffer.references(tables, schema.Delegate.PROCESSED)
    if (processed < 0).any():
        raise buffer.corrupt("a delegate without data", int(tables[(processed < 0).argmax()]))
    located = buffer.scalars(processed, schema.DataReference.LOCATION)
    index = buffer.scalars(processed, schema.DataReference.INDEX)
    specs = _compile_specs(buffer, buffer.references(tables, schema.Delegate.COMPILE_SPECS))
    out = []
    for backend, in_segment, number, options in zip(
        backends, (located != 0).tolist(), index.tolist(), specs, strict=True
    ):
        start, size = blobs.find(buffer, in_segment, number)
        out.append(Delegate(backend or "", start, size, in_segment, number, options))
    return tuple(out)


def _compile_specs(buffer: FlatBuffer, vectors: Positions) -> list[tuple[tuple[str, bytes], ...]]:
    """Per delegate its compile specs: (key, value) each."""
    tables, counts = buffer.tables_of(vectors, "the compile specs")
    what = "a compile spec"
    keys = ragged.texts(buffer, buffer.references(tables, schema.CompileSpec.KEY), what)
    edges, data = ragged.numbers(
        buffer, buffer.references(tables, schema.CompileSpec.VALUE), "<u1", what
    )
    pairs = [
        (key or "", data[start:end].tobytes())
        for key, start, end in zip(keys, edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    ]
    first = ragged.edges_of(counts).tolist()
    return [tuple(pairs[a:b]) for a, b in pairwise(first)]
