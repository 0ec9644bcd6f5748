"""Options that several commands have: one name, one help text, one meaning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from etscope.devtools.documents import STDOUT
from etscope.inspector.units import TimeScale

Command = TypeVar("Command", bound=Callable[..., Any])

_UNITS = click.Choice([scale.value for scale in TimeScale])
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def program(command: Command) -> Command:
    """`--program FILE`, as `program`: a path or None."""
    words = "The .pte that ran, where no bundle has it: names methods, operators and backends."
    return click.option("--program", type=_FILE, metavar="FILE", help=words)(command)


def record(command: Command) -> Command:
    """`--record FILE`, as `record`: a path or None."""
    words = "The ETRecord of the export, where no bundle has it: tells modules and source lines."
    return click.option("--record", type=_FILE, metavar="FILE", help=words)(command)


def salvage(command: Command) -> Command:
    """`--salvage`, as `salvage`."""
    words = "Read what is readable of a damaged trace."
    return click.option("--salvage", is_flag=True, help=words)(command)


def top(screenful: int) -> Callable[[Command], Command]:
    """`--top N`, as `top`: rows of a table; 0: all; None: `screenful`, or all in a pipe."""
    words = f"Rows of a table; 0 for all.  [default: {screenful}, or all in a pipe]"
    return click.option("--top", type=click.IntRange(min=0), metavar="N", help=words)


def json_to(command: Command) -> Command:
    """`--json [FILE]`, as `json_to`: a file's name, STDOUT or None."""
    return _document("json", "Write one JSON object to FILE; without FILE, alone to stdout.")(
        command
    )


def csv_to(command: Command) -> Command:
    """`--csv [FILE]`, as `csv_to`: a file's name, STDOUT or None."""
    return _document("csv", "Write a line per row to FILE; without FILE, alone to stdout.")(command)


def _document(kind: str, words: str) -> Callable[[Command], Command]:
    return click.option(
        f"--{kind}",
        f"{kind}_to",
        is_flag=False,
        flag_value=STDOUT,
        metavar="[FILE]",
        help=words,
    )


def html_to(command: Command) -> Command:
    """`--html FILE`, as `html`: a file's name or None."""
    words = "Write a page that needs nothing else to FILE."
    return click.option("--html", metavar="FILE", help=words)(command)


def units(command: Command) -> Command:
    """`--unit` and `--source-unit`, as `unit` and `source_unit`: of TimeScale, or None."""
    shown = "Unit of times.  [default: what reads best; ms in JSON and CSV]"
    ticks = "What a tick of the trace's clock is.  [default: as the bundle says, or ns]"
    command = click.option("--source-unit", type=_UNITS, help=ticks)(command)
    return click.option("--unit", type=_UNITS, help=shown)(command)
