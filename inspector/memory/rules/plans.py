"""Findings on a memory plan: wrong places, free bytes, bounds, values that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from etscope.inspector.findings import Finding
from etscope.inspector.memory.method_memory import MethodMemory
from etscope.inspector.memory.overwritten import Overwritten
from etscope.inspector.memory.plan import Role
from etscope.inspector.memory.verdict import upper_bound_bytes
from etscope.inspector.wording import counted, listed, percent, size_text

if TYPE_CHECKING:
    from etscope.inspector.memory.report import MemoryReport

#: Free share of an arena at its peak from which on a sentence is worth it.
_FREE = 0.1
#: Fewer bytes are not worth a sentence: alignment alone takes some.
_LEAST_BYTES = 1024
#: Share of the peak that is an upper bound, from which on it is what to look at first.
_BOUND = 0.5
_NAMED = 4


def overwritten_result(report: MemoryReport) -> Iterator[Finding]:
    """Results of a branch whose bytes something else takes before they are read."""
    for memory in report.methods:
        if not memory.overwritten:
            continue
        first, count = memory.overwritten[0], len(memory.overwritten)
        plan = memory.plan
        writes = f"{memory.step_text(first.writer)} writes {memory.label(first.by)} over"
        text = (
            f"{memory.name} gives wrong answers: {writes} the result of a branch, which is "
            f"read as {memory.label(first.moved_to)} {_until(memory, first.last)}"
        )
        if count > 1:
            text += f"; the same of {counted(count - 1, 'more result')}"
        yield Finding(
            "overwritten_result",
            "high",
            text,
            {
                "method": memory.name,
                "results": [_lost(memory, lost) for lost in memory.overwritten],
                "arena": int(plan.arena[first.result]),
            },
            "The runtime copies no data where a branch ends, and the plan counts on a copy. "
            "Compare the outputs with eager PyTorch; in the model, use the result of a branch "
            "before the next branch begins.",
        )


def _until(memory: MethodMemory, last: int) -> str:
    if last >= memory.plan.instructions:
        return "as an output"
    return f"until {memory.step_text(last)}"


def _lost(memory: MethodMemory, lost: Overwritten) -> dict[str, int]:
    value = memory.plan.value
    return {
        "result": int(value[lost.result]),
        "moved_to": int(value[lost.moved_to]),
        "move_step": lost.move,
        "writer_step": lost.writer,
        "written": int(value[lost.by]),
        "last_step": lost.last,
    }


def upper_bounds(report: MemoryReport) -> Iterator[Finding]:
    """Peaks that are mostly bounds: the most that may come in is set aside, whatever does."""
    for memory in report.methods:
        held, peak = upper_bound_bytes(memory), memory.plan.peak_bytes
        if not held or held < _BOUND * peak:
            continue
        rows = [holder.row for holder in memory.peak.holders if memory.plan.upper_bound[holder.row]]
        yield Finding(
            "upper_bounds",
            "medium",
            f"{percent(held / peak)} of the peak of {memory.name} "
            f"({size_text(held)}) are upper bounds of dynamic shapes: the runtime sets them aside "
            "whatever comes in",
            {
                "method": memory.name,
                "size_bytes": held,
                "values": [int(memory.plan.value[row]) for row in rows],
            },
            "Lower the max of torch.export.Dim to what you use, or export a program per size.",
        )


def fragmentation(report: MemoryReport) -> Iterator[Finding]:
    """Arenas of which much is free even when most is in use."""
    for memory in report.methods:
        for use in memory.plan.arenas:
            free = use.fragmentation_bytes
            if free < max(_FREE * use.size_bytes, _LEAST_BYTES):
                continue
            yield Finding(
                "fragmentation",
                "low",
                f"{size_text(free)} of arena {use.arena} of {memory.name} "
                f"({percent(free / use.size_bytes)}) are free even at its peak",
                {
                    "method": memory.name,
                    "arena": use.arena,
                    "size_bytes": use.size_bytes,
                    "peak_live_bytes": use.peak_bytes,
                    "lower_bound_bytes": use.lower_bound_bytes,
                },
                _elsewhere(memory),
            )


def _elsewhere(memory: MethodMemory) -> str:
    """What better places are known of."""
    said = "Lifetimes and sizes do not fit into each other as planned. "
    found = next((answer for answer in memory.what_ifs if answer.kind == "placement"), None)
    if found is None:
        return said + "Other places were tried and save nothing; another order may."
    needs = size_text(found.planned_bytes)
    return f"{said}Placed greedily by size all arenas need {needs} (estimated). {found.advice}"


def unused_values(report: MemoryReport) -> Iterator[Finding]:
    """Planned values that no instruction and no caller touches."""
    for memory in report.methods:
        plan = memory.plan
        rows = np.flatnonzero((plan.role == Role.UNUSED) & (plan.size_bytes > 0))
        size = int(plan.size_bytes[rows].sum())
        if size < _LEAST_BYTES:
            continue
        names = [memory.label(row) for row in rows[np.argsort(-plan.size_bytes[rows])].tolist()]
        yield Finding(
            "unused_values",
            "low",
            f"nothing of {memory.name} touches {counted(len(rows), 'planned value')} of "
            f"{size_text(size)}: {listed(names, _NAMED)}",
            {"method": memory.name, "size_bytes": size, "values": plan.value[rows].tolist()},
            "Drop them from the model; as a rule they are results that nobody reads.",
        )
