"""The Chrome trace of counters: its structure, and that it lines up."""

from __future__ import annotations

import json

import numpy as np
import pytest
from planned_programs import chain_program, rich_program
from project import ROOT

from etscope.etdump.program import read_program
from etscope.inspector.memory.counters import bytes_by_role, counter_trace
from etscope.inspector.memory.report import memory_report
from etscope.inspector.recording import open_recording


def test_slices_and_counters_stand_at_the_same_times() -> None:
    trace = counter_trace(memory_report(read_program(chain_program())))
    assert json.loads(json.dumps(trace, allow_nan=False)) == trace
    events = trace["traceEvents"]
    slices = [event for event in events if event["ph"] == "X"]
    assert [(e["name"], e["ts"], e["dur"]) for e in slices] == [
        ("aten::add.out", 1.0, 1.0),
        ("aten::mul.out", 2.0, 1.0),
    ]
    assert slices[0]["args"] == {
        "instruction": "0",
        "source": "model.py:3",
        "read_bytes": 1024,
        "written_bytes": 2048,
        "live_bytes": 3072,
        "allocated_bytes": 2048,
        "freed_bytes": 1024,
    }
    arena = [event for event in events if event["name"] == "arena 1: bytes in use"]
    assert [(e["ts"], e["args"]["live_bytes"]) for e in arena] == [
        (0.0, 1024),
        (1.0, 3072),
        (2.0, 2560),
        (3.0, 512),
    ]
    assert trace["otherData"]["time"] == {"forward": "steps: 1 us per instruction"}


def test_every_event_has_what_its_kind_needs() -> None:
    trace = counter_trace(memory_report(read_program(rich_program())))
    for event in trace["traceEvents"]:
        assert event["ph"] in "CXM"
        assert isinstance(event["ts"], float)
        assert event["pid"] in (1, 2)
        assert isinstance(event["name"], str)
        if event["ph"] == "C":
            assert all(isinstance(value, int) for value in event["args"].values())
        if event["ph"] == "X":
            assert isinstance(event["dur"], float)
    names = {event["args"]["name"] for event in trace["traceEvents"] if event["ph"] == "M"}
    assert names == {"instructions", "encode: planned memory", "decode: planned memory"}


def test_roles_add_up_to_the_bytes_in_use() -> None:
    memory = memory_report(read_program(chain_program())).main
    by_role = bytes_by_role(memory)
    assert {role: curve.tolist() for role, curve in by_role.items()} == {
        "activation": [0, 2048, 2048, 0],
        "output": [0, 0, 512, 512],
        "input": [1024, 1024, 0, 0],
    }
    assert np.sum(list(by_role.values()), 0).tolist() == memory.plan.live_bytes.tolist()


def test_slices_are_as_long_as_instructions_took() -> None:
    recording = open_recording(ROOT / "sample_traces/convnet_portable.etscope")
    assert recording.program is not None
    report = memory_report(recording.program, recording)
    trace = counter_trace(report)
    slices = [event for event in trace["traceEvents"] if event["ph"] == "X"]
    rows = {row["instruction"]: row["time_ms"] for row in report.rooflines[0].to_rows()}
    assert [event["dur"] for event in slices] == pytest.approx(
        [rows[step] * 1000 for step in range(len(slices))]
    )
    ends = [event["ts"] + event["dur"] for event in slices]
    assert [event["ts"] for event in slices[1:]] == pytest.approx(ends[:-1])
    assert trace["otherData"]["time"]["forward"].startswith("measured: ")
