"""What we write is what executorch's own reader and Inspector say is in the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from traces import event, inference, logged, method_load, tensor, trace_of_runs, value

from etscope.etdump.columns import Kind, Trace, ValueKind
from etscope.etdump.writer import etdump_bytes

_WHY = "the oracle, executorch, is not installed"
devtools = pytest.importorskip("executorch.devtools", reason=_WHY)
serialize = pytest.importorskip("executorch.devtools.etdump.serialize", reason=_WHY)
torch = pytest.importorskip("torch")

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.filterwarnings("ignore:read_binary is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The given buffer is not writable:UserWarning"),
    pytest.mark.filterwarnings("ignore:Output Buffer not found:UserWarning"),
]

BUFFER = bytes(range(256))
SCALAR_TYPES = {0: "uint8", 1: "int8", 2: "int16", 3: "int32", 4: "int64", 6: "float32",
                7: "float64", 11: "bool"}  # fmt: skip


def profiled() -> Trace:
    """Portable operators in a loop, and delegates that name their events in both ways."""

    def one(at: int) -> Any:
        loop = [
            event("native_call_aten::mul.out", at + 10 * i, at + 10 * i + 3 + i, instruction=1)
            for i in range(3)
        ]
        return inference(
            event("native_call_aten::add.out", at, at + 4, instruction=0),
            event("OPERATOR_CALL", at, at + 6, instruction=0),
            *loop[:1],
            event(None, at + 41, at + 45, instruction=2, delegate=0, metadata=b"\x07\x00"),
            event(None, at + 46, at + 49, instruction=2, delegate="conv2d #1", metadata=b"x" * 9),
            event("DELEGATE_CALL", at + 40, at + 50, instruction=2),
            event("Method::execute", at, at + 60),
        )

    load = method_load(event("Method::init", 1, 2), event("Program::load_method", 0, 3))
    return trace_of_runs(load, one(1000), one(2**40), one(2**41))


def debugged() -> Trace:
    """One logged value of each kind per operator, then the outputs of the program."""
    held = [
        tensor(2, 3, offset=64),
        tensor(offset=4),
        tensor(2, 2, offset=8, strides=(1, 2)),
        [tensor(2, offset=16), tensor(3, offset=32)],
        -(2**40),
        True,
        1e300,
        value(0.5, ValueKind.FLOAT),
        *(tensor(2, scalar_type=code, offset=128) for code in SCALAR_TYPES),
    ]
    events = [
        each
        for i, of in enumerate(held)
        for each in (
            logged(of, instruction=i),
            event(f"native_call_aten::op{i}.out", i, i + 1, instruction=i),
        )
    ]
    inner = logged(tensor(2, offset=0), name="inner", instruction=99, delegate="conv #1")
    outputs = [logged(tensor(2, offset=24), is_output=True), logged([tensor(1)], is_output=True)]
    return trace_of_runs(inference(*events, inner, event("Method::execute", 0, 99), *outputs))


def decoded(trace: Trace, *, size_prefix: bool = True) -> Any:
    raw = bytes(etdump_bytes(trace, size_prefix=size_prefix))
    return serialize.deserialize_from_etdump_flatcc(raw, size_prefixed=size_prefix)


def inspected(trace: Trace, tmp_path: Path, **options: Any) -> Any:
    path = tmp_path / "run.etdp"
    path.write_bytes(etdump_bytes(trace))
    scale = devtools.inspector.TimeScale.NS
    return devtools.Inspector(
        etdump_path=str(path), source_time_scale=scale, target_time_scale=scale, **options
    )


@pytest.mark.parametrize("make", [profiled, debugged])
@pytest.mark.parametrize("size_prefix", [True, False])
def test_every_field_is_what_flatc_reads(make: Any, size_prefix: bool) -> None:
    trace = make()
    dump, events = decoded(trace, size_prefix=size_prefix), trace.events
    found = [e for run in dump.run_data for e in run.events]

    assert dump.version == 0
    assert [run.name for run in dump.run_data] == [trace.text(i) for i in trace.runs.name.tolist()]
    assert [len(run.events) for run in dump.run_data] == np.diff(trace.runs.first_event).tolist()
    for row, theirs in enumerate(found):
        debug = events.kind[row] == Kind.DEBUG
        one = theirs.debug_event if debug else theirs.profile_event
        assert one.name == trace.text(int(events.name[row]))
        assert one.instruction_id == events.instruction[row]
        assert one.chain_index == (int(events.chain[row]) % 2**64 if debug else events.chain[row])
        number = int(events.delegate_id[row])
        assert one.delegate_debug_id_int in ((None, -1) if number == -1 else (number,))
        assert one.delegate_debug_id_str == trace.text(int(events.delegate_name[row]))
        if not debug:
            assert (one.start_time, one.end_time) == (events.start[row], events.end[row])


def test_metadata_is_what_flatc_reads() -> None:
    found = [
        bytes(e.profile_event.delegate_debug_metadata)
        for run in decoded(profiled()).run_data
        for e in run.events
        if e.profile_event.delegate_debug_metadata is not None
    ]

    assert found == [b"\x07\x00", b"x" * 9] * 3


def test_the_inspector_shows_the_same_times(tmp_path: Path) -> None:
    load, execute = inspected(profiled(), tmp_path).event_blocks

    assert (load.name, execute.name) == ("Default", "Execute")
    assert [(e.name, e.perf_data.raw) for e in load.events] == [
        ("Method::init", [1.0]),
        ("Program::load_method", [3.0]),
    ]
    assert [(e.name, e.perf_data.raw) for e in execute.events] == [
        ("native_call_aten::add.out", [4.0] * 3),
        ("OPERATOR_CALL", [6.0] * 3),
        ("native_call_aten::mul.out", [3.0] * 3),
        ("0", [4.0] * 3),
        ("conv2d #1", [3.0] * 3),
        ("DELEGATE_CALL", [10.0] * 3),
        ("Method::execute", [60.0] * 3),
    ]


def test_the_inspector_shows_the_same_values(tmp_path: Path) -> None:
    buffer = tmp_path / "debug.bin"
    buffer.write_bytes(BUFFER)

    (block,) = inspected(debugged(), tmp_path, debug_buffer_path=str(buffer)).event_blocks

    floats = np.frombuffer(BUFFER, "<f4")
    shown = {e.name: e.debug_data for e in block.events}
    first = [shown[f"native_call_aten::op{i}.out"] for i in range(8)]
    assert torch.equal(first[0][0], torch.tensor(floats[16:22]).reshape(2, 3))
    assert first[1][0].shape == ()
    assert float(first[1][0]) == floats[1]
    assert [tuple(t.shape) for t in first[3][0]] == [(2,), (3,)]
    assert [data[0] for data in first[4:]] == [-(2**40), True, 1e300, 0.5]
    for i, (code, name) in enumerate(SCALAR_TYPES.items()):
        (held,) = shown[f"native_call_aten::op{8 + i}.out"]
        wanted = np.frombuffer(BUFFER, name, count=2, offset=128)
        assert (code, str(held.dtype), held.tolist()) == (code, f"torch.{name}", wanted.tolist())
    assert [tuple(t.shape) for t in block.run_output[:1]] == [(2,)]
    assert len(block.run_output) == 2


def test_a_loop_that_repeats_an_instruction_is_in_the_file() -> None:
    repeated = [event("native_call_aten::mul.out", i, 2 * i, instruction=1) for i in range(5)]
    (run,) = decoded(trace_of_runs(inference(*repeated))).run_data

    times = [(e.profile_event.start_time, e.profile_event.end_time) for e in run.events]
    assert times == [(i, 2 * i) for i in range(5)]


def test_allocators_and_allocations_are_what_flatc_reads() -> None:
    load = method_load(event("Method::init", 0, 1), allocators=("planned", "temporary"))
    (run,) = decoded(trace_of_runs(load)).run_data

    assert [a.name for a in run.allocators] == ["planned", "temporary"]
