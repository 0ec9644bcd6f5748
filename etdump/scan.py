"""Finding profile events in a file by what they look like, without any path that leads to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from etscope.etdump import schema
from etscope.etdump.columns import EventShape, Ints, Ints32, Kind, Loss, RunColumns, Trace
from etscope.etdump.flatbuffer import FlatBuffer, Positions
from etscope.etdump.lost_vtables import with_lost_vtables
from etscope.etdump.shapes import find_shapes
from etscope.etdump.strings import StringTable, are_texts
from etscope.etdump.times import Times

_CHUNK = 1 << 22
#: Four bytes of vtable header and eight slots of two.
_VTABLE_SIZE = 20
_LARGEST_TABLE = 64
#: The eight offsets of a layout, each below the largest table, fit in one word.
_SHIFTS = 6 * np.arange(8)[:, None]
#: The events that end a run, and what the runtime calls such a run.
_CLOSING = {"Method::execute": "Execute", "Program::load_method": "Default"}


@dataclass(frozen=True, eq=False)
class Found:
    """Tables that look like profile events, in the order of the file."""

    at: Positions
    layout: Ints32  # row of `layouts`
    layouts: Ints  # (layouts, 8): where each field is in its table; 0: absent
    without_vtable: int = 0  # how many of them were read by the layouts that the runtime writes

    def __len__(self) -> int:
        return len(self.at)

    def field(self, slot: int) -> Positions:
        """Where this field of each table is; -1: absent."""
        offset = self.layouts[self.layout, slot]
        return np.where(offset > 0, self.at + offset, -1)

    def backwards(self) -> Found:
        """The same, last table first."""
        return Found(self.at[::-1], self.layout[::-1], self.layouts, self.without_vtable)


def find_profile_events(buffer: FlatBuffer) -> Found:
    """Everything that has the layout, the times and the name of a profile event.

    In a file that is cut off at its end, also what has lost its vtable.
    """
    at, packed, lost = [], [], 0
    for low in range(0, buffer.size - 3, _CHUNK):
        places = np.arange(low, min(low + _CHUNK, buffer.size - 3), 4)
        for finder in (_with_vtable, with_lost_vtables):
            tables, offsets = finder(buffer, places)
            at.append(tables)
            packed.append((offsets << _SHIFTS).sum(axis=0))
            lost += len(tables) if finder is with_lost_vtables else 0
    if not at:
        return Found(np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros((0, 8), np.int64))
    tables = np.concatenate(at)
    order = np.argsort(tables, kind="stable")
    distinct, layout = np.unique(np.concatenate(packed)[order], return_inverse=True)
    layouts = (distinct[:, None] >> _SHIFTS.T) & (_LARGEST_TABLE - 1)
    return Found(tables[order], layout.reshape(-1).astype(np.int32), layouts, lost)


def _with_vtable(buffer: FlatBuffer, at: Positions) -> tuple[Positions, Ints]:
    """(tables that are profile events by all that their vtables say, (8, tables) offsets)."""
    vtables = at - buffer.gather(at, "<i4")
    near = (vtables >= 0) & (vtables <= buffer.size - _VTABLE_SIZE) & (vtables & 1 == 0)
    at, vtables = at[near], vtables[near]
    header = buffer.gather(vtables, "<u2") == _VTABLE_SIZE
    at, vtables = at[header], vtables[header]
    sizes = buffer.gather(vtables + 2, "<u2").astype(np.int64)
    fits = (sizes >= 20) & (sizes <= _LARGEST_TABLE) & (at + sizes <= buffer.size)
    at, vtables, sizes = at[fits], vtables[fits], sizes[fits]
    offsets = np.stack(
        [buffer.gather(vtables + 4 + 2 * slot, "<u2").astype(np.int64) for slot in range(8)]
    )
    widths = np.array([4, 4, 4, 4, 4, 4, 8, 8])[:, None]
    good = ((offsets == 0) | ((offsets >= 4) & (offsets + widths <= sizes))).all(axis=0)
    good &= (offsets[6] > 0) & (offsets[7] > 0)
    at, offsets = at[good], offsets[:, good]
    start = buffer.gather(at + offsets[6], "<u8")
    end = buffer.gather(at + offsets[7], "<u8")
    good = (start > 0) & (end >= start)
    at, offsets = at[good], offsets[:, good]
    named = (offsets[0] > 0) | (offsets[4] > 0) | (offsets[3] > 0)
    for slot in (0, 4):
        there = np.flatnonzero(offsets[slot] > 0)
        named[there] &= are_texts(buffer, at[there] + offsets[slot][there])
    return at[named], offsets[:, named]


def rebuild(buffer: FlatBuffer, found: Found) -> Trace:
    """A trace of found profile events. Its runs are derived: each ends with its closing event."""
    field = schema.ProfileEvent
    end = buffer.values(found.field(field.END.slot), field.END)
    if len(found) > 1 and (np.diff(end.astype(np.int64)) < 0).mean() > 0.5:
        found, end = found.backwards(), end[::-1]  # flatcc writes back to front
    strings = StringTable(buffer)
    columns = EventShape(
        np.full(len(found), Kind.PROFILE, np.uint8),
        strings.intern(buffer.follow(found.field(field.NAME.slot))),
        buffer.values(found.field(field.CHAIN.slot), field.CHAIN).astype(np.int64),
        buffer.values(found.field(field.INSTRUCTION.slot), field.INSTRUCTION),
        buffer.values(found.field(field.DELEGATE_ID.slot), field.DELEGATE_ID),
        strings.intern(buffer.follow(found.field(field.DELEGATE_NAME.slot))),
    )
    texts, runs, first = _derived_runs(strings.strings, columns.name)
    shapes, shape = find_shapes(*columns.columns(), first)
    return Trace(
        strings=texts,
        shapes=shapes,
        runs=RunColumns(runs, np.full(len(shape), -1, np.int32), shape, first),
        times=Times(buffer.values(found.field(field.START.slot), field.START), end),
        losses=_losses(found),
        path=buffer.path,
    )


def _derived_runs(texts: tuple[str, ...], name: Ints32) -> tuple[tuple[str, ...], Ints32, Ints]:
    """(strings with the runs' names, name of each run, its first event) from the closing events."""
    closing = {index: _CLOSING[text] for index, text in enumerate(texts) if text in _CLOSING}
    closes = np.isin(name, np.array([*closing], np.int32))
    first = np.concatenate([[0], np.flatnonzero(closes) + 1])
    if first[-1] != len(name):
        first = np.append(first, len(name))
    run_names = list(dict.fromkeys(closing.values()))
    numbers = {index: len(texts) + run_names.index(text) for index, text in closing.items()}
    last = name[first[1:] - 1].tolist()
    return (*texts, *run_names), np.array([numbers.get(n, -1) for n in last], np.int32), first


def _losses(found: Found) -> tuple[Loss, ...]:
    runs = Loss(
        "the runs: found again by the events that close them; "
        "logged tensors, delegate metadata and allocations are left out"
    )
    if not found.without_vtable:
        return (runs,)
    layouts = Loss(
        f"the layout of {found.without_vtable} events: it lay behind the cut, and they were read "
        "by the layouts that the runtime writes"
    )
    return runs, layouts
