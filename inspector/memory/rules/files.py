"""Findings on what the file brings into memory: weights, states, copies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from etscope.inspector.findings import Finding
from etscope.inspector.memory.ledger import Entry, Source
from etscope.inspector.program.byte_owners import Span, owned_bytes
from etscope.inspector.program.holders import stored_of
from etscope.inspector.program.rules import copies
from etscope.inspector.wording import percent, size_text

if TYPE_CHECKING:
    from etscope.inspector.memory.report import MemoryReport

#: Share of all that is known, from which on weights are what to look at first.
_MOST = 0.5
_LEAST_BYTES = 1024
_LONGEST = 40
_WEIGHTS = (Source.CONSTANTS, Source.NAMED_DATA, Source.EXTERNAL)


def constants_dominate(report: MemoryReport) -> Iterator[Finding]:
    """Weights that outweigh everything that is planned."""
    sizes = report.totals
    held, whole = sum(sizes.get(source, 0) for source in _WEIGHTS), sum(sizes.values())
    if held < max(_MOST * whole, _LEAST_BYTES):
        return
    entries = [entry for entry in report.ledger if entry.source in _WEIGHTS]
    most = max(entries, key=lambda entry: entry.size_bytes)
    yield Finding(
        "constants_dominate",
        "low",
        f"weights are {percent(held / whole)} of what the program needs by the file "
        f"({size_text(held)} of {size_text(whole)}); the largest is {_short(most.label)}, "
        f"{size_text(most.size_bytes)}",
        {"size_bytes": held, "known_bytes": whole, "largest": most.label},
        _advice(held, sum(entry.size_bytes for entry in entries if _is_of_delegates(entry))),
    )


def _is_of_delegates(entry: Entry) -> bool:
    """Only delegates tell which named data they read."""
    return entry.source is Source.NAMED_DATA and bool(entry.methods)


def _advice(held: int, of_delegates: int) -> str:
    if of_delegates < _MOST * held:
        return (
            "Quantize them, or load the program mapped (LoadMode::Mmap), so that pages come in "
            "when they are read and can go again."
        )
    return (
        "Quantize them. As a rule delegates copy what they read when they are loaded, as XNNPACK "
        "does to pack it, so that loading the program mapped spares little."
    )


def _short(label: str) -> str:
    """Keys of named data are hashes of 64 digits."""
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 4]}…{label[-3:]}"


def states_twice(report: MemoryReport) -> Iterator[Finding]:
    """Initial states of buffers: in the file, and copied into an arena."""
    size = report.totals.get(Source.STATES, 0)
    if size >= _LEAST_BYTES:
        yield Finding(
            "states_twice",
            "info",
            f"{size_text(size)} of initial states lie in the file and again in the arenas, "
            "where they are copied when a method is loaded",
            {"size_bytes": size},
            "Only buffers that InitializedMutableBufferPass was told of are stored: leave out "
            "those that the model fills before it reads them.",
        )


def stored_twice(report: MemoryReport) -> Iterator[Finding]:
    """Weights that lie in the file more than once."""
    # Of the holders of the file's bytes, these few: source lines alone are thousands.
    file, stored = report.program.file, stored_of(report.program)
    spans = [Span(*span, owner) for owner, held in enumerate(stored) for span in held.spans]
    yield from copies(file, stored, owned_bytes(file, spans, len(stored)).bytes_of)
