"""All that is known of the memory of one method, put together once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from etscope.etdump.columns import Ints
from etscope.etdump.instructions import InstructionKind
from etscope.etdump.methods import Method
from etscope.etdump.program import Program
from etscope.etdump.scalar_types import SCALAR_TYPES
from etscope.inspector.correlate.correlation import Correlation
from etscope.inspector.correlate.joined import EventKey
from etscope.inspector.correlate.origins import Origins
from etscope.inspector.memory.allocators import BITS_32, MethodAllocator, method_allocator
from etscope.inspector.memory.arenas import ArenaUse
from etscope.inspector.memory.devices import HOST, DeviceUse, device_uses, devices_of
from etscope.inspector.memory.overwritten import Overwritten, overwritten_results
from etscope.inspector.memory.overwritten_values import Lost, overwritten_values
from etscope.inspector.memory.peak import Holder, Peak, peak_of
from etscope.inspector.memory.places import Places, places_of
from etscope.inspector.memory.plan import MemoryPlan, memory_plan
from etscope.inspector.memory.traffic import Traffic, traffic_of
from etscope.inspector.memory.what_if.answer import LEAST, WhatIf, baseline_of
from etscope.inspector.memory.what_if.answers import answers_about
from etscope.inspector.wording import percent

_PLACE = ("node", "module", "source")


@dataclass(frozen=True, eq=False)
class MethodMemory:
    """One method: its plan, and what follows. Bytes are planned, those of allocators estimated."""

    plan: MemoryPlan
    traffic: Traffic
    peak: Peak
    overwritten: list[Overwritten]  # results of branches
    lost: list[Lost]  # other values
    allocator: MethodAllocator  # on a machine of 64 bits
    allocator_32: MethodAllocator  # on one of 32, as microcontrollers are
    places: Places  # of each row of the plan
    origins: Origins  # of each instruction
    what_ifs: tuple[WhatIf, ...]
    planned_again: bool  # False: it is too large for that, so that nothing was tried

    @property
    def name(self) -> str:
        """The method's name."""
        return self.plan.method.name

    @cached_property
    def holders(self) -> dict[int, Holder]:
        """Row of the plan → why it is alive when most bytes are in use; without views."""
        return {holder.row: holder for holder in self.peak.holders}

    @property
    def delegate_calls(self) -> Ints:
        """The instructions that call a delegate."""
        kinds = self.plan.method.instructions.kind
        return np.flatnonzero(kinds == InstructionKind.DELEGATE_CALL)

    @property
    def fragmentation_bytes(self) -> int:
        """Bytes of the arenas that are free when the most are in use, each arena at its own."""
        return sum(use.fragmentation_bytes for use in self.plan.arenas)

    def device_of(self, use: ArenaUse) -> str:
        """The device that an arena lies on: "cpu:0"."""
        return self._device_names.get(use.arena, HOST)

    @cached_property
    def _device_names(self) -> dict[int, str]:
        return devices_of(self.plan.method)

    @cached_property
    def devices(self) -> tuple[DeviceUse, ...]:
        """The arenas by device, the host's first. Sums over several are of no one memory."""
        return device_uses(self.plan)

    @property
    def no_answer_text(self) -> str:
        """Why there is no answer on what would need less."""
        if not self.planned_again:
            return "what if: not tried: the plan is too large to be planned again"
        return (
            f"what if: nothing that was tried saves {percent(LEAST)} of the arenas or the peak "
            "(constants made at the export, in place, views, another order, values made again, "
            "other places and alignments; estimated)"
        )

    def place_of_step(self, step: int) -> dict[str, str | None]:
        """Node, module and line of an instruction; None where not known."""
        if not 0 <= step < self.plan.instructions:
            return dict.fromkeys(_PLACE)
        of = self.origins
        return dict(
            zip(_PLACE, (of.node_name(step), of.module(step), of.source(step)), strict=True)
        )

    def label(self, row: int) -> str:
        """What a value is called: its name, its node, or its number and who makes it."""
        plan = self.plan
        name = plan.method.values.tensors.name_of(int(plan.tensor[row]))
        name = name or self.places.attribute[row] or self.places.node[row]
        if name:
            return name
        made, number = int(plan.producer[row]), int(plan.value[row])
        if made >= 0:
            return f"value {number} of {self.operator_text(made).rpartition('::')[2]}"
        return f"{'input ' if plan.is_input[row] else ''}value {number}"

    def type_text(self, row: int) -> str:
        """Element type and sizes of a value: "float32 1x16x32"."""
        tensor = int(self.plan.tensor[row])
        specs = self.plan.method.values.tensors
        kind = SCALAR_TYPES.get(int(specs.scalar_type[tensor]))
        sizes = "x".join(map(str, specs.shape_of(tensor))) or "scalar"
        return f"{kind.name if kind else 'unknown type'} {sizes}"

    def step_text(self, step: int) -> str:
        """A step in a sentence: "instruction 7 (aten::add.out)", "after the last instruction"."""
        if step < 0:
            return "before the first instruction"
        if step >= self.plan.instructions:
            return "after the last instruction"
        return f"instruction {self.number_text(step)} ({self.operator_text(step)})"

    def when_text(self, step: int) -> str:
        """When a step is: "at instruction 7 (aten::add.out)", "before the first instruction"."""
        inside = 0 <= step < self.plan.instructions
        return f"at {self.step_text(step)}" if inside else self.step_text(step)

    def operator_text(self, step: int) -> str:
        """What runs in an instruction: "aten::add.out", or the backend of a delegate."""
        method = self.plan.method
        return method.backend_of(step) or method.operator_of_instruction[step]

    def number_text(self, step: int) -> str:
        """The number of an instruction in its chain: "7", "1:7" in the second chain."""
        table = self.plan.method.instructions
        chain, number = int(table.chain[step]), int(table.instruction[step])
        return f"{chain}:{number}" if chain else f"{number}"


def method_memory(program: Program, name: str, correlation: Correlation) -> MethodMemory:
    """Work out one method.

    Raises:
        KeyError: the program has no such method.
        CorruptTrace: a value is planned outside of its arena.
    """
    plan = memory_plan(program, name)
    joined = correlation.method(name)
    base = baseline_of(plan)
    return MethodMemory(
        plan=plan,
        traffic=traffic_of(plan),
        peak=peak_of(plan),
        overwritten=overwritten_results(plan),
        lost=overwritten_values(plan),
        allocator=method_allocator(plan.method),
        allocator_32=method_allocator(plan.method, BITS_32),
        places=places_of(plan, joined),
        origins=joined.origins(_keys(plan.method)),
        what_ifs=answers_about(base),
        planned_again=base is not None,
    )


def _keys(method: Method) -> list[EventKey]:
    """How events would name each instruction."""
    table = method.instructions
    places = zip(table.chain.tolist(), table.instruction.tolist(), strict=True)
    return [EventKey(chain, number, None) for chain, number in places]
