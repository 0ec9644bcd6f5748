"""The doctor: what is installed, what a file is, and why a trace lacks something."""

from __future__ import annotations

import base64
import hashlib
import json
import pickle
from pathlib import Path

import pytest
from program_builder import method, program
from traces import event, inference, logged, method_load, tensor, trace_of_runs

from etscope.devtools import cli
from etscope.devtools.diagnosis import trial
from etscope.devtools.diagnosis.check import Check
from etscope.devtools.diagnosis.child import Outcome, run_module
from etscope.devtools.diagnosis.files import examine_file
from etscope.devtools.diagnosis.installation import Part, examine_installation
from etscope.etdump.columns import Trace
from etscope.etdump.file_kind import FileKind, identify
from etscope.etdump.writer import etdump_bytes

LOAD = method_load(event("Method::init", 0, 9))
EXECUTE = inference(event("native_call_aten::add.out", 10, 20, instruction=0))


def write(folder: Path, content: bytes | Trace, name: str = "given") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else bytes(etdump_bytes(content)))
    return path


def rules(checks: list[Check]) -> dict[str, str]:
    return {check.rule: check.state for check in checks}


# ----------------------------------------------------------------- files


def test_a_whole_trace_is_counted(tmp_path: Path) -> None:
    trace = trace_of_runs(LOAD, EXECUTE, EXECUTE)
    contents, tensors = examine_file(write(tmp_path, trace))
    assert contents.state == "ok"
    assert contents.evidence["runs"] == {"Default": 1, "Execute": 2}
    assert contents.evidence["events"] == {"profile": 3, "debug": 0, "allocation": 0}
    assert "with size prefix" in contents.message
    assert (tensors.rule, tensors.state) == ("no-tensors", "note")


def test_a_trace_with_tensors_lacks_nothing(tmp_path: Path) -> None:
    run = inference(
        logged(tensor(2), instruction=0),
        event("OPERATOR_CALL", 1, 2, instruction=0),
    )
    (contents,) = examine_file(write(tmp_path, trace_of_runs(run)))
    assert contents.evidence["tensors"] == 1


def test_a_trace_without_an_inference_says_so(tmp_path: Path) -> None:
    found = rules(examine_file(write(tmp_path, trace_of_runs(LOAD))))
    assert found["no-inference"] == "missing"


def test_a_trace_without_times_says_so(tmp_path: Path) -> None:
    run = inference(logged(tensor(2), instruction=0))
    found = rules(examine_file(write(tmp_path, trace_of_runs(run))))
    assert found["no-times"] == "missing"


def test_a_trace_without_events_names_the_build_flags(tmp_path: Path) -> None:
    (check,) = examine_file(write(tmp_path, trace_of_runs(inference())))
    assert (check.rule, check.state) == ("trace-empty", "broken")
    assert "EXECUTORCH_ENABLE_EVENT_TRACER=ON" in (check.cure or "")


