"""The memory report as text: verdict, coverage, findings, then each method and the ledger."""

from __future__ import annotations

from etscope.devtools.findings_text import print_findings
from etscope.devtools.memory_measured import (
    print_allocations,
    print_footprint,
    print_rooflines,
)
from etscope.devtools.memory_tables import (
    print_ledger,
    print_operators,
    print_peak,
    print_what_ifs,
)
from etscope.devtools.memory_timeline import print_timeline
from etscope.devtools.terminal import is_terminal, paragraph, say
from etscope.inspector.memory.allocators import TEMP_ALLOCATOR
from etscope.inspector.memory.devices import OVER_DEVICES
from etscope.inspector.memory.method_memory import MethodMemory
from etscope.inspector.memory.report import MemoryReport
from etscope.inspector.wording import counted, listed, percent

#: Rows of a table on a screen, where nothing else was asked for. A pipe gets all.
SCREENFUL = 8


def print_memory(report: MemoryReport, top: int | None = None) -> None:
    """Write all of a report to stdout.

    Args:
        top: rows of a table; 0: all; None: a screenful, or all in a pipe.
    """
    limit = (SCREENFUL if is_terminal() else 0) if top is None else top
    answers = -(-limit // 2) if top is None else top  # each takes several lines
    paragraph(report.verdict, style="bold")
    for line in _coverage(report):
        paragraph(line, indent="  ")
    paragraph(f"confidence: {report.confidence}", indent="  ")
    # What would save is told with each method, with the same advice.
    print_findings([one for one in report.findings if not one.rule.startswith("what_if_")])
    for memory in report.methods:
        say()
        _print_method(memory, limit, answers)
    print_ledger(report)
    print_footprint(report)
    print_allocations(report)
    print_rooflines(report, limit)


def _coverage(report: MemoryReport) -> list[str]:
    known = report.coverage
    text = f"coverage: {counted(known['methods'], 'method')}"
    if known["methods_left_out"]:
        text += f" of {known['methods'] + known['methods_left_out']}"
    text += f", {counted(known['values_planned'], 'planned value')}"
    if known["bytes_planned"]:
        share = percent(known["bytes_placed"] / known["bytes_planned"])
        text += f"; node or line known of {share} of their bytes"
    lines = [text]
    what = "what kernels ask of the temp allocator"
    if known["delegates"]:
        backends = listed(known["delegates_inside_unknown"], 4)
        what = (
            f"what {counted(known['delegates'], 'delegate')} ({backends}) and the temp allocator "
            "take"
        )
    together = "; the footprint has it together with the rest" if report.growth else ""
    lines.append(f"not in the program: {what} while they run{together}")
    if report.growth is not None:
        lines.append(f"footprint: {report.growth.verdict}")
    return lines + [f"note: {note}" for note in known["notes"]]


def _print_method(memory: MethodMemory, limit: int, answers: int) -> None:
    plan = memory.plan
    head = f"{memory.name}: {plan.planned_bytes:,} bytes planned"
    if len(memory.devices) > 1:
        head += (
            f" ({', '.join(f'{use.planned_bytes:,} on {use.device}' for use in memory.devices)})"
        )
    paragraph(f"{head}, {counted(plan.instructions, 'instruction')}", style="bold")
    if len(memory.devices) > 1:
        paragraph(OVER_DEVICES, "  ", "    ")
    for use in plan.arenas:
        device = memory.device_of(use)
        place = "" if device == "cpu:0" else f" on {device}"
        paragraph(
            f"arena {use.arena}{place}: {use.size_bytes:,} bytes, at most {use.peak_bytes:,} in "
            f"use, {use.fragmentation_bytes:,} free then; no plan for this order needs fewer than "
            f"{use.lower_bound_bytes:,}",
            "  ",
            "    ",
        )
    for line in _allocators(memory):
        paragraph(line, "  ", "    ")
    print_timeline(memory)
    print_peak(memory, limit)
    print_what_ifs(memory, answers)
    print_operators(memory, limit)


def _allocators(memory: MethodMemory) -> list[str]:
    """What the runtime needs beside the arenas."""
    wide, narrow = memory.allocator, memory.allocator_32
    text = (
        f"method allocator: {wide.size_bytes:,} bytes on a 64-bit machine, "
        f"{narrow.size_bytes:,} on a 32-bit one; {wide.lookup.size_bytes:,} and "
        f"{narrow.lookup.size_bytes:,} more without a temp allocator of fixed size (estimated)"
    )
    return [text, f"temp allocator: {TEMP_ALLOCATOR}"]
