"""How much of a report was mapped to the user's source, in sentences."""

from __future__ import annotations

import math

from etscope.inspector.correlate.ledger import Bucket, Ledger
from etscope.inspector.latency_report import LatencyReport
from etscope.inspector.wording import counted, percent

#: Reasons that are told; the JSON report has all.
_REASONS = 3
#: Kinds of inference that are told apart.
_KINDS = 3


def mapping_lines(report: LatencyReport) -> list[str]:
    """What share of the time in operators has a source line, by what, and why not the rest."""
    told = [
        (latency.method, ledger)
        for latency, ledger in zip(report.methods, report.ledgers, strict=True)
        if math.isfinite(ledger.mapped_share())
    ]
    lines = list(dict.fromkeys(_line(*one, len(told) > 1) for one in told))[:_KINDS]
    if told and report.recording.record is None:
        unread = report.recording.record_unread
        why = "the ETRecord cannot be read" if unread else "there is no ETRecord (--record FILE)"
        lines = [f"source lines: none, {why}"]
        if any(ledger.mapped_share() > 0 for _, ledger in told):
            lines = [_line(*one, len(told) > 1) for one in told[:_KINDS]]
    return lines + [f"note: {note}" for note in report.recording.correlation.notes]


def _line(method: str | None, ledger: Ledger, several: bool) -> str:
    of = f" of {method or 'a method'}" if several else ""
    mapped = [bucket for bucket in ledger.buckets if bucket.kind == "mapped"]
    text = f"source lines: {percent(ledger.mapped_share())} of the time in operators{of}"
    if mapped:
        text += f" ({_shares(ledger, mapped, [bucket.name for bucket in mapped])})"
    lost = [bucket for bucket in ledger.buckets if bucket.kind == "unmapped"]
    if lost:
        text += f"; not the rest: {_shares(ledger, lost, [bucket.reason for bucket in lost])}"
    return text


def _shares(ledger: Ledger, buckets: list[Bucket], names: list[str]) -> str:
    whole = ledger.operator_time
    told = [
        f"{percent(bucket.time / whole) if whole else '-'} by {name}"
        if bucket.kind == "mapped"
        else f"{percent(bucket.time / whole) if whole else '-'} {name}"
        for bucket, name in zip(buckets, names, strict=True)
    ]
    more = len(told) - _REASONS
    return "; ".join(told[:_REASONS]) + (f"; {counted(more, 'more reason')}" if more > 0 else "")
