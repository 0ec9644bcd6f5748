"""Runs that repeat byte for byte: decode one, check the others against it, lift out their times.

A runtime writes each inference as one image: the same bytes again, but for
the start and end of each event and for the offsets that leave the image (to
vtables, shared strings), which move by exactly as much as the image does.
Every other byte is compared; a run that differs in one goes the general way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from etscope.etdump import schema
from etscope.etdump.columns import EventShape, Ints, Kind
from etscope.etdump.events import decode_events
from etscope.etdump.flatbuffer import FlatBuffer, Positions
from etscope.etdump.strings import StringTable
from etscope.etdump.times import Layout

#: Bytes looked at in one go: what fits the second-level cache beside its copies.
_CHUNK = 384 * 1024


@dataclass(frozen=True, eq=False)
class Template:
    """One decoded run image. Word positions count 4-byte words from the image's begin."""

    shape: EventShape
    image: NDArray[np.uint32]
    fixed: NDArray[np.bool_]  # where a word must repeat
    layout: Layout
    back: Ints  # words holding signed offsets to vtables outside of the image,
    back_value: NDArray[np.int32]
    ahead: Ints  # words holding references to things behind the image,
    ahead_value: Ints
    position: int

    def match(self, block: NDArray[np.uint32], moved: Ints) -> NDArray[np.bool_] | None:
        """Which rows of `block` repeat this image; None: all of them.

        Args:
            block: (rows, words) run images.
            moved: by how many bytes each row lies behind the template.
        """
        differ = block != self.image
        differ &= self.fixed
        # The offset grows as the image moves away from the vtable; below 2^31 bytes, where
        # every ETDump ends, it cannot wrap.
        back = np.take(block, self.back, axis=1).view(np.int32)
        back -= moved.astype(np.int32)[:, None]
        strayed = back != self.back_value
        ahead = np.zeros((len(block), 0), np.bool_)
        if len(self.ahead):
            expected = self.ahead_value - moved[:, None]
            ahead = np.take(block, self.ahead, axis=1) != expected
        if not (differ.any() or strayed.any() or ahead.any()):
            return None
        odd: NDArray[np.bool_] = differ.any(axis=1) | strayed.any(axis=1) | ahead.any(axis=1)
        return ~odd


def template_of(buffer: FlatBuffer, strings: StringTable, run: int, length: int) -> Template | None:
    """Decode the run whose image is [run, run + length); None if it cannot serve as one.

    It cannot when it holds other things than profile events, leaves times
    out, or reaches into its neighbours.
    """
    if (run | length) & 3:
        return None
    marks = _Marks(buffer, run, run + length)
    tables = np.array([run])
    events_at = buffer.references(tables, schema.RunData.EVENTS)
    if events_at[0] < 0 or (buffer.fields(tables, schema.RunData.ALLOCATORS.slot) >= 0).any():
        return None
    starts, counts = buffer.vectors(events_at, 4, "the events of a run")
    items = starts[0] + 4 * np.arange(int(counts[0]))
    events = buffer.follow(items)
    decoded = decode_events(buffer, strings, events)
    if len(decoded.metadata_row) or not (decoded.kind == Kind.PROFILE).all():
        return None
    profile_at = buffer.fields(events, schema.Event.PROFILE.slot)
    profiles = buffer.follow(profile_at)
    field = schema.ProfileEvent
    start, end = (buffer.fields(profiles, scalar.slot) for scalar in (field.START, field.END))
    if (start < 0).any() or (end < 0).any():
        return None

    marks.tables(np.concatenate([tables, events, profiles]))
    for scalar in (field.CHAIN, field.INSTRUCTION, field.DELEGATE_ID, field.START, field.END):
        marks.field(buffer.fields(profiles, scalar.slot), np.dtype(scalar.dtype).itemsize)
    marks.reference(profile_at, None)
    marks.reference(items, None)
    marks.reference(buffer.fields(tables, schema.RunData.EVENTS.slot), 4)
    marks.reference(buffer.fields(tables, schema.RunData.NAME.slot), 1)
    for text in (field.NAME, field.DELEGATE_NAME, field.METADATA):
        marks.reference(buffer.fields(profiles, text.slot), 1)
    return marks.template(decoded.shape(), start, end)


