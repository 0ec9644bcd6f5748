"""What a memory report opens with: one sentence, how sure it is, and what was not looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from etscope.etdump.program import Program
from etscope.inspector.memory.method_memory import MethodMemory
from etscope.inspector.wording import base_name, counted, percent, size_text

#: Values that are named in one sentence.
_NAMED = 2
#: From this share of the bytes at the peak on, upper bounds make the answer less sure.
_MUCH = 0.01
#: From this share of the arenas on, what saves most is in the verdict.
_WORTH = 0.05


def verdict_of(methods: Sequence[MethodMemory]) -> str:
    """Which method needs most, where, how much of it is in use there, and what holds it."""
    if not methods:
        return "The program has no method, so no memory is planned."
    main = largest(methods)
    name, planned = main.name, main.plan.planned_bytes
    if not planned:
        return f"No memory is planned for {name}: its tensors are the caller's or the runtime's."
    text = f"{name} sets aside {size_text(planned)} (planned)"
    if len(methods) > 1:
        total = sum(memory.plan.planned_bytes for memory in methods)
        text = f"{counted(len(methods), 'method')} set aside {size_text(total)} together (planned)"
        text += f", {name} the most: {size_text(planned)}"
    plan = main.plan
    if not plan.peak_bytes:
        return f"{text}, and no instruction uses any of it."
    used = "all of it" if plan.peak_bytes == planned else percent(plan.peak_bytes / planned)
    text += f"; {used} is in use at {main.step_text(plan.peak_step)}{_where(main)}"
    text += f", held by {_holders(main)}"
    best = next((a for a in main.what_ifs if a.saves_planned_bytes >= _WORTH * planned), None)
    return f"{text}; {best.message} (estimated)." if best else f"{text}."


def largest(methods: Sequence[MethodMemory]) -> MethodMemory:
    """The method that sets aside the most; of equal ones the one that uses the most."""
    return max(methods, key=lambda memory: (memory.plan.planned_bytes, memory.plan.peak_bytes))


def _where(memory: MethodMemory) -> str:
    place = memory.place_of_step(memory.plan.peak_step)
    module, source = place["module"], place["source"]
    parts = [base_name(source)] if source else []
    parts += [f"in {module}"] if module else []
    return f", {' '.join(parts)}" if parts else ""


def _holders(memory: MethodMemory) -> str:
    holders = memory.peak.holders
    named = [f"{memory.label(h.row)} ({percent(h.share)})" for h in holders[:_NAMED]]
    more = len(holders) - len(named)
    if more > 0:
        return f"{', '.join(named)} and {counted(more, 'other')}"
    return " and ".join(named)


def confidence_of(methods: Sequence[MethodMemory]) -> str:
    """How sure places, sizes and lifetimes are, and why."""
    if not methods:
        return "none: there is no method"
    bounds = sum(upper_bound_bytes(memory) for memory in methods)
    peaks = sum(memory.plan.peak_bytes for memory in methods)
    if bounds > _MUCH * peaks:
        share = percent(bounds / max(peaks, 1))
        return f"medium: {share} of the bytes at the peak are upper bounds of dynamic shapes"
    if any(memory.plan.instructions == 0 for memory in methods):
        return "medium: a method has no instructions, so nothing tells lifetimes"
    return "high: places and sizes are in the program, and its instructions prove the lifetimes"


def upper_bound_bytes(memory: MethodMemory) -> int:
    """Bytes at the peak of values whose shape is only known when the program runs."""
    plan = memory.plan
    rows = np.array(list(memory.holders), np.int64)
    return int(plan.size_bytes[rows[plan.upper_bound[rows]]].sum())


def coverage_of(program: Program, methods: Sequence[MethodMemory]) -> dict[str, Any]:
    """Counts of what is known, and reasons for what is not."""
    plans = [memory.plan for memory in methods]
    inside = [d.backend for plan in plans for d in plan.method.delegates]
    return {
        "methods": len(methods),
        "methods_left_out": len(program.methods) - len(methods),
        "values_planned": sum(map(len, plans)),
        "values_upper_bound": sum(int(plan.upper_bound.sum()) for plan in plans),
        "values_untouched": sum(int((plan.first > plan.last).sum()) for plan in plans),
        "values_unplanned": sum(len(plan.unplanned) for plan in plans),
        "values_placed": sum(int(memory.places.placed.sum()) for memory in methods),
        "bytes_planned": sum(memory.places.coverage.size_bytes for memory in methods),
        "bytes_placed": sum(memory.places.coverage.placed_bytes for memory in methods),
        "delegates": len(inside),
        "delegates_inside_unknown": sorted(set(inside)),
        "temp_allocator": "unknown: kernels ask for it while they run, and no file says how much",
    }
