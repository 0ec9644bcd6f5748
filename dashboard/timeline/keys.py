"""What slices are of: rows of the latency report, and events beside them, as a table of names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from etscope.dashboard.wording import plain
from etscope.inspector.blocks import Block
from etscope.inspector.categories import CATEGORIES, category_of_event
from etscope.inspector.latency import slots_of_rows
from etscope.inspector.latency_report import LatencyReport
from etscope.inspector.resolution import clock_step
from etscope.inspector.units import TimeScale, ticks_per_unit

#: What slices are coloured by: the kind of work, and what is around work.
GROUPS = (*CATEGORIES, "delegate call", "method")
#: Kinds of rows of the report, and the events of what is no inference.
KINDS = ("method", "operator", "kernel", "delegate", "delegated", "control", "other", "load")

_NAME, _PLACE = 160, 300


@dataclass(eq=False)
class Texts:
    """Texts by number, each once."""

    number: dict[str, int] = field(default_factory=dict)

    def index(self, text: str | None, limit: int) -> int:
        """The number of a text from a file, cut and made visible; -1 for None."""
        if text is None:
            return -1
        return self.number.setdefault(plain(text, limit), len(self.number))

    def __iter__(self) -> Iterator[str]:
        return iter(self.number)


@dataclass(eq=False)
class Keys:
    """One row per thing that slices are of. `block` and `row` are those of the latency report.

    Both are -1 for events beside the inferences that it is about. `step` is the
    shortest time that its clock can tell from nothing, in ticks: 0 where nothing is
    coarse, NaN where it is not known.
    """

    block: list[int] = field(default_factory=list)
    row: list[int] = field(default_factory=list)
    name: list[int] = field(default_factory=list)
    event: list[int] = field(default_factory=list)
    module: list[int] = field(default_factory=list)
    source: list[int] = field(default_factory=list)
    kind: list[int] = field(default_factory=list)
    group: list[int] = field(default_factory=list)
    step: list[float] = field(default_factory=list)
    texts: Texts = field(default_factory=Texts)

    def __len__(self) -> int:
        return len(self.row)


def keys_of_rows(keys: Keys, report: LatencyReport, number: int, source: TimeScale) -> list[int]:
    """Add the rows of one kind of inference; the key of each slot of its block, -1 for none."""
    latency, origins = report.methods[number], report.origins[number]
    rows, block = latency.rows, latency.block
    of_slot = [-1] * len(block.slots)
    scale = ticks_per_unit(source, TimeScale(latency.unit))
    for row, slot in enumerate(slots_of_rows(block)):
        of_slot[slot] = len(keys)
        kind, event, op = rows.kind[row], rows.event[row], rows.op[row]
        step = clock_step(rows, row, latency.unit)
        keys.block.append(number)
        keys.row.append(row)
        keys.name.append(keys.texts.index(_name(report, number, row), _NAME))
        keys.event.append(keys.texts.index(event, _NAME))
        keys.module.append(keys.texts.index(origins.module(row), _PLACE))
        keys.source.append(keys.texts.index(origins.source(row), _PLACE))
        keys.kind.append(KINDS.index(kind))
        keys.group.append(_group(kind, event, op, origins.op(row)))
        keys.step.append(0.0 if step is None else step * scale)
    return of_slot


def keys_of_slots(keys: Keys, block: Block) -> list[int]:
    """Add the slots of a block that the report is not about, such as the load of a method."""
    of_slot = []
    for slot in block.slots:
        of_slot.append(len(keys) if slot.profile else -1)
        if not slot.profile:
            continue
        name = keys.texts.index(slot.name, _NAME)
        keys.block.append(-1)
        keys.row.append(-1)
        keys.name.append(name)
        keys.event.append(name)
        keys.module.append(-1)
        keys.source.append(-1)
        keys.kind.append(KINDS.index("load"))
        keys.group.append(_group("load", slot.name, None, None))
        keys.step.append(0.0)
    return of_slot


def _name(report: LatencyReport, number: int, row: int) -> str:
    """What a person calls a row: the method, the backend, the operator, else the event."""
    latency = report.methods[number]
    rows = latency.rows
    if rows.kind[row] == "method":
        return latency.method or rows.event[row]
    if rows.kind[row] == "delegate":
        return rows.backend[row] or rows.event[row]
    if rows.kind[row] == "delegated":
        return rows.event[row]
    # "add.out" of "aten::add.out": on a slice there is room for little.
    return (rows.op[row] or rows.event[row]).rpartition("::")[2]


def _group(kind: str, event: str, op: str | None, node_op: str | None) -> int:
    if kind == "method":
        return GROUPS.index("method")
    if kind == "delegate":
        return GROUPS.index("delegate call")
    if kind == "control":
        return GROUPS.index("control")
    return GROUPS.index(category_of_event(event, op, node_op))
