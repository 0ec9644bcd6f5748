"""The fallback report as text: the verdict, findings, then lines and operators of each method."""

from __future__ import annotations

import math

from etscope.devtools.column_fit import print_fitting
from etscope.devtools.findings_text import print_findings
from etscope.devtools.latency_text import MOST_KINDS, SCREENFUL
from etscope.devtools.quantities import decimals_for, fixed
from etscope.devtools.terminal import Column, is_terminal, paragraph, say
from etscope.inspector.fallbacks.around import Around
from etscope.inspector.fallbacks.edges import WORDS
from etscope.inspector.fallbacks.ledger import Fallback, FallbackLedger
from etscope.inspector.fallbacks.lines import FallbackLine
from etscope.inspector.fallbacks.report import FallbackReport
from etscope.inspector.rollups.modules import shown_module
from etscope.inspector.wording import base_name, counted, percent

#: Lines whose reasons and estimates are told in full.
_TOLD = 5


def print_fallbacks(report: FallbackReport, top: int | None = None) -> None:
    """Write all of a report to stdout.

    Args:
        top: rows of a table; 0: all; None: a screenful, or all in a pipe.
    """
    limit = (SCREENFUL if is_terminal() else 0) if top is None else top
    paragraph(report.verdict, style="bold")
    for line in _coverage(report):
        paragraph(line, indent="  ")
    paragraph(f"confidence in the times: {report.report.confidence}")
    print_findings(report.findings)
    count = min(len(report.lines), MOST_KINDS if top != 0 else len(report.lines))
    for number in range(count):
        if report.report.fallbacks[number].rows:
            _print_method(report, number, limit)
    if count < len(report.lines):
        say()
        say(f"… {counted(len(report.lines) - count, 'more kind')} of inference: --top 0")


def _coverage(report: FallbackReport) -> list[str]:
    if not report.report.fallbacks or not report.report.fallbacks[0].rows:
        return []
    ledger, known = report.report.fallbacks[0], report.report.coverage
    rows = len(ledger.rows)
    reasons = sum(row.reason.kind != "unknown" for row in ledger.rows)
    text = f"coverage: why is known of {reasons:,} of {counted(rows, 'operator')}"
    if ledger.delegate_calls:
        inside = sum(math.isfinite(row.gain.inside) for row in ledger.rows)
        text += f", an estimate of their time inside of {inside:,}"
    lines = [text]
    if not known["program"]:
        lines.append("no program: --program X.pte tells what the operators work on")
    if not known["record"]:
        unread = report.report.recording.record_unread
        what = "the ETRecord cannot be read" if unread else "no ETRecord"
        lines.append(f"{what}: --record X.etrecord tells source lines and modules")
    return lines + [f"note: {note}" for note in (*known["notes"], *known["join_notes"])]


def _print_method(report: FallbackReport, number: int, limit: int) -> None:
    ledger, latency = report.report.fallbacks[number], report.report.methods[number]
    name = latency.method or "method not known"
    say()
    say(f"{name}: source lines whose operators ran outside of delegates", style="bold")
    lines = report.lines[number]
    shown = lines[: limit or len(lines)]
    _print_lines(shown, ledger)
    if len(shown) < len(lines):
        say(f"… {counted(len(lines) - len(shown), 'more line')}: --top 0")
    for line in shown[:_TOLD]:
        _explain(line, ledger)
    say()
    say(f"{name}: each operator", style="bold")
    _print_rows(ledger.rows[: limit or len(ledger.rows)], report, number)
    if limit and len(ledger.rows) > limit:
        left = ledger.rows[limit:]
        share = percent(sum(row.share for row in left if math.isfinite(row.share)))
        say(f"… {counted(len(left), 'more operator')}, {share} of the time: --top 0")


def _print_lines(lines: list[FallbackLine], ledger: FallbackLedger) -> None:
    places = decimals_for(value for line in lines for value in (line.time, line.gain))
    columns = [
        Column("source"),
        Column("module"),
        Column("operators"),
        Column("n", right=True),
        Column(f"time ({ledger.unit})", right=True),
        Column("share", right=True),
        Column("gain, est.", right=True),
        Column("why"),
    ]
    cells = [
        [
            None if line.source is None else base_name(line.source),
            shown_module(line.module),
            _some(line.operators),
            str(len(line.rows)),
            fixed(line.time, places),
            percent(line.time / ledger.whole) if ledger.whole else None,
            _gain_text(line.gain, line.at_most, places),
            ", ".join(dict.fromkeys(row.reason.words for row in line.rows)),
        ]
        for line in lines
    ]
    print_fitting(columns, cells, ("n", "module", "share"))


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:3]) + (" …" if len(names) > 3 else "")


def _gain_text(gain: float, at_most: bool, places: int) -> str | None:
    if gain == 0:
        return "none"
    text = fixed(gain, places)
    return f"≤ {text}" if text is not None and at_most else text


def _explain(line: FallbackLine, ledger: FallbackLedger) -> None:
    """Why, what is around, and what the estimate stands on."""
    first = line.rows[0]
    title = base_name(line.source) if line.source else first.operator
    say()
    paragraph(f"{title}: {line.why}", "  ", "    ")
    around = list(dict.fromkeys(one for row in line.rows for one in row.around))
    if around:
        paragraph(f"around: {_around(around, ledger)}", "    ", "      ")
    if math.isfinite(first.gain.value):
        paragraph(f"gain: {first.gain.basis}", "    ", "      ")


def _around(around: list[Around], ledger: FallbackLedger) -> str:
    """Conversions in words, with the time that is known of them."""
    kinds = ", ".join(
        counted(sum(one.kind == kind for one in around), *WORDS[kind])
        for kind in dict.fromkeys(one.kind for one in around)
    )
    timed = [one.time for one in around if math.isfinite(one.time)]
    told = []
    if timed:
        told.append(f"{fixed(sum(timed), decimals_for([ledger.whole]))} {ledger.unit} (measured)")
    below = [one.below for one in around if one.below is not None]
    if below:
        each = " each" if len(below) > 1 else ""
        most = max(below)
        bound = f"{most:.6g} {ledger.unit}{each}" if math.isfinite(most) else "the clock's step"
        told.append(f"{len(below)} of them below {bound}")
    return ", ".join([kinds, *told])


def _print_rows(rows: tuple[Fallback, ...], report: FallbackReport, number: int) -> None:
    latency, origins = report.report.methods[number], report.report.origins[number]
    places = decimals_for(value for row in rows for value in (row.time, row.gain.value))
    columns = [
        Column("instr", right=True),
        Column("operator"),
        Column(f"time ({latency.unit})", right=True),
        Column("share", right=True),
        Column("gain, est.", right=True),
        Column("types"),
        Column("why"),
        Column("source"),
        Column("module"),
    ]
    cells = []
    for row in rows:
        source = origins.source(row.row)
        cells.append(
            [
                str(int(latency.rows.instruction[row.row])),
                row.operator,
                fixed(row.time, places),
                percent(row.share),
                _gain_text(row.gain.value, row.gain.at_most, places),
                ", ".join(row.types) or None,
                row.reason.words,
                None if source is None else base_name(source),
                shown_module(origins.module(row.row)),
            ]
        )
    print_fitting(columns, cells, ("types", "module", "source", "share"))
