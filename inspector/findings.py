"""Findings: small rules, each a function from answers to what a person should know first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from etscope.inspector.latency import MethodLatency
from etscope.inspector.recording import Recording
from etscope.inspector.wording import counted

#: From what to look at first to what is good to know.
SEVERITIES = ("high", "medium", "low", "info")


@dataclass(frozen=True)
class Finding:
    """One thing found, with the figures it rests on and what to try."""

    rule: str
    severity: str  # one of SEVERITIES
    message: str
    evidence: dict[str, Any] = field(default_factory=dict)
    advice: str = ""


#: More of one rule are counted instead of listed; the kinds with the most time come first.
_MOST_OF_A_RULE = 5

Rule = Callable[[Recording, MethodLatency], Iterator[Finding]]


def find(
    recording: Recording, latencies: list[MethodLatency], rules: tuple[Rule, ...]
) -> list[Finding]:
    """What the rules find, the most severe first, in the order of the rules otherwise."""
    found: list[Finding] = []
    for rule in rules:
        of_rule = [finding for latency in latencies for finding in rule(recording, latency)]
        found += of_rule[:_MOST_OF_A_RULE]
        if len(of_rule) > _MOST_OF_A_RULE:
            found.append(_others(of_rule[_MOST_OF_A_RULE:]))
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


def _others(findings: list[Finding]) -> Finding:
    """One finding for the rest of a rule's, as severe as the most severe of them."""
    worst = min(findings, key=lambda finding: SEVERITIES.index(finding.severity))
    return Finding(
        worst.rule,
        worst.severity,
        f"the same of {counted(len(findings), 'more place')}, all of which take less time",
        {"places": len(findings)},
    )
