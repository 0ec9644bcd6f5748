"""Planned values and byte counts as figures and tables name them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from etscope.dashboard.wording import label
from etscope.inspector.memory.method_memory import MethodMemory
from etscope.inspector.memory.plan import MemoryPlan, Role
from etscope.inspector.wording import counted, size_text

_UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


@dataclass(frozen=True)
class ByteScale:
    """The unit that the bytes of one figure are shown in; powers of 1000."""

    symbol: str
    factor: float  # times bytes


def byte_scale(largest: float) -> ByteScale:
    """A unit in which the largest number of a figure is at least one."""
    for size, symbol in _UNITS:
        if largest >= size:
            return ByteScale(symbol, 1 / size)
    return ByteScale("bytes", 1.0)


def instruction_name(plan: MemoryPlan, row: int) -> str:
    """What a person calls an instruction: its operator, or the backend that it calls."""
    backend = plan.method.backend_of(row)
    return backend or plan.method.operator_of_instruction[row].rpartition("::")[2]


@dataclass(frozen=True, eq=False)
class ValueNames:
    """What is known of each row of a plan; None where the files do not say it."""

    plan: MemoryPlan
    nodes: Sequence[str | None] = ()  # the name of its node, or of its buffer
    modules: Sequence[str | None] = ()
    sources: Sequence[str | None] = ()

    def name(self, row: int) -> str:
        """What a person calls the value: its node, what makes it, or what it is."""
        node = _known(self.nodes, row)
        if node:
            return node
        producer = int(self.plan.producer[row])
        if producer >= 0:
            return f"{instruction_name(self.plan, producer)} #{producer}"
        return f"{self.role(row)} (value {int(self.plan.value[row])})"

    def role(self, row: int) -> str:
        """Its part in the method, in a word."""
        return Role(int(self.plan.role[row])).name.lower()

    def module(self, row: int) -> str | None:
        """The path of the module that makes it; "" is the model itself."""
        return _known(self.modules, row)

    def source(self, row: int) -> str | None:
        """The place of the line that makes it."""
        return _known(self.sources, row)

    def lifetime(self, row: int) -> str:
        """From which step to which it keeps its bytes."""
        first, last = int(self.plan.first[row]), int(self.plan.last[row])
        begin = "before the first instruction" if first < 0 else f"#{first}"
        end = "the end" if last >= self.plan.instructions else f"#{last}"
        if last < 0:
            return begin
        return f"{begin} to {end}, {counted(last - first + 1, 'step')}"

    def hover(self, row: int, *more: str) -> str:
        """The lines of a figure's hover box; names of the file are only text in it."""
        plan, size = self.plan, int(self.plan.size_bytes[row])
        bound = "at most " if plan.upper_bound[row] else ""
        start = int(plan.offset[row])
        lines = [
            f"<b>{label(self.name(row), 90)}</b>",
            f"{self.role(row)}, value {int(plan.value[row])}",
            f"{bound}{size_text(size)}, planned; bytes {start:,} to {start + size:,}",
            f"alive {self.lifetime(row)}",
        ]
        producer, module, source = int(plan.producer[row]), self.module(row), self.source(row)
        if producer >= 0:
            lines.append(f"made by {label(instruction_name(plan, producer), 90)} #{producer}")
        if module is not None:
            lines.append(f"module {label(module or '(root)', 90)}")
        if source:
            lines.append(f"source {label(source, 90)}")
        return "<br>".join([*lines, *more])


def names_of(memory: MethodMemory) -> ValueNames:
    """What a report knows of the values of one method."""
    places = memory.places
    nodes = [a or n for a, n in zip(places.attribute, places.node, strict=True)]
    return ValueNames(memory.plan, nodes, places.module, places.source)


def _known(texts: Sequence[str | None], row: int) -> str | None:
    return texts[row] if row < len(texts) else None