class _Marks:
    """Sorts the offsets of one image into those that stay inside and those that leave it."""

    def __init__(self, buffer: FlatBuffer, begin: int, end: int) -> None:
        self.buffer, self.begin, self.end = buffer, begin, end
        self.possible = True
        self._back: list[Positions] = []
        self._ahead: list[Positions] = []
        self._read: list[Positions] = []  # every word that holds a field
        self._held: list[tuple[Positions, Positions]] = []  # vtables, strings, vectors: from, to

    def _require(self, holds: NDArray[np.bool_]) -> None:
        self.possible = self.possible and bool(holds.all())

    def _inside(self, at: Positions, size: int | Positions = 1) -> NDArray[np.bool_]:
        return (at >= self.begin) & (at + size <= self.end)

    def field(self, at: Positions, size: int) -> None:
        """A field that was read must be among the bytes that are compared."""
        at = at[at >= 0]
        self._require(self._inside(at, size) & (at & 3 == 0))
        self._read.extend((at + step) >> 2 for step in range(0, size, 4))

    def tables(self, at: Positions) -> None:
        """The offsets to vtables; a vtable lies wholly on one side of the edge."""
        self.field(at, 4)
        vtables, sizes = self.buffer.vtables(at)
        inside = self._inside(vtables, sizes)
        self._require(inside | (vtables + sizes <= self.begin) | (vtables >= self.end))
        self._held.append((vtables[inside], (vtables + sizes)[inside]))
        self._back.append(at[~inside])

    def reference(self, at: Positions, item_size: int | None) -> None:
        """References to vectors of such items, or to tables (None)."""
        at = at[at >= 0]
        self.field(at, 4)
        targets = self.buffer.follow(at)
        extent = np.full(len(at), 4, np.int64)
        if item_size is not None:
            _, counts = self.buffer.vectors(targets, item_size, "the target of a reference")
            extent += counts * item_size
        inside = self._inside(targets, extent)
        self._require(inside | (targets >= self.end))
        if item_size is not None:  # the tables' own words are fields
            self._held.append((targets[inside], (targets + extent)[inside]))
        self._ahead.append(at[~inside])

    def _holding(self, words: int) -> NDArray[np.bool_]:
        """Which words of the image belong to a vtable, a string or a vector."""
        begins, ends = (np.concatenate(side) for side in zip(*self._held, strict=True))
        steps = np.bincount((begins - self.begin) >> 2, minlength=words + 1)
        steps -= np.bincount((ends - self.begin + 3) >> 2, minlength=words + 1)
        return np.asarray(np.cumsum(steps)[:words] > 0, np.bool_)

    def template(self, shape: EventShape, start: Positions, end: Positions) -> Template | None:
        """The image with its free and moving words marked; None if it cannot serve."""
        read = np.concatenate(self._read)
        # A time that doubles as another field would let that field change unseen.
        if not self.possible or len(np.unique(read)) != len(read):
            return None
        image = self.buffer.data[self.begin : self.end].view("<u4").copy()
        back = (np.concatenate(self._back) - self.begin) >> 2
        ahead = (np.concatenate(self._ahead) - self.begin) >> 2
        fixed = np.ones(len(image), np.bool_)
        layout = Layout(start - self.begin, end - self.begin)
        times = [(at >> 2) + half for at in (layout.start, layout.end) for half in (0, 1)]
        for free in (back, ahead, *times):
            fixed[free] = False
        # Nor may it double as a part of a name or of a vtable.
        if (self._holding(len(image)) & ~fixed).any():
            return None
        return Template(
            shape=shape,
            image=image,
            fixed=fixed,
            layout=layout,
            back=back,
            back_value=image[back].view(np.int32),
            ahead=ahead,
            ahead_value=image[ahead].astype(np.int64),
            position=self.begin,
        )


def images(data: NDArray[np.uint8], positions: Positions, length: int) -> NDArray[np.uint32]:
    """(rows, words) run images of one length, contiguous; positions are multiples of 4."""
    words = data[: len(data) & ~3].view("<u4")
    count = length >> 2
    steps = np.diff(positions)
    if len(steps) and steps[0] != 0 and (steps == steps[0]).all():
        low = int(positions.min())
        view = np.lib.stride_tricks.as_strided(
            words[low >> 2 :], (len(positions), count), (abs(int(steps[0])), 4), writeable=False
        )
        return np.ascontiguousarray(view if steps[0] > 0 else view[::-1])
    out = np.empty((len(positions), count), np.uint32)
    for row, position in enumerate((positions >> 2).tolist()):
        out[row] = words[position : position + count]
    return out


def rows_per_chunk(length: int) -> int:
    """How many images of this many bytes are looked at in one go."""
    return max(1, _CHUNK // length)
