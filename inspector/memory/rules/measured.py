"""Findings on what a run measured: growth without a name, and what bounds operators."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from etscope.inspector.findings import Finding
from etscope.inspector.roofline.rules import roofline_findings
from etscope.inspector.wording import percent, size_text

if TYPE_CHECKING:
    from etscope.inspector.memory.report import MemoryReport

#: Share of a process's growth without a name, from which on the ledger is not the whole story.
_NAMELESS = 0.1
#: Rules about the recording, not about a method of it.
_ONCE = ("roofline_not_calibrated",)


def unattributed(report: MemoryReport) -> Iterator[Finding]:
    """Growth of the process that no part of the ledger names."""
    grown = report.growth
    if grown is None or grown.explained is None or 1 - grown.explained < _NAMELESS:
        return
    size = abs(grown.unattributed_bytes)
    yield Finding(
        "unattributed_footprint",
        "medium",
        f"{percent(1 - grown.explained)} of what the process grew by ({size_text(size)}) has no "
        "name: neither the plan, nor the file, nor the allocator's own count explains it",
        {"unattributed_bytes": grown.unattributed_bytes, "growth_bytes": grown.own_growth_bytes},
        "As a rule it is what a backend asks the system for past the C allocator.",
    )


def roofline(report: MemoryReport) -> Iterator[Finding]:
    """What bounds the time of operators."""
    told: set[str] = set()
    for finding in roofline_findings(report.rooflines):
        if finding.rule not in told or finding.rule not in _ONCE:
            yield finding
        told.add(finding.rule)
