"""Findings as text: severity, figures, the rule's name, and below what to try."""

from __future__ import annotations

from collections.abc import Sequence

from etscope.devtools.terminal import paragraph, say
from etscope.inspector.findings import Finding

_STYLE = {"high": "bold red", "medium": "yellow", "low": "cyan", "info": None}


def print_findings(findings: Sequence[Finding]) -> None:
    """Write findings in the order given; says so when there are none."""
    say()
    if not findings:
        say("findings: none")
        return
    say("findings", style="bold")
    for finding in findings:
        lead = f"  {finding.severity:<7} "
        text = f"{finding.message} [{finding.rule}]"
        paragraph(text, lead, " " * len(lead), style=_STYLE.get(finding.severity))
        if finding.advice:
            paragraph(finding.advice, " " * len(lead))
