"""One latency report to every place that was asked for: screen, JSON, CSV, HTML, exit code."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import click

from etscope.devtools.documents import STDOUT, check_targets, csv_text, json_text, put, replace_file
from etscope.devtools.latency_text import Layout, print_report
from etscope.devtools.rollup_text import RollupLayout, print_rollups
from etscope.devtools.terminal import complain, say
from etscope.devtools.time_unit import clock_for, fitting_unit
from etscope.etdump.errors import UsageError
from etscope.inspector.findings import SEVERITIES, Finding
from etscope.inspector.latency_report import LatencyReport, latency_report
from etscope.inspector.recording import Recording
from etscope.inspector.rollups.report import rollup_report
from etscope.inspector.rules import DEFAULT_RULES
from etscope.inspector.wording import counted

RULES = tuple(rule.__name__ for rule in DEFAULT_RULES)
_LIMITS = SEVERITIES[:-1]


@dataclass(frozen=True)
class Wanted:
    """Where a report goes, and how. A target is a file's name, "-" for stdout, or None."""

    layout: Layout = field(default_factory=Layout)
    json: str | None = None
    csv: str | None = None
    html: str | None = None
    unit: str | None = None  # of times; None: what reads best, and milliseconds in documents
    source_unit: str | None = None
    fail_on: tuple[str, ...] = ()
    by: str | None = None  # what to sum times by, one of ROLLUPS; None: each event for itself
    rollup: RollupLayout = field(default_factory=RollupLayout)

    @property
    def is_document(self) -> bool:
        """Whether stdout belongs to a document."""
        return STDOUT in (self.json, self.csv)

    def check(self) -> None:
        """Refuse, before any work is done, what could only fail later.

        Raises:
            UsageError: two documents for one place, or one that would overwrite another file.
        """
        if self.html == STDOUT:
            raise UsageError("a page of some megabytes is no text for stdout: give --html a FILE.")
        check_targets((self.json, self.csv, self.html))


def deliver(recording: Recording, wanted: Wanted) -> int:
    """Write the report everywhere; the exit code: 1 for a finding that was asked to fail on."""
    clock = clock_for(recording, wanted.source_unit, wanted.unit)
    report = latency_report(recording, clock)
    _write_documents(report, wanted)
    shown = report
    fitting = clock.target if wanted.unit else fitting_unit(recording, clock.source)
    people = wanted.html is not None or not wanted.is_document
    if people and fitting is not clock.target:
        shown = latency_report(recording, replace(clock, target=fitting))
    if wanted.html is not None:
        _write_html(shown, Path(wanted.html))
    if not wanted.is_document:
        if wanted.by is None:
            print_report(shown, wanted.layout)
        else:
            print_rollups(rollup_report(shown, wanted.by), wanted.rollup)
        _say_where(wanted)
    return _verdict(shown.findings, wanted.fail_on)


def _write_documents(report: LatencyReport, wanted: Wanted) -> None:
    if wanted.json is None and wanted.csv is None:
        return
    document = report if wanted.by is None else rollup_report(report, wanted.by)
    if wanted.json is not None:
        put(json_text(document.to_json()), wanted.json)
    if wanted.csv is not None:
        put(csv_text(document.rows()), wanted.csv)


def _write_html(report: LatencyReport, path: Path) -> None:
    from etscope.dashboard.report import write_report

    replace_file(path, lambda place: write_report(report, place))


def _say_where(wanted: Wanted) -> None:
    written = [place for place in (wanted.json, wanted.csv, wanted.html) if place is not None]
    if written:
        say()
        say(f"written: {', '.join(written)}")


def known_limit(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Check what --fail-on was given: a severity or the name of a rule."""
    for value in values:
        if value not in _LIMITS + RULES:
            raise click.BadParameter(
                f"{value!r} is neither {', '.join(_LIMITS)} nor a rule ({', '.join(RULES)})."
            )
    return values


def _verdict(findings: list[Finding], fail_on: tuple[str, ...]) -> int:
    failed = [finding.rule for finding in findings if _fails(finding, fail_on)]
    if failed:
        names = ", ".join(dict.fromkeys(failed))
        complain(f"etscope: {counted(len(failed), 'finding')} to fail on: {names}.")
    return int(bool(failed))


def _fails(finding: Finding, fail_on: tuple[str, ...]) -> bool:
    """Whether a finding has one of the names, or is as severe as one of the severities."""
    rank = SEVERITIES.index(finding.severity)
    return finding.rule in fail_on or any(
        rank <= SEVERITIES.index(limit) for limit in fail_on if limit in _LIMITS
    )
