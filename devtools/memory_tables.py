"""The tables of a memory report: who holds the peak, the ledger, operators by bytes."""

from __future__ import annotations

import numpy as np

from etscope.devtools.column_fit import print_fitting
from etscope.devtools.quantities import bar
from etscope.devtools.stored_text import say_cut
from etscope.devtools.terminal import Column, paragraph, say
from etscope.inspector.memory.ledger import Source
from etscope.inspector.memory.method_memory import MethodMemory
from etscope.inspector.memory.peak import Held, Holder
from etscope.inspector.memory.report import MemoryReport
from etscope.inspector.memory.rows import basis_of, saving_of
from etscope.inspector.wording import base_name, counted, percent

_BAR = 20


def print_peak(memory: MethodMemory, limit: int) -> None:
    """What is alive at the peak; the rows add up to it."""
    peak = memory.peak
    if not peak.holders:
        return
    say()
    paragraph(f"alive at the peak, {memory.step_text(peak.step)} (planned)", style="bold")
    shown = peak.holders[: limit or None]
    cells = [_holder_cells(memory, holder) for holder in shown]
    others = peak.holders[len(shown) :]
    if others:
        held = sum(holder.size_bytes for holder in others)
        cells.append(_sum_cells(f"… {len(others):,} more", held, peak.peak_bytes))
    if peak.shared_bytes:
        cells.append(_sum_cells("counted more than once", -peak.shared_bytes, peak.peak_bytes))
    cells.append(_sum_cells("peak", peak.peak_bytes, peak.peak_bytes))
    columns = (
        Column("value"),
        Column("made by"),
        Column("module"),
        Column("source"),
        Column("size (bytes)", right=True),
        Column("share", right=True),
        Column("", style="cyan"),
        Column("saves (bytes)", right=True),
        Column("alive"),
        Column("why"),
        Column("type"),
    )
    print_fitting(
        columns, cells, ("", "type", "why", "module", "made by", "alive", "share", "source")
    )
    say_cut(len(others), "value")
    if any(saving_of(holder) for holder in peak.holders):
        paragraph(_SAVES)


_SAVES = (
    "saves: how much lower the peak of bytes in use would be if this value alone were only there "
    "for the instructions that use it (derived)"
)


def _holder_cells(memory: MethodMemory, holder: Holder) -> list[str | None]:
    plan, row = memory.plan, holder.row
    source = memory.places.source[row]
    return [
        memory.label(row),
        _made_by(memory, row),
        memory.places.module[row] or None,
        None if source is None else base_name(source),
        f"{holder.size_bytes:,}",
        percent(holder.share),
        bar(holder.share, _BAR // 2),
        None if (saves := saving_of(holder)) is None else f"{saves:,}",
        steps_text(memory, int(plan.first[row]), int(plan.last[row])),
        _why(holder),
        memory.type_text(row) + (" at most" if plan.upper_bound[row] else ""),
    ]


def _sum_cells(what: str, size: int, peak: int) -> list[str | None]:
    share = percent(abs(size) / peak)
    signed = f"-{share}" if size < 0 else share
    return [what, None, None, None, f"{size:,}", signed, "", None, None, None, None]


def _why(holder: Holder) -> str:
    if holder.held is Held.WAITING and holder.next_operator:
        return f"waits for {holder.next_step} {holder.next_operator.partition('::')[2]}"
    return holder.held.value.partition(",")[0]


def _made_by(memory: MethodMemory, row: int) -> str:
    plan = memory.plan
    if plan.producer[row] >= 0:
        operator = memory.operator_text(int(plan.producer[row]))
        return operator.partition("::")[2] or operator
    return "the caller" if plan.is_input[row] else "load"


def steps_text(memory: MethodMemory, first: int, last: int) -> str:
    """A lifetime: "0-3", "start-3", "5-end"."""
    begin = "start" if first < 0 else str(first)
    return f"{begin}-{'end' if last >= memory.plan.instructions else last}"


def print_ledger(report: MemoryReport) -> None:
    """What the methods need, by where it comes from; planned, or as large as in the file."""
    totals = report.totals
    whole = sum(totals.values())
    if not whole:
        return
    say()
    paragraph(
        "ledger: what the program brings into memory (planned, and by the file)", style="bold"
    )
    cells: list[list[str | None]] = [
        [
            source.value,
            f"{size:,}",
            percent(size / whole),
            bar(size / whole, _BAR),
            basis_of(source),
            _detail(report, source),
        ]
        for source, size in sorted(totals.items(), key=lambda item: -item[1])
    ]
    cells.append(["sum", f"{whole:,}", percent(1.0), "", None, None])
    columns = (
        Column("from"),
        Column("size (bytes)", right=True),
        Column("share", right=True),
        Column("", style="cyan"),
        Column("basis"),
        Column("what"),
    )
    print_fitting(columns, cells, ("", "what", "basis"))


def _detail(report: MemoryReport, source: Source) -> str:
    entries = [entry for entry in report.ledger if entry.source is source]
    if source is Source.ARENA:
        return ", ".join(f"{entry.label} {entry.size_bytes:,}" for entry in entries[:4])
    return counted(len(entries), "piece")


def print_operators(memory: MethodMemory, limit: int) -> None:
    """The instructions that read and write most."""
    traffic = memory.traffic
    moved = traffic.read_bytes + traffic.written_bytes
    ranked = np.argsort(-moved, kind="stable")
    ranked = ranked[moved[ranked] > 0]
    if not len(ranked):
        return
    say()
    paragraph("instructions by bytes read and written (planned)", style="bold")
    columns = (
        Column("instr", right=True),
        Column("operator"),
        Column("module"),
        Column("source"),
        Column("read (bytes)", right=True),
        Column("written (bytes)", right=True),
        Column("in use (bytes)", right=True),
        Column("new (bytes)", right=True),
        Column("freed (bytes)", right=True),
    )
    shown = ranked[: limit or None].tolist()
    cells = []
    for step in shown:
        place, source = memory.place_of_step(step), memory.place_of_step(step)["source"]
        cells.append(
            [
                memory.number_text(step),
                memory.operator_text(step),
                place["module"] or None,
                None if source is None else base_name(source),
                *(f"{int(column[step]):,}" for column in traffic),
            ]
        )
    print_fitting(columns, cells, ("freed", "new", "in use", "module", "source"))
    say_cut(len(ranked) - len(shown), "instruction")
    calls = len(memory.delegate_calls)
    if calls:
        said = "what happens inside is not in it"
        paragraph(f"A call of a delegate counts its inputs and outputs: {said}.")


def print_what_ifs(memory: MethodMemory, limit: int) -> None:
    """What would need less memory, planned again each time."""
    if not memory.plan.planned_bytes:
        return
    say()
    if not memory.what_ifs:
        paragraph(memory.no_answer_text)
        return
    paragraph("what if: fewer bytes of arenas (estimated, each planned again)", style="bold")
    shown = memory.what_ifs[: limit or None]
    width = max(len(f"{answer.saves_planned_bytes:,}") for answer in shown)
    told: set[str] = set()
    for answer in shown:
        lead = f"  {answer.saves_planned_bytes:>{width},} bytes  "
        unsure = "" if answer.verified else " (not verified)"
        kind = f"{answer.kind}, {answer.effort.value}"
        paragraph(f"{answer.message} [{kind}]{unsure}", lead, " " * len(lead))
        for text in (f"provided that: {answer.condition}", answer.advice):
            if text not in told:
                paragraph(text, " " * len(lead))
            told.add(text)
    say_cut(len(memory.what_ifs) - len(shown), "answer")
