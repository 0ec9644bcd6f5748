"""Which bytes of a program belong to which tensor: constants, and states to begin with.

Source: the comment on `Tensor.data_buffer_idx` in ExecuTorch's `program.fbs`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from etscope.etdump import program_schema as schema
from etscope.etdump import ragged
from etscope.etdump.columns import Ints, Ints32
from etscope.etdump.flatbuffer import FlatBuffer, Positions
from etscope.etdump.tensor_specs import TensorSpecs


class Storage(IntEnum):
    """Where the data of a tensor is when its method has been loaded."""

    NONE = 0  # the caller gives it, or it is made while running
    PLANNED = 1  # an arena has room for it
    CONSTANT = 2  # read from the program where it lies
    INITIAL_STATE = 3  # planned in an arena, and copied there from the program
    EXTERNAL = 4  # in another file (.ptd), by its name


@dataclass(frozen=True, eq=False)
class TensorStorage:
    """One row per tensor of a method, as in TensorSpecs."""

    kind: NDArray[np.uint8]  # Storage
    start: Ints  # first byte in Program.data; -1: the program holds no data of it
    size_bytes: Ints  # bytes that the program holds of it, padding left out; 0: none
    segment: Ints32  # that they lie in; -1: in the flatbuffer, or there are none

    def __len__(self) -> int:
        return len(self.kind)


@dataclass(frozen=True, eq=False)
class StoredData:
    """Items that tensors refer to by number; item i may fill room_bytes[i] bytes from start[i]."""

    segment: int  # -1: each in the flatbuffer
    start: Ints
    room_bytes: Ints  # up to the next item or the end, so with padding

    def __len__(self) -> int:
        return len(self.start)


class StoredTensors:
    """The data that a program holds for the tensors of its methods."""

    def __init__(self, buffer: FlatBuffer, root: Positions, start: Ints, size: Ints) -> None:
        self._buffer = buffer
        segment = buffer.references(root, schema.Program.CONSTANT_SEGMENT)
        constants = [_items(buffer, at, start, size) for at in _present(segment)]
        self.constants = next(filter(len, constants), _inline(buffer, root))
        tables, _ = buffer.tables_of(
            buffer.references(root, schema.Program.STATES), "the mutable data segments"
        )
        self.states = tuple(
            _items(buffer, tables[s : s + 1], start, size) for s in range(len(tables))
        )

    def of(self, specs: TensorSpecs) -> TensorStorage:
        """Where the data of these tensors lies.

        Raises:
            CorruptTrace: a tensor refers to data that is not there.
        """
        planned = specs.memory_id >= 0
        stored = (specs.buffer > 0) & ~specs.external
        kind = np.where(planned, Storage.PLANNED, Storage.NONE).astype(np.uint8)
        kind[stored & ~planned] = Storage.CONSTANT
        kind[stored & planned] = Storage.INITIAL_STATE
        kind[specs.external] = Storage.EXTERNAL
        start, room = np.full(len(specs), -1, np.int64), np.zeros(len(specs), np.int64)
        segment = np.full(len(specs), -1, np.int32)
        for rows, data in self._groups(specs, kind):
            numbers = specs.buffer[rows]
            ragged.check_indices(self._buffer, numbers, len(data), "a tensor's data")
            start[rows], room[rows] = data.start[numbers], data.room_bytes[numbers]
            segment[rows] = data.segment
        wanted = np.where(specs.size_bytes < 0, room, specs.size_bytes)
        return TensorStorage(kind, start, np.minimum(room, wanted), segment)

    def _groups(
        self, specs: TensorSpecs, kind: NDArray[np.uint8]
    ) -> list[tuple[NDArray[np.intp], StoredData]]:
        """Rows of tensors with data in the program, and the items that they count in."""
        groups = [(np.flatnonzero(kind == Storage.CONSTANT), self.constants)]
        rows = np.flatnonzero(kind == Storage.INITIAL_STATE)
        which = specs.state_segment[rows]
        ragged.check_indices(self._buffer, which, len(self.states), "a tensor's mutable data")
        groups += [(rows[which == s], self.states[s]) for s in np.unique(which).tolist()]
        return groups


def _present(at: Positions) -> list[Positions]:
    return [at] if at[0] >= 0 else []


def _items(buffer: FlatBuffer, table: Positions, start: Ints, size: Ints) -> StoredData:
    """The items of one segment, from its SubsegmentOffsets table."""
    at = buffer.references(table, schema.Subsegment.OFFSETS)
    offsets = ragged.numbers(buffer, at, "<u8", "the offsets of constants")[1]
    number = int(buffer.scalars(table, schema.Subsegment.SEGMENT)[0])
    if not len(offsets):
        return StoredData(-1, *np.zeros((2, 0), np.int64))
    ragged.check_indices(buffer, np.array([number]), len(start), "the segment of constants")
    most = int(size[number])
    if (offsets > most).any():
        raise buffer.corrupt("a constant behind the end of its segment", int(table[0]))
    first = offsets.astype(np.int64)
    ends = np.append(np.unique(first), most)
    room = ends[np.searchsorted(ends[:-1], first, side="right")] - first
    return StoredData(number, int(start[number]) + first, room)


def _inline(buffer: FlatBuffer, root: Positions) -> StoredData:
    """The constants of programs from before segments, each a vector in the flatbuffer."""
    tables, _ = buffer.tables_of(
        buffer.references(root, schema.Program.CONSTANT_BUFFER), "the constants"
    )
    at = buffer.references(tables, schema.Buffer.STORAGE)
    return StoredData(-1, *buffer.vectors(at, 1, "a constant"))
