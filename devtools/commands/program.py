"""`etscope program`: what a program holds, and what makes it big."""

from __future__ import annotations

from pathlib import Path

import click

from etscope.devtools import options
from etscope.devtools.delegate_text import print_delegate
from etscope.devtools.documents import STDOUT, check_targets, json_text, put
from etscope.devtools.program_input import open_program
from etscope.devtools.program_text import SCREENFUL, print_program
from etscope.devtools.terminal import say
from etscope.etdump.bundle import sha256
from etscope.etdump.errors import UsageError
from etscope.inspector.program.report import ProgramReport, program_report
from etscope.inspector.wording import counted


@click.command()
@click.argument("path", metavar="PATH", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--delegate",
    type=click.IntRange(min=0),
    metavar="N",
    help="List what is inside this delegate; N is its number in the table of delegates.",
)
@options.top(SCREENFUL)
@options.json_to
def command(path: Path, delegate: int | None, top: int | None, json_to: str | None) -> int:
    """Say what a program holds, and what makes it big.

    PATH is a .pte, a bundled program (.bpte) or a bundle folder (NAME.etscope). Verdict and
    coverage come first, then findings, then what every byte of the file belongs to, and for
    each method its instructions, operators, delegates and planned memory.
    """
    check_targets((json_to,))
    report = program_report(open_program(path))
    _check_delegate(report, delegate)
    if json_to is not None:
        put(json_text(report.to_json(_source(report, path), delegate)), json_to)
    if json_to == STDOUT:
        return 0
    if delegate is None:
        print_program(report, top)
    else:
        print_delegate(report.delegates[delegate])
    if json_to is not None:
        say()
        say(f"written: {json_to}")
    return 0


def _check_delegate(report: ProgramReport, number: int | None) -> None:
    count = len(report.delegates)
    if number is not None and number >= count:
        there = f"they are numbered 0 to {count - 1}" if count else "leave --delegate out"
        has = counted(count, "delegate")
        raise UsageError(f"the program has {has}, so there is no --delegate {number}: {there}.")


def _source(report: ProgramReport, path: Path) -> dict[str, object]:
    file = Path(report.program.path or path)
    return {"path": str(path), "sha256": {file.name: sha256(file)}}
