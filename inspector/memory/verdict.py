"""What a memory report opens with: two sentences, how sure it is, and what was not looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from etscope.etdump.methods import Method
from etscope.etdump.printable import printable
from etscope.etdump.program import Program
from etscope.inspector.memory.allocators import TEMP_ALLOCATOR
from etscope.inspector.memory.devices import DeviceUse, planned_by_device, sizes_text
from etscope.inspector.memory.method_memory import MethodMemory
from etscope.inspector.memory.overwritten_values import overlapping
from etscope.inspector.wording import base_name, counted, listed, percent, size_text

#: Values that are named in one sentence.
_NAMED = 2
#: From this share of the bytes at the peak on, upper bounds make the answer less sure.
_MUCH = 0.01
#: From this share of the arenas on, what saves most is in the verdict.
_WORTH = 0.05


def verdict_of(
    methods: Sequence[MethodMemory], shadowed: Sequence[Method] = (), process: str = ""
) -> str:
    """Which method needs most, where, how much of it is in use there, and what holds it.

    Args:
        shadowed: methods that no name reaches, see `shadowed_methods`.
        process: what the process holds besides, see `process_text`.
    """
    text = printable(_verdict(methods))
    if process:
        text = f"{text.removesuffix('.')}; {process}."
    text += printable(_saving(methods))
    if not shadowed:
        return text
    names = listed(list(dict.fromkeys(printable(repr(method.name)) for method in shadowed)), _NAMED)
    count = counted(len(shadowed), "more method is", "more methods are")
    return f"{text} {count} called {names}: only the first of a name is looked at."


def shadowed_methods(program: Program, names: Sequence[str]) -> list[Method]:
    """Methods of these names that are not the first of their name, so that nothing reaches them."""
    seen: set[str] = set()
    out = []
    for method in program.methods:
        if method.name in seen and method.name in names:
            out.append(method)
        seen.add(method.name)
    return out


def _verdict(methods: Sequence[MethodMemory]) -> str:
    if not methods:
        return "The program has no method, so no memory is planned."
    main = largest(methods)
    name, planned = main.name, main.plan.planned_bytes
    if not planned:
        return f"No memory is planned for {name}: its tensors are the caller's or the runtime's."
    sizes = sizes_text(planned_by_device(main.plan.method))
    text = f"{name} sets aside {sizes} (planned)"
    if len(methods) > 1:
        total: dict[str, int] = {}
        for memory in methods:
            for device, size in planned_by_device(memory.plan.method).items():
                total[device] = total.get(device, 0) + size
        text = f"{counted(len(methods), 'method')} set aside {sizes_text(total)} together (planned)"
        text += f", {name} the most: {sizes}"
    if not main.plan.peak_bytes:
        return f"{text}, and no instruction uses any of it."
    several = len(main.devices) > 1
    for use in main.devices:
        text += _in_use(main, use, f"on {use.device}, " if several else "")
    return f"{text}."


def _in_use(memory: MethodMemory, use: DeviceUse, where: str) -> str:
    """How much of one device's arenas is in use at their peak, when, and what holds it."""
    if not use.peak_bytes:
        return f"; {where}none of it is ever in use"
    full = use.peak_bytes == use.planned_bytes
    used = "all of it" if full else percent(use.peak_bytes / use.planned_bytes)
    when = f"{memory.when_text(use.peak_step)}{_where(memory, use.peak_step)}"
    return f"; {where}{used} is in use {when}, held by {_holders(memory, use)}"


def _saving(methods: Sequence[MethodMemory]) -> str:
    """What saves most of what exporting again can do; nothing where that is little."""
    memory = largest(methods) if methods else None
    if memory is None or not memory.plan.peak_bytes:
        return ""
    planned = memory.plan.planned_bytes
    for answer in memory.what_ifs:
        if answer.effort.doable and answer.saves_planned_bytes >= _WORTH * planned:
            needs = size_text(answer.planned_bytes)
            return f" With {answer.way.how} {needs} would do (estimated)."
    return ""


def largest(methods: Sequence[MethodMemory]) -> MethodMemory:
    """The method that sets aside the most; of equal ones the one that uses the most."""
    return max(methods, key=lambda memory: (memory.plan.planned_bytes, memory.plan.peak_bytes))


def _where(memory: MethodMemory, step: int) -> str:
    place = memory.place_of_step(step)
    module, source = place["module"], place["source"]
    parts = [base_name(source)] if source else []
    parts += [f"in {module}"] if module else []
    return f", {' '.join(parts)}" if parts else ""


def _holders(memory: MethodMemory, use: DeviceUse) -> str:
    """The largest values at the peak of one device; of the only one as the peak has them."""
    plan = memory.plan
    if len(memory.devices) == 1:
        held = [(h.row, h.size_bytes) for h in memory.peak.holders]
    else:
        alive = [plan.alive_at(use.peak_step, arena.arena).tolist() for arena in use.arenas]
        held = [(row, int(plan.size_bytes[row])) for rows in alive for row in rows]
        held = sorted((one for one in held if one[1]), key=lambda one: -one[1])
    named = [
        f"{memory.label(row)} ({percent(size / use.peak_bytes)})" for row, size in held[:_NAMED]
    ]
    more = len(held) - len(named)
    if more > 0:
        return f"{', '.join(named)} and {counted(more, 'other')}"
    return " and ".join(named)


def confidence_of(methods: Sequence[MethodMemory]) -> str:
    """How sure places, sizes and lifetimes are, and why."""
    if not methods:
        return "none: there is no method"
    reasons = _doubts(methods)
    if any(memory.lost or memory.overwritten for memory in methods):
        reasons.insert(0, "the plan lets values overwrite others that are still needed")
        return printable(f"low: {'; '.join(reasons)}")
    if reasons:
        return printable(f"medium: {'; '.join(reasons)}")
    return "high: places and sizes are in the program, and its instructions prove the lifetimes"


def _doubts(methods: Sequence[MethodMemory]) -> list[str]:
    """What the program does not prove, in words."""
    reasons = []
    bounds = sum(upper_bound_bytes(memory) for memory in methods)
    peaks = sum(memory.plan.peak_bytes for memory in methods)
    if bounds > _MUCH * peaks:
        share = percent(bounds / max(peaks, 1))
        reasons.append(f"{share} of the bytes at the peak are upper bounds of dynamic shapes")
    if any(overlapping(m.plan) and not (m.lost or m.overwritten) for m in methods):
        reasons.append("values that are alive at once share bytes, and nothing proves a loss")
    if any(memory.plan.instructions == 0 for memory in methods):
        reasons.append("a method has no instructions, so nothing tells lifetimes")
    guessed = [(m.plan.method, row) for m in methods for row in m.plan.touches.guessed.tolist()]
    if guessed:
        backends = sorted({method.backend_of(row) or "?" for method, row in guessed})
        reasons.append(
            f"which values {counted(len(guessed), 'call')} of {listed(backends, _NAMED)} write "
            "is guessed (their last arguments that nothing has touched before), and with them "
            "lifetimes"
        )
    return reasons


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
        "delegate_calls_guessed": sum(len(plan.touches.guessed) for plan in plans),
        "temp_allocator": TEMP_ALLOCATOR,
    }
