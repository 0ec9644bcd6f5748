"""`etscope memory`: what holds the memory, when, and why the peak is where it is."""

from __future__ import annotations

from pathlib import Path

import click

from etscope.devtools import options
from etscope.devtools.byte_size import byte_size
from etscope.devtools.memory_input import open_input, report_on, source_of
from etscope.devtools.memory_output import MemoryWanted, deliver
from etscope.devtools.memory_text import SCREENFUL


@click.command()
@click.argument("path", metavar="PATH", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--method",
    "methods",
    multiple=True,
    metavar="NAME",
    help="Look at this method only; repeatable.  [default: all]",
)
@options.program
@options.record
@click.option(
    "--fail-over",
    callback=byte_size,
    metavar="SIZE",
    help="End with 1 where a method plans more: 24MB, 24MiB or 24000000.",
)
@options.top(SCREENFUL)
@options.html_to
@options.json_to
@options.csv_to
@click.option(
    "--chrome",
    metavar="FILE",
    help="Write the bytes in use as counters beside the operators, for Perfetto, to FILE.",
)
@options.salvage
def command(
    path: Path,
    methods: tuple[str, ...],
    program: Path | None,
    record: Path | None,
    fail_over: int | None,
    top: int | None,
    html: str | None,
    json_to: str | None,
    csv_to: str | None,
    chrome: str | None,
    salvage: bool,
) -> int:
    """Say what holds the memory, when, and why the peak is where it is.

    PATH is a .pte, a bundled program (.bpte), a bundle folder (NAME.etscope), or an ETDump with
    --program. Arenas, places and lifetimes are planned: the program has them. What the process
    used is measured, where the bundle has it. Savings are estimated.
    """
    wanted = MemoryWanted(top, fail_over, html, json_to, csv_to, chrome)
    wanted.check()
    opened = open_input(path, program=program, record=record, salvage=salvage)
    return deliver(report_on(opened, methods), wanted, source_of(opened, path))
