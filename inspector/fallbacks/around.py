"""What is converted around an operator outside of delegates, because it is outside."""

from __future__ import annotations

from typing import NamedTuple

from etscope.etdump.instructions import InstructionKind
from etscope.etdump.methods import Method, is_prim
from etscope.inspector.backends.operations import Operations
from etscope.inspector.categories import category_of
from etscope.inspector.correlate.operators import parts_of
from etscope.inspector.fallbacks.dataflow import Flow
from etscope.inspector.fallbacks.edges import COPY, QUANTIZE, Conversion, Edges
from etscope.inspector.operators import OperatorRows

#: Operators that only hand a tensor over in another place, order or type.
_COPIES = frozenset({"clone", "_clone_dim_order", "contiguous", "_to_copy", "_to_dim_order_copy"})


class Around(NamedTuple):
    """One conversion at a value of an operator."""

    kind: str  # quantize/dequantize, layout change or copy
    operation: str
    instruction: int  # row of the plan's instructions: the conversion, or the delegate it is in
    inside: bool  # an operation of a delegate beside the operator
    row: int  # of the tree of events; -1: no event reports it
    time: float  # per inference, measured; NaN: not known, or below the clock's step
    below: float | None  # the step, where the time is below it


class Surroundings:
    """The conversions around the operators of one method, asked by instruction."""

    def __init__(
        self,
        plan: Method,
        rows: OperatorRows,
        flow: Flow,
        row_of: dict[int, int],
        operations: dict[int, Operations],
        unit: str,
    ) -> None:
        """`row_of` says for each instruction its row in the tree of events."""
        self._plan, self._rows, self._flow, self._row_of = plan, rows, flow, row_of
        self._kinds = plan.instructions.kind.tolist()
        calls = {at: row for at, row in row_of.items() if rows.kind[row] == "delegate"}
        self._edges = Edges(plan, rows, calls, operations, unit)
        self._outputs = frozenset(plan.outputs.tolist())

    def of(self, at: int) -> tuple[Around, ...]:
        """Everything that is converted right before and right after one operator."""
        beside = [*self._flow.makers(at), *self._flow.readers[at]]
        outside = [self._outside(row) for row in beside if self._converts(row) is not None]
        return tuple(dict.fromkeys([*outside, *self.at_edges((at,))]))

    def served(self, at: int) -> str | None:
        """The operator outside that a conversion is for: that which takes it, else gives it."""
        if self._converts(at) is None:
            return None
        for beside in (self._flow.readers[at], self._flow.makers(at)):
            for row in beside:
                if self._works(row):
                    return f"{self._plan.operator_of_instruction[row]} at {self._number(row)}"
        return None

    def at_edges(self, members: tuple[int, ...]) -> tuple[Around, ...]:
        """Conversions in delegates at values that only these instructions share with them."""
        found: list[Around] = []
        own, asked, flow = set(members), set[tuple[int, int]](), self._flow
        for at in members:
            for value, maker in zip(flow.takes[at], flow.maker[at], strict=True):
                if maker < 0 or not self._is_delegate(maker) or (maker, value) in asked:
                    continue
                asked.add((maker, value))
                if self._is_only_for(maker, value, own):
                    found += map(_inside, self._edges.out_of(maker, value))
            for reader in flow.readers[at]:
                if self._is_delegate(reader):
                    for value in flow.passed[at, reader]:
                        found += map(_inside, self._edges.into(reader, value))
        return tuple(dict.fromkeys(found))

    def _is_only_for(self, maker: int, value: int, own: set[int]) -> bool:
        """Whether nobody else needs a delegate's value as it is: no output, no other reader."""
        return value not in self._outputs and own.issuperset(self._flow.users[maker, value])

    def _converts(self, at: int) -> str | None:
        """The kind of conversion that an operator outside is; None: it is none."""
        if self._kinds[at] != InstructionKind.KERNEL_CALL:
            return None
        operator = self._plan.operator_of_instruction[at]
        if category_of(operator) == QUANTIZE:
            return QUANTIZE
        return COPY if parts_of(operator)[1] in _COPIES else None

    def _works(self, at: int) -> bool:
        """Whether an instruction is an operator outside that does more than convert."""
        if self._kinds[at] != InstructionKind.KERNEL_CALL or self._converts(at) is not None:
            return False
        return not is_prim(self._plan.operator_of_instruction[at])

    def _is_delegate(self, at: int) -> bool:
        return bool(self._kinds[at] == InstructionKind.DELEGATE_CALL)

    def _number(self, at: int) -> int:
        return int(self._plan.instructions.instruction[at])

    def _outside(self, at: int) -> Around:
        row = self._row_of.get(at, -1)
        time = float(self._rows.total[row]) if row >= 0 else float("nan")
        operator = self._plan.operator_of_instruction[at]
        return Around(self._converts(at) or COPY, operator, at, False, row, time, None)


def _inside(one: Conversion) -> Around:
    return Around(one.kind, one.operation, one.instruction, True, one.row, one.time, one.below)
