"""The tables of a method's memory: who holds the peak, arenas, instructions, values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from etscope.dashboard.figures.memory_peak import REASONS
from etscope.dashboard.memory_values import ValueNames, instruction_name
from etscope.dashboard.table_markup import ROWS, head_cell, number_cell, sortable_table
from etscope.dashboard.wording import NAME_LIMIT, markup, percent
from etscope.inspector.memory.method_memory import MethodMemory
from etscope.inspector.memory.peak import Held, Holder
from etscope.inspector.memory.plan import MemoryPlan
from etscope.inspector.memory.rows import saving_of

_SENTENCE = 1000


@dataclass(frozen=True)
class Column:
    """One column: what stands in it for a row. Texts of files are escaped here."""

    head: str
    text: Callable[[Any], str | None] | None = None
    number: Callable[[Any], float | None] | None = None
    shown: Callable[[float], str] = "{:,}".format
    sort: str = "none"
    limit: int = NAME_LIMIT  # characters of a text

    @property
    def kind(self) -> str:
        """As the page's script and style know it."""
        return "text" if self.number is None else "number"

    def cell(self, row: Any) -> str:
        """The markup of one cell."""
        if self.number is not None:
            value = self.number(row)
            return number_cell(value, "–" if value is None else self.shown(value))
        assert self.text is not None
        return f"<td><bdi>{markup(self.text(row) or '', self.limit)}</bdi></td>"


def table(
    caption: str,
    columns: Sequence[Column],
    rows: Sequence[Any],
    kind_of: Callable[[Any], str] = lambda row: "",
) -> str:
    """A sortable table, the first column of which names the row; empty columns are left out."""
    shown = rows[:ROWS]
    first, *others = columns
    used = [c for c in others if c.text is None or any(c.text(row) for row in shown)]
    heads = [head_cell(c.head, c.kind, c.sort) for c in (first, *used)]
    body = "\n".join(_row(first, used, row, kind_of(row)) for row in shown)
    more = len(rows) - len(shown)
    note = f"<p>{more:,} more rows are in the JSON report.</p>" if more > 0 else ""
    return sortable_table(caption, heads, body) + note


def _row(first: Column, others: Iterable[Column], row: Any, kind: str) -> str:
    assert first.text is not None
    name = f'<th scope="row"><bdi>{markup(first.text(row) or "", first.limit)}</bdi></th>'
    data = f' data-kind="{kind}"' if kind else ""
    return f"<tr{data}>{name}{''.join(column.cell(row) for column in others)}</tr>"


def holder_table(memory: MethodMemory, names: ValueNames) -> str:
    """Everything alive at the peak, the largest first; adds up to it."""
    peak = memory.peak
    columns = [
        Column("value", lambda h: names.name(h.row)),
        Column("size [bytes]", None, lambda h: h.size_bytes, sort="descending"),
        Column("#", None, lambda h: _made(memory.plan, h.row)),
        Column("share of the peak", None, lambda h: h.share, percent),
        Column("saves [bytes]", None, saving_of),
        Column("why it is there", _why),
        Column("module", lambda h: _module(names, h.row)),
        Column("source", lambda h: names.source(h.row)),
        Column("type", lambda h: memory.type_text(h.row)),
        Column("steps", None, lambda h: _steps(memory.plan, h.row)),
    ]
    shared = ""
    if peak.shared_bytes:
        shared = f" less {peak.shared_bytes:,} bytes that are counted more than once"
    total = (
        f"<p>Sizes add up to the peak of {peak.peak_bytes:,} bytes{shared}: planned. Saves: how "
        "much lower the peak of bytes in use were if this value alone held bytes in no step but "
        "those that use it; derived.</p>"
    )
    return table("Alive at the peak", columns, peak.holders) + total


def _why(holder: Holder) -> str:
    if holder.held is Held.WAITING and holder.next_operator:
        operator = holder.next_operator.rpartition("::")[2]
        return f"waits for {operator} #{holder.next_step}"
    return REASONS[holder.held][0]


