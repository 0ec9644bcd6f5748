"""Findings on how methods get their memory: arenas of their own, the caller's, the delegates'."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from etscope.inspector.findings import Finding
from etscope.inspector.memory.ledger import Source
from etscope.inspector.wording import counted, listed, size_text

if TYPE_CHECKING:
    from etscope.inspector.memory.report import MemoryReport

#: Fewer bytes are not worth a sentence.
_LEAST_BYTES = 1024
_NAMED = 4


def methods_apart(report: MemoryReport) -> Iterator[Finding]:
    """Several methods, each with arenas of its own, that seldom run at the same time."""
    planned = [memory.plan.planned_bytes for memory in report.methods]
    spare = sum(planned) - max(planned)
    if len(planned) > 1 and spare >= _LEAST_BYTES:
        yield Finding(
            "methods_apart",
            "low",
            f"loaded together, {counted(len(planned), 'method')} set aside "
            f"{size_text(sum(planned))}; the largest alone needs {size_text(max(planned))}",
            {"planned_bytes": {m.name: m.plan.planned_bytes for m in report.methods}},
            "Where they run one after another and keep nothing in their arenas, let them share "
            "(Module(…, share_memory_arenas=true) in C++), or load one at a time.",
        )


def unplanned_ends(report: MemoryReport) -> Iterator[Finding]:
    """Inputs and outputs that the caller gives memory to: they come on top of the arenas."""
    entries = [entry for entry in report.ledger if entry.source is Source.CALLER]
    if entries:
        size = sum(entry.size_bytes for entry in entries)
        labels = [entry.label for entry in sorted(entries, key=lambda entry: -entry.size_bytes)]
        yield Finding(
            "unplanned_ends",
            "info",
            f"{size_text(size)} of inputs and outputs are not planned, so the caller's memory "
            f"comes on top of the arenas: {listed(labels, _NAMED)}",
            {"size_bytes": size, "values": labels},
            "This is alloc_graph_input=False or alloc_graph_output=False of MemoryPlanningPass; "
            "it saves a copy where the caller has the data anyway.",
        )


def delegates_unknown(report: MemoryReport) -> Iterator[Finding]:
    """Delegates ask for memory while they load and run; neither file nor footprint says."""
    if report.growth is not None:
        return
    backends = [d.backend for m in report.methods for d in m.plan.method.delegates]
    if backends:
        yield Finding(
            "delegates_unknown",
            "info",
            f"what {listed(sorted(set(backends)), _NAMED)} allocates at run time for "
            f"{counted(len(backends), 'delegate')} is not in the program: packed weights and "
            "arenas of its own come on top",
            {"delegates": len(backends), "backends": sorted(set(backends))},
            "Measure it: etscope run records what the process uses after each phase.",
        )
