"""Profile events whose vtables were cut off with the end of the file.

flatcc puts the vtables behind all tables, so a dump that misses its last bytes has
lost the layout of everything in it. But ETDumpGen fills its events in one order, which
leaves few layouts (seen in dumps of ExecuTorch 1.5); the tables that shared a vtable
say which of them it held.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints
from etscope.etdump.flatbuffer import FlatBuffer, Positions
from etscope.etdump.schema import IDENTIFIER, SIZE_LIMIT
from etscope.etdump.strings import are_texts

#: Slots of ProfileEvent in the order in which they lie in the table. Start and end come before,
#: at 4 and 12; a chain of 0 is left out. What says more comes first: a delegate's name could
#: also be taken for an event's, and where a name is would pass for a delegate's number.
_ORDERS = (
    ("chain", "instruction", "delegate_name", "metadata"),
    ("instruction", "delegate_name", "metadata"),
    ("chain", "instruction", "name"),
    ("instruction", "name"),
    ("instruction", "delegate_id", "metadata"),
    ("chain", "instruction", "delegate_id", "metadata"),
)
_SLOTS = ("name", "chain", "instruction", "delegate_id", "delegate_name", "metadata")
_START, _END, _FIRST = 4, 12, 20
_NAME, _CHAIN, _INSTRUCTION, _DELEGATE_ID, _DELEGATE_NAME, _METADATA = range(6)
#: No chain, instruction or delegate id of a real program is as large.
_LARGEST_ID = 1 << 20


def _layouts() -> Ints:
    """(layouts, 8) offsets of the fields; 0: absent."""
    out = np.zeros((len(_ORDERS), 8), np.int64)
    out[:, 6], out[:, 7] = _START, _END
    for layout, order in zip(out, _ORDERS, strict=True):
        for place, field in enumerate(order):
            layout[_SLOTS.index(field)] = _FIRST + 4 * place
    return out


def with_lost_vtables(buffer: FlatBuffer, at: Positions) -> tuple[Positions, Ints]:
    """(those tables that must be profile events, (8, tables) where their fields are)."""
    nothing = at[:0], np.zeros((8, 0), np.int64)
    whole = _whole_size(buffer)
    if whole <= buffer.size:
        return nothing
    vtables = at - buffer.gather(at, "<i4")
    lost = (vtables > buffer.size - 20) & (vtables <= whole - 20) & (vtables & 1 == 0)
    lost &= at + 36 <= buffer.size  # the longest of the layouts
    at, vtables = at[lost], vtables[lost]
    start, end = buffer.gather(at + _START, "<u8"), buffer.gather(at + _END, "<u8")
    timed = (start > 0) & (end >= start)
    at, vtables = at[timed], vtables[timed]
    if not len(at):
        return nothing
    layouts = _layouts()
    fits = np.stack([_fits(buffer, at, layout) for layout in layouts])
    _, group = np.unique(vtables, return_inverse=True)
    group = group.reshape(-1)
    votes = np.stack([np.bincount(group, weights=row) for row in fits])
    # The first that serves half as many as the best: behind the cut, names are lost as well.
    chosen = (2 * votes >= votes.max(axis=0)).argmax(axis=0)[group]
    good = fits[chosen, np.arange(len(at))]
    return at[good], layouts[chosen[good]].T


def _whole_size(buffer: FlatBuffer) -> int:
    """How long the file was before it was cut; as long as a dump can be where it does not say."""
    if buffer.data[8:12].tobytes() == IDENTIFIER:
        return min(buffer.number(0, "<u4") + 4, SIZE_LIMIT)
    return SIZE_LIMIT if buffer.data[4:8].tobytes() == IDENTIFIER else 0


def _fits(buffer: FlatBuffer, at: Positions, layout: Ints) -> NDArray[np.bool_]:
    """Which tables make sense when they are read by this layout."""
    good = np.ones(len(at), np.bool_)
    for slot in (_CHAIN, _INSTRUCTION, _DELEGATE_ID):
        if layout[slot]:
            number = buffer.gather(at + layout[slot], "<i4")
            good &= (number >= -1) & (number < _LARGEST_ID)
    for slot in (_NAME, _DELEGATE_NAME):
        if layout[slot]:
            rows = np.flatnonzero(good)
            good[rows] = are_texts(buffer, at[rows] + layout[slot], least=1)
    if layout[_METADATA]:
        good &= _are_vectors(buffer, at + layout[_METADATA])
    return good


def _are_vectors(buffer: FlatBuffer, fields: Positions) -> NDArray[np.bool_]:
    """Which fields refer to bytes that lie in the file."""
    targets = fields + buffer.gather(fields, "<u4")
    good: NDArray[np.bool_] = (targets > fields) & (targets + 4 <= buffer.size) & (targets & 3 == 0)
    counts = buffer.gather(targets[good], "<u4")
    good[good] = targets[good] + 4 + counts <= buffer.size
    return good
