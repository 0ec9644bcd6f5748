"""The top of the memory page: verdict, confidence, and the figures that they stand on."""

from __future__ import annotations

from etscope.dashboard.figures.memory_steps import step_name
from etscope.dashboard.wording import markup, percent
from etscope.inspector.memory.ledger import Source
from etscope.inspector.memory.method_memory import MethodMemory
from etscope.inspector.memory.report import MemoryReport
from etscope.inspector.wording import counted, size_text

_SENTENCE = 2000


def summary(report: MemoryReport) -> str:
    """Verdict, confidence, cards."""
    level, _, reason = report.confidence.partition(": ")
    known = level if level in ("high", "medium", "low") else "none"
    cards = "".join(
        f"<div><dt>{name}</dt><dd>{value}<small>{note}</small></dd></div>"
        for name, value, note in _cards(report)
    )
    return (
        f'<p class="verdict">{markup(report.verdict, _SENTENCE)}</p>\n'
        f'<p class="confidence"><span class="badge {known}">{markup(level)} confidence</span> '
        f'in the plan: {markup(reason, _SENTENCE)}</p>\n<dl class="cards">{cards}</dl>'
    )


def _cards(report: MemoryReport) -> list[tuple[str, str, str]]:
    cards = _plan_cards(report.main) if report.methods else []
    held = {source: size for source, size in report.totals.items() if source in _OF_FILES}
    if held:
        parts = ", ".join(f"{source.value} {size_text(size)}" for source, size in held.items())
        cards.append(("Data of files", size_text(sum(held.values())), f"{parts}; as in the file"))
    cards.append(_grown_card(report))
    known = report.coverage
    if known["bytes_planned"]:
        share = percent(known["bytes_placed"] / known["bytes_planned"])
        cards.append(("Placed in the model", share, "of the planned bytes: node or line known"))
    return cards


#: The rest of the ledger is planned.
_OF_FILES = frozenset(Source) - {Source.ARENA, Source.CALLER}


def _plan_cards(main: MethodMemory) -> list[tuple[str, str, str]]:
    plan, name = main.plan, markup(main.name, 40)
    planned = size_text(plan.planned_bytes)
    arenas, free = counted(len(plan.arenas), "arena"), size_text(main.fragmentation_bytes)
    note = f"{arenas}, {free} free at the peak; planned"
    cards = [(f"Arenas of {name}", planned, note)]
    if not plan.planned_bytes:
        return cards
    where = markup(step_name(plan, plan.peak_step), 60)
    share = percent(plan.peak_bytes / plan.planned_bytes)
    cards.append(("In use at the peak", size_text(plan.peak_bytes), f"{share}, {where}; planned"))
    bound = sum(use.lower_bound_bytes for use in plan.arenas)
    note = "no plan for this order is smaller; derived"
    cards.append(("Lower bound", size_text(bound), note))
    return cards


def _grown_card(report: MemoryReport) -> tuple[str, str, str]:
    grown = report.growth
    if grown is None:
        why = "no footprint in this bundle" if report.recording else "no run was looked at"
        return "Growth of the process", "–", f"not measured: {why}"
    size = size_text(max(grown.own_growth_bytes, 0))
    how = f"{grown.basis.removesuffix('_bytes').upper()}, measured"
    if grown.sharing_bytes:
        how += ", less what others changed"
    if grown.explained is not None:
        how += f"; {percent(1 - grown.explained)} unattributed"
    return "Growth of the process", size, how
