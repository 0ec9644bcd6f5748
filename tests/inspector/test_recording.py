"""A trace with what travels with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from bundle_folder import bundle_folder, manifest
from program_builder import kernel, method, null, program
from traces import event, inference, method_load, trace_of_runs

from etscope.etdump.errors import EmptyTrace, NotATrace, TraceError
from etscope.etdump.manifest import InferenceRun
from etscope.etdump.writer import write_etdump
from etscope.inspector.latency import latencies
from etscope.inspector.recording import open_recording

CALL = inference(
    event("native_call_add.out", 1, 2, instruction=0),
    event("OPERATOR_CALL", 0, 3, instruction=0),
    event("Method::execute", 0, 9),
)
TRACE = trace_of_runs(method_load(event("Method::init", 0, 1)), CALL, CALL, CALL)
LISTED = (InferenceRun("forward", 0, 1, warmup=True), InferenceRun("forward", 3, 2))


def program_with(operator: str, name: str = "forward") -> bytes:
    made = method(
        name, chains=[[kernel(0, 0)]], operators=[(f"aten::{operator}", "out")], values=[null()]
    )
    return program(made)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    path = tmp_path / "trace.etdp"
    write_etdump(TRACE, path)
    return path


def test_a_bundle_knows_warm_up_inputs_and_methods(tmp_path: Path) -> None:
    folder = bundle_folder(tmp_path, manifest(*LISTED), TRACE, program_with("add"))
    found = open_recording(folder)
    assert found.source == str(folder)
    assert found.inferences.tolist() == [1, 2, 3]
    assert found.warmup.tolist() == [False, True, False, False]
    assert found.input_set.tolist() == [-1, 0, 3, 3]
    assert found.methods.method == ["forward"] * 4
    assert found.program is not None
    assert found.notes == ()
    assert [block.method for block in found.blocks] == ["forward", "forward"]


def test_a_bare_trace_knows_none_of_it(bare: Path) -> None:
    found = open_recording(bare)
    assert (found.bundle, found.program, found.notes) == (None, None, ())
    assert not found.warmup.any()
    assert found.input_set.tolist() == [-1] * 4
    assert found.methods.how[1:] == ["no program"] * 3
    assert [block.method for block in found.blocks] == [None, None]


def test_a_program_beside_a_bare_trace_names_its_method(bare: Path, tmp_path: Path) -> None:
    (tmp_path / "x.pte").write_bytes(program_with("add", "encode"))
    found = open_recording(bare, program=tmp_path / "x.pte")
    assert found.methods.method == ["encode"] * 4
    (latency,) = latencies(found)
    assert (latency.method, latency.how) == ("encode", "matched")
    assert latency.rows.op[1:] == ["aten::add.out"] * 2


def test_a_program_that_does_not_belong_is_noted(bare: Path, tmp_path: Path) -> None:
    (tmp_path / "x.pte").write_bytes(program_with("mul", "other"))
    found = open_recording(bare, program=tmp_path / "x.pte")
    assert found.methods.method == [None] * 4
    assert found.methods.how[1:] == ["unmatched"] * 3
    assert found.notes == ("the program is not used: what ran fits none of its methods",)
    assert found.program is None


def test_the_program_of_another_model_gives_no_names(tmp_path: Path) -> None:
    folder = bundle_folder(tmp_path, manifest(*LISTED), TRACE, program_with("add"))
    other = tmp_path / "other.pte"
    other.write_bytes(program_with("add", "backward"))
    found = open_recording(folder, program=other)
    assert found.program is None
    assert found.notes == (
        "the program is not used: 3 of 3 inferences ran something else than it has",
    )
    assert latencies(found)[0].rows.op[1] == "add.out"


def test_a_manifest_of_another_trace_is_not_used(tmp_path: Path) -> None:
    folder = bundle_folder(tmp_path, manifest(InferenceRun("forward", 0, 9, warmup=True)), TRACE)
    found = open_recording(folder)
    assert not found.warmup.any()
    assert found.input_set.tolist() == [-1] * 4
    assert found.notes == ("the manifest, which lists 9 inferences for 3, is not used for them",)


def test_what_the_capture_had_to_say_is_passed_on(tmp_path: Path) -> None:
    folder = bundle_folder(tmp_path, manifest(*LISTED, notes=("retried twice",)), TRACE)
    assert open_recording(folder).notes == ("retried twice",)


def test_a_bundle_without_a_trace_is_refused(tmp_path: Path) -> None:
    folder = bundle_folder(tmp_path, manifest(*LISTED), None)
    with pytest.raises(EmptyTrace, match=r"holds no trace\.etdp"):
        open_recording(folder)


def test_a_program_that_cannot_be_read_is_a_note_unless_asked_for(tmp_path: Path) -> None:
    folder = bundle_folder(tmp_path, manifest(*LISTED), TRACE, b"not a program at all")
    found = open_recording(folder)
    assert found.program is None
    assert found.notes[0].startswith("the bundle's program is not used: ")
    with pytest.raises(NotATrace):
        open_recording(folder, program=folder / "program.pte")


def test_a_damaged_trace_says_what_it_lost(bare: Path) -> None:
    bare.write_bytes(bare.read_bytes()[:-8])
    with pytest.raises(TraceError):
        open_recording(bare)
    found = open_recording(bare, strict=False)
    assert len(found.trace)
    assert found.notes
    assert found.notes[0].startswith("left out of a damaged trace: ")
    assert len(found.notes) == len(found.trace.losses)


def test_a_program_file_that_is_not_there(bare: Path, tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=r"gone\.pte"):
        open_recording(bare, program=tmp_path / "gone.pte")
