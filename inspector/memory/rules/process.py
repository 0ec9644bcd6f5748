"""Findings on what a process held that the plan does not have: delegates, copies, loading."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from etscope.etdump.footprint import FIRST, METHOD, PROGRAM, PROGRAM_FILE, STEADY, Phase
from etscope.inspector.findings import Finding
from etscope.inspector.memory.ledger import Source
from etscope.inspector.memory.process import delegate_memory
from etscope.inspector.wording import figure, listed, size_text

if TYPE_CHECKING:
    from etscope.inspector.memory.report import MemoryReport

#: Shares of the growth from which on something is a finding, and a larger one.
_WORTH, _LARGE = 0.1, 0.5
#: Fewer bytes are not worth a sentence: a page here and there comes by chance.
_LEAST_BYTES = 65536
#: From this share of the weights in the file on, what a load asks for is a copy of them.
_COPY = 0.5
_NAMED = 3


def delegates_held(report: MemoryReport) -> Iterator[Finding]:
    """Delegates that hold more than all that is planned."""
    grown = report.growth
    if grown is None:
        return
    held = delegate_memory(grown)
    if held.held_bytes < max(held.arena_bytes, _least(report)):
        return
    backends = sorted({d.backend for method in report.program.methods for d in method.delegates})
    planned = "while nothing is planned"
    if held.arena_bytes:
        times = figure(held.held_bytes / held.arena_bytes)
        planned = f"{times} times the planned arenas of {size_text(held.arena_bytes)}"
    yield Finding(
        "delegates_held",
        _severity(held.held_bytes, grown.own_growth_bytes),
        f"delegates ({listed(backends, _NAMED)}) hold {size_text(held.held_bytes)} besides the "
        f"arenas, {planned}: {size_text(held.run_bytes)} since the first execution, results "
        f"among it, and {size_text(held.loaded_bytes)} since methods were loaded (derived from "
        "the allocator's count)",
        {**held._asdict(), "growth_bytes": grown.own_growth_bytes},
        _advice_on_delegates(held.run_bytes > held.loaded_bytes),
    )


def _advice_on_delegates(when_run: bool) -> str:
    if when_run:
        return (
            "The plan has only what goes into a delegate and comes out: what lives inside, the "
            "delegate asks for itself. Smaller inputs, layers or types need less; XNNPACK can "
            "share its workspace between delegates (its option workspace_sharing_mode)."
        )
    return (
        "As a rule it is weights, which a backend packs for its kernels: smaller types need less."
    )


def weights_packed(report: MemoryReport) -> Iterator[Finding]:
    """Weights in the file that delegates copied when they were loaded."""
    grown = report.growth
    stored = weights_of_delegates(report)
    if grown is None or stored < _least(report):
        return
    loaded = delegate_memory(grown).loaded_bytes
    if loaded < _COPY * stored:
        return
    pages = sum(part.size_bytes for part in grown.parts if part.group == PROGRAM_FILE)
    steady = next(row.phase for row in reversed(grown.rows) if row.phase.name == STEADY)
    text = (
        f"delegates hold their weights a second time, packed: {size_text(stored)} are in the "
        f"file, and {size_text(loaded)} came on the heap while methods were loaded (derived)"
    )
    if steady.mapped:
        text += f"; of the file itself {size_text(max(pages, 0))} stayed in memory (measured)"
    yield Finding(
        "weights_packed",
        _severity(loaded, grown.own_growth_bytes),
        text,
        {"stored_bytes": stored, "packed_bytes": loaded, "file_pages_bytes": pages},
        "Loading the program mapped does not help there, for the copy is no part of the file. "
        "Smaller types do; and XNNPACK packs what several delegates read only once where its "
        "weight cache is on (its option weight_cache_enabled).",
    )


def weights_of_delegates(report: MemoryReport) -> int:
    """Bytes of named data that delegates of the methods read, by the file."""
    entries = (entry for entry in report.ledger if entry.source is Source.NAMED_DATA)
    return sum(entry.size_bytes for entry in entries if entry.methods)


def loading_peak(report: MemoryReport) -> Iterator[Finding]:
    """A load, or a first execution, that takes much more for a while than what stays."""
    footprint, grown = report.footprint, report.growth
    if footprint is None or grown is None or footprint.peak_from_start:
        return
    steady = footprint.phase(STEADY)
    stays = None if steady is None else steady.figures.get("rss_bytes")
    peaks = [
        (phase.figures["peak_rss_bytes"], phase)
        for phase in footprint.phases
        if phase.name in (PROGRAM, METHOD, FIRST) and "peak_rss_bytes" in phase.figures
    ]
    if stays is None or not peaks:
        return
    size, phase = max(peaks, key=lambda one: one[0])
    above = size - stays
    if above < _least(report):
        return
    yield Finding(
        "loading_peak",
        _severity(above, grown.own_growth_bytes),
        f"{_what(phase)} takes {size_text(above)} more for a while than the steady state holds "
        "(peak RSS, measured)",
        {"above_bytes": above, "peak_rss_bytes": size, "phase": phase.name, "method": phase.method},
        "A device needs room for that: load before the application holds much else, one method "
        "after another. While a delegate copies its weights, the file's are in memory as well.",
    )


def _what(phase: Phase) -> str:
    if phase.name == METHOD:
        return f"loading {phase.method or 'a method'}"
    return "loading the program" if phase.name == PROGRAM else "the first execution"


def _least(report: MemoryReport) -> float:
    grown = report.growth
    return max(_LEAST_BYTES, 0 if grown is None else _WORTH * grown.own_growth_bytes)


def _severity(size: int, whole: int) -> str:
    return "medium" if size >= _LARGE * whole else "low"
