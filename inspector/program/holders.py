"""What holds the bytes of a program's file: constants, blobs, named data, tables, test cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import numpy as np

from etscope.etdump.bundled_program import BundledCases
from etscope.etdump.methods import Method
from etscope.etdump.program import Program
from etscope.etdump.program_constants import Storage
from etscope.etdump.scalar_types import SCALAR_TYPES
from etscope.inspector.program.calls import Place, delegate_calls, first_readers
from etscope.inspector.wording import counted


class Part(Enum):
    """The parts that a file falls into; the value is the name for people."""

    CONSTANTS = "constants"
    STATES = "initial states"
    DELEGATES = "delegate blobs"
    NAMED_DATA = "named data"
    UNUSED = "unused data"
    TEST_CASES = "test cases"
    SOURCE_LINES = "source lines"
    TABLES = "program tables"
    BUNDLE = "bundle tables"
    PADDING = "padding"
    UNACCOUNTED = "not accounted for"


@dataclass(frozen=True)
class Holder:
    """One thing that holds bytes, and what is known of it. None: does not apply, or not known."""

    part: Part
    label: str
    spans: tuple[tuple[int, int], ...]  # (first byte, end) in the file
    segment: int | None = None
    method: str | None = None
    reader: Place | None = None  # the first instruction that reads it
    op: str | None = None  # that instruction's
    backend: str | None = None
    name: str | None = None  # of a parameter, buffer or key, where the file has it
    scalar_type: str | None = None
    shape: tuple[int, ...] | None = None
    methods: tuple[str, ...] = ()  # all that share it
    keys: tuple[str, ...] = ()  # of named data


def holders_of(program: Program, cases: BundledCases | None = None) -> list[Holder]:
    """Everything that holds bytes; where two claim a byte, the first holds it."""
    tensors = list(_tensors(program))
    return [
        *tensors,
        *_delegates(program),
        *_named_data(program),
        *_unused(program, {span for holder in tensors for span in holder.spans}),
        *_test_cases(cases),
        *_source_lines(program),
        *_tables(program),
    ]


def stored_of(program: Program) -> list[Holder]:
    """What instructions read from the file: constants, initial states, blobs and named data."""
    return [*_tensors(program), *_delegates(program), *_named_data(program)]


def _tensors(program: Program) -> Iterator[Holder]:
    """Constants and initial states. Methods share them; each is listed once."""
    found: dict[int, tuple[int, Method, int]] = {}
    sharing: dict[int, dict[str, None]] = {}
    for method in program.methods:
        storage = method.storage
        for row in np.flatnonzero(storage.size_bytes > 0).tolist():
            start, size = int(storage.start[row]), int(storage.size_bytes[row])
            sharing.setdefault(start, {})[method.name] = None
            if start not in found or size > found[start][0]:
                found[start] = (size, method, row)
    readers = {id(method): first_readers(method) for method in program.methods}
    for start, (size, method, row) in found.items():
        yield _tensor(
            method, row, (start, start + size), readers[id(method)], tuple(sharing[start])
        )


def _tensor(
    method: Method,
    row: int,
    span: tuple[int, int],
    readers: dict[int, int],
    methods: tuple[str, ...],
) -> Holder:
    specs, segment = method.values.tensors, int(method.storage.segment[row])
    kind = SCALAR_TYPES.get(int(specs.scalar_type[row]))
    state = method.storage.kind[row] == Storage.INITIAL_STATE
    reader = readers.get(int(specs.value[row]))
    name = specs.name_of(row)
    shape = specs.shape_of(row)
    called = name or f"value {int(specs.value[row])}"
    return Holder(
        part=Part.STATES if state else Part.CONSTANTS,
        label=f"{called} {'x'.join(map(str, shape)) or 'scalar'}",
        spans=(span,),
        segment=None if segment < 0 else segment,
        method=method.name,
        reader=None if reader is None else Place.of(method, reader),
        op=None if reader is None else method.operator_of_instruction[reader],
        name=name,
        scalar_type=None if kind is None else kind.name,
        shape=shape,
        methods=methods,
    )


def _delegates(program: Program) -> Iterator[Holder]:
    for method in program.methods:
        calls = delegate_calls(method)
        for number, delegate in enumerate(method.delegates):
            yield Holder(
                part=Part.DELEGATES,
                label=f"{delegate.backend} {number} of {method.name}",
                spans=((delegate.start, delegate.start + delegate.size_bytes),),
                segment=delegate.index if delegate.in_segment else None,
                method=method.name,
                reader=Place.of(method, calls[number]) if number in calls else None,
                backend=delegate.backend,
                methods=(method.name,),
            )


def _named_data(program: Program) -> Iterator[Holder]:
    keys: dict[int, list[str]] = {}
    for named in program.named_data:
        keys.setdefault(named.segment, []).append(named.key)
    for segment, names in keys.items():
        others = f" (and {counted(len(names) - 1, 'more name')})" if len(names) > 1 else ""
        yield Holder(
            part=Part.NAMED_DATA,
            label=names[0] + others,
            spans=(_segment(program, segment),),
            segment=segment,
            name=names[0],
            keys=tuple(names),
        )


def _segment(program: Program, number: int) -> tuple[int, int]:
    start = int(program.segment_start[number])
    return start, start + int(program.segment_bytes[number])


def _unused(program: Program, used: set[tuple[int, int]]) -> Iterator[Holder]:
    """Stored tensors that no method has, and segments that nothing refers to."""
    starts = {start for start, _ in used}
    for what, stored in (("constant", program.constants), *(("state", s) for s in program.states)):
        for number in np.flatnonzero(stored.room_bytes > 0).tolist():
            start, room = int(stored.start[number]), int(stored.room_bytes[number])
            if start not in starts:
                yield Holder(Part.UNUSED, f"{what} {number}", ((start, start + room),))
    known = {program.constants.segment, *(state.segment for state in program.states)}
    known |= {named.segment for named in program.named_data}
    known |= {d.index for m in program.methods for d in m.delegates if d.in_segment}
    for segment in np.flatnonzero(program.segment_bytes > 0).tolist():
        if segment not in known:
            span = _segment(program, segment)
            yield Holder(Part.UNUSED, f"segment {segment}", (span,), segment=segment)


def _test_cases(cases: BundledCases | None) -> Iterator[Holder]:
    if cases is None:
        return
    values = cases.values
    spans: dict[int, list[tuple[int, int]]] = {}
    for row in np.flatnonzero(values.start >= 0).tolist():
        start = int(values.start[row])
        span = (start, start + int(values.size_bytes[row]))
        spans.setdefault(int(values.case[row]), []).append(span)
    for case, method in enumerate(cases.method):
        label = f"case {case} of {method}"
        yield Holder(Part.TEST_CASES, label, tuple(spans.get(case, ())), method=method)


def _source_lines(program: Program) -> Iterator[Holder]:
    for method in program.methods:
        if method.stacks is not None:
            starts, sizes = method.stacks.text_start.tolist(), method.stacks.text_bytes.tolist()
            spans = tuple((s, s + size) for s, size in zip(starts, sizes, strict=True))
            label = f"source lines of {method.name}"
            yield Holder(Part.SOURCE_LINES, label, spans, method=method.name)


def _tables(program: Program) -> Iterator[Holder]:
    size = len(program.data) - program.start
    if program.header is not None:
        size = min(size, program.header.program_bytes)
    whole = (program.start, program.start + size)
    yield Holder(Part.TABLES, "methods, values, instructions, names", (whole,))
    around = ((0, program.start), (len(program.data), len(program.file)))
    if any(start < end for start, end in around):
        yield Holder(Part.BUNDLE, "tables around the program", around)
