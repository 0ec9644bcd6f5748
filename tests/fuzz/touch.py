"""What a user of each reader does with its result: look at all of it.

Each function takes the bytes of one file, reads it and touches every column.
It raises TraceError when the reader refuses; anything else that it raises is a
fault: of the reader, or an AssertionError for a result that contradicts itself.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from fuzz.touch_bundle import touch_bundle
from fuzz.touch_join import touch_joined_program, touch_joined_record
from fuzz.touch_memory import touch_memory
from fuzz.touch_record import touch_record
from numpy.typing import NDArray

from etscope.etdump.buffer_size import debug_buffer_bytes, unloggable
from etscope.etdump.bundle import Bundle
from etscope.etdump.bundled_program import read_bundled_cases
from etscope.etdump.columns import Trace
from etscope.etdump.errors import TraceError
from etscope.etdump.loops import repeats
from etscope.etdump.manifest import read_manifest
from etscope.etdump.methods import Method
from etscope.etdump.program import Program, read_program
from etscope.etdump.reader import read_etdump
from etscope.etdump.tensor_data import read_tensor_data
from etscope.etdump.tensor_flaws import Flaw
from etscope.etdump.tensors import DebugBuffer, check, extents, tensor, used_bytes, value_of
from etscope.inspector.backends import attribute, delegate_operations
from etscope.inspector.backends.xnnpack import Xnnpack
from etscope.inspector.program.report import program_report


def within(column: NDArray[Any], least: int, size: int) -> None:
    assert not len(column) or (column.min() >= least and column.max() < size)


def edges(column: NDArray[np.int64], rows: int, items: int) -> None:
    assert len(column) == rows + 1
    assert column[0] == 0
    assert column[-1] == items
    assert (np.diff(column) >= 0).all()


def _touch_trace(trace: Trace) -> None:
    texts = len(trace.strings)
    assert all(isinstance(text, str) for text in trace.strings)
    events = trace.events
    edges(trace.runs.first_event, len(trace.runs), len(trace))
    within(trace.runs.shape, 0, len(trace.shapes))
    for names in (trace.runs.name, events.name, events.delegate_name):
        within(names, -1, texts)
    within(events.kind, 0, 3)
    assert len(events) == len(events.start) == len(events.end) == len(trace)
    for column in (events.run, events.chain, events.instruction, events.delegate_id, events.end):
        column.max(initial=0)
    for row in range(min(len(trace), 50)):
        trace.text(int(events.name[row]))
    for extra in (trace.values, trace.metadata, trace.allocations):
        within(extra.event, 0, len(trace))
    sizes = [len(trace.metadata.blob(row)) for row in range(len(trace.metadata))]
    assert sizes == trace.metadata.length.tolist()
    within(trace.allocations.allocator_name, -1, texts)
    trace.allocations.size_bytes.max(initial=0)
    assert all(loss.what for loss in trace.losses)


def _touch_values(trace: Trace, buffer: DebugBuffer) -> None:
    values, tensors = trace.values, trace.values.tensor
    edges(values.tensors, len(values), len(tensors))
    edges(tensors.dims, len(tensors), len(tensors.sizes))
    assert len(tensors.sizes) == len(tensors.strides)
    flaws = check(trace, buffer)
    assert 0 <= used_bytes(trace) < 2**51
    assert (extents(trace)[0] <= extents(trace)[1]).all()
    for row in range(len(tensors)):
        try:
            size = len(tensor(trace, buffer, row).tobytes())
        except TraceError:
            assert flaws[row] != Flaw.NONE
        else:
            assert flaws[row] == Flaw.NONE
            assert size <= max(len(buffer), 2**26)
    for row in range(len(values)):
        with suppress(TraceError):
            value_of(trace, buffer, row)


def _etdump(strict: bool) -> Callable[[bytes], None]:
    def touch(data: bytes) -> None:
        trace = read_etdump(data, strict=strict)
        _touch_trace(trace)
        _touch_values(trace, DebugBuffer(bytes(64)))

    return touch


def _debug_buffer(data: bytes) -> None:
    """The dump lies about a buffer of ordinary size."""
    trace = read_etdump(data, strict=False)
    _touch_values(trace, DebugBuffer(np.arange(2**18, dtype=np.uint8)))


def _touch_method(method: Method) -> None:
    values, table, tensors = method.values, method.instructions, method.values.tensors
    edges(values.items, len(values), len(values.item))
    edges(tensors.dims, len(tensors), len(tensors.sizes))
    edges(table.args, len(table), len(table.arguments))
    for numbers in (method.inputs, method.outputs, table.arguments, tensors.value):
        within(numbers, 0, len(values))
    within(table.callee, -1, max(len(method.operators), len(method.delegates)))
    within(values.tensor, -1, len(tensors))
    within(values.text, -1, len(values.texts))
    assert len(method.operator_of_instruction) == len(method.event_of_instruction) == len(table)
    assert (tensors.size_bytes >= -1).all()
    assert len(repeats(method)) == len(table)
    for row in range(len(table)):
        method.native_event_of(row)
        method.backend_of(row)
        table.arguments_of(row).sum()
    if method.stacks is not None:
        edges(method.stacks.edges, len(table), len(method.stacks.line))
        found = [method.stacks.frames_of(row) for row in range(len(table))]
        assert all(isinstance(frame.file, str) for frames in found for frame in frames)
    for row in range(len(tensors)):
        assert min(tensors.shape_of(row), default=0) >= 0
    for value in range(len(values)):
        values.tensors_of(value).sum()


def _touch_storage(program: Program, method: Method) -> None:
    storage, tensors = method.storage, method.values.tensors
    assert len(storage) == len(tensors) == len(tensors.name)
    within(storage.segment, -1, len(program.segment_start))
    within(tensors.name, -1, len(tensors.names))
    for row in range(len(tensors)):
        stored = program.tensor_data(method, row)
        assert (stored is None) == (storage.start[row] < 0)
        assert stored is None or len(stored) == storage.size_bytes[row]
        assert tensors.name_of(row) != ""


def _touch_cases(data: bytes) -> None:
    cases = read_bundled_cases(data)
    if cases is None:
        return
    values = cases.values
    within(values.case, 0, len(cases))
    edges(values.dims, len(values), len(values.sizes))
    assert len(values.dim_order) == len(values.sizes)
    for row in range(len(values)):
        assert len(cases.tensor_data(row)) == values.size_bytes[row]
        assert min(values.shape_of(row), default=0) >= 0


def _touch_report(program: Program) -> None:
    report = program_report(program)
    assert sum(report.parts.values()) == len(program.file)
    written = report.to_json({})
    assert json.dumps(written, allow_nan=False)
    assert written["treemap"][0]["size_bytes"] == len(program.file)
    for found in report.delegates:
        assert found.operations is None or len(found.operation_rows()) == len(found.operations)


def _tensor_data(data: bytes) -> None:
    found = read_tensor_data(data)
    edges(found.dims, len(found), len(found.sizes))
    for row in range(len(found)):
        assert len(found.bytes_of(row)) == found.size_bytes[row]
        assert min(found.shape_of(row), default=0) >= 0


def _program(data: bytes) -> None:
    """A program, a bundled program, or the tensor data beside one."""
    if data[4:8] == b"FT01":
        _tensor_data(data)
        return
    program = read_program(data)
    _touch_cases(data)
    for named in program.named_data:
        assert len(program.segment(named.segment)) == program.segment_bytes[named.segment]
    for method in program.methods:
        _touch_method(method)
        _touch_storage(program, method)
        for delegate in method.delegates:
            assert len(program.blob(delegate)) == delegate.size_bytes
    _touch_report(program)
    assert debug_buffer_bytes(program, {m.name: 3 for m in program.methods}) >= 0
    assert all(found.reason for found in unloggable(program))
    assert (program.segment_start + program.segment_bytes <= len(data)).all()


def _manifest(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "manifest.json").write_bytes(data)
        manifest = read_manifest(Path(folder) / "manifest.json")
    bundle = Bundle(Path(folder), manifest, None, None, None, None, None, None)
    count = len(bundle.inference_method)
    within(bundle.inference_method, 0, len(bundle.manifest.methods))
    assert len(bundle.inference_input) == len(bundle.is_warmup) == count
    bundle.tensor_inferences.input_set.max(initial=0)


def _xnnpack(data: bytes) -> None:
    """A delegate's blob, or a program with delegates."""
    if data[4:8] in (b"ET12", b"BP08"):
        program = read_program(data)
        found = [
            delegate_operations(program, method.name, row)
            for method in program.methods
            for row in range(len(method.instructions))
        ]
    else:
        found = [Xnnpack().operations(np.frombuffer(data, np.uint8))]
        weights = Xnnpack().weights(np.frombuffer(data, np.uint8))
        within(weights.operation, 0, max(len(operations or ()) for operations in found))
        assert len(weights) == len(weights.operation) == len(weights.size_bytes)
    for operations in filter(None, found):
        edges(operations.inputs, len(operations), len(operations.input))
        edges(operations.outputs, len(operations), len(operations.output))
        events = [f"{kind} (ND) #1" for kind in operations.kind[1:]] + ["Convert (NC) #1"]
        attribution = attribute(events, operations)
        within(attribution.operation, -1, len(operations))
        assert len(attribution) == len(attribution.reason) == len(events)


#: Reader → what is done with the bytes of a file.
READERS: dict[str, Callable[[bytes], None]] = {
    "etdump": _etdump(strict=True),
    "salvage": _etdump(strict=False),
    "tensors": _debug_buffer,
    "program": _program,
    "manifest": _manifest,
    "xnnpack": _xnnpack,
    "record": touch_record,
    "record json": touch_record,
    "joined record": touch_joined_record,
    "joined program": touch_joined_program,
    "memory": touch_memory,
    "bundle": touch_bundle,
}
