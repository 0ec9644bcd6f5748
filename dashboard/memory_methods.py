"""The middle of the memory page: for every method its figures and its tables."""

from __future__ import annotations

from etscope.dashboard.drawings import Drawings
from etscope.dashboard.figures.memory_curve import memory_curve_figure
from etscope.dashboard.figures.memory_map import memory_map_figure
from etscope.dashboard.figures.memory_marks import undrawn
from etscope.dashboard.figures.memory_operators import allocated_figure, moved_figure
from etscope.dashboard.figures.memory_peak import holders_figure, modules_at_peak_figure
from etscope.dashboard.figures.memory_steps import step_name
from etscope.dashboard.memory_tables import (
    arena_table,
    holder_table,
    instruction_table,
    value_table,
    what_if_table,
)
from etscope.dashboard.memory_values import ValueNames, names_of
from etscope.dashboard.table_markup import plain_table
from etscope.dashboard.wording import markup, percent
from etscope.inspector.memory.allocators import TEMP_ALLOCATOR
from etscope.inspector.memory.arenas import ArenaUse
from etscope.inspector.memory.devices import OVER_DEVICES
from etscope.inspector.memory.method_memory import MethodMemory
from etscope.inspector.memory.report import MemoryReport
from etscope.inspector.memory.rows import saving_of
from etscope.inspector.wording import counted, size_text

#: Methods with figures and tables of their own; all others are one row each.
DETAILED = 4
_LISTED = 300
#: Arenas of a method that are drawn, the largest first.
_ARENAS = 3
#: From so many steps on, the map gets a close-up of so many around the peak.
_LONG, _AROUND = 90, 14

_MAP = (
    "Planned. Each box is a value: as wide as the steps in which it keeps its bytes, as high as "
    "they are many. Pale: not alive at the peak. Dotted: a view, whose bytes are those of the box "
    "around it. Drag to enlarge, double click to go back."
)
_CURVE = "Planned bytes that hold something that is still needed, each byte counted once."
_HOLDERS = "Planned. Hatched: not used by the instruction at the peak, but needed later."
_MODULES = "Planned, summed by the innermost module that makes each value."
_MOVED = (
    "Planned sizes of the tensors that a call is given, each counted once; what happens inside a "
    "delegate is not in them."
)
_ALLOCATED = "Planned. In the order of the program, those that change the most."


def methods(report: MemoryReport, drawings: Drawings) -> str:
    """A section per method, the one with the largest arenas first and open."""
    if not report.methods:
        return "<p>The program has no method.</p>"
    ranked = sorted(report.methods, key=lambda memory: -memory.plan.planned_bytes)
    sections = [
        _section(memory, number, drawings) for number, memory in enumerate(ranked[:DETAILED])
    ]
    overview = _overview(ranked) if len(ranked) > 1 else ""
    return overview + "".join(sections)


def _overview(ranked: list[MethodMemory]) -> str:
    rows = []
    for memory in ranked[:_LISTED]:
        plan = memory.plan
        share = percent(plan.peak_bytes / plan.planned_bytes) if plan.planned_bytes else "–"
        sizes = [f"{plan.planned_bytes:,}", f"{plan.peak_bytes:,}", share]
        name = f"<bdi>{markup(memory.name)}</bdi>"
        rows.append([name, f"{plan.instructions:,}", f"{len(plan):,}", *sizes])
    heads = ["method", "instructions", "planned values", "arenas [bytes]", "peak [bytes]", "in use"]
    more = len(ranked) - DETAILED
    note = f"<p>The first {DETAILED} are shown below, {more:,} are not.</p>" if more > 0 else ""
    return f"{plain_table('Methods', heads, rows)}{note}"


def _section(memory: MethodMemory, number: int, drawings: Drawings) -> str:
    plan, names = memory.plan, names_of(memory)
    body = (
        _beside(memory)
        + _peak(memory, names, drawings)
        + _what_ifs(memory)
        + _maps(memory, names, drawings)
    )
    drawn = drawings.place(
        memory_curve_figure(plan),
        f"Bytes in use per step; the most are {size_text(plan.peak_bytes)}",
        _CURVE,
        "This method has no arena.",
    )
    body += f"<h4>Over the steps</h4>{drawn}"
    body += _operators(memory, drawings) + _values(memory, names, number)
    size = size_text(plan.planned_bytes)
    count = counted(plan.instructions, "instruction")
    title = f"<h3><bdi>{markup(memory.name, 60)}</bdi> <small>{size} planned, {count}</small></h3>"
    opened = " open" if number == 0 else ""
    return f'<details class="inferences"{opened}><summary>{title}</summary>{body}</details>'


