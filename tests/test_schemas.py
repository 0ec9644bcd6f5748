"""What `--json` prints is what docs/schemas/ says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from planned_programs import rich_program
from project import ROOT, tracked
from traces import event, inference, method_load, trace_of_runs

from etscope.devtools.cli import cli
from etscope.etdump.columns import Trace
from etscope.etdump.program import read_program
from etscope.etdump.writer import write_etdump
from etscope.inspector.memory.report import memory_report
from etscope.inspector.recording import open_recording
from etscope.inspector.rollups import ROLLUPS

SCHEMAS = ROOT / "docs" / "schemas"
LOAD = method_load(event("Method::init", 0, 9))
CALL = inference(
    event("conv", 12, 14, instruction=0, delegate="conv"),
    event("DELEGATE_CALL", 11, 15, instruction=0),
    event("native_call_add.out", 16, 18, instruction=1),
    event("OPERATOR_CALL", 15, 19, instruction=1),
    event("Method::execute", 10, 20),
)
BACKWARDS = inference(
    event("OPERATOR_CALL", 2**40, 5, instruction=0), event("Method::execute", 2**40, 5)
)
TRACES = {
    "whole": trace_of_runs(LOAD, CALL, CALL),
    "one inference": trace_of_runs(CALL),
    "no inference": trace_of_runs(LOAD),
    "method not timed": trace_of_runs(inference(event("OPERATOR_CALL", 1, 2, instruction=0))),
    "time runs backwards": trace_of_runs(BACKWARDS, BACKWARDS, CALL),
    "no time passes": trace_of_runs(inference(event("Method::execute", 5, 5))),
    "no names": trace_of_runs(inference(event(None, 1, 2, instruction=0), event(None, 0, 4))),
}


def schema(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((SCHEMAS / f"{name}.json").read_text("utf-8")))


def faults(report: Any) -> list[str]:
    validator = schema(report["schema"].removeprefix("etscope."))
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(report)]


def inspected(path: Path, *options: str, verb: str = "inspect") -> Any:
    done = CliRunner().invoke(cli, [verb, str(path), "--json", *options])
    assert done.exception is None or done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda path: path.name)
def test_a_schema_is_one_and_named_after_its_file(path: Path) -> None:
    validator = schema(path.stem)
    validator.check_schema(validator.schema)
    assert validator.schema["title"] == f"etscope.{path.stem}"


@pytest.mark.parametrize("trace", TRACES.values(), ids=list(TRACES))
def test_latency_of_any_trace_fits_its_schema(trace: Trace, tmp_path: Path) -> None:
    path = tmp_path / "x.etdp"
    write_etdump(trace, path)
    assert faults(inspected(path)) == []


@pytest.mark.parametrize("by", ROLLUPS)
@pytest.mark.parametrize("trace", TRACES.values(), ids=list(TRACES))
def test_rollups_of_any_trace_fit_their_schema(trace: Trace, by: str, tmp_path: Path) -> None:
    path = tmp_path / "x.etdp"
    write_etdump(trace, path)
    assert faults(inspected(path, "--by", by)) == []


@pytest.mark.parametrize("unit", ["ns", "us", "ms", "s", "cycles"])
def test_the_unit_is_the_end_of_the_key(unit: str, tmp_path: Path) -> None:
    path = tmp_path / "x.etdp"
    write_etdump(TRACES["whole"], path)
    ticks = "cycles" if unit == "cycles" else "ns"
    report = inspected(path, "--unit", unit, "--source-unit", ticks)
    assert faults(report) == []
    assert f"p50_{unit}" in report["rows"][0]


def samples() -> list[Path]:
    return sorted({path.parent for path in tracked("sample_traces/*.etscope/*")})


@pytest.mark.parametrize("bundle", samples(), ids=lambda path: path.name)
def test_latency_of_the_samples_fits_its_schema(bundle: Path) -> None:
    assert faults(inspected(ROOT / bundle)) == []


@pytest.mark.parametrize("by", ROLLUPS)
@pytest.mark.parametrize("name", ["convnet_int8_xnnpack", "two_methods"])
def test_rollups_of_the_samples_fit_their_schema(name: str, by: str) -> None:
    assert faults(inspected(ROOT / "sample_traces" / f"{name}.etscope", "--by", by)) == []


@pytest.mark.parametrize("trace", TRACES.values(), ids=list(TRACES))
def test_source_of_any_trace_fits_its_schema(trace: Trace, tmp_path: Path) -> None:
    path = tmp_path / "x.etdp"
    write_etdump(trace, path)
    assert faults(inspected(path, verb="source")) == []


@pytest.mark.parametrize("bundle", samples(), ids=lambda path: path.name)
def test_source_of_the_samples_fits_its_schema(bundle: Path) -> None:
    report = inspected(ROOT / bundle, "--unit", "us", verb="source")
    assert faults(report) == []
    assert report["rows"]


@pytest.mark.parametrize("trace", TRACES.values(), ids=list(TRACES))
def test_memory_beside_any_trace_fits_its_schema(trace: Trace, tmp_path: Path) -> None:
    path = tmp_path / "x.etdp"
    write_etdump(trace, path)
    # Beside any program: the command would refuse those that do not belong together.
    found = memory_report(read_program(rich_program()), open_recording(path))
    report = json.loads(json.dumps(found.to_json({"path": "x", "sha256": {}}), allow_nan=False))
    assert faults(report) == []
    assert report["rows"]


def test_a_schema_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    path = tmp_path / "x.etdp"
    write_etdump(TRACES["whole"], path)
    report = inspected(path)
    report["rows"][0]["p50_minutes"] = 1.0
    report["waterfall"][0]["parts"][0]["basis"] = "guessed"
    assert [fault.partition(":")[0] for fault in sorted(faults(report))] == [
        "$.rows[0]",
        "$.waterfall[0].parts[0].basis",
    ]
