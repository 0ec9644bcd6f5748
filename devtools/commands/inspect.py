"""`etscope inspect`: where the time of a recorded run goes."""

from __future__ import annotations

from pathlib import Path

import click

from etscope.devtools import options
from etscope.devtools.documents import STDOUT
from etscope.devtools.latency_output import Wanted, deliver, known_limit
from etscope.devtools.latency_table import SORTS
from etscope.devtools.latency_text import SCREENFUL, Layout
from etscope.devtools.rollup_rows import SORTS as SUM_SORTS
from etscope.devtools.rollup_text import RollupLayout
from etscope.devtools.trace_input import open_trace
from etscope.inspector.rollups import ROLLUPS


@click.command()
@click.argument(
    "path", required=False, metavar="PATH", type=click.Path(exists=True, path_type=Path)
)
@options.program
@options.record
@click.option(
    "--by",
    type=click.Choice(list(ROLLUPS)),
    help="Sum the times by operator type, nn.Module, category of work, source line, or by "
    "delegate against what runs outside of delegates.",
)
@click.option(
    "--sort",
    type=click.Choice(SORTS),
    default="time",
    show_default=True,
    help="Order of the operators: time is per inference; order is that of the program. "
    f"With --by: {', '.join(SUM_SORTS)}.",
)
@options.top(SCREENFUL)
@click.option(
    "--depth",
    type=click.IntRange(min=0),
    metavar="N",
    help="With --by: levels of the tree under the first.  [default: all]",
)
@click.option(
    "--all", "every_kind", is_flag=True, help="Also rows of kernels, control and the framework."
)
@options.json_to
@options.csv_to
@options.html_to
@options.units
@options.salvage
@click.option(
    "--fail-on",
    multiple=True,
    metavar="WHAT",
    callback=known_limit,
    help="Exit with 1 on a finding this severe (high, medium, low) or of this rule; repeatable.",
)
def command(
    path: Path | None,
    program: Path | None,
    record: Path | None,
    by: str | None,
    sort: str,
    top: int | None,
    depth: int | None,
    every_kind: bool,
    json_to: str | None,
    csv_to: str | None,
    html: str | None,
    unit: str | None,
    source_unit: str | None,
    salvage: bool,
    fail_on: tuple[str, ...],
) -> int:
    """Say where the time of a recorded run goes.

    PATH is a bundle folder (NAME.etscope) or a bare ETDump with any suffix. Verdict, coverage
    and confidence come first, then findings, then for each method a waterfall whose parts add
    up, and its operators; operations inside a delegate are indented under its call. With --by
    there is one table instead, whose parts add up to the method.
    """
    if path is None:
        raise click.UsageError(_missing_path(json_to, csv_to))
    _check_by(by, sort, depth, every_kind)
    layout, rollup = Layout(sort, top, every_kind), RollupLayout(sort, top, depth)
    wanted = Wanted(layout, json_to, csv_to, html, unit, source_unit, fail_on, by, rollup)
    wanted.check()
    return deliver(open_trace(path, program=program, record=record, salvage=salvage), wanted)


def _check_by(by: str | None, sort: str, depth: int | None, every_kind: bool) -> None:
    """Refuse options that mean nothing together, rather than pass over one."""
    if by is None:
        if depth is not None:
            raise click.UsageError("--depth is that of a tree: say which with --by.")
        return
    if sort not in SUM_SORTS:
        raise click.UsageError(
            f"--by cannot be sorted by {sort}, only by {', '.join(SUM_SORTS)}: percentiles and "
            "the like of parts do not add up."
        )
    if every_kind:
        raise click.UsageError("--all is for the table of operators: --by counts everything.")


def _missing_path(*targets: str | None) -> str:
    """An option whose FILE may be left out takes a PATH that follows it for its own."""
    taken = next((target for target in targets if target not in (None, STDOUT)), None)
    hint = "" if taken is None else f": {taken} was taken as the FILE of the option before it"
    return f"Give PATH, before the options{hint}."