def _made(plan: MemoryPlan, row: int) -> int | None:
    step = int(plan.producer[row])
    return None if step < 0 else step


def _module(names: ValueNames, row: int) -> str | None:
    module = names.module(row)
    return "(root)" if module == "" else module


def _steps(plan: MemoryPlan, row: int) -> int:
    return max(int(plan.last[row]) - int(plan.first[row]) + 1, 0)


def what_if_table(memory: MethodMemory) -> str:
    """What would need less, that which is nearest first."""
    columns = [
        Column("what", lambda answer: answer.message, limit=_SENTENCE),
        Column("kind", lambda answer: answer.kind.replace("_", " ")),
        Column("arenas [bytes]", None, lambda a: a.saves_planned_bytes, _less, "descending"),
        Column("peak [bytes]", None, lambda a: a.saves_peak_bytes, _less),
        Column("asks for", lambda answer: answer.effort.value),
        Column("how", lambda answer: answer.advice, limit=_SENTENCE),
        Column("what must hold", lambda answer: answer.condition, limit=_SENTENCE),
    ]
    return table("What would need less", columns, memory.what_ifs)


def _less(saved: float) -> str:
    """A saving as what a figure changes by: -2,048; arenas may also grow."""
    return f"{-saved:+,.0f}" if saved else "0"


def arena_table(memory: MethodMemory) -> str:
    """How each arena is used."""
    columns = [
        Column("arena", lambda use: f"arena {use.arena}"),
        Column("device", memory.device_of),
        Column("size [bytes]", None, lambda use: use.size_bytes),
        Column("in use at its peak [bytes]", None, lambda use: use.peak_bytes),
        Column("at #", None, lambda use: use.peak_step),
        Column("free at its peak [bytes]", None, lambda use: use.fragmentation_bytes),
        Column("lower bound for this order [bytes]", None, lambda use: use.lower_bound_bytes),
    ]
    return table("Arenas", columns, memory.plan.arenas)


def instruction_table(memory: MethodMemory) -> str:
    """What every instruction does to memory, in the order of the program."""
    traffic, origins = memory.traffic, memory.origins
    columns = [
        Column("operator", lambda step: instruction_name(memory.plan, step)),
        Column("node", origins.node_name),
        Column("#", None, lambda step: step, sort="ascending"),
        Column("module", origins.module),
        Column("source", origins.source),
        Column("read [bytes]", None, lambda step: int(traffic.read_bytes[step])),
        Column("written [bytes]", None, lambda step: int(traffic.written_bytes[step])),
        Column("in use [bytes]", None, lambda step: int(traffic.live_bytes[step])),
        Column("newly in use [bytes]", None, lambda step: int(traffic.allocated_bytes[step])),
        Column("given up [bytes]", None, lambda step: int(traffic.freed_bytes[step])),
    ]
    return table("Instructions", columns, range(memory.plan.instructions))


def value_table(memory: MethodMemory, names: ValueNames) -> str:
    """Every planned value, the largest first; rows alive at the peak are of kind "peak"."""
    plan, holders = memory.plan, memory.holders
    columns = [
        Column("value", names.name),
        Column("size [bytes]", None, lambda row: int(plan.size_bytes[row]), sort="descending"),
        Column("#", None, lambda row: _made(plan, row)),
        Column("role", names.role),
        Column("module", lambda row: _module(names, row)),
        Column("source", names.source),
        Column("type", memory.type_text),
        Column("arena", None, lambda row: int(plan.arena[row])),
        Column("offset [bytes]", None, lambda row: int(plan.offset[row])),
        Column("first #", None, lambda row: _step(plan, row, int(plan.first[row]))),
        Column("last #", None, lambda row: _step(plan, row, int(plan.last[row]))),
    ]
    ranked = sorted(range(len(plan)), key=lambda row: -int(plan.size_bytes[row]))
    return table(
        "Planned values", columns, ranked, lambda row: "peak" if row in holders else "other"
    )


def _step(plan: MemoryPlan, row: int, step: int) -> int | None:
    return step if plan.first[row] <= plan.last[row] else None
