"""FlatBuffers as columns: many tables at once, every offset checked before it is followed.

Positions are absolute bytes as int64 arrays; -1 stands for an absent field.
Knows the encoding and no schema. Source: the FlatBuffers internals document
(tables, vtables with signed back offsets, unsigned forward references).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.errors import CorruptTrace, Truncated
from etscope.etdump.schema import Offset, Scalar

Positions = NDArray[np.int64]

#: The types that FlatBuffers stores numbers in, with their bytes.
_SIZES = {f"<{kind}{size}": size for kind in "iu" for size in (1, 2, 4, 8)} | {"<f4": 4, "<f8": 8}


class FlatBuffer:
    """Checked access to the tables of one buffer.

    `data` is a flat uint8 array, usually a mapped file. Whatever a file claims,
    the vectors that `take` grants never add up to more than a few times its
    size, so that overlapping vectors cannot be blown up into endless rows.

    Raises (all methods): Truncated when something lies behind the end,
    CorruptTrace when an offset, size or count cannot be true.
    """

    def __init__(self, data: NDArray[np.uint8], *, path: str | None = None) -> None:
        self.data = data
        self.path = path
        self.size = len(data)
        self._views: dict[str, NDArray[Any]] = {}
        self._granted = 0

    def take(self, count: int, item_size: int, what: str) -> None:
        """Grant `count` items of `item_size` bytes, or refuse: real vectors do not overlap."""
        self._granted += count * item_size
        if self._granted > 4 * self.size + 4096:
            raise self.corrupt(f"{what} overlap: together they claim more bytes than the file has")

    def corrupt(self, message: str, position: int | None = None) -> CorruptTrace:
        """The error to raise for something that cannot be true."""
        return CorruptTrace(message, path=self.path, offset=position)

    def inside(
        self,
        positions: Positions,
        size: int | Positions,
        what: str,
        named_by: Positions | None = None,
    ) -> None:
        """Check that [position, position + size) lies in the file, for all of them.

        Args:
            named_by: the places in the file to blame; the positions themselves when left out.
        """
        if not len(positions):
            return
        # Nearly always all is well: two reductions say so, and no array is made.
        if isinstance(size, int):
            least, most = np.minimum.reduce(positions), np.maximum.reduce(positions)
            if least >= 0 and most + size <= self.size:
                return
        low = positions < 0
        if low.any():
            at = int(positions[low.argmax()])
            raise self.corrupt(f"{what} would begin {-at} bytes before the file")
        high = positions + size > self.size
        if high.any():
            at = int(positions[high.argmax()])
            raise Truncated(
                f"{what} ends behind the last byte of the file ({self.size} bytes)",
                path=self.path,
                offset=at if named_by is None else int(named_by[high.argmax()]),
            )

    def gather(self, positions: Positions, dtype: str, what: str = "a number") -> NDArray[Any]:
        """The numbers at these positions; shape as `positions`."""
        self.inside(positions, _SIZES[dtype], what)
        return self._read(positions, dtype)

    def _read(self, positions: Positions, dtype: str) -> NDArray[Any]:
        """Gather without the check; callers have made sure that all lies inside."""
        size = _SIZES[dtype]
        if size == 1:
            return self.data[positions].view(dtype)
        shift = size.bit_length() - 1
        if not np.bitwise_or.reduce(positions) & (size - 1):
            view = self._views.get(dtype)
            if view is None:
                view = self.data[: self.size >> shift << shift].view(dtype)
                self._views[dtype] = view
            picked: NDArray[Any] = view[positions >> shift]
            return picked
        # Alignment is a promise of the writer, not of the file that we were given.
        columns = self.data[positions[:, None] + np.arange(size)]
        return np.ascontiguousarray(columns).view(dtype)[:, 0]

    def number(self, position: int, dtype: str, what: str = "a number") -> int:
        """One number at one position."""
        return int(self.gather(np.array([position]), dtype, what)[0])

    def root(self, start: int) -> Positions:
        """The root table of the flatbuffer that begins at `start`, as one position."""
        root = np.array([start + self.number(start, "<u4", "the root offset")])
        self.inside(root, 4, "the root table")
        return root

    def fields(self, tables: Positions, slot: int) -> Positions:
        """Where the field of this slot is, in each table; -1: absent."""
        vtables, sizes = self.vtables(tables)
        return self.fields_by(tables, vtables, sizes, slot)

    def vtables(self, tables: Positions) -> tuple[Positions, Positions]:
        """(positions, byte sizes) of the tables' vtables.

        The offset is signed: flatcc puts vtables behind the tables that use them.
        """
        vtables = tables - self.gather(tables, "<i4", "a table")
        self.inside(vtables, 4, "a vtable")
        sizes = self._read(vtables, "<u2").astype(np.int64)
        if len(sizes) and (int(sizes.min()) < 4 or (sizes & 1).any()):
            at = int(np.argmax((sizes < 4) | (sizes & 1 == 1)))
            raise self.corrupt(f"a vtable of {int(sizes[at])} bytes", int(vtables[at]))
        self.inside(vtables, sizes, "a vtable")
        return vtables, sizes

    def fields_by(
        self, tables: Positions, vtables: Positions, sizes: Positions, slot: int
    ) -> Positions:
        """`fields`, with the vtables looked up before."""
        entry = 4 + 2 * slot
        known = sizes > entry
        if known.all():
            offsets = self._read(vtables + entry, "<u2").astype(np.int64)
        else:
            offsets = np.zeros(len(tables), np.int64)
            offsets[known] = self._read(vtables[known] + entry, "<u2")
        return np.where(offsets > 0, tables + offsets, -1)

    def values(self, at: Positions, scalar: Scalar) -> NDArray[Any]:
        """The numbers at field positions, with the schema's default where absent."""
        absent = at < 0
        if not absent.any():
            return self.gather(at, scalar.dtype, "a field")
        out = np.full(len(at), scalar.default, dtype=scalar.dtype)
        there = ~absent
        out[there] = self.gather(at[there], scalar.dtype, "a field")
        return out

    def scalars(self, tables: Positions, scalar: Scalar) -> NDArray[Any]:
        """A number field of each table."""
        return self.values(self.fields(tables, scalar.slot), scalar)

    def follow(self, at: Positions) -> Positions:
        """The targets of the references stored at field positions; -1 stays -1."""
        there = at >= 0
        if there.all():
            return self._targets(at)
        out = np.full(len(at), -1, np.int64)
        out[there] = self._targets(at[there])
        return out

    def _targets(self, at: Positions) -> Positions:
        steps = self.gather(at, "<u4", "a reference").astype(np.int64)
        if len(steps) and not steps.all():
            raise self.corrupt("a reference to itself", int(at[np.argmin(steps)]))
        targets: Positions = np.add(at, steps)
        self.inside(targets, 4, "the target of a reference", at)
        return targets

    def references(self, tables: Positions, offset: Offset) -> Positions:
        """What a reference field of each table points to; -1: absent."""
        return self.follow(self.fields(tables, offset.slot))

    def vectors(self, at: Positions, item_size: int, what: str) -> tuple[Positions, Positions]:
        """(first item, count) of the vectors at these positions; (0, 0) for -1."""
        there = at >= 0
        counts = np.zeros(len(at), np.int64)
        counts[there] = self.gather(at[there], "<u4", what)
        starts = np.where(there, at + 4, 0)
        self.inside(starts, counts * item_size, what, at)
        return starts, counts

    def items(self, starts: Positions, counts: Positions, item_size: int, what: str) -> Positions:
        """Positions of all items of several vectors, end to end."""
        total = int(counts.sum())
        self.take(total, item_size, what)
        first = np.cumsum(counts) - counts
        within = np.arange(total) - np.repeat(first, counts)
        positions: Positions = np.repeat(starts, counts) + item_size * within
        return positions

    def tables_of(self, at: Positions, what: str) -> tuple[Positions, Positions]:
        """(all tables end to end, count per vector) of vectors of tables."""
        starts, counts = self.vectors(at, 4, what)
        return self._targets(self.items(starts, counts, 4, what)), counts
