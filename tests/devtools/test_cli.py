"""The command line: verbs, exit codes, and one sentence instead of a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace

import click
import pytest
from project import ROOT

from etscope.devtools import cli
from etscope.etdump.errors import NotATrace, UsageError


def verb_that(action: Callable[[], object]) -> click.Command:
    @click.command()
    def command() -> object:
        return action()

    return command


@pytest.fixture
def run_verb(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], int]:
    """Runs `etscope probe`, where probe does what it is given; returns the exit code."""

    def run(action: Callable[[], object]) -> int:
        monkeypatch.setitem(cli.COMMANDS, "probe", ("probe", "Do what the test says."))
        module = SimpleNamespace(command=verb_that(action))
        monkeypatch.setitem(sys.modules, "etscope.devtools.commands.probe", module)
        return cli.main(["probe"])

    return run


def raiser(error: BaseException) -> Callable[[], object]:
    def action() -> object:
        raise error

    return action


def test_the_verbs_are_the_files_of_the_commands_folder() -> None:
    files = {path.stem for path in (ROOT / "devtools" / "commands").glob("[!_]*.py")}
    assert {module for module, _ in cli.COMMANDS.values()} == files


@pytest.mark.parametrize("verb", cli.COMMANDS)
def test_the_line_in_the_help_is_the_first_sentence_of_the_command(verb: str) -> None:
    command = cli.cli.get_command(click.Context(cli.cli), verb)
    assert command is not None
    first = (command.help or "").partition("\n\n")[0].replace("\n", " ").strip()
    assert first == cli.COMMANDS[verb][1]


@pytest.mark.parametrize(("result", "code"), [(None, 0), (0, 0), (1, 1)])
def test_a_command_returns_its_exit_code(
    run_verb: Callable[[Callable[[], object]], int], result: object, code: int
) -> None:
    assert run_verb(lambda: result) == code


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (UsageError("Give one file."), 2, "etscope: Give one file."),
        (NotATrace("this is a song", path="x.mp3"), 2, "etscope: x.mp3: this is a song. Give"),
        (FileNotFoundError(2, "No such file", "x.etdp"), 2, "etscope: x.etdp: No such file."),
        (click.UsageError("no such thing"), 2, "Error: no such thing"),
        (KeyboardInterrupt(), 130, ""),
        (ZeroDivisionError("oops"), 70, "defect of etscope"),
    ],
)
def test_errors_become_one_sentence_and_a_code(
    run_verb: Callable[[Callable[[], object]], int],
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    sentence: str,
) -> None:
    assert run_verb(raiser(error)) == code
    said = capsys.readouterr()
    assert sentence in said.err
    assert said.out == ""
    assert ("Traceback" in said.err) == (code == 70)


def test_unknown_verbs_and_options_are_usage_errors(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["dance"]) == 2
    assert cli.main(["version", "--dance"]) == 2
    assert "dance" in capsys.readouterr().err


@pytest.mark.parametrize("lines", [1, 100_000])
def test_a_closed_pipe_is_quiet(lines: int) -> None:
    """Whether the pipe breaks while the verb prints, or only when the rest is flushed."""
    program = (
        "import sys, types, click; from etscope.devtools import cli;"
        "command = click.Command('probe', callback=lambda: print('line\\n' * %d));"
        "sys.modules['etscope.devtools.commands.probe'] = types.SimpleNamespace(command=command);"
        "cli.COMMANDS['probe'] = ('probe', ''); sys.exit(cli.main(['probe']))"
    )
    reader, writer = os.pipe()
    os.close(reader)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / ".src")}
    command = [sys.executable, "-c", program % lines]
    done = subprocess.run(
        command, env=environment, stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_version_prints_what_is_installed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["version", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["schema"] == "etscope.version"
    found = {row["package"]: row["version"] for row in report["rows"]}
    assert list(found) == ["etscope", "python", "numpy", "torch", "executorch"]
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))


def test_version_says_what_is_not_installed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from etscope.devtools.commands import version

    monkeypatch.setattr(version, "PACKAGES", ("etscope", "no-such-distribution"))
    assert cli.main(["version"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["package", "version"]
    assert lines[-1].split(maxsplit=1) == ["no-such-distribution", "not installed"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_call_etscope(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["completion", shell]) == 0
    assert "_ETSCOPE_COMPLETE" in capsys.readouterr().out


def test_verbs_are_completed_without_importing_them() -> None:
    context = click.Context(cli.cli, info_name="etscope")
    found = [item.value for item in cli.cli.shell_complete(context, "do")]
    assert found == ["doctor"]
