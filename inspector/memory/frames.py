"""Memory as pandas frames: `inspector.memory`, or from a program alone. pandas loads with one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

from etscope.inspector.memory.method_memory import MethodMemory
from etscope.inspector.memory.opening import open_memory_input
from etscope.inspector.memory.report import MemoryReport, memory_report
from etscope.inspector.memory.rows import (
    arena_rows,
    instruction_rows,
    ledger_rows,
    peak_rows,
    timeline_rows,
    what_if_rows,
)
from etscope.inspector.memory.run_rows import (
    ALLOCATION,
    GROWTH,
    PHASE,
    growth_rows,
    phase_rows,
)

if TYPE_CHECKING:
    import pandas as pd

#: Some columns of frames that are empty where nothing was found or measured.
WHAT_IF = ("method", "kind", "message", "saves_peak_bytes", "saves_planned_bytes")
ROOF = ("method", "op", "time_ms", "flops", "gflops_per_s", "gb_per_s", "bound")


class Memory:
    """The answers of a memory report as frames, each made when it is asked for.

    Units are at the end of a column's name. What is not known is missing (None or NaN),
    never 0.

    Attributes:
        report: all of it, as tuples and columns.
    """

    def __init__(self, report: MemoryReport) -> None:
        self.report = report

    def __repr__(self) -> str:
        return f"<Memory: {self.verdict}>"

    @property
    def verdict(self) -> str:
        """One sentence."""
        return self.report.verdict

    @property
    def plan(self) -> pd.DataFrame:
        """A row per planned value: place, size, lifetime, what makes it. Planned."""
        return _frame(self.report.rows)

    @property
    def arenas(self) -> pd.DataFrame:
        """A row per arena: its size, the most of it in use, what is free then. Planned."""
        return self._of_methods(arena_rows)

    @property
    def peak(self) -> pd.DataFrame:
        """A row per value that is alive at the peak of its method, the largest first.

        Sizes are planned, savings derived from planned lifetimes.
        """
        return self._of_methods(peak_rows)

    @property
    def timeline(self) -> pd.DataFrame:
        """A row per step of each method: bytes in use over all arenas and in each. Planned.

        Step -1 is before the first instruction.
        """
        return self._of_methods(timeline_rows)

    @property
    def operators(self) -> pd.DataFrame:
        """A row per instruction: bytes that it reads and writes, begins and ends. Planned."""
        return self._of_methods(instruction_rows)

    @property
    def ledger(self) -> pd.DataFrame:
        """A row per thing that the program brings into memory, with what the size rests on."""
        return _frame(ledger_rows(self.report.ledger))

    @property
    def what_if(self) -> pd.DataFrame:
        """A row per answer to what would need less memory. Estimated: planned again."""
        return self._of_methods(what_if_rows, WHAT_IF)

    @property
    def footprint(self) -> pd.DataFrame:
        """A row per phase of the process, figures as columns; no rows where not measured."""
        found = self.report.footprint
        rows = [] if found is None else phase_rows(found, self.report.growth)
        return _frame([row | row.pop("figures") for row in rows], PHASE)

    @property
    def growth(self) -> pd.DataFrame:
        """A row per name for what the process grew by; no rows where not measured."""
        grown = self.report.growth
        return _frame([] if grown is None else growth_rows(grown), GROWTH)

    @property
    def allocations(self) -> pd.DataFrame:
        """A row per kind of run and allocator; no rows where the runtime tracks none."""
        return _frame(self.report.allocations or [], ALLOCATION)

    @property
    def roofline(self) -> pd.DataFrame:
        """A row per operator of each timed method; no rows where nothing was timed.

        Times are measured, operations and bytes estimated, rates derived.
        """
        return _frame([row for roof in self.report.rooflines for row in roof.to_rows()], ROOF)

    def _of_methods(
        self, rows: Callable[[MethodMemory], list[dict[str, Any]]], names: Sequence[str] = ()
    ) -> pd.DataFrame:
        return _frame([row for memory in self.report.methods for row in rows(memory)], names)


def open_memory(
    path: str | PathLike[str],
    *,
    program: str | PathLike[str] | None = None,
    record: str | PathLike[str] | None = None,
    methods: Sequence[str] | None = None,
    strict: bool = True,
) -> Memory:
    """The memory of a .pte, a .bpte, a bundle folder, or an ETDump with its program.

    Args:
        program: the .pte that ran, where `path` is an ETDump.
        record: the ETRecord of the export, for modules and source lines.
        methods: names of those to look at; None: all.
        strict: with False, what is readable of a damaged trace is used.

    Raises:
        TraceError: a file cannot be read, or there is no program.
        KeyError: the program has no such method.
    """
    opened = open_memory_input(path, program=program, record=record, strict=strict)
    return Memory(
        memory_report(
            opened.program,
            opened.recording,
            record=opened.record,
            methods=methods,
            notes=opened.notes,
        )
    )


def _frame(rows: Sequence[dict[str, Any]], names: Sequence[str] = ()) -> pd.DataFrame:
    """Rows as a frame; whole numbers stay whole where some are missing.

    Args:
        names: columns of a frame without rows.
    """
    import pandas as pd

    frame = pd.DataFrame(rows, columns=None if rows else list(names))
    for name in frame.columns:
        cells = [row.get(name) for row in rows]
        if None in cells and all(cell is None or type(cell) is int for cell in cells):
            frame[name] = pd.array(cells, dtype="Int64")
    return frame
