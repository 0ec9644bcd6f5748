"""The runs of a dump: where they are, and their events by whichever path serves them best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from etscope.etdump import schema
from etscope.etdump.columns import (
    AllocationColumns,
    EventShape,
    Ints,
    Ints32,
    MetadataColumns,
    ValueColumns,
    Words,
)
from etscope.etdump.events import DecodedEvents, decode_events
from etscope.etdump.flatbuffer import FlatBuffer, Positions
from etscope.etdump.shapes import find_shapes
from etscope.etdump.strings import StringTable
from etscope.etdump.template import Template, images, rows_per_chunk, template_of
from etscope.etdump.times import Layout, MappedTimes, Times
from etscope.etdump.values import join_values, read_values

#: Events decoded in one go on the general path; their temporaries stay in the cache.
_CHUNK = 64 * 1024
#: A template must spare the general path about as many events to be worth its making.
_WORTHWHILE = 10_000


@dataclass(frozen=True, eq=False)
class RunTables:
    """The RunData tables of a dump, in the order of its run vector."""

    table: Positions
    name: Ints32
    bundled_input: Ints32
    items: Positions  # first item of each event vector
    count: Ints  # events of each run

    @staticmethod
    def read(buffer: FlatBuffer, strings: StringTable, tables: Positions) -> RunTables:
        """Read everything about runs except their events."""
        items, count = buffer.vectors(
            buffer.references(tables, schema.RunData.EVENTS), 4, "the events of a run"
        )
        buffer.take(int(count.sum()), 4, "the event vectors")
        return RunTables(
            table=tables,
            name=strings.intern(buffer.references(tables, schema.RunData.NAME)),
            bundled_input=buffer.scalars(tables, schema.RunData.BUNDLED_INPUT),
            items=items,
            count=count,
        )


class RunReader:
    """Reads the events of runs into columns that grow to the whole trace."""

    def __init__(self, buffer: FlatBuffer, strings: StringTable, runs: RunTables) -> None:
        self.buffer, self.strings, self.runs = buffer, strings, runs
        self.first_event = np.concatenate([[0], np.cumsum(runs.count)]).astype(np.int64)
        self._layouts: list[Layout] = []
        self._layout: Ints32 = np.full(len(runs.table), -1, np.int32)
        self._place: Ints = runs.table.copy()
        self._dense: list[tuple[Words, Words]] = []
        self._dense_events = 0
        self.shape: Ints32 = np.full(len(runs.table), -1, np.int32)
        self.shapes: list[EventShape] = []
        self._shape_index: dict[tuple[bytes, ...], int] = {}
        self._values: list[ValueColumns] = []
        self._metadata: list[tuple[Ints, Positions, Ints]] = []
        self._allocations: list[tuple[Ints, Ints32, Words]] = []

    def read_all(self) -> None:
        """Repeated run images by template, the rest one by one."""
        self.read_repeated()
        self.read_any(np.flatnonzero(self.shape < 0))

    def read_repeated(self) -> None:
        """Find runs whose images have one length and lift out those that repeat."""
        if self.buffer.size >= schema.SIZE_LIMIT:  # templates count on offsets that cannot wrap
            return
        tables = self.runs.table
        order = np.argsort(tables, kind="stable")
        lengths = np.zeros(len(tables), np.int64)
        lengths[order] = np.diff(tables[order], append=self.buffer.size)
        by_length = np.argsort(lengths, kind="stable")
        edges = np.flatnonzero(np.diff(lengths[by_length], prepend=-1))
        for rows in np.split(by_length, edges[1:]):
            length = int(lengths[rows[0]]) if len(rows) else 0
            if length >= 8 and not length & 3:
                rows = rows[tables[rows] & 3 == 0]
                self._repeat(np.sort(rows), length)

    def _repeat(self, rows: Ints, length: int) -> None:
        """Runs of one length: try templates as long as they serve enough events."""
        while int(self.runs.count[rows].sum()) >= _WORTHWHILE:
            middle = int(rows[len(rows) // 2])
            template = template_of(self.buffer, self.strings, int(self.runs.table[middle]), length)
            if template is None:
                return
            before = len(rows)
            rows = self._apply(template, rows, length)
            if (before - len(rows)) * len(template.shape) < _WORTHWHILE // 2:
                return

    def _apply(self, template: Template, rows: Ints, length: int) -> Ints:
        """Take over the runs that repeat the template; returns the others."""
        rows = rows[self.runs.count[rows] == len(template.shape)]
        index = self._index_of(template.shape)
        self._layouts.append(template.layout)
        left = []
        step = rows_per_chunk(length)
        for low in range(0, len(rows), step):
            some = rows[low : low + step]
            positions = self.runs.table[some]
            block = images(self.buffer.data, positions, length)
            good = template.match(block, positions - template.position)
            if good is not None:
                left.append(some[~good])
                some = some[good]
            self.shape[some] = index
            self._layout[some] = len(self._layouts) - 1
        return np.concatenate(left) if left else rows[:0]

    def _index_of(self, shape: EventShape) -> int:
        key = tuple(column.tobytes() for column in shape.columns())
        index = self._shape_index.setdefault(key, len(self.shapes))
        if index == len(self.shapes):
            self.shapes.append(shape)
        return index

    def read_any(self, rows: Ints) -> None:
        """Decode these runs the general way, some tens of thousands of events at a time."""
        low = 0
        ends = np.cumsum(self.runs.count[rows])
        while low < len(rows):
            done = int(ends[low - 1]) if low else 0
            high = max(low + 1, int(np.searchsorted(ends, done + _CHUNK, side="right")))
            self._decode(rows[low:high])
            low = high

    def _decode(self, rows: Ints) -> None:
        """One chunk of whole runs."""
        buffer, counts = self.buffer, self.runs.count[rows]
        items = buffer.items(self.runs.items[rows], counts, 4, "the events of runs")
        decoded = decode_events(buffer, self.strings, buffer.follow(items))
        edges = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        event = np.repeat(self.first_event[rows] - edges[:-1], counts) + np.arange(len(items))
        self._dense.append((decoded.start, decoded.end))
        self._place[rows] = self._dense_events + edges[:-1]
        self._dense_events += len(items)
        shapes, index = find_shapes(*decoded.shape().columns(), edges)
        known = np.array([self._index_of(shape) for shape in shapes], np.int32)
        self.shape[rows] = known[index]
        self._sparse(decoded, event)

    def _sparse(self, decoded: DecodedEvents, event: Ints) -> None:
        if len(decoded.debug_row):
            self._values.append(
                read_values(self.buffer, event[decoded.debug_row], decoded.debug_entry)
            )
        if len(decoded.metadata_row):
            row = event[decoded.metadata_row]
            self._metadata.append((row, decoded.metadata_start, decoded.metadata_length))
        if len(decoded.allocation_row):
            row = event[decoded.allocation_row]
            self._allocations.append((row, decoded.allocator, decoded.allocation_size))

    def times(self) -> Times:
        """The times of all events; those of repeated runs stay in the file."""
        parts = self._dense or [(np.zeros(0, np.uint64), np.zeros(0, np.uint64))]
        dense = Times(*(np.concatenate(part) for part in zip(*parts, strict=True)))
        if not self._layouts:
            return dense
        return MappedTimes(
            self.buffer.data, self._layouts, self._layout, self._place, self.first_event, dense
        )

    def values(self) -> ValueColumns:
        """Everything that debug events logged."""
        return join_values(self._values)

    def metadata(self) -> MetadataColumns:
        """Where the delegates' bytes are."""
        if not self._metadata:
            return MetadataColumns.none()
        event, start, length = (np.concatenate(part) for part in zip(*self._metadata, strict=True))
        order = np.argsort(event, kind="stable")
        return MetadataColumns(event[order], start[order], length[order], self.buffer.data)

    def allocations(self) -> AllocationColumns:
        """Allocation events and the names of the allocators."""
        vectors = self.buffer.references(self.runs.table, schema.RunData.ALLOCATORS)
        if not self._allocations and (vectors < 0).all():
            return AllocationColumns.none()
        tables, counts = self.buffer.tables_of(vectors, "allocators")
        none = AllocationColumns.none()
        parts = [*self._allocations, (none.event, none.allocator, none.size_bytes)]
        event = np.concatenate([part[0] for part in parts])
        order = np.argsort(event, kind="stable")
        return AllocationColumns(
            event=event[order],
            allocator=np.concatenate([part[1] for part in parts])[order],
            size_bytes=np.concatenate([part[2] for part in parts])[order],
            allocator_run=np.repeat(np.arange(len(counts), dtype=np.int32), counts),
            allocator_name=self.strings.intern(
                self.buffer.references(tables, schema.Allocator.NAME)
            ),
        )