def _beside(memory: MethodMemory) -> str:
    """What the runtime needs beside the arenas, and of several devices how to read sums."""
    wide, narrow = memory.allocator, memory.allocator_32
    rows = [
        [
            allocator.layout.name,
            f"{allocator.size_bytes:,}",
            f"{allocator.lookup.size_bytes:,}",
            f"{allocator.requests:,}",
        ]
        for allocator in (wide, narrow)
    ]
    heads = ["machine", "bytes", "more without a temp allocator of fixed size", "requests"]
    table = plain_table("Method allocator", heads, rows)
    text = (
        f"Beside the arenas, loading asks the method allocator for {wide.size_bytes:,} bytes on a "
        f"64-bit machine, {narrow.size_bytes:,} on a 32-bit one: estimated. Temp allocator: "
        f"{TEMP_ALLOCATOR}."
    )
    fold = f"<details><summary>The method allocator as a table</summary>{table}</details>"
    if len(memory.devices) < 2:
        return f"<p>{markup(text, 1000)}</p>{fold}"
    sizes = ", ".join(f"{use.device} {size_text(use.planned_bytes)}" for use in memory.devices)
    several = f"{sizes} are planned: {OVER_DEVICES}."
    return f"<p>{markup(several, 1000)}</p><p>{markup(text, 1000)}</p>{fold}"


def _peak(memory: MethodMemory, names: ValueNames, drawings: Drawings) -> str:
    where = markup(step_name(memory.plan, memory.peak.step), 80)
    head = f"<h4>Why the peak is where it is: {where}</h4>"
    held = drawings.place(
        holders_figure(memory.peak, names),
        "The largest values alive at the peak as bars; the table below has all of them",
        _HOLDERS,
        "No planned byte is in use in any step.",
    )
    if not memory.peak.holders:
        return head + held
    by_module = drawings.place(
        modules_at_peak_figure(memory.peak, names),
        "The bytes at the peak by module as bars",
        _MODULES,
        "No module of a holder is known: that needs the ETRecord of the export.",
    )
    table = holder_table(memory, names)
    fold = f"<details><summary>The holders as a table</summary>{table}</details>"
    return f"{head}{held}{fold}{by_module}"


def _what_ifs(memory: MethodMemory) -> str:
    if not memory.what_ifs:
        return f"<p>{markup(memory.no_answer_text, 400)}</p>" if memory.plan.planned_bytes else ""
    return (
        "<h4>What would need less</h4>"
        f'<div class="answers">{what_if_table(memory)}</div><p>Estimated: each answer was '
        "planned again for itself, so savings do not add up. None was tried on a device.</p>"
    )


def _maps(memory: MethodMemory, names: ValueNames, drawings: Drawings) -> str:
    ranked = sorted(memory.plan.arenas, key=lambda use: -use.size_bytes)
    if not ranked:
        return ""
    maps = "".join(_map(memory, use, names, drawings) for use in ranked[:_ARENAS])
    more = len(ranked) - _ARENAS
    note = f"<p>{counted(more, 'smaller arena')} not drawn.</p>" if more > 0 else ""
    table = arena_table(memory)
    fold = f"<details><summary>The arenas as a table</summary>{table}</details>"
    return f"<h4>Who holds which bytes, when</h4>{maps}{note}{fold}"


def _map(memory: MethodMemory, use: ArenaUse, names: ValueNames, drawings: Drawings) -> str:
    plan = memory.plan
    saves = {holder.row: saving_of(holder) or 0 for holder in memory.peak.holders}
    close = None
    if plan.instructions >= _LONG:
        close = memory_map_figure(plan, use, names, saves, around=_AROUND)
    what = f"Addresses over time of arena {use.arena}, {size_text(use.size_bytes)}"
    absent = f"Nothing lives in arena {use.arena}."
    caption = _MAP + undrawn(plan, use)
    drawn = drawings.place(memory_map_figure(plan, use, names, saves), what, caption, absent)
    if close is None:
        return drawn
    near = f"The same, {_AROUND} steps before and after the peak of the arena."
    return drawn + drawings.place(close, f"{what}, around its peak", near, absent)


def _operators(memory: MethodMemory, drawings: Drawings) -> str:
    plan, traffic = memory.plan, memory.traffic
    moved = drawings.place(
        moved_figure(plan, traffic),
        "The instructions that move the most bytes as bars; the table below has all of them",
        _MOVED,
        "No instruction carries data.",
    )
    begun = drawings.place(
        allocated_figure(plan, traffic),
        "The instructions that change the most what is in use as bars",
        _ALLOCATED,
        "No instruction changes what is in use.",
    )
    table = instruction_table(memory)
    fold = f"<details><summary>All instructions as a table</summary>{table}</details>"
    return f"<h4>What operators do to memory</h4>{moved}{begun}{fold}"


def _values(memory: MethodMemory, names: ValueNames, number: int) -> str:
    mark = f"values-{number}"
    return (
        f'<details><summary>All planned values</summary><div class="filters" data-for="{mark}" '
        f'data-noun="values" hidden><label>Filter <input type="search" '
        f'placeholder="conv, layers.0, #12 …" aria-controls="{mark}"></label>'
        f'<label>Show <select aria-controls="{mark}"><option value="">everything</option>'
        '<option value="peak">alive at the peak</option></select></label>'
        '<output aria-live="polite"></output></div>'
        f'<div id="{mark}">{value_table(memory, names)}</div></details>'
    )
