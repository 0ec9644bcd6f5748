"""Findings: small rules, each a function from answers to what a person should know first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from etscope.inspector.latency import MethodLatency
from etscope.inspector.recording import Recording

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


Rule = Callable[[Recording, MethodLatency], Iterator[Finding]]


def find(
    recording: Recording, latencies: list[MethodLatency], rules: tuple[Rule, ...]
) -> list[Finding]:
    """What the rules find, the most severe first, in the order of the rules otherwise."""
    found = [
        finding for rule in rules for latency in latencies for finding in rule(recording, latency)
    ]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))
