"""`etscope source`: the user's file with time beside each line."""

from __future__ import annotations

from pathlib import Path

import click

from etscope.devtools import options
from etscope.devtools.source_output import HOTTEST, SourceWanted, deliver
from etscope.devtools.trace_input import open_trace


@click.command()
@click.argument("path", metavar="PATH", type=click.Path(exists=True, path_type=Path))
@click.argument("file", required=False, metavar="[FILE]")
@options.record
@options.program
@click.option("--method", metavar="NAME", help="The method to show.  [default: the slowest]")
@click.option(
    "--root",
    "roots",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Look for the source below DIR, then below the current folder; repeatable.",
)
@click.option(
    "--context",
    type=click.IntRange(min=0),
    default=2,
    show_default=True,
    metavar="N",
    help="Lines to show around each line with a time.",
)
@click.option("--all-lines", is_flag=True, help="Show every line of the file.")
@click.option(
    "--top",
    type=click.IntRange(min=0),
    metavar="N",
    help=f"Lines with the most time to tell more about; 0 for all.  [default: {HOTTEST}]",
)
@options.json_to
@options.html_to
@options.units
@options.salvage
def command(
    path: Path,
    file: str | None,
    record: Path | None,
    program: Path | None,
    method: str | None,
    roots: tuple[Path, ...],
    context: int,
    all_lines: bool,
    top: int | None,
    json_to: str | None,
    html: str | None,
    unit: str | None,
    source_unit: str | None,
    salvage: bool,
) -> int:
    """Show your source with the time that each line takes.

    PATH is a bundle folder (NAME.etscope) or a bare ETDump; FILE is one of the model's source
    files, or the end of its path (default: the file with the most time). The file is read where
    it is on this machine and is what was exported; else the lines in the record are shown.
    """
    wanted = SourceWanted(
        file, method, roots, context, all_lines, top, json_to, html, unit, source_unit
    )
    wanted.check()
    recording = open_trace(path, program=program, record=record, salvage=salvage)
    return deliver(recording, wanted)
