"""`etscope fallbacks`: what ran outside of delegates, why, and what that costs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from etscope.devtools import options
from etscope.devtools.documents import STDOUT, check_targets, csv_text, json_text, put
from etscope.devtools.fallback_text import print_fallbacks
from etscope.devtools.latency_text import SCREENFUL
from etscope.devtools.terminal import say
from etscope.devtools.time_unit import clock_for, fitting_unit
from etscope.devtools.trace_input import open_trace
from etscope.inspector.fallbacks.report import fallback_report
from etscope.inspector.latency_report import latency_report
from etscope.inspector.recording import Recording


@click.command()
@click.argument("path", metavar="PATH", type=click.Path(exists=True, path_type=Path))
@options.program
@options.record
@options.top(SCREENFUL)
@options.json_to
@options.csv_to
@options.units
@options.salvage
def command(
    path: Path,
    program: Path | None,
    record: Path | None,
    top: int | None,
    json_to: str | None,
    csv_to: str | None,
    unit: str | None,
    source_unit: str | None,
    salvage: bool,
) -> int:
    """Say which operators ran outside of delegates, why, and what that costs.

    PATH is a bundle folder (NAME.etscope) or a bare ETDump with any suffix. Times are measured;
    what moving an operator into a delegate could save is an estimate, and each says what it
    stands on. The largest comes first.
    """
    check_targets((json_to, csv_to))
    recording = open_trace(path, program=program, record=record, salvage=salvage)
    _write_documents(recording, json_to, csv_to, unit, source_unit)
    if STDOUT in (json_to, csv_to):
        return 0
    clock = clock_for(recording, source_unit, unit)
    if unit is None:
        clock = replace(clock, target=fitting_unit(recording, clock.source))
    print_fallbacks(fallback_report(latency_report(recording, clock)), top)
    written = [place for place in (json_to, csv_to) if place is not None]
    if written:
        say(f"\nwritten: {', '.join(written)}")
    return 0


def _write_documents(
    recording: Recording,
    json_to: str | None,
    csv_to: str | None,
    unit: str | None,
    source_unit: str | None,
) -> None:
    if json_to is None and csv_to is None:
        return
    report = fallback_report(latency_report(recording, clock_for(recording, source_unit, unit)))
    if json_to is not None:
        put(json_text(report.to_json()), json_to)
    if csv_to is not None:
        put(csv_text([_flat(row) for row in report.rows()]), csv_to)


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose lists are texts or counts."""
    words = {key: " ".join(row[key]) for key in ("dtypes", "takers")}
    return row | words | {"around": len(row["around"])}
