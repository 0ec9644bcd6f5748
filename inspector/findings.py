"""Findings: small rules, each a function from answers to what a person should know first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from etscope.inspector.correlate.origins import Origins
from etscope.inspector.fallbacks.ledger import FallbackLedger
from etscope.inspector.latency import MethodLatency
from etscope.inspector.recording import Recording
from etscope.inspector.wording import base_name, counted

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


@dataclass(frozen=True, eq=False)
class Case:
    """What rules look at: one kind of inference and all that is known of it."""

    recording: Recording
    latency: MethodLatency
    origins: Origins  # row for row with the latency's rows
    fallbacks: FallbackLedger

    @property
    def name(self) -> str:
        """The method, as it stands in a sentence."""
        return self.latency.method or "the method"

    def share(self, time: float) -> float:
        """A time per inference as a share of the method's; NaN where it was not timed."""
        return time / self.latency.mean if self.latency.mean else float("nan")

    def place(self, row: int) -> str:
        """Where a row comes from: "models.py:56 in layers.0.attention"; "" where not known."""
        source, module = self.origins.source(row), self.origins.module(row)
        parts = [base_name(source)] if source else []
        if module:
            parts.append(f"in {module}")
        return " ".join(parts)


#: More of one rule are counted instead of listed; the kinds with the most time come first.
_MOST_OF_A_RULE = 5

Rule = Callable[[Case], Iterator[Finding]]


def find(cases: Sequence[Case], rules: Sequence[Rule]) -> list[Finding]:
    """What the rules find, the most severe first, in the order of the rules otherwise."""
    found: list[Finding] = []
    for rule in rules:
        of_rule = [finding for case in cases for finding in rule(case)]
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
