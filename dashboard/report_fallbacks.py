"""The part of the report about what ran outside of delegates: by source line, with the reasons."""

from __future__ import annotations

import math

from etscope.dashboard.table_markup import plain_table
from etscope.dashboard.wording import Scale, digits, markup, percent, scale_of
from etscope.inspector.fallbacks.ledger import FallbackLedger
from etscope.inspector.fallbacks.lines import FallbackLine
from etscope.inspector.fallbacks.report import FallbackReport, fallback_report
from etscope.inspector.latency_report import LatencyReport
from etscope.inspector.wording import base_name

#: Kinds of inference, and lines of each, that are shown; the JSON has all.
_METHODS = 6
_LINES = 50
_NAMES = 4
_TEXT = 600


def fallbacks(report: LatencyReport) -> str:
    """The ledger of each kind of inference that has delegates, or the sentence that none has."""
    ledger = fallback_report(report)
    parts = [f"<p>{markup(ledger.verdict, _TEXT)}</p>"]
    shown = [n for n, one in enumerate(report.fallbacks) if one.rows and one.delegate_calls]
    for number in shown[:_METHODS]:
        parts.append(_method(ledger, number))
    more = len(shown) - _METHODS
    if more > 0:
        parts.append(f"<p>{more:,} more kinds of inference are in the JSON report.</p>")
    return "".join(parts)


def _method(report: FallbackReport, number: int) -> str:
    latency, ledger = report.report.methods[number], report.report.fallbacks[number]
    scale, lines = scale_of(latency), report.lines[number]
    rows = [_row(line, ledger, scale) for line in lines[:_LINES]]
    heads = ["source", "operators", "time, measured", "share", "gain, estimated", "why"]
    name = markup(latency.method or "the method", 60)
    table = plain_table(f"Outside of delegates in {name}", heads, rows)
    more = len(lines) - _LINES
    note = f"<p>{more:,} more lines are in the JSON report.</p>" if more > 0 else ""
    return f"{table}{note}"


def _row(line: FallbackLine, ledger: FallbackLedger, scale: Scale) -> list[str]:
    share = line.time / ledger.whole if ledger.whole else math.nan
    return [
        _place(line),
        f"<bdi>{markup(_operators(line))}</bdi>",
        scale.time(line.time),
        percent(share),
        _gain(line, scale),
        _why(line),
    ]


def _place(line: FallbackLine) -> str:
    if line.source is None:
        return "–"
    where = f"<br><small><bdi>{markup(line.module)}</bdi></small>" if line.module else ""
    return f'<bdi title="{markup(line.source)}">{markup(base_name(line.source))}</bdi>{where}'


def _operators(line: FallbackLine) -> str:
    names = ", ".join(line.operators[:_NAMES]) + (" …" if len(line.operators) > _NAMES else "")
    return f"{names} ({len(line.rows)}×)" if len(line.rows) > 1 else names


def _gain(line: FallbackLine, scale: Scale) -> str:
    if not math.isfinite(line.gain):
        return "–"
    if line.gain == 0:
        return "none"
    bound = "at most " if line.at_most else ""
    basis = markup(line.rows[0].gain.basis, _TEXT)
    return f'<span title="{basis}">{bound}{digits(line.gain * scale.factor)} {scale.symbol}</span>'


def _why(line: FallbackLine) -> str:
    return f"<bdi>{markup(line.why, _TEXT)}</bdi>"
