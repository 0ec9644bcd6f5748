"""`etscope memory`: the screen, the documents, the exit code."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import program_builder as make
import pytest
from jsonschema import Draft202012Validator
from planned_programs import (
    chain_program,
    huge_program,
    overwritten_program,
    rich_program,
)
from project import ROOT, tracked

from etscope.devtools import cli, terminal
from etscope.devtools.memory_text import print_memory
from etscope.etdump.program import read_program
from etscope.inspector.memory.report import memory_report

SAMPLES = sorted({path.parent for path in tracked("sample_traces/*.etscope/*")})
PROGRAMS = {
    "chain": chain_program(),
    "overwritten": overwritten_program(),
    "rich": rich_program(),
    "empty": make.program(),
    "no instructions": make.program(make.method(arenas=[0, 64])),
    "bundled": make.bundled(chain_program()),
}
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.pte"
    path.write_bytes(chain_program())
    return path


@pytest.fixture
def memory(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `etscope memory`; gives the exit code, stdout and stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = cli.main(["memory", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def faults(report: Any) -> list[str]:
    schema = json.loads((ROOT / "docs/schemas/memory.json").read_text("utf-8"))
    validator = Draft202012Validator(schema)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(report)]


def test_the_screen_has_verdict_coverage_peak_and_ledger(file: Path, memory: Run) -> None:
    code, out, err = memory(file)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("forward sets aside 6.14 kB (planned); 50.0% is in use")
    assert lines[1] == (
        "coverage: 1 method, 3 planned values; node or line known of 71.4% of their bytes"
    )
    for expected in (
        r"confidence: high: ",
        r"low +3.07 kB of arena 1 of forward \(50.0%\) are free.*\[fragmentation\]",
        r"forward: 6,144 bytes planned, 2 instructions",
        r"6,144 ┤",
        r"▲ 3,072 at instruction 0 \(aten::add.out\)",
        r"value 1 of add.out +add.out +- +model.py:3 +2,048 +66.7%",
        r"input value 0 +the caller +- +- +1,024 +33.3%",
        r"peak .* 3,072 +100.0%",
        r" 1  aten::mul.out +- +model.py:4 +2,048 +512 +2,560",
        r"planned arena +6,144 +100.0%",
    ):
        assert re.search(expected, out), expected


def test_top_cuts_tables_and_the_peak_still_adds_up(file: Path, memory: Run) -> None:
    _, out, _ = memory(file, "--top", 1)
    assert "… 1 more value: --top 0" in out
    assert re.search(r"… 1 more +- +- +- +1,024 +33.3%", out)
    assert "… 1 more" not in memory(file, "--top", 0)[1]


def test_a_method_of_several(tmp_path: Path, memory: Run) -> None:
    path = tmp_path / "x.pte"
    path.write_bytes(rich_program())
    _, out, _ = memory(path, "--method", "decode")
    assert out.startswith("decode sets aside 6.14 kB")
    assert "coverage: 1 method of 2" in out
    code, out, err = memory(path, "--method", "other")
    assert (code, out) == (2, "")
    assert err == "etscope: the program has no method 'other'; it has: encode, decode.\n"


@pytest.mark.parametrize(
    ("limit", "code", "said"),
    [
        ("6144", 0, "within the limit: the arenas planned for forward, 6,144 bytes,"),
        ("6KiB", 0, "not more than the 6,144 allowed."),
        ("6kB", 1, "over the limit: the arenas planned for forward, 6,144 bytes, are 144 more"),
        ("0", 1, "6,144 more than the 0 allowed."),
    ],
)
def test_a_limit_is_told_first(limit: str, code: int, said: str, file: Path, memory: Run) -> None:
    got, out, err = memory(file, "--fail-over", limit)
    assert (got, err) == (code, "")
    assert said in out.splitlines()[0]


def test_a_limit_with_json(file: Path, memory: Run) -> None:
    code, out, err = memory(file, "--fail-over", "1kB", "--json")
    assert code == 1
    assert err.startswith("over the limit: ")
    report = json.loads(out)
    assert faults(report) == []
    assert report["limit"] == {
        "figure": "planned_bytes",
        "method": "forward",
        "device": "cpu:0",
        "planned_bytes": 6144,
        "limit_bytes": 1000,
        "devices": {"cpu:0": 6144},
        "over": True,
    }
    assert memory(file, "--fail-over", "1MB", "--json")[::2] == (0, "")


@pytest.mark.parametrize("size", ["", "10x", "-5", "1e3", "9" * 30, "99999999999TB", "1 . 5"])
def test_what_is_no_size(size: str, file: Path, memory: Run) -> None:
    code, out, err = memory(file, "--fail-over", size)
    assert (code, out) == (2, "")
    assert "Invalid value for '--fail-over'" in err


@pytest.mark.parametrize("data", PROGRAMS.values(), ids=list(PROGRAMS))
def test_every_program_fits_the_schema_and_the_screen(
    data: bytes, tmp_path: Path, memory: Run
) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(data)
    code, out, _ = memory(path, "--json")
    assert code == 0
    assert faults(json.loads(out)) == []
    assert memory(path, "--chrome", tmp_path / "counters.json")[0] == 0


@pytest.mark.parametrize("bundle", SAMPLES, ids=lambda path: path.name)
def test_the_samples_fit_the_schema(bundle: Path, memory: Run) -> None:
    code, out, _ = memory(ROOT / bundle, "--json")
    report = json.loads(out)
    assert (code, faults(report)) == (0, [])
    assert report["coverage"]["notes"] == []
    assert report["peak_bytes"] == max(m["peak_bytes"] for m in report["methods"])
    assert report["roofline"]["rows"]


def test_the_schema_refuses_what_it_does_not_know(file: Path, memory: Run) -> None:
    report = json.loads(memory(file, "--json")[1])
    report["rows"][0]["role"] = "thing"
    report["methods"][0]["peak"]["holders"][0]["saves_bytes"] = -1
    report["more"] = 1
    assert {fault.partition(":")[0] for fault in faults(report)} == {
        "$",
        "$.rows[0].role",
        "$.methods[0].peak.holders[0].saves_bytes",
    }


def test_documents_go_where_they_are_asked_to(file: Path, tmp_path: Path, memory: Run) -> None:
    targets = {kind: tmp_path / f"out.{kind}" for kind in ("json", "csv", "chrome")}
    options = [text for kind, path in targets.items() for text in (f"--{kind}", path)]
    code, out, _ = memory(file, *options)
    assert code == 0
    assert out.endswith(f"written: {', '.join(map(str, targets.values()))}\n")
    assert faults(json.loads(targets["json"].read_text())) == []
    assert json.loads(targets["chrome"].read_text())["traceEvents"]
    rows = list(csv.DictReader(io.StringIO(targets["csv"].read_text())))
    assert [row["size_bytes"] for row in rows] == ["1024", "2048", "512"]


def test_a_page(tmp_path: Path, memory: Run) -> None:
    page = tmp_path / "memory.html"
    code, out, _ = memory(ROOT / "sample_traces/two_methods.etscope", "--html", page)
    assert code == 0
    assert out.endswith(f"written: {page}\n")
    assert "2 methods set aside 17.2 kB together" in page.read_text("utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["memory.html"]
    assert "--html writes no text for stdout" in memory(ROOT, "--html", "-")[2]


def test_answers_stand_below_their_method_and_not_among_the_findings(memory: Run) -> None:
    _, out, _ = memory(ROOT / "sample_traces/transformer_kv.etscope", "--top", 2)
    wrote_over = (
        r"8,\d+ bytes  if 4 × aten::index_put.out wrote over [^[]*\[in_place,\s+export\s+option\]"
    )
    assert re.search(wrote_over, out)
    assert "provided that: The kernel reads each element before" in out
    assert "[what_if_" not in out
    assert "more answers: --top 0" in out


def test_targets_that_cannot_be_are_refused(file: Path, memory: Run) -> None:
    assert "--chrome writes no text for stdout" in memory(file, "--chrome", "-")[2]
    assert "no report overwrites it" in memory(file, "--json", file)[2]
    assert file.read_bytes() == chain_program()


def test_an_etdump_alone_says_what_to_give(memory: Run) -> None:
    trace = ROOT / "sample_traces/two_methods.etscope/trace.etdp"
    code, out, err = memory(trace)
    assert (code, out) == (2, "")
    assert "an ETDump does not hold the memory plan; that is in the program." in err
    assert err.endswith("--program MODEL.pte\n")
    code, out, _ = memory(trace, "--program", trace.parent / "program.pte")
    assert code == 0
    assert out.startswith("2 methods set aside")


@pytest.mark.parametrize("name", ["two_methods.etscope", "two_methods.etscope/trace.etdp"])
def test_a_program_that_did_not_run_is_refused(memory: Run, name: str) -> None:
    other = ROOT / "sample_traces/convnet_portable.etscope/program.pte"
    code, out, err = memory(ROOT / "sample_traces" / name, "--program", other)
    assert (code, out) == (2, "")
    assert f"the run is not one of {other}: " in err
    assert err.endswith("Give the program alone for its plan, or the run without it.\n")


def test_a_record_names_the_values_of_a_bare_program(memory: Run) -> None:
    bundle = ROOT / "sample_traces/convnet_portable.etscope"
    _, out, _ = memory(bundle / "program.pte", "--record", bundle / "record.etrecord")
    assert re.search(r"aten_convolution_default +convolution.out +stem.conv +models.py:20", out)


def test_a_bundle_whose_trace_is_broken_still_has_its_plan(tmp_path: Path, memory: Run) -> None:
    bundle = tmp_path / "x.etscope"
    bundle.mkdir()
    for path in (ROOT / "sample_traces/two_methods.etscope").iterdir():
        (bundle / path.name).write_bytes(path.read_bytes())
    (bundle / "trace.etdp").write_bytes(b"\x08\0\0\0ED00" + bytes(8))
    code, out, _ = memory(bundle)
    assert code == 0
    assert "note: the trace is not used: " in out


def measured_bundle(folder: Path) -> Path:
    """A sample whose process grew by 5,000 bytes, and whose machine was measured."""
    bundle = folder / "x.etscope"
    bundle.mkdir()
    for path in (ROOT / "sample_traces/two_methods.etscope").iterdir():
        (bundle / path.name).write_bytes(path.read_bytes())
    manifest = json.loads((bundle / "manifest.json").read_text("utf-8"))
    sizes = {"libraries loaded": 100_000, "steady state": 105_000}
    phases = [
        {"name": name, "at_ms": at, "figures": {"pss_bytes": size, "rss_bytes": 2 * size}}
        for at, (name, size) in enumerate(sizes.items())
    ]
    manifest["footprint"] = {"phases": phases, "peak_from_start": True, "notes": ["one note"]}
    manifest["machine_peak"] = {
        "threads": 1,
        "float32_gflops_per_s": 50.0,
        "memory_gb_per_s": 10.0,
    }
    (bundle / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return bundle


def test_what_was_measured_is_told_and_adds_up(tmp_path: Path, memory: Run) -> None:
    bundle = measured_bundle(tmp_path)
    code, out, _ = memory(bundle)
    assert code == 0
    for expected in (
        r"footprint: The steady state holds 5 kB above the loaded libraries \(PSS, measured\)",
        r"libraries loaded +0 +200,000 +100,000 +- +- +-",
        r"steady state +1 +210,000 +105,000 +- +- +5,000",
        r"growth of PSS +5,000 +100\.0% +measured",
        r"the machine reached 50 GFLOP/s \(float32\) and 10 GB/s with 1 thread \(measured\)",
    ):
        assert re.search(expected, out), expected
    report = json.loads(memory(bundle, "--json")[1])
    assert faults(report) == []
    assert report["coverage"]["footprint"] == "measured"
    footprint = report["footprint"]
    assert footprint["growth_bytes"] == 5000
    assert sum(part["size_bytes"] for part in footprint["parts"]) == 5000
    assert footprint["parts"][-1]["label"] == "unattributed"
    assert report["roofline"]["machine_peak"]["memory_gb_per_s"] == 10.0


OTHERS = {
    "tensor data": (make.tensor_data(("w", 0, [1]), segments=[b"1234"]), "give the .pte beside"),
    "text": (b"hello", "Give the .pte or .bpte"),
    "cut": (chain_program()[:-20], "Copy the file again in binary mode"),
    "huge": (huge_program(), "the tensors together are larger than any memory"),
    "outside": (chain_program(arena=64), "ends at byte 1024 of arena 1, which has 64"),
}


@pytest.mark.parametrize(("data", "said"), OTHERS.values(), ids=list(OTHERS))
def test_bad_input_is_one_sentence(data: bytes, said: str, tmp_path: Path, memory: Run) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    code, out, err = memory(path)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err


@pytest.mark.parametrize("width", [40, 80, 160])
def test_no_line_is_wider_than_the_screen(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    print_memory(memory_report(read_program(rich_program())))
    assert terminal.screen_width() == width
    plain = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)
    assert max(map(len, plain.splitlines())) <= width
