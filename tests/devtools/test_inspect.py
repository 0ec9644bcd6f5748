"""`etscope inspect`: what goes to the screen, to documents and to the exit code."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from program_builder import delegate, delegate_call, kernel, method, program
from project import run_python
from traces import event, inference, method_load, trace_of_runs

from etscope.etdump.manifest import InferenceRun, Manifest
from etscope.etdump.writer import write_etdump

CALLS = [
    inference(
        event("conv", start + 2, start + 30, instruction=0, delegate="conv"),
        event("DELEGATE_CALL", start + 1, start + 41, instruction=0),
        event("native_call_add.out", start + 45, start + 80, instruction=1),
        event("OPERATOR_CALL", start + 42, start + 82 + late, instruction=1),
        event("Method::execute", start, start + 100 + late),
    )
    for start, late in ((1000, 0), (2000, 10), (3000, 20))
]
PROGRAM = program(
    method(
        "encode",
        chains=[[delegate_call(0), kernel(0)]],
        operators=[("aten::add", "out")],
        delegates=[delegate("GpuBackend")],
    ),
    blobs=[b"blob"],
)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """A load and three inferences: a delegate with one operation beside an operator."""
    path = tmp_path / "x.etdp"
    write_etdump(trace_of_runs(method_load(event("Method::init", 0, 9)), *CALLS), path)
    return path


def table(text: str) -> dict[str, list[str]]:
    """The operator table of a piped report: name -> the other cells."""
    lines = text[text.index("instr  operator") :].splitlines()[1:]
    cells = [re.split(r"  +", line.strip()) for line in lines if re.match(r" *(-|\d+)  ", line)]
    return {line[1]: [line[0], *line[2:]] for line in cells}


# ----------------------------------------------------------------- text


def test_verdict_coverage_and_confidence_come_first(inspect: Run, trace: Path) -> None:
    code, out, err = inspect(trace)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("the method takes 110 ns (p50 of 3 inferences, measured)")
    assert lines[1].startswith("coverage: 3 of 3 inferences counted, 16 events in 4 runs")
    assert "confidence in the times: low: only 3 inferences of a kind" in lines
    assert out.index("findings") < out.index("part ") < out.index("instr  operator")


def test_the_program_names_methods_operators_and_backends(
    inspect: Run, trace: Path, tmp_path: Path
) -> None:
    (tmp_path / "x.pte").write_bytes(PROGRAM)
    _, out, _ = inspect(trace, "--program", tmp_path / "x.pte")
    assert "methods: encode (found by the program's operators)" in out
    assert list(table(out)) == ["Method::execute", "aten::add.out", "DELEGATE_CALL", "conv"]
    assert table(out)["conv"][:3] == ["0", "GpuBackend", "1"]


def test_the_waterfall_adds_up(inspect: Run, trace: Path) -> None:
    _, out, _ = inspect(trace)
    start = out.index("part ")
    lines = out[start : out.index("instr  operator", start)].strip().splitlines()
    cells = [re.match(r" *(.+?)  +([\d.]+)  ", line) for line in lines[1:]]
    value = {cell[1]: float(cell[2]) for cell in cells if cell}
    assert value["method"] == pytest.approx(
        value["operators"] + value["delegates"] + value["unexplained"]
    )
    assert value["operators"] == pytest.approx(value["kernels"] + value["dispatch"])


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("order", ["DELEGATE_CALL", "conv", "add.out"]),
        ("time", ["add.out", "DELEGATE_CALL", "conv"]),
        ("name", ["DELEGATE_CALL", "conv", "add.out"]),
        ("p50", ["add.out", "DELEGATE_CALL", "conv"]),
        ("calls", ["DELEGATE_CALL", "conv", "add.out"]),
    ],
)
def test_rows_are_sorted_and_operations_stay_under_their_delegate(
    inspect: Run, trace: Path, sort: str, names: list[str]
) -> None:
    _, out, _ = inspect(trace, "--sort", sort)
    assert list(table(out)) == ["Method::execute", *names]


def test_what_is_cut_is_counted(inspect: Run, trace: Path) -> None:
    _, out, _ = inspect(trace, "--top", 1)
    assert list(table(out)) == ["Method::execute", "add.out"]
    assert "… 2 more rows, 36.4% of the time: --top 0" in out
    assert "… 1 row of kernels, control and framework: --all" in out


def test_all_shows_kernels_under_their_operators(inspect: Run, trace: Path) -> None:
    _, out, _ = inspect(trace, "--all")
    names = list(table(out))
    assert names.index("native_call_add.out") == names.index("add.out") + 1
    assert "--all" not in out


def test_a_trace_of_the_method_alone_is_still_told(inspect: Run, tmp_path: Path) -> None:
    path = tmp_path / "x"
    write_etdump(trace_of_runs(*[inference(event("Method::execute", 0, 2_000_000))] * 3), path)
    code, out, _ = inspect(path)
    assert code == 0
    assert "takes 2 ms" in out
    assert list(table(out)) == ["Method::execute"]


def test_events_without_a_method_have_times_but_no_shares(inspect: Run, tmp_path: Path) -> None:
    path = tmp_path / "x"
    write_etdump(trace_of_runs(inference(event("custom", 0, 5000, instruction=3))), path)
    code, out, _ = inspect(path)
    assert code == 0
    assert "was not timed, so there are no shares" in out
    assert table(out)["custom"] == ["3", "-", "1", "5.0000", "5.0000", "5.0000", "-", "-", "1"]


def test_no_inference_is_said(inspect: Run, tmp_path: Path) -> None:
    path = tmp_path / "x"
    write_etdump(trace_of_runs(method_load(event("Method::init", 0, 9))), path)
    code, out, _ = inspect(path)
    assert (code, out.splitlines()[0].partition(":")[0]) == (0, "No inference was timed")
    assert f"etscope doctor {path}" in out


def test_names_of_a_file_cannot_move_the_cursor(inspect: Run, tmp_path: Path) -> None:
    path = tmp_path / "x"
    name = "\x1b[2Jevil\nline"
    write_etdump(trace_of_runs(inference(event(name, 0, 5, instruction=0))), path)
    _, out, _ = inspect(path)
    assert "\x1b" not in out
    assert "\\x1b[2Jevil\\nline" in out


# ----------------------------------------------------------------- documents


def test_json_to_stdout_is_alone_and_in_milliseconds(inspect: Run, trace: Path) -> None:
    code, out, err = inspect(trace, "--json")
    report = json.loads(out)
    assert (code, err, report["schema"]) == (0, "", "etscope.latency")
    assert report["rows"][0]["p50_ms"] == pytest.approx(110e-6)


def test_csv_has_a_line_per_row(inspect: Run, trace: Path) -> None:
    _, out, _ = inspect(trace, "--csv", "--unit", "ns")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["kind"] for row in rows].count("kernel") == 1
    method_row = next(row for row in rows if row["kind"] == "method")
    assert (method_row["p50_ns"], method_row["op"]) == ("110.0", "")


def test_files_are_written_beside_the_text(inspect: Run, trace: Path, tmp_path: Path) -> None:
    places = [tmp_path / "a.json", tmp_path / "a.csv"]
    places[0].write_text("{}")
    _, out, _ = inspect(trace, "--json", places[0], "--csv", places[1])
    assert out.splitlines()[0].startswith("the method takes")
    assert out.splitlines()[-1] == f"written: {places[0]}, {places[1]}"
    assert json.loads(places[0].read_text())["rows"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "a.json", "x.etdp"]


def test_html_is_a_page_of_its_own(inspect: Run, trace: Path, tmp_path: Path) -> None:
    code, _, _ = inspect(trace, "--html", tmp_path / "a.html")
    assert code == 0
    assert "<html" in (tmp_path / "a.html").read_text("utf-8")[:500]


def test_a_trace_is_never_overwritten(inspect: Run, trace: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.etdp"
    write_etdump(trace_of_runs(*CALLS), other)
    before = other.read_bytes()
    code, out, err = inspect("--json", other, trace)
    assert (code, out) == (2, "")
    assert f"{other} exists and is no text (ETDump)" in err
    assert other.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--json", "--csv"), "two documents cannot both go to stdout"),
        (("--json", "no/folder/x.json"), "no/folder is no folder"),
        (("--unit", "cycles"), "cannot convert ns to cycles"),
        (("--fail-on", "luck"), "'luck' is neither high, medium, low nor a rule (costliest,"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(
    inspect: Run, trace: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    code, out, err = inspect(trace, *arguments)
    assert (code, out) == (2, "")
    assert sentence in " ".join(err.split())


def test_a_path_that_an_option_took_is_named(inspect: Run, trace: Path) -> None:
    code, _, err = inspect("--json", trace)
    assert code == 2
    assert f"Give PATH, before the options: {trace} was taken as the FILE" in err


# ----------------------------------------------------------------- exit codes and bad input


@pytest.mark.parametrize(
    ("limit", "code"), [("high", 1), ("low", 1), ("few_samples", 1), ("spread", 0)]
)
def test_a_finding_fails_only_where_asked(inspect: Run, trace: Path, limit: str, code: int) -> None:
    found, out, err = inspect(trace, "--fail-on", limit)
    assert found == code
    assert out.startswith("the method takes")
    assert ("to fail on" in err) == bool(code)


def test_a_milder_finding_does_not_fail(inspect: Run, tmp_path: Path) -> None:
    write_etdump(trace_of_runs(inference(event("Method::execute", 0, 9))), tmp_path / "x")
    assert inspect(tmp_path / "x", "--fail-on", "high")[0] == 0
    assert inspect(tmp_path / "x", "--fail-on", "low")[0] == 1


def test_a_damaged_trace_is_read_in_part_when_asked(
    inspect: Run, trace: Path, tmp_path: Path
) -> None:
    whole = trace.read_bytes()
    broken = tmp_path / "broken.etdp"
    broken.write_bytes(whole[:-1])
    code, out, err = inspect(broken)
    assert (code, out) == (2, "")
    assert "add --salvage to keep what is readable" in err
    assert "strict=" not in err
    code, out, _ = inspect(broken, "--salvage")
    assert code == 0
    assert "confidence in the times: low: the trace is damaged" in out


def record(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ETRECORD_V0", b"")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda path: path.write_bytes(PROGRAM), "an ExecuTorch program (.pte). Give the ETDump"),
        (record, "an ETRecord. Give the ETDump of a run; the record tells about the export"),
        (lambda path: path.write_bytes(bytes(range(256)) * 9), "if this is the debug buffer of"),
        (lambda path: path.write_bytes(b""), "the file is empty"),
        (lambda path: path.write_text("hello there, file"), "the identifier ED00 is missing"),
        (lambda path: path.mkdir(), "has no manifest.json, so it is no bundle"),
    ],
)
def test_other_files_are_told_what_they_are(
    inspect: Run, tmp_path: Path, make: Callable[[Path], object], sentence: str
) -> None:
    path = tmp_path / "given"
    make(path)
    code, out, err = inspect(path)
    assert (code, out) == (2, "")
    assert sentence in err
    assert len(err.splitlines()) == 1


def test_a_program_that_is_none_is_blamed(inspect: Run, trace: Path) -> None:
    code, _, err = inspect(trace, "--program", trace)
    assert code == 2
    assert "this is not an ExecuTorch program" in err
    assert "or leave --program out" in err


def test_a_bundle_says_what_a_tick_is(inspect: Run, trace: Path, tmp_path: Path) -> None:
    folder = tmp_path / "x.etscope"
    folder.mkdir()
    trace.rename(folder / "trace.etdp")
    manifest = Manifest(
        created="2026-01-01T00:00:00+00:00",
        tool={},
        runtime={"name": "executorch"},
        model={"target": "m.py:f", "backend": "xnnpack", "quantize": "int8"},
        host={},
        clock={"unit": "us"},
        warmup=1,
        iterations=2,
        inferences=(InferenceRun("encode", 0, 1, warmup=True), InferenceRun("encode", 0, 2)),
        notes=("The model was switched to eval.",),
    )
    (folder / "manifest.json").write_text(manifest.to_json())
    _, out, _ = inspect(folder)
    assert out.startswith("encode takes 115 us (p50 of 2 inferences, measured)")
    assert "coverage: 2 of 3 inferences counted (1 warm-up left out)" in out
    assert "recorded: m.py:f, runtime executorch, backend xnnpack, quantized to int8, 2026" in out
    assert "note: The model was switched to eval." in out
    odd = replace(manifest, clock={"unit": "ticks"})
    (folder / "manifest.json").write_text(odd.to_json())
    code, _, err = inspect(folder)
    assert code == 2
    assert "the bundle's clock ticks in 'ticks'" in err
    assert inspect(folder, "--source-unit", "ns")[0] == 0


# ----------------------------------------------------------------- alone


def test_only_numpy_and_click_are_needed(trace: Path) -> None:
    program = (
        "import sys; from etscope.devtools import cli;"
        f"codes = [cli.main(['inspect', {str(trace)!r}, *more]) for more in ([], ['--json'])];"
        "heavy = {'torch', 'pandas', 'executorch', 'plotly', 'dash', 'rich', 'tabulate'};"
        "sys.exit(str(codes) + str(heavy & set(sys.modules)) if any(codes) or "
        "heavy & set(sys.modules) else 0)"
    )
    done = run_python(["-c", program])
    assert done.returncode == 0, done.stderr


def test_it_runs_as_a_module(trace: Path) -> None:
    done = run_python(["-m", "etscope.devtools", "inspect", trace.name, "--csv"], cwd=trace.parent)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("method,block,row,")
