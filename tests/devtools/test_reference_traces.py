"""The reference runtime says what it did: its traces, logged tensors and wall times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from differences import difference
from exported_models import export, program_of
from torch import Tensor, nn

from etscope.devtools.capture import recording
from etscope.devtools.capture.reference import ReferenceRuntime
from etscope.devtools.capture.runtime import Inference, Runtime
from etscope.etdump.columns import Kind, Trace
from etscope.etdump.reader import read_etdump
from etscope.etdump.tensors import DebugBuffer, value_of
from etscope.etdump.writer import etdump_bytes


class Add(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return (x + 1) * x


def runtime_of_add(x: Tensor) -> ReferenceRuntime:
    return ReferenceRuntime({"forward": export(Add(), (x,))})


def names_of(trace: Trace, run: int) -> list[str | None]:
    rows = range(int(trace.runs.first_event[run]), int(trace.runs.first_event[run + 1]))
    return [trace.text(int(trace.events.name[row])) for row in rows]


def test_trace_of_a_timing_pass() -> None:
    x = torch.randn(2, 3)
    runtime: Runtime = ReferenceRuntime(
        {"forward": export(Add(), (x,)), "other": export(nn.ReLU(), (x,))}
    )
    order = ["forward", "other", "forward"]
    before = {"reports": 0}

    def progress(done: int, total: int) -> None:
        before["reports"] += 1
        assert (done <= total, total) == (True, 5)

    plan = [Inference(method, 0, (x,)) for method in order]
    trace = runtime.timing_pass(plan, warmup=1, progress=progress)

    assert before["reports"] == 5
    blocks = [trace.text(int(name)) for name in trace.runs.name]
    assert blocks == ["Default", "Default", "Execute", "Execute", "Execute"]
    assert names_of(trace, 0) == ["Method::init", "Program::load_method"]
    add = ["native_call_aten::add.Tensor", "native_call_aten::mul.Tensor", "Method::execute"]
    relu = ["native_call_aten::relu.default", "Method::execute"]
    assert [names_of(trace, run) for run in (2, 3, 4)] == [add, relu, add]
    assert trace.runs.shape.tolist() == [0, 0, 1, 2, 1]
    events = trace.events
    assert events.chain[4:7].tolist() == [0, 0, -1]
    assert events.instruction[4:7].tolist() == [0, 1, 0]
    assert set(events.kind.tolist()) == {Kind.PROFILE}
    assert (events.end > events.start).all()
    # Operators lie one behind the other inside of Method::execute, init inside of load.
    start, end = events.start[4:7], events.end[4:7]
    assert start[2] <= start[0] <= end[0] <= start[1] <= end[1] <= end[2]
    assert events.start[1] <= events.start[0] <= events.end[0] <= events.end[1]


def test_readings_moved_early_give_the_same_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    loads = {"a": recording.Load((2, 3), (1, 4)), "b": recording.Load((6, 7), (5, 8))}
    operators = {"a": ["x::y.z"], "b": []}
    plan = ["a", "b", "a", "a"]
    made = []
    for waiting in (1 << 13, 5, 0):
        monkeypatch.setattr(recording, "_WAITING", waiting)
        record = recording.Recording(loads, operators, plan)
        for inference, method in enumerate(plan):
            base = 100 * inference
            readings = (base + 1, base + 2, base, base + 3) if method == "a" else (base, base + 9)
            record.add(inference, readings)
        made.append(record.trace())
    assert made[0].start.tolist() == [2, 1, 6, 5, 1, 0, 100, 201, 200, 301, 300]
    assert made[0].end.tolist() == [3, 4, 7, 8, 2, 3, 109, 202, 203, 302, 303]
    assert all(np.array_equal(made[0].start, other.start) for other in made)
    assert all(np.array_equal(made[0].end, other.end) for other in made)


def test_trace_of_a_tensor_pass(tmp_path: Path) -> None:
    x = torch.randn(2, 5, 6)
    runtime = ReferenceRuntime({"forward": program_of("multi_output")})
    plan = [Inference("forward", 0, (x,)), Inference("forward", 1, (x + 1,))]
    trace = runtime.tensor_pass(plan, tmp_path / "debug.bin")

    events, first = trace.events, int(trace.runs.first_event[1])
    assert trace.text(int(events.name[first + 2])) == "native_call_aten::topk.default"
    assert events.kind[first : first + 3].tolist() == [Kind.DEBUG, Kind.DEBUG, Kind.PROFILE]
    assert events.instruction[first : first + 3].tolist() == [0, 0, 0]
    assert len(trace.shapes) == 2  # both inferences repeat the same events
    assert [name for name in names_of(trace, 2) if name] == [
        f"native_call_{name}" for name in _operators(runtime)
    ] + ["Method::execute"]
    last = int(trace.runs.first_event[2]) - 1
    assert (events.kind[last], events.chain[last], events.instruction[last]) == (1, -1, 0)
    # One event per value; split returns one list of tensors.
    lists = np.flatnonzero(trace.values.kind == 6)
    assert len(lists) == 2
    buffer = DebugBuffer(tmp_path / "debug.bin")
    pieces = value_of(trace, buffer, int(lists[1]))
    assert isinstance(pieces, list)
    assert np.array_equal(np.concatenate(pieces, -1), (x + 1).numpy())


def _operators(runtime: ReferenceRuntime) -> list[str]:
    targets = {node.name: node.target for node in program_of("multi_output").graph.nodes}
    named = [targets[name] for name in runtime.instruction_nodes("forward")]
    return [str(target).replace(".", "::", 1) for target in named]


def test_instruction_nodes_name_the_graph_and_leave_write_backs_empty() -> None:
    program = program_of("cache", True)
    nodes = ReferenceRuntime({"forward": program}).instruction_nodes("forward")
    graph = [node.name for node in program.graph.nodes if node.op == "call_function"]
    assert nodes == [*graph, "", ""]


def test_a_pass_over_nothing(tmp_path: Path) -> None:
    runtime = runtime_of_add(torch.ones(2))
    assert len(runtime.timing_pass([], warmup=3)) == 0
    assert runtime.untraced_pass([], warmup=3).tolist() == []
    assert len(runtime.tensor_pass([], tmp_path / "debug.bin")) == 0
    assert (tmp_path / "debug.bin").read_bytes() == b""


def test_traces_survive_the_file(tmp_path: Path) -> None:
    runtime = ReferenceRuntime({"forward": program_of("scalars")})
    plan = [Inference("forward", 0, (torch.ones(3), True, 2.5, None))] * 3
    timed = runtime.timing_pass(plan, warmup=1)
    logged = runtime.tensor_pass(plan, tmp_path / "debug.bin")
    for trace in (timed, logged):
        assert difference(trace, read_etdump(bytes(etdump_bytes(trace)))) is None


def test_untraced_wall_time_of_each_inference() -> None:
    x = torch.ones(2)
    wall = runtime_of_add(x).untraced_pass([Inference("forward", 0, (x,))] * 4, warmup=1)
    assert wall.shape == (4,)
    assert (wall > 0).all()
