"""Event tables → columns, whatever their layout: the path that serves every file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from etscope.etdump import schema
from etscope.etdump.columns import EventShape, Ints, Ints32, Kind, Words
from etscope.etdump.flatbuffer import FlatBuffer, Positions
from etscope.etdump.strings import StringTable


@dataclass(frozen=True, eq=False)
class DecodedEvents:
    """Some events of a file, row for row; the sparse parts name their rows."""

    kind: NDArray[np.uint8]
    name: Ints32
    chain: Ints
    instruction: Ints32
    delegate_id: Ints32
    delegate_name: Ints32
    start: Words
    end: Words
    debug_row: Ints  # rows that are debug events,
    debug_entry: Positions  # and where their Value tables are
    metadata_row: Ints  # rows with bytes from a delegate,
    metadata_start: Positions  # and where those are
    metadata_length: Ints
    allocation_row: Ints
    allocator: Ints32
    allocation_size: Words

    def shape(self) -> EventShape:
        """All of it but the times, as one shape."""
        return EventShape(
            self.kind,
            self.name,
            self.chain,
            self.instruction,
            self.delegate_id,
            self.delegate_name,
        )


def decode_events(buffer: FlatBuffer, strings: StringTable, tables: Positions) -> DecodedEvents:
    """Decode Event tables at these positions, in this order.

    Raises:
        TraceError: an offset leads out of the file, or an event is none of the three kinds.
    """
    kinds, inner = _kinds_of(buffer, tables)
    columns = _Columns.of(kinds)
    rows = np.flatnonzero(kinds == Kind.PROFILE)
    metadata = _profile(buffer, strings, inner[Kind.PROFILE][rows], rows, columns)
    debug = np.flatnonzero(kinds == Kind.DEBUG)
    entries = _debug(buffer, strings, inner[Kind.DEBUG][debug], debug, columns)
    allocation = np.flatnonzero(kinds == Kind.ALLOCATION)
    at = inner[Kind.ALLOCATION][allocation]
    return DecodedEvents(
        kind=kinds,
        name=columns.name,
        chain=columns.chain,
        instruction=columns.instruction,
        delegate_id=columns.delegate_id,
        delegate_name=columns.delegate_name,
        start=columns.start,
        end=columns.end,
        debug_row=debug,
        debug_entry=entries,
        metadata_row=metadata[0],
        metadata_start=metadata[1],
        metadata_length=metadata[2],
        allocation_row=allocation,
        allocator=buffer.scalars(at, schema.AllocationEvent.ALLOCATOR),
        allocation_size=buffer.scalars(at, schema.AllocationEvent.SIZE),
    )


def _kinds_of(
    buffer: FlatBuffer, tables: Positions
) -> tuple[NDArray[np.uint8], dict[Kind, Positions]]:
    """(kind of each event, for each kind where the tables of that kind are; -1: another kind)."""
    vtables, sizes = buffer.vtables(tables)
    inner = {
        kind: buffer.follow(buffer.fields_by(tables, vtables, sizes, field.slot))
        for kind, field in (
            (Kind.PROFILE, schema.Event.PROFILE),
            (Kind.DEBUG, schema.Event.DEBUG),
            (Kind.ALLOCATION, schema.Event.ALLOCATION),
        )
    }
    kinds = np.full(len(tables), 255, np.uint8)
    for kind, position in inner.items():
        kinds[position >= 0] = kind
    if (kinds == 255).any():
        row = int((kinds == 255).argmax())
        raise buffer.corrupt("an event that holds nothing", int(tables[row]))
    return kinds, inner


@dataclass
class _Columns:
    """The columns that both kinds fill, with what is absent already in place."""

    name: Ints32
    chain: Ints
    instruction: Ints32
    delegate_id: Ints32
    delegate_name: Ints32
    start: Words
    end: Words

    @staticmethod
    def of(kinds: NDArray[np.uint8]) -> _Columns:
        n = len(kinds)
        return _Columns(
            name=np.full(n, -1, np.int32),
            chain=np.full(n, -1, np.int64),
            instruction=np.full(n, -1, np.int32),
            delegate_id=np.full(n, -1, np.int32),
            delegate_name=np.full(n, -1, np.int32),
            start=np.zeros(n, np.uint64),
            end=np.zeros(n, np.uint64),
        )


def _profile(
    buffer: FlatBuffer, strings: StringTable, at: Positions, rows: Ints, out: _Columns
) -> tuple[Ints, Positions, Ints]:
    """Fill the rows of profile events; returns the sparse (row, start, length) of metadata."""
    field = schema.ProfileEvent
    vtables, sizes = buffer.vtables(at)

    def where(slot: int) -> Positions:
        return buffer.fields_by(at, vtables, sizes, slot)

    out.chain[rows] = buffer.values(where(field.CHAIN.slot), field.CHAIN)
    out.instruction[rows] = buffer.values(where(field.INSTRUCTION.slot), field.INSTRUCTION)
    out.delegate_id[rows] = buffer.values(where(field.DELEGATE_ID.slot), field.DELEGATE_ID)
    out.start[rows] = buffer.values(where(field.START.slot), field.START)
    out.end[rows] = buffer.values(where(field.END.slot), field.END)
    out.name[rows] = strings.intern(buffer.follow(where(field.NAME.slot)))
    out.delegate_name[rows] = strings.intern(buffer.follow(where(field.DELEGATE_NAME.slot)))
    starts, lengths = buffer.vectors(
        buffer.follow(where(field.METADATA.slot)), 1, "delegate metadata"
    )
    some = lengths > 0
    buffer.take(int(lengths[some].sum()), 1, "delegate metadata")
    return rows[some], starts[some], lengths[some]


def _debug(
    buffer: FlatBuffer, strings: StringTable, at: Positions, rows: Ints, out: _Columns
) -> Positions:
    """Fill the rows of debug events; returns where their Value tables are."""
    field = schema.DebugEvent
    # The runtime writes -1 into this unsigned field; seen as signed it is -1 again.
    out.chain[rows] = buffer.scalars(at, field.CHAIN).view(np.int64)
    out.instruction[rows] = buffer.scalars(at, field.INSTRUCTION)
    out.delegate_id[rows] = buffer.scalars(at, field.DELEGATE_ID)
    out.name[rows] = strings.intern(buffer.references(at, field.NAME))
    out.delegate_name[rows] = strings.intern(buffer.references(at, field.DELEGATE_NAME))
    return buffer.references(at, field.ENTRY)
