"""Findings on what would need less memory: who holds the peak, and answers planned again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from etscope.inspector.findings import Finding
from etscope.inspector.memory.method_memory import MethodMemory
from etscope.inspector.memory.peak import Held, Holder
from etscope.inspector.memory.rows import saving_of
from etscope.inspector.memory.what_if.answer import WhatIf
from etscope.inspector.wording import base_name, percent, size_text

if TYPE_CHECKING:
    from etscope.inspector.memory.report import MemoryReport

#: Shares of the peak, or of the arenas, from which on a saving is a finding, and a larger one.
_WORTH, _LARGE = 0.05, 0.25
#: Fewer bytes are not worth a sentence.
_LEAST_BYTES = 1024
#: Has a finding of its own.
_TOLD = "constants"


def peak_holder(report: MemoryReport) -> Iterator[Finding]:
    """The value that makes a peak without being used in it."""
    for memory in report.methods:
        peak = memory.peak
        idle = [h for h in peak.holders if h.held is not Held.USED and (saving_of(h) or 0) > 0]
        if not idle:
            continue
        most = max(idle, key=lambda holder: holder.saves_bytes)
        if most.saves_bytes < max(_WORTH * peak.peak_bytes, _LEAST_BYTES):
            continue
        yield Finding(
            "peak_holder",
            "medium" if most.saves_bytes >= _LARGE * peak.peak_bytes else "low",
            f"{memory.label(most.row)}{_where(memory, most)} holds {percent(most.share)} of the "
            f"peak of {memory.name} and is not used there: it {_waits(memory, most)}; without it "
            f"there, the peak is {size_text(most.saves_bytes)} lower",
            {
                "method": memory.name,
                "value": int(memory.plan.value[most.row]),
                "size_bytes": most.size_bytes,
                "saves_bytes": most.saves_bytes,
                "next_step": most.next_step,
            },
            "Use it earlier, make it later, or make it again: the model's order decides.",
        )


def _where(memory: MethodMemory, holder: Holder) -> str:
    module, source = memory.places.module[holder.row], memory.places.source[holder.row]
    parts = [part for part in (module, base_name(source) if source else None) if part]
    return f" ({' at '.join(parts)})" if parts else ""


def _waits(memory: MethodMemory, holder: Holder) -> str:
    if holder.next_step is not None:
        return f"waits for {memory.step_text(holder.next_step)}"
    return holder.held.value


def savings(report: MemoryReport) -> Iterator[Finding]:
    """The best answer of each kind that would make the arenas of a method smaller.

    What exporting again does not do says that it would need more.
    """
    for memory in report.methods:
        told: set[str] = {_TOLD}
        for answer in memory.what_ifs:
            if answer.kind in told or not is_worth(memory, answer):
                continue
            told.add(answer.kind)
            large = answer.saves_planned_bytes >= _LARGE * memory.plan.planned_bytes
            far = "" if answer.effort.doable else f"; it would need a {answer.effort.value}"
            yield Finding(
                f"what_if_{answer.kind}",
                "info" if far else "medium" if large else "low",
                f"{memory.name}: {answer.message} (estimated{far})",
                {
                    "method": memory.name,
                    "effort": answer.effort.value,
                    "saves_planned_bytes": answer.saves_planned_bytes,
                    "saves_peak_bytes": answer.saves_peak_bytes,
                    "condition": answer.condition,
                    "verified": answer.verified,
                },
                answer.advice,
            )


def is_worth(memory: MethodMemory, answer: WhatIf) -> bool:
    """Whether an answer saves enough of a method's arenas to be told."""
    least = max(_WORTH * memory.plan.planned_bytes, _LEAST_BYTES)
    return answer.saves_planned_bytes >= least
