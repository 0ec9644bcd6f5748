"""Findings on values that the plan lets others overwrite."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from etscope.inspector.findings import Finding
from etscope.inspector.memory.method_memory import MethodMemory
from etscope.inspector.memory.overwritten_values import Lost
from etscope.inspector.wording import base_name, counted

if TYPE_CHECKING:
    from etscope.inspector.memory.report import MemoryReport


def overwritten_value(report: MemoryReport) -> Iterator[Finding]:
    """Values whose bytes another one's instruction takes before they are read."""
    for memory in report.methods:
        if not memory.lost:
            continue
        first, more = memory.lost[0], len(memory.lost) - 1
        text = (
            f"{memory.name} gives wrong answers: {memory.step_text(first.writer)} writes "
            f"{memory.label(first.by)} over {memory.label(first.row)}{_where(memory, first)}, "
            f"which {_reader(memory, first.reader)} still reads"
        )
        if more:
            text += f"; {counted(more, 'more value')} {'is' if more == 1 else 'are'} lost so"
        yield Finding(
            "overwritten_value",
            "high",
            text,
            {"method": memory.name, "values": [_lost(memory, lost) for lost in memory.lost]},
            "The plan puts both on the same bytes while both are needed. It comes from passes that "
            "make operators write in place (run_reinplace_pass with reinplace_extra_ops), or from "
            "a planning algorithm of one's own: export without, and compare outputs with eager "
            "PyTorch.",
        )


def _where(memory: MethodMemory, lost: Lost) -> str:
    """Where the value was made, and which bytes are gone."""
    plan = memory.plan
    source = memory.places.source[lost.row]
    start = max(int(plan.offset[row]) for row in (lost.row, lost.by))
    end = min(int(plan.offset[row] + plan.size_bytes[row]) for row in (lost.row, lost.by))
    place = f" of {base_name(source)}" if source else ""
    return f"{place} (bytes {start:,} to {end:,} of arena {plan.arena[lost.row]})"


def _reader(memory: MethodMemory, step: int) -> str:
    return "the caller" if step >= memory.plan.instructions else memory.step_text(step)


def _lost(memory: MethodMemory, lost: Lost) -> dict[str, int]:
    plan = memory.plan
    return {
        "value": int(plan.value[lost.row]),
        "made_step": lost.made,
        "writer_step": lost.writer,
        "written": int(plan.value[lost.by]),
        "reader_step": lost.reader,
        "arena": int(plan.arena[lost.row]),
        "offset": int(plan.offset[lost.row]),
        "size_bytes": int(plan.size_bytes[lost.row]),
    }
