"""Finding profile events in a file by what they look like, without any path that leads to them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from etscope.etdump import schema
from etscope.etdump.columns import EventShape, Ints, Kind, Loss, RunColumns, Trace
from etscope.etdump.flatbuffer import FlatBuffer, Positions
from etscope.etdump.shapes import find_shapes
from etscope.etdump.strings import StringTable
from etscope.etdump.times import Times

_CHUNK = 1 << 22
#: Four bytes of vtable header and eight slots of two.
_VTABLE_SIZE = 20
_LARGEST_TABLE = 64
_LONGEST_NAME = 4096
#: The events that end a run, and what the runtime calls such a run.
_CLOSING = {"Method::execute": "Execute", "Program::load_method": "Default"}


def find_profile_events(buffer: FlatBuffer) -> Positions:
    """Positions of everything that has the layout, the times and the name of a profile event."""
    found = [
        _candidates(buffer, np.arange(low, min(low + _CHUNK, buffer.size - 3), 4))
        for low in range(0, buffer.size - 3, _CHUNK)
    ]
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _candidates(buffer: FlatBuffer, at: Positions) -> Positions:
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
    named = _is_name(buffer, at, offsets[0]) & _is_name(buffer, at, offsets[4])
    named &= (offsets[0] > 0) | (offsets[4] > 0) | (offsets[3] > 0)
    found: Positions = at[named]
    return found


def _is_name(buffer: FlatBuffer, at: Positions, offset: Ints) -> NDArray[np.bool_]:
    """Whether a field is absent or points to a short, closed, printable string."""
    good: NDArray[np.bool_] = offset == 0
    for row in np.flatnonzero(~good).tolist():
        field = int(at[row] + offset[row])
        good[row] = _name_at(buffer, field + buffer.number(field, "<u4"))
    return good


def _name_at(buffer: FlatBuffer, position: int) -> bool:
    if position + 4 > buffer.size:
        return False
    length = buffer.number(position, "<u4")
    end = position + 4 + length
    if length > _LONGEST_NAME or end >= buffer.size or buffer.data[end] != 0:
        return False
    try:
        return buffer.data[position + 4 : end].tobytes().decode("utf-8").isprintable()
    except UnicodeDecodeError:
        return False


def rebuild(buffer: FlatBuffer, tables: Positions) -> Trace:
    """A trace of found profile events. Its runs are derived: each ends with its closing event."""
    field = schema.ProfileEvent
    strings = StringTable(buffer)
    end = buffer.scalars(tables, field.END)
    if len(tables) > 1 and (np.diff(end.astype(np.int64)) < 0).mean() > 0.5:
        tables, end = tables[::-1], end[::-1]  # flatcc writes back to front
    name = strings.intern(buffer.references(tables, field.NAME))
    delegate_name = strings.intern(buffer.references(tables, field.DELEGATE_NAME))
    texts = strings.strings
    closing = {index: _CLOSING[text] for index, text in enumerate(texts) if text in _CLOSING}
    closes = np.isin(name, list(closing))
    first = np.concatenate([[0], np.flatnonzero(closes) + 1])
    if first[-1] != len(tables):
        first = np.append(first, len(tables))
    run_names = list(dict.fromkeys(closing.values()))
    run_name = [
        len(texts) + run_names.index(closing[int(name[last])]) if closes[last] else -1
        for last in (first[1:] - 1).tolist()
    ]
    columns = EventShape(
        np.full(len(tables), Kind.PROFILE, np.uint8),
        name,
        buffer.scalars(tables, field.CHAIN).astype(np.int64),
        buffer.scalars(tables, field.INSTRUCTION),
        buffer.scalars(tables, field.DELEGATE_ID),
        delegate_name,
    )
    shapes, shape = find_shapes(*columns.columns(), first)
    return Trace(
        strings=(*texts, *run_names),
        shapes=shapes,
        runs=RunColumns(
            np.array(run_name, np.int32), np.full(len(shape), -1, np.int32), shape, first
        ),
        times=Times(buffer.scalars(tables, field.START), end),
        losses=(
            Loss(
                "the runs: found again by the events that close them; "
                "logged tensors, delegate metadata and allocations are left out"
            ),
        ),
        path=buffer.path,
    )