def test_a_cut_trace_says_what_was_lost(tmp_path: Path) -> None:
    whole = bytes(etdump_bytes(trace_of_runs(*[EXECUTE] * 50)))
    checks = examine_file(write(tmp_path, whole[: len(whole) * 3 // 4]))
    assert all(check.state != "ok" or "whose prefix tells" in check.message for check in checks)
    assert any(check.state == "broken" for check in checks)


def test_a_wrong_size_prefix_is_told(tmp_path: Path) -> None:
    whole = bytes(etdump_bytes(trace_of_runs(EXECUTE)))
    contents = examine_file(write(tmp_path, whole + bytes(7)))[0]
    assert f"prefix tells {len(whole)} bytes of {len(whole) + 7}" in contents.message


def test_an_empty_file_names_the_build_flags(tmp_path: Path) -> None:
    (check,) = examine_file(write(tmp_path, b""))
    assert check.state == "broken"
    assert "enable_etdump=True" in (check.cure or "")


def test_a_dump_from_a_serial_line_is_recognised(tmp_path: Path) -> None:
    dump = bytes(etdump_bytes(trace_of_runs(EXECUTE)))
    (check,) = examine_file(write(tmp_path, base64.encodebytes(dump)))
    assert check.evidence["kind"] == FileKind.ETDUMP_TEXT.value
    (check,) = examine_file(write(tmp_path, b"\xffboot\r\n" + dump))
    assert check.evidence["start"] == 7


def test_a_program_names_its_methods(tmp_path: Path) -> None:
    (check,) = examine_file(write(tmp_path, program(method("encode"), method("decode"))))
    assert check.evidence["methods"] == ["encode", "decode"]


def test_a_debug_buffer_tells_how_much_of_it_is_used(tmp_path: Path) -> None:
    (used,) = examine_file(write(tmp_path, bytes(100) + b"\xf0\x9f" + bytes(3_000_000)))
    assert used.evidence["used_bytes"] == 102
    (unused,) = examine_file(write(tmp_path, bytes(5000)))
    assert unused.state == "missing"
    assert "nothing was logged" in unused.message


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (bytes(4) + b"BP08" + bytes(8), FileKind.BUNDLED_PROGRAM),
        (bytes(4) + b"FT01" + bytes(8), FileKind.TENSOR_DATA),
        (pickle.dumps({"a": 1}), FileKind.PICKLE),
        (b"hello, this is a log\n" * 3, FileKind.TEXT),
        (b"PK\x03\x04 and no more", FileKind.ARCHIVE),
    ],
)
def test_kinds_are_told_by_content(tmp_path: Path, content: bytes, kind: FileKind) -> None:
    path = write(tmp_path, content, "trace.etdp")
    assert identify(path) is kind
    assert examine_file(path)[0].evidence["kind"] == kind.value


def test_a_bundle_is_checked_against_its_hashes(tmp_path: Path) -> None:
    trace = write(tmp_path, trace_of_runs(EXECUTE), "trace.etdp").read_bytes()
    entry = {"sha256": hashlib.sha256(trace).hexdigest(), "bytes": len(trace)}
    manifest = {
        "schema": "etscope.bundle",
        "version": 1,
        "created": "2026-01-02T03:04:05+00:00",
        "tool": {"etscope": "0.1.0"},
        "runtime": {"name": "executorch"},
        "model": {"target": "m.py:f", "methods": ["forward"]},
        "host": {},
        "clock": {"unit": "ns"},
        "warmup": 0,
        "iterations": 1,
        "inferences": [{"method": "forward", "input_set": 0, "count": 1}],
        "passes": {"tensors": {"status": "failed", "reason": "the runtime died"}},
        "files": {"trace.etdp": entry},
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    bundle, tensors, contents, *_ = examine_file(tmp_path)
    assert (bundle.state, contents.state) == ("ok", "ok")
    assert "the runtime died" in tensors.message
    (tmp_path / "trace.etdp").write_bytes(trace[:-1] + b"x")
    (changed,) = examine_file(tmp_path)
    assert changed.state == "broken"


# ----------------------------------------------------------------- installation


PARTS = (
    Part("numpy", "numpy", "reading"),
    Part("no-such-distribution", "nothing", "testing"),
    Part("click", "no_such_module", "testing"),
)


def test_what_is_missing_or_broken_is_named() -> None:
    found = {check.subject: check for check in examine_installation(PARTS)}
    assert found["numpy"].state == "ok"
    assert found["numpy"].seconds is not None
    assert found["no-such-distribution"].state == "missing"
    assert found["click"].state == "broken"
    assert "No module named 'no_such_module'" in found["click"].message


def test_a_library_that_kills_the_process_is_named_and_the_rest_still_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kills.py").write_text("import os\nos.abort()\n")
    monkeypatch.syspath_prepend(tmp_path)
    parts = (Part("click", "kills", "testing"), Part("numpy", "numpy", "reading"))
    found = {check.subject: check for check in examine_installation(parts)}
    assert "died of SIGABRT" in found["click"].message
    assert found["numpy"].state == "ok"


@pytest.mark.parametrize(("torch", "state"), [("2.13.0+cpu", "ok"), ("2.12.1", "note")])
def test_the_runtime_and_torch_must_be_a_pair(
    monkeypatch: pytest.MonkeyPatch, torch: str, state: str
) -> None:
    from etscope.devtools.diagnosis import installation

    versions = {"executorch": "1.5.1", "torch": torch}
    monkeypatch.setattr(installation, "_version", versions.get)
    parts = (Part("executorch", "json", "a test"), Part("torch", "json", "a test"))
    assert examine_installation(parts)[-1].state == state


def test_a_child_that_takes_too_long_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hangs.py").write_text(
        "import signal\nprint('hello', flush=True)\nsignal.pause()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    outcome = run_module("hangs", [], limit_s=1.0)
    assert outcome.code is None
    assert "was stopped after" in outcome.end


# ----------------------------------------------------------------- trial run


def test_a_failing_trial_run_passes_on_the_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = Outcome(2, "", "etscope: torch is not installed", 1.5)
    monkeypatch.setattr(trial, "run_module", lambda *_, **__: outcome)
    check = trial.examine_tracing()
    assert (check.state, check.seconds) == ("broken", 1.5)
    assert "torch is not installed" in check.message


# ----------------------------------------------------------------- the command


def test_the_report_is_one_json_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, b"")
    assert cli.main(["doctor", "--json", str(path)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["schema"], report["version"]) == ("etscope.doctor", 1)
    assert report["source"] == [{"file": str(path), "sha256": hashlib.sha256(b"").hexdigest()}]
    assert report["coverage"]["broken"] == 1
    (finding,) = report["findings"]
    assert finding["severity"] == "error"
    assert set(report["rows"][0]) == {
        *("subject", "rule", "state", "message", "cure", "wall_s", "evidence")
    }


def test_strict_fails_on_a_broken_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, b"")
    assert cli.main(["doctor", "--strict", str(path)]) == 1
    said = capsys.readouterr().out
    assert "EXECUTORCH_ENABLE_EVENT_TRACER=ON" in said
    assert cli.main(["doctor", "--strict", str(write(tmp_path, trace_of_runs(EXECUTE)))]) == 0


def test_a_file_that_does_not_exist_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "no-such-file.etdp"]) == 2
    assert "no-such-file.etdp" in capsys.readouterr().err
