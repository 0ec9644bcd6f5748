"""The data model: what an ETDump says, as numpy columns.

Inference after inference repeats the same events; only the times differ. So a
trace keeps what repeats once, as an `EventShape`, and per event only its times.

Absent is decided here, once: string index -1, id -1, tensor offset -1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.schema import Kind as Kind
from etscope.etdump.schema import ValueKind as ValueKind
from etscope.etdump.times import Times

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]
Ints32 = NDArray[np.int32]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class EventShape:
    """What one kind of run repeats: its events without their times, (events,) each.

    `chain` is -1 for events of the framework
    (the runtime writes 2^64 - 1 in debug events); those carry instruction 0,
    which is *not* the first operator.
    """

    kind: NDArray[np.uint8]  # Kind
    name: Ints32  # index into Trace.strings; -1: absent
    chain: Ints
    instruction: Ints32
    delegate_id: Ints32  # -1: not a delegate's event, or one named by text
    delegate_name: Ints32  # index into Trace.strings; -1: absent

    def __len__(self) -> int:
        return len(self.kind)

    def columns(self) -> tuple[NDArray[np.uint8], Ints32, Ints, Ints32, Ints32, Ints32]:
        """The six arrays, in the order of the fields."""
        return (
            self.kind,
            self.name,
            self.chain,
            self.instruction,
            self.delegate_id,
            self.delegate_name,
        )


@dataclass(frozen=True, eq=False)
class RunColumns:
    """One row per run (RunData): a method load ("Default") or an inference ("Execute")."""

    name: Ints32  # index into Trace.strings; -1: absent
    bundled_input: Ints32  # -1: unknown, which is what the runtime writes in practice
    shape: Ints32  # index into Trace.shapes
    first_event: Ints  # (runs + 1,): the rows of run r are first_event[r]:first_event[r + 1]

    def __len__(self) -> int:
        return len(self.shape)


@dataclass(frozen=True, eq=False)
class EventColumns:
    """One row per event of the file, in file order (an event is written when it ends)."""

    run: Ints32
    kind: NDArray[np.uint8]
    name: Ints32
    chain: Ints
    instruction: Ints32
    delegate_id: Ints32
    delegate_name: Ints32
    start: Words  # ticks of the trace's clock; 0 for debug and allocation events
    end: Words

    def __len__(self) -> int:
        return len(self.run)


def _ints(*values: int) -> Ints:
    return np.array(values, dtype=np.int64)


def _empty(dtype: type[np.generic]) -> NDArray[Any]:
    return np.zeros(0, dtype)


@dataclass(frozen=True, eq=False)
class TensorColumns:
    """One row per logged tensor; row t owns dims[t]:dims[t + 1] of sizes and strides."""

    scalar_type: NDArray[np.int8]
    offset: Ints  # byte in the debug buffer; -1: nothing was written (an empty tensor)
    dims: Ints = field(default_factory=lambda: _ints(0))  # (tensors + 1,)
    sizes: Ints = field(default_factory=_ints)
    strides: Ints = field(default_factory=_ints)  # in elements

    def __len__(self) -> int:
        return len(self.offset)

    def shape_of(self, row: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """(sizes, strides in elements) of one tensor."""
        span = slice(int(self.dims[row]), int(self.dims[row + 1]))
        return tuple(self.sizes[span].tolist()), tuple(self.strides[span].tolist())


@dataclass(frozen=True, eq=False)
class ValueColumns:
    """One row per debug event: what was logged. Row v owns tensors[v]:tensors[v + 1]."""

    event: Ints  # row in the events of the trace, ascending
    kind: NDArray[np.uint8]  # ValueKind
    is_output: NDArray[np.bool_]  # flagged by the runtime as an output of the program
    integer: Ints  # the value of INT and BOOL, else 0
    real: NDArray[np.float64]  # the value of FLOAT and DOUBLE, else 0
    tensors: Ints  # (values + 1,): rows of `tensor`
    tensor: TensorColumns

    def __len__(self) -> int:
        return len(self.event)

    @staticmethod
    def none() -> ValueColumns:
        """No values at all."""
        tensors = TensorColumns(_empty(np.int8), _ints())
        kinds, flags, reals = _empty(np.uint8), _empty(np.bool_), _empty(np.float64)
        return ValueColumns(_ints(), kinds, flags, _ints(), reals, _ints(0), tensors)


@dataclass(frozen=True, eq=False)
class MetadataColumns:
    """Bytes that a delegate attached to its events; events without any are left out."""

    event: Ints  # ascending
    start: Ints  # position in `data`
    length: Ints
    data: Bytes  # the mapped file, or any buffer

    def __len__(self) -> int:
        return len(self.event)

    def blob(self, row: int) -> bytes:
        """The bytes of one row."""
        start = int(self.start[row])
        return self.data[start : start + int(self.length[row])].tobytes()

    @staticmethod
    def none() -> MetadataColumns:
        """No metadata at all."""
        return MetadataColumns(_ints(), _ints(), _ints(), _empty(np.uint8))


@dataclass(frozen=True, eq=False)
class AllocationColumns:
    """One row per allocation event, and the names of the allocators by run."""

    event: Ints
    allocator: Ints32  # number that the event's run gave it: 1 is the first it declares
    size_bytes: Words
    allocator_run: Ints32  # one row per declared allocator
    allocator_name: Ints32  # index into Trace.strings

    def __len__(self) -> int:
        return len(self.event)

    @staticmethod
    def none() -> AllocationColumns:
        """No allocations, no allocators."""
        none = _empty(np.int32)
        return AllocationColumns(_ints(), none, _empty(np.uint64), none, none)


@dataclass(frozen=True)
class Loss:
    """Something that could not be read and was left out (strict=False)."""

    what: str
    offset: int | None = None  # byte in the file
    events: int | None = None  # how many events went with it; None: unknown


@dataclass(frozen=True, eq=False)
class Trace:
    """One ETDump as columns.

    `start` and `end` hold one word per event, in ticks of the runtime's clock
    (nanoseconds on a desktop; the file does not say). They are made when
    asked for; `times` gives some of them without making all.
    """

    strings: tuple[str, ...]
    shapes: tuple[EventShape, ...]
    runs: RunColumns
    times: Times
    values: ValueColumns = field(default_factory=ValueColumns.none)
    metadata: MetadataColumns = field(default_factory=MetadataColumns.none)
    allocations: AllocationColumns = field(default_factory=AllocationColumns.none)
    losses: tuple[Loss, ...] = ()
    version: int = 0
    path: str | None = None

    def __len__(self) -> int:
        """Events in the trace, of all kinds."""
        return int(self.runs.first_event[-1])

    @property
    def start(self) -> Words:
        """When each event began, (events,)."""
        return self.times.start

    @property
    def end(self) -> Words:
        """When each event ended, (events,)."""
        return self.times.end

    def text(self, index: int) -> str | None:
        """The string of an index column; None for -1."""
        return None if index < 0 else self.strings[index]

    @cached_property
    def runs_of_shape(self) -> tuple[Ints, ...]:
        """For each shape the runs that have it, ascending."""
        order = np.argsort(self.runs.shape, kind="stable")
        edges = np.searchsorted(self.runs.shape[order], np.arange(len(self.shapes) + 1))
        return tuple(order[edges[s] : edges[s + 1]] for s in range(len(self.shapes)))

    @cached_property
    def events(self) -> EventColumns:
        """Every event as a row, 37 bytes each besides start and end: made when asked for."""
        lengths = np.diff(self.runs.first_event)
        total = len(self)
        i32, i64 = np.int32, np.int64
        types = (np.uint8, i32, i64, i32, i32, i32)
        columns: list[NDArray[Any]] = [np.empty(total, dtype) for dtype in types]
        for shape, members in zip(self.shapes, self.runs_of_shape, strict=True):
            rows = self.runs.first_event[members][:, None] + np.arange(len(shape))
            for column, part in zip(columns, shape.columns(), strict=True):
                column[rows] = part
        run = np.repeat(np.arange(len(self.runs), dtype=i32), lengths)
        return EventColumns(*[run, *columns, self.start, self.end])
