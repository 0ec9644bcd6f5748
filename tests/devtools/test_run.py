"""`etscope run`: from a model to a bundle and its report."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from project import ROOT

from etscope.devtools import cli
from etscope.devtools.capture import choice
from etscope.devtools.commands import run as verb
from etscope.etdump.bundle import read_bundle

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    model_folder: Path,
    tmp_path: Path,
) -> Run:
    """Runs `etscope run net.py:two_methods` in a folder of its own; code, stdout, stderr."""
    (tmp_path / "net.py").write_text((model_folder / "net.py").read_text())
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> tuple[int, str, str]:
        code = cli.main(["run", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def reference(run: Run, *more: object) -> tuple[int, str, str]:
    few = ("--runtime", "reference", "--iterations", 2, "--warmup", 1)
    return run("net.py:two_methods", *few, *more)


def test_a_run_says_which_runtime_where_the_bundle_is_and_the_report(run: Run) -> None:
    code, out, err = reference(run)
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == "runtime: reference. It was asked for."
    assert lines[1].startswith("bundle: two_methods.etscope (")
    assert "note: The reference runtime runs the exported graph" in out
    assert "coverage: 6 of 8 inferences counted (2 warm-up left out)" in out
    assert lines[-1] == "next: etscope inspect two_methods.etscope --sort order --all"
    assert err.splitlines() == [
        "load and export",
        "timing pass: 8 inferences",
        "untraced pass: 8 inferences",
        "tensor pass",
        "calibration",
    ]
    assert read_bundle("two_methods.etscope", verify=True).manifest.iterations == 2


def test_json_to_stdout_is_alone(run: Run) -> None:
    code, out, err = reference(run, "--json", "--no-tensors", "-o", "x", "--methods", "total")
    report = json.loads(out)
    assert code == 0
    assert report["source"]["path"] == "x.etscope"
    assert {row["method"] for row in report["rows"]} == {"total"}
    assert "bundle: x.etscope" in err


def test_documents_are_written_beside_the_bundle(run: Run, tmp_path: Path) -> None:
    code, out, _ = reference(run, "--no-tensors", "--json", "a.json", "--html", "a.html")
    assert code == 0
    assert "written: a.json, a.html" in out
    names = {path.name for path in tmp_path.iterdir()} - {"__pycache__"}
    assert names == {"a.html", "a.json", "net.py", "two_methods.etscope"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("net.py:two_methods", "--iterations", "0"), "ask for at least 1"),
        (("net.py:two_methods", "--html", "no/a.html"), "no is no folder"),
        (("net.py:two_methods", "--html", "-"), "give --html a FILE"),
        (("net.py:two_methods", "--json", "net.pte"), "exists and is no text"),
        (("net.py:nothing", "--runtime", "reference"), "has no function 'nothing'"),
        (("net.py", "--runtime", "reference"), "names no model"),
        (("net.pte", "--runtime", "reference"), "holds no torch graph"),
        (("net.pte", "--quantize", "int8"), "lowered already"),
        (("net.py:two_methods", "-o", "net.py"), "exists and is no bundle"),
    ],
)
def test_what_cannot_be_run_is_one_sentence_and_nothing_is_left(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    (tmp_path / "net.pte").write_bytes(b"\0\0\0\0ET12" + bytes(range(256)))
    (tmp_path / "net.py.etscope").mkdir()
    before = {path.name for path in tmp_path.iterdir()} | {"__pycache__"}
    code, _, err = run(*arguments)
    assert code == 2
    assert sentence in err
    assert "Traceback" not in err
    assert {path.name for path in tmp_path.iterdir()} <= before


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("models/zoo.py:convnet", "convnet"),
        ("zoo.models:make.small", "make"),
        ("out/x.pte", "x"),
        ("x.pt2", "x"),
    ],
)
def test_the_bundle_is_named_after_its_target(target: str, name: str) -> None:
    assert verb.default_name(target) == name


@pytest.mark.parametrize(
    ("installed", "target", "asked", "backend"),
    [
        (True, "m.py:f", "auto", "xnnpack"),
        (True, "m.py:f", "portable", "portable"),
        (True, "x.pte", "auto", "portable"),
        (False, "m.py:f", "auto", "portable"),
    ],
)
def test_the_backend_is_a_delegate_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, installed: bool, target: str, asked: str, backend: str
) -> None:
    monkeypatch.setattr(choice, "has_executorch", lambda: installed)
    request = choice.CaptureRequest(target, Path("x"))
    assert verb.with_backend(request, asked).backend == backend


def test_without_the_real_runtime_the_other_one_is_used_and_says_so(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "has_executorch", lambda: False)
    code, out, _ = run("net.py:two_methods", "--iterations", 1, "--no-tensors")
    assert code == 0
    assert out.startswith("runtime: reference. The package executorch is not installed.")
    assert "pip install" in out.splitlines()[0]


SLOW = """
import torch

class Slow(torch.nn.Module):
    def forward(self, x):
        for _ in range(50):
            x = x @ x
        return x

def slow():
    return Slow(), (torch.eye(64),)
"""


#: A shell's background job ignores interrupts, and what it starts inherits that.
HEARS_INTERRUPTS = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from etscope.devtools.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_an_interrupted_run_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    command = [sys.executable, "-c", HEARS_INTERRUPTS, "run", "slow.py:slow"]
    command += ["--runtime", "reference", "--iterations", "1000000"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / ".src")}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        said = next(line for line in process.stderr if line.startswith("timing pass"))
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert said == "timing pass: 1,000,003 inferences\n"
    assert process.returncode == cli.INTERRUPTED
    assert "interrupted; no bundle was written" in rest
    assert "Traceback" not in rest
    assert {path.name for path in tmp_path.iterdir()} <= {"slow.py", "__pycache__"}


def test_a_real_bundle_can_be_inspected(
    real_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["inspect", str(real_bundle)]) == 0
    out = capsys.readouterr().out
    assert "methods: forward, total (told by the manifest)" in out
    assert "runtime executorch, backend portable" in out


def test_the_real_runtime_runs_a_program(run: Run, real_bundle: Path) -> None:
    code, out, _ = run(
        real_bundle / "program.pte", "-o", "again", "--iterations", 3, "--no-tensors"
    )
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == "runtime: executorch. The package executorch is installed."
    assert lines[1].startswith("bundle: again.etscope")
    assert "note: Inputs were made up from the program" in out
    assert "aten::" in out
