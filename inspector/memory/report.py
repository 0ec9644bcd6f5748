"""The memory report: verdict, confidence, coverage, findings, then plans, ledger and rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from etscope.etdump.footprint import Footprint
from etscope.etdump.methods import Method
from etscope.etdump.program import Program
from etscope.etdump.record import Record
from etscope.inspector.correlate.correlation import Correlation
from etscope.inspector.findings import SEVERITIES, Finding
from etscope.inspector.latency import MethodLatency, latencies
from etscope.inspector.memory.footprint import FootprintLedger, footprint_ledger
from etscope.inspector.memory.ledger import Entry, Source, ledger_of, totals
from etscope.inspector.memory.method_json import method_json
from etscope.inspector.memory.method_memory import MethodMemory, method_memory
from etscope.inspector.memory.process import process_text
from etscope.inspector.memory.rows import (
    arena_rows,
    ledger_rows,
    value_rows,
    what_if_rows,
)
from etscope.inspector.memory.rules import RULES
from etscope.inspector.memory.run_rows import (
    allocation_rows,
    footprint_json,
    measured_coverage,
    roofline_json,
)
from etscope.inspector.memory.verdict import (
    confidence_of,
    coverage_of,
    largest,
    shadowed_methods,
    verdict_of,
)
from etscope.inspector.recording import Recording
from etscope.inspector.roofline.roofline import Roofline, rooflines

SCHEMA = "etscope.memory"
VERSION = 1


@dataclass(frozen=True, eq=False)
class MemoryReport:
    """Everything there is to say about the memory of one program."""

    program: Program
    recording: Recording | None  # None: the program alone was looked at
    correlation: Correlation
    methods: list[MethodMemory]
    ledger: list[Entry]
    notes: tuple[str, ...] = ()  # what was not used, in sentences

    @property
    def main(self) -> MethodMemory:
        """The method that sets aside the most; there is none where no method is."""
        return largest(self.methods)

    def method(self, name: str) -> MethodMemory:
        """One method of the report.

        Raises:
            KeyError: it is not in it; the text lists those that are.
        """
        for memory in self.methods:
            if memory.name == name:
                return memory
        known = ", ".join(memory.name for memory in self.methods)
        raise KeyError(f"no method {name!r}; the report has {known}")

    @property
    def peak_bytes(self) -> int:
        """The most planned bytes in use in one step of any method, over all devices."""
        return max((memory.plan.peak_bytes for memory in self.methods), default=0)

    @property
    def planned_bytes(self) -> int:
        """What the method that needs most sets aside: its arenas together, over all devices."""
        return max((memory.plan.planned_bytes for memory in self.methods), default=0)

    @property
    def verdict(self) -> str:
        """One sentence on the plan and the process, and what may follow from it."""
        return verdict_of(self.methods, self.shadowed, process_text(self.growth))

    @cached_property
    def shadowed(self) -> list[Method]:
        """Methods with the name of one before them in the program: they are not looked at."""
        return shadowed_methods(self.program, [memory.name for memory in self.methods])

    @property
    def confidence(self) -> str:
        """How sure the answer is, and why."""
        return confidence_of(self.methods)

    @cached_property
    def coverage(self) -> dict[str, Any]:
        """What was looked at, and what was not, with reasons."""
        notes = self.notes if self.recording is None else (*self.notes, *self.recording.notes)
        return {
            **coverage_of(self.program, self.methods),
            **measured_coverage(self.recording, self.footprint, self.rooflines, self.allocations),
            "notes": [*notes, *self.correlation.notes],
        }

    @cached_property
    def findings(self) -> list[Finding]:
        """What the rules find, the most severe first."""
        found = [finding for rule in RULES for finding in rule(self)] if self.methods else []
        return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))

    @cached_property
    def allocations(self) -> list[dict[str, Any]] | None:
        """Allocation events of the run, a row per kind of run and allocator; None: no trace."""
        return None if self.recording is None else allocation_rows(self.recording.trace)

    @property
    def footprint(self) -> Footprint | None:
        """What the process used, by phase; None: it was not measured."""
        bundle = None if self.recording is None else self.recording.bundle
        return None if bundle is None else bundle.manifest.footprint

    @cached_property
    def growth(self) -> FootprintLedger | None:
        """What the process grew by, with names; None: not measured."""
        return None if self.footprint is None else footprint_ledger(self.footprint, self.program)

    @cached_property
    def timed(self) -> list[MethodLatency]:
        """The timed kinds of inference of the methods, the most time first; []: no run."""
        if self.recording is None:
            return []
        names = {memory.name for memory in self.methods}
        return [latency for latency in latencies(self.recording) if latency.method in names]

    @cached_property
    def rooflines(self) -> tuple[Roofline, ...]:
        """The timed inferences of the methods under the roof of their machine; (): none."""
        if self.recording is None:
            return ()
        origins = [
            self.correlation.of_rows(latency.method, latency.block.slots, latency.rows)
            for latency in self.timed
        ]
        return rooflines(self.timed, origins, self.recording)

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """A flat row per planned value of every method."""
        return [row for memory in self.methods for row in value_rows(memory)]

    @property
    def totals(self) -> dict[Source, int]:
        """Bytes of the ledger by source."""
        return totals(self.ledger)

    def to_json(self, source: dict[str, Any]) -> dict[str, Any]:
        """The machine-readable report; see docs/schemas/memory.json.

        Args:
            source: path as given, and hashes of the files.
        """
        return {
            "schema": SCHEMA,
            "version": VERSION,
            "source": source,
            "verdict": self.verdict,
            "confidence": self.confidence,
            "coverage": self.coverage,
            "findings": [asdict(finding) for finding in self.findings],
            "peak_bytes": self.peak_bytes,
            "planned_bytes": self.planned_bytes,
            "arenas": [row for memory in self.methods for row in arena_rows(memory)],
            "methods": [method_json(memory) for memory in self.methods],
            "what_if": [row for memory in self.methods for row in what_if_rows(memory)],
            "ledger": {
                "totals": [
                    {"source": kind.value, "size_bytes": size} for kind, size in self.totals.items()
                ],
                "entries": ledger_rows(self.ledger),
            },
            "footprint": None
            if self.footprint is None
            else footprint_json(self.footprint, self.growth),
            "allocations": self.allocations,
            "roofline": roofline_json(self.rooflines),
            "rows": self.rows,
        }


def memory_report(
    program: Program,
    recording: Recording | None = None,
    *,
    record: Record | None = None,
    methods: Sequence[str] | None = None,
    notes: Sequence[str] = (),
) -> MemoryReport:
    """Answer "what holds the memory, when, and why is the peak where it is".

    Args:
        recording: a run of it, for what was measured.
        record: of its export, for modules and lines; that of the recording by default.
        methods: names of those to look at; None: all.
        notes: what could not be used, in sentences; they become part of the coverage.

    Raises:
        KeyError: the program has no such method.
        CorruptTrace: a value is planned outside of its arena.
    """
    if record is None and recording is not None and recording.program is program:
        correlation = recording.correlation
    else:
        known = record or (None if recording is None else recording.record)
        correlation = Correlation(known, program)
    names = [method.name for method in program.methods] if methods is None else list(methods)
    memories = [method_memory(program, name, correlation) for name in dict.fromkeys(names)]
    ledger = ledger_of(program, [memory.plan for memory in memories])
    return MemoryReport(program, recording, correlation, memories, ledger, tuple(notes))
