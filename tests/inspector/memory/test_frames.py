"""Memory as frames: from an Inspector, and from a program alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from planned_programs import chain_program
from project import ROOT, run_python

from etscope.etdump.errors import MissingFile
from etscope.inspector import Inspector
from etscope.inspector.memory.frames import Memory, open_memory
from etscope.inspector.memory.of_trace import NoProgram

BUNDLE = ROOT / "sample_traces/two_methods.etscope"


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    path = tmp_path / "x.pte"
    path.write_bytes(chain_program())
    return open_memory(path)


def test_the_plan_of_a_program_alone(memory: Memory) -> None:
    frame = memory.plan
    assert frame["size_bytes"].tolist() == [1024, 2048, 512]
    assert frame["instruction"].dtype == "Int64"
    assert frame["op"].iloc[1] == "aten::add.out"
    assert repr(memory) == f"<Memory: {memory.verdict}>"


def test_peak_timeline_operators_and_ledger(memory: Memory) -> None:
    assert memory.peak["size_bytes"].tolist() == [2048, 1024]
    assert memory.peak["share"].sum() == 1.0
    assert memory.timeline["step"].tolist() == [-1, 0, 1, 2]
    assert memory.timeline["live_bytes"].tolist() == [1024, 3072, 2560, 512]
    assert memory.timeline["arena_1_bytes"].tolist() == [1024, 3072, 2560, 512]
    assert memory.operators["read_bytes"].tolist() == [1024, 2048]
    assert memory.operators["written_bytes"].tolist() == [2048, 512]
    assert memory.ledger["size_bytes"].tolist() == [6144]
    assert memory.arenas["fragmentation_bytes"].tolist() == [3072]


def test_an_inspector_has_it_of_a_bundle() -> None:
    memory = Inspector(BUNDLE).memory
    assert set(memory.peak["method"]) == {"decode", "encode"}
    assert memory.peak["source"].iloc[0] == "sample_traces/models.py:120"
    assert memory.report.recording is not None


def test_an_inspector_of_bytes_and_a_program() -> None:
    data = (BUNDLE / "trace.etdp").read_bytes()
    memory = Inspector(etdump_data=data, program=BUNDLE / "program.pte").memory
    assert memory.report.recording is not None
    assert memory.report.recording.source == "bytes"
    assert len(memory.plan) == 13


def test_without_a_program_it_says_what_to_pass() -> None:
    with pytest.raises(NoProgram, match=r"pass program='MODEL\.pte' to Inspector"):
        _ = Inspector(BUNDLE / "trace.etdp").memory


def test_an_etdump_alone_says_what_to_give() -> None:
    with pytest.raises(MissingFile, match="an ETDump does not hold the memory plan"):
        open_memory(BUNDLE / "trace.etdp")
    assert len(open_memory(BUNDLE / "trace.etdp", program=BUNDLE / "program.pte").plan) == 13


def test_pandas_loads_with_the_first_frame() -> None:
    program = (
        "import sys; from etscope.inspector import Inspector;"
        f"memory = Inspector({str(BUNDLE)!r}).memory; memory.verdict;"
        "loaded = 'pandas' in sys.modules; memory.plan;"
        "sys.exit(loaded or 'pandas' not in sys.modules)"
    )
    assert run_python(["-c", program]).returncode == 0
