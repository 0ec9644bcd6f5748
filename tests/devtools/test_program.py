"""`etscope program`: the screen, the JSON, the exit code."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import program_builder as make
import pytest
import xnnpack_builder as xnn
from jsonschema import Draft202012Validator
from project import ROOT, run_python, tracked

from etscope.devtools import cli, terminal
from etscope.devtools.program_text import print_program
from etscope.etdump.program import read_program
from etscope.inspector.program.report import program_report

GRAPH = xnn.graph(
    xnn.node("Conv2d", [0, 1], [2], 7, kernel=(3, 3)),
    values=[xnn.value(0), xnn.value(1, constant=1), xnn.value(2)],
    outputs=[2],
    constants=[(0, ""), (4, "weight")],
)
PROGRAM = make.program(
    make.method(
        "encode",
        values=[make.tensor([300], 1, buffer=1), make.tensor([2], 1, buffer=2)],
        operators=[("aten::add", "out")],
        delegates=[make.delegate("XnnpackBackend", specs=[("mode", b"fast")])],
        chains=[[make.kernel(0, 0)], [make.delegate_call(0, 1)]],
        arenas=[0, 4096],
    ),
    blobs=[GRAPH],
    segments=[bytes(range(100)) * 3 + b"ab", b"1234", b"5"],
    named=[("weight", 1), ("0123456789abcdef" * 4, 2)],
    constants=(0, [0, 0, 300]),
)
CASE = ([make.case_tensor([2], b"12345678")], [make.case_number(1.5)])
FILES = {
    "program": PROGRAM,
    "bundled": make.bundled(PROGRAM, make.suite("encode", CASE)),
    "empty": make.program(),
    "no instructions": make.program(make.method()),
    "external": make.program(
        make.method(values=[make.tensor([1], extra=make.extra_info("w", external=True))])
    ),
    "twins": make.program(make.method("a", values=[make.null()]), make.method("a")),
}
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.pte"
    path.write_bytes(PROGRAM)
    return path


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `etscope program`; gives the exit code, stdout and stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = cli.main(["program", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def faults(report: Any) -> list[str]:
    schema = json.loads((ROOT / "docs/schemas/program.json").read_text("utf-8"))
    validator = Draft202012Validator(schema)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(report)]


def test_the_screen_has_verdict_parts_methods_delegates_and_data(file: Path, program: Run) -> None:
    code, out, err = program(file)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert "1 call of XnnpackBackend, 1 call of operators outside" in lines[0]
    assert lines[1] == (
        f"coverage: {len(PROGRAM):,} of {len(PROGRAM):,} bytes accounted for; "
        "looked into 1 of 1 delegate"
    )
    for expected in (
        r"constants +302 +[\d.]+%  weights that",
        rf"file +{len(PROGRAM):,} +100.0%",
        r"encode: 2 instructions in 2 chains \(1 kernel, 1 delegate\)",
        r"memory planned: arena 1 4,096 bytes",
        r"aten::add.out +1  a kernel",
        rf" 0  XnnpackBackend +{len(GRAPH):,} +1 +1 +1:0 +-",
        r"value 0 300 +300 .* int8 +constants +0 aten::add.out",
        r"value 1 2 +2 .* constants +1:0 DELEGATE_CALL",
        r"weight +4 .* named data  Conv2d 3x3 of delegate 0",
        r"0123456789abcdef0123…def  +1 .* named data  -",
        r"0 +[\d,]+ +302  constants",
    ):
        assert re.search(expected, out), expected


def test_parts_on_the_screen_add_up(file: Path, program: Run) -> None:
    _, out, _ = program(file)
    table = out[out.index("part  ") : out.index("file  ")].splitlines()[1:]
    sizes = [int(re.split(r"  +", line)[1].replace(",", "")) for line in table if line]
    assert sum(sizes) == len(PROGRAM)


def test_top_cuts_tables_and_says_so(file: Path, program: Run) -> None:
    _, out, _ = program(file, "--top", 1)
    assert "… 3 more pieces, 7 bytes: --top 0" in out
    assert "value 1 2" not in out
    assert "--top 0" not in program(file, "--top", 0)[1]


def test_one_delegate(file: Path, program: Run) -> None:
    code, out, _ = program(file, "--delegate", 0)
    assert code == 0
    assert out.startswith(f"delegate 0: XnnpackBackend, {len(GRAPH)} bytes, called by 1 instr")
    assert "compile spec mode: 4 bytes" in out
    assert re.search(r"0  Conv2d +3x3 +7 +4  0, 1 +2", out)


def test_a_delegate_that_cannot_be_read(tmp_path: Path, program: Run) -> None:
    path = tmp_path / "x.pte"
    path.write_bytes(make.program(make.method(delegates=[make.delegate("Gpu")]), blobs=[b"?"]))
    assert "not known: no plug-in reads Gpu." in program(path, "--delegate", 0)[1]


def test_a_delegate_that_is_not_there(file: Path, program: Run) -> None:
    code, out, err = program(file, "--delegate", 3)
    assert (code, out) == (2, "")
    assert "1 delegate, so there is no --delegate 3: they are numbered 0 to 0" in err


@pytest.mark.parametrize("data", FILES.values(), ids=list(FILES))
def test_every_program_fits_the_schema_and_the_screen(
    data: bytes, tmp_path: Path, program: Run
) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(data)
    report = json.loads(program(path, "--json")[1])
    assert faults(report) == []
    assert report["source"]["sha256"] == {"x.bin": sha256(data).hexdigest()}
    assert sum(part["size_bytes"] for part in report["coverage"]["parts"]) == len(data)
    assert program(path)[0] == 0


def test_the_operations_of_a_delegate_fit_the_schema(file: Path, program: Run) -> None:
    report = json.loads(program(file, "--json", "--delegate", 0)[1])
    assert faults(report) == []
    assert [row["kind"] for row in report["operations"]] == ["Conv2d"]
    report["operations"][0]["kind"] = None
    report["treemap"][0]["size_bytes"] = 0
    assert {fault.partition(":")[0] for fault in faults(report)} == {
        "$.operations",
        "$.treemap[0].size_bytes",
    }


@pytest.mark.parametrize(
    "bundle",
    sorted({path.parent for path in tracked("sample_traces/*.etscope/*")}),
    ids=lambda path: path.name,
)
def test_the_samples_fit_the_schema(bundle: Path, program: Run) -> None:
    report = json.loads(program(ROOT / bundle, "--json")[1])
    assert faults(report) == []
    assert report["coverage"]["accounted_bytes"] == report["coverage"]["file_bytes"]
    assert report["coverage"]["delegates_not_read"] == []
    named = [row for row in report["rows"] if row["part"] == "named data"]
    assert all(row["reader"] and row["delegate"] == 0 for row in named)


def test_json_into_a_file(file: Path, tmp_path: Path, program: Run) -> None:
    target = tmp_path / "out.json"
    code, out, _ = program(file, "--json", target)
    assert code == 0
    assert out.endswith(f"written: {target}\n")
    assert faults(json.loads(target.read_text())) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.pte", "out.json"]


def test_a_program_is_not_overwritten(file: Path, program: Run) -> None:
    code, _, err = program(file, "--json", file)
    assert code == 2
    assert "no report overwrites it" in err
    assert file.read_bytes() == PROGRAM


OTHERS = {
    "an ETDump": (b"\x08\0\0\0ED00" + bytes(40), "etscope inspect"),
    "tensor data": (make.tensor_data(("w", 0, [1]), segments=[b"1234"]), "give the .pte beside"),
    "nothing": (b"", "empty file"),
    "text": (b"hello", "Give the .pte or .bpte"),
}


@pytest.mark.parametrize(("data", "said"), OTHERS.values(), ids=list(OTHERS))
def test_another_file_is_named(data: bytes, said: str, tmp_path: Path, program: Run) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    code, out, err = program(path)
    assert (code, out) == (2, "")
    assert "this is no program but: " in err
    assert said in err


def test_a_broken_program_is_one_sentence(tmp_path: Path, program: Run) -> None:
    path = tmp_path / "x.pte"
    path.write_bytes(PROGRAM[:-20])
    code, out, err = program(path)
    assert (code, out) == (2, "")
    assert "segment 0 ends at byte" in err


def test_a_folder_that_is_no_bundle(tmp_path: Path, program: Run) -> None:
    code, _, err = program(tmp_path)
    assert code == 2
    assert "so it is no bundle" in err


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_the_screen(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    print_program(program_report(read_program(FILES["bundled"])))
    assert terminal.screen_width() == width
    plain = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert max(map(len, plain.splitlines())) <= width


def test_neither_torch_nor_executorch_is_needed(file: Path) -> None:
    code = (
        "import sys\n"
        "sys.modules |= dict.fromkeys(('torch', 'executorch', 'pandas', 'dash', 'plotly'))\n"
        "from etscope.devtools.cli import main\n"
        f"sys.exit(main(['program', {str(file)!r}]))\n"
    )
    done = run_python(["-c", code])
    assert done.returncode == 0, done.stderr
    assert "accounted for" in done.stdout
