"""Traces built by hand, in the words of a test.

trace_of_events([event("native_call_aten::add.out", 0, 10, instruction=2)])
trace_of_runs(method_load(event("Method::init", 0, 9)), inference(*events))
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from etscope.etdump.columns import (
    AllocationColumns,
    Kind,
    MetadataColumns,
    TensorColumns,
    Trace,
    ValueColumns,
    ValueKind,
)
from etscope.etdump.shapes import trace_of

FLOAT32 = 6


@dataclass(frozen=True)
class Tensor:
    """A logged tensor; strides in elements."""

    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    scalar_type: int = FLOAT32
    offset: int = 0


def tensor(
    *sizes: int,
    scalar_type: int = FLOAT32,
    offset: int = 0,
    strides: Sequence[int] | None = None,
) -> Tensor:
    """A tensor of these sizes, contiguous when no strides are given."""
    contiguous = [math.prod(sizes[i + 1 :]) for i in range(len(sizes))]
    return Tensor(sizes, tuple(contiguous if strides is None else strides), scalar_type, offset)


@dataclass(frozen=True)
class Value:
    """What a debug event logged."""

    kind: ValueKind
    integer: int = 0
    real: float = 0.0
    tensors: tuple[Tensor, ...] = ()


def value(of: Any, kind: ValueKind | None = None) -> Value:
    """None, bool, int, float (a Double unless `kind` says FLOAT), Tensor, or a list of those."""
    if of is None:
        return Value(kind or ValueKind.NULL)
    if isinstance(of, bool):
        return Value(ValueKind.BOOL, integer=int(of))
    if isinstance(of, int):
        return Value(ValueKind.INT, integer=of)
    if isinstance(of, float):
        return Value(kind or ValueKind.DOUBLE, real=of)
    if isinstance(of, Tensor):
        return Value(ValueKind.TENSOR, tensors=(of,))
    return Value(ValueKind.TENSOR_LIST, tensors=tuple(of))


@dataclass(frozen=True)
class Event:
    """One event of any kind."""

    kind: Kind
    name: str | None
    chain: int = -1
    instruction: int = 0
    delegate_id: int = -1
    delegate_name: str | None = None
    start: int = 0
    end: int = 0
    metadata: bytes | None = None
    value: Value | None = None
    is_output: bool = False
    allocator: int = 0
    size_bytes: int = 0


def _placed(made: Event, instruction: int | None, delegate: int | str | None) -> Event:
    """Without an instruction the event stays the framework's: chain -1, instruction 0."""
    if instruction is not None:
        made = replace(made, chain=0, instruction=instruction)
    if isinstance(delegate, str):
        return replace(made, delegate_name=delegate)
    return made if delegate is None else replace(made, delegate_id=delegate)


def event(
    name: str | None,
    start: int,
    end: int,
    *,
    instruction: int | None = None,
    delegate: int | str | None = None,
    metadata: bytes | None = None,
) -> Event:
    """A profile event; `delegate` is the id that a delegate gave it."""
    made = Event(Kind.PROFILE, name, start=start, end=end, metadata=metadata)
    return _placed(made, instruction, delegate)


def logged(
    of: Any,
    *,
    name: str | None = None,
    instruction: int | None = None,
    delegate: int | str | None = None,
    is_output: bool = False,
) -> Event:
    """A debug event; `of` is a Value or what `value` makes one of."""
    held = of if isinstance(of, Value) else value(of)
    made = Event(Kind.DEBUG, name, value=held, is_output=is_output)
    return _placed(made, instruction, delegate)


def allocation(allocator: int, size_bytes: int) -> Event:
    """An allocation event; `allocator` counts the allocators of its run."""
    return Event(Kind.ALLOCATION, None, -1, -1, allocator=allocator, size_bytes=size_bytes)


@dataclass(frozen=True)
class Run:
    """One block of a dump."""

    events: tuple[Event, ...]
    name: str | None = "Execute"
    bundled_input: int = -1
    allocators: tuple[str, ...] = ()


