"""The top of the report: verdict, confidence, coverage, findings."""

from __future__ import annotations

from typing import Any

from etscope.dashboard.wording import markup, percent, scale_of
from etscope.inspector.findings import Finding
from etscope.inspector.latency import MethodLatency
from etscope.inspector.latency_report import LatencyReport

_SENTENCE = 2000
_FINDINGS = 100


def summary(report: LatencyReport) -> str:
    """Verdict and confidence, then the figures that they stand on."""
    level, _, reason = report.confidence.partition(": ")
    cards = "".join(_card(*card) for card in _cards(report))
    return (
        f'<p class="verdict">{markup(report.verdict, _SENTENCE)}</p>\n'
        f'<p class="confidence"><span class="badge {_known(level)}">{markup(level)} confidence'
        f"</span> in the times: {markup(reason, _SENTENCE)}</p>\n"
        f'<dl class="cards">{cards}</dl>'
    )


def _known(level: str) -> str:
    return level if level in ("high", "medium", "low") else "none"


def _card(name: str, value: str, note: str) -> str:
    return f"<div><dt>{name}</dt><dd>{value}<small>{note}</small></dd></div>"


def _cards(report: LatencyReport) -> list[tuple[str, str, str]]:
    cover = report.coverage
    cards = []
    timed = [latency for latency in report.methods if len(latency.samples)]
    if timed:
        cards.append(_time_card(timed[0]))
    counted, all_of_them = cover["inferences_counted"], cover["inferences"]
    warm = cover["warmup_left_out"]
    left = all_of_them - counted - warm
    note = f"of {all_of_them:,}; {warm:,} left out as warm-up"
    cards.append(("Inferences counted", f"{counted:,}", note + (f", {left:,} not" if left else "")))
    cards.append(_explained_card(cover))
    cards.append(_mapped_card(cover, report.recording.record_unread))
    known, kinds = cover["methods_known"], len(report.methods)
    how = ", ".join(markup(way) for way in cover["methods_by"])
    cards.append(("Methods known", f"{known} of {kinds}", f"by: {how}" if how else ""))
    cards.append(("Events read", f"{cover['events']:,}", _doubts(cover)))
    return cards


def _time_card(latency: MethodLatency) -> tuple[str, str, str]:
    scale, figures = scale_of(latency), latency.rows.statistics
    low, middle, high = (float(getattr(figures, name)[0]) for name in ("p10", "p50", "p90"))
    name = f"Time of {markup(latency.method or 'the method', 40)}"
    return name, scale.time(middle), f"p50, measured; p10 {scale.time(low)}, p90 {scale.time(high)}"


def _explained_card(cover: dict[str, Any]) -> tuple[str, str, str]:
    shares = [share for share in cover["time_explained_share"] if share is not None]
    if not shares:
        return "Time explained", "–", "no method was timed"
    return "Time explained", percent(shares[0]), "of the method lies in an event; derived"


def _mapped_card(cover: dict[str, Any], unread: bool) -> tuple[str, str, str]:
    shares = [one["mapped_time_share"] for one in cover["mapping"]]
    found = [share for share in shares if share is not None]
    if not cover["record"] and not any(found):
        why = "the ETRecord cannot be read" if unread else "there is no ETRecord"
        return "Mapped to source", "–", why
    if not found:
        return "Mapped to source", "–", "no operator was timed"
    which = "" if len(found) == 1 else ", least of all methods"
    return "Mapped to source", percent(min(found)), f"of the time in operators{which}; derived"


def _doubts(cover: dict[str, Any]) -> str:
    doubts = [
        (len(cover["lost"]), "losses, see below"),
        (cover["operators_unnamed"], "operators without a name"),
        (cover["not_nesting"], "inferences nest differently"),
    ]
    found = [f"{count:,} {what}" for count, what in doubts if count]
    return "; ".join(found) or "nothing lost"


def findings(found: list[Finding]) -> str:
    """The findings, the most severe first."""
    if not found:
        return "<p>No rule found anything to report.</p>"
    items = "".join(_finding(finding) for finding in found[:_FINDINGS])
    more = len(found) - _FINDINGS
    rest = f"<p>{more} more findings are in the JSON report.</p>" if more > 0 else ""
    return f'<ol class="findings">{items}</ol>{rest}'


def _finding(finding: Finding) -> str:
    advice = f'<p class="advice">{markup(finding.advice, _SENTENCE)}</p>' if finding.advice else ""
    severity = markup(finding.severity, 20)
    return (
        f'<li class="{severity}"><p><span class="badge {severity}">{severity}</span> '
        f"{markup(finding.message, _SENTENCE)}</p>{advice}"
        f'<p class="rule">rule <code>{markup(finding.rule)}</code></p></li>'
    )