def inference(*events: Event, allocators: Sequence[str] = ()) -> Run:
    """One execute() call."""
    return Run(events, allocators=tuple(allocators))


def method_load(*events: Event, allocators: Sequence[str] = ()) -> Run:
    """One method load."""
    return Run(events, name="Default", allocators=tuple(allocators))


@dataclass
class _Strings:
    known: dict[str, int] = field(default_factory=dict)

    def index(self, text: str | None) -> int:
        return -1 if text is None else self.known.setdefault(text, len(self.known))


def trace_of_events(events: Iterable[Event]) -> Trace:
    """One inference with these events."""
    return trace_of_runs(inference(*events))


def trace_of_runs(*runs: Run) -> Trace:
    """A trace with these runs."""
    strings = _Strings()
    events = [e for run in runs for e in run.events]
    names = [strings.index(run.name) for run in runs]
    columns = {
        "name": [strings.index(e.name) for e in events],
        "delegate_name": [strings.index(e.delegate_name) for e in events],
    }
    for same in ("kind", "chain", "instruction", "delegate_id", "start", "end"):
        columns[same] = [getattr(e, same) for e in events]
    allocations = _allocations(runs, events, strings)
    return trace_of(
        list(strings.known),
        names,
        [len(run.events) for run in runs],
        bundled_input=[run.bundled_input for run in runs],
        values=_values(events),
        metadata=_metadata(events),
        allocations=allocations,
        **columns,
    )


def _ints(numbers: Iterable[int]) -> Any:
    return np.array(list(numbers), np.int64)


def _edges(lengths: Iterable[int]) -> Any:
    return np.append(np.int64(0), np.cumsum(_ints(lengths)))


def _values(events: Sequence[Event]) -> ValueColumns:
    rows = [(i, e, e.value) for i, e in enumerate(events) if e.value is not None]
    tensors = [t for _, _, held in rows for t in held.tensors]
    return ValueColumns(
        event=_ints(i for i, _, _ in rows),
        kind=np.array([held.kind for _, _, held in rows], np.uint8),
        is_output=np.array([e.is_output for _, e, _ in rows], np.bool_),
        integer=_ints(held.integer for _, _, held in rows),
        real=np.array([held.real for _, _, held in rows], np.float64),
        tensors=_edges(len(held.tensors) for _, _, held in rows),
        tensor=TensorColumns(
            scalar_type=np.array([t.scalar_type for t in tensors], np.int8),
            offset=_ints(t.offset for t in tensors),
            dims=_edges(len(t.sizes) for t in tensors),
            sizes=_ints(n for t in tensors for n in t.sizes),
            strides=_ints(n for t in tensors for n in t.strides),
        ),
    )


def _metadata(events: Sequence[Event]) -> MetadataColumns:
    rows = [(i, e.metadata) for i, e in enumerate(events) if e.metadata is not None]
    lengths = [len(blob) for _, blob in rows]
    return MetadataColumns(
        event=_ints(i for i, _ in rows),
        start=_edges(lengths)[:-1],
        length=_ints(lengths),
        data=np.frombuffer(b"".join(blob for _, blob in rows), np.uint8),
    )


def _allocations(
    runs: Sequence[Run], events: Sequence[Event], strings: _Strings
) -> AllocationColumns:
    rows = [(i, e) for i, e in enumerate(events) if e.kind == Kind.ALLOCATION]
    allocators = [(r, name) for r, run in enumerate(runs) for name in run.allocators]
    return AllocationColumns(
        event=_ints(i for i, _ in rows),
        allocator=np.array([e.allocator for _, e in rows], np.int32),
        size_bytes=np.array([e.size_bytes for _, e in rows], np.uint64),
        allocator_run=np.array([r for r, _ in allocators], np.int32),
        allocator_name=np.array([strings.index(name) for _, name in allocators], np.int32),
    )
