"""What each instruction reads and writes, block by block, and where control may go elsewhere."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints
from etscope.etdump.evalues import EValueKind
from etscope.etdump.instructions import InstructionKind
from etscope.etdump.methods import is_prim
from etscope.inspector.memory.blocks import Blocks
from etscope.inspector.memory.loop_spans import loop_spans
from etscope.inspector.memory.plan import MemoryPlan
from etscope.inspector.memory.what_if.operators import name_of, repeats


class Calls:
    """The instructions of a method, as answers look at them."""

    def __init__(self, plan: MemoryPlan, blocks: Blocks) -> None:
        self.plan, self.blocks, self.specs = plan, blocks, plan.method.values.tensors
        touches = plan.touches
        self._edges: list[int] = np.searchsorted(
            touches.row, np.arange(plan.instructions + 1)
        ).tolist()
        self._tensor: list[int] = touches.tensor.tolist()
        self._reads: list[bool] = touches.reads.tolist()
        self._writes: list[bool] = touches.writes.tolist()
        self._of_tensor: list[int] = blocks.of_tensor.tolist()
        self.first: list[int] = blocks.first.tolist()
        self.last: list[int] = blocks.last.tolist()
        self.inputs = self._among(plan.is_input)
        self.outputs = self._among(plan.is_output)
        moved = blocks.of_tensor[np.unique(plan.touches.moves[:, 1:])]
        #: A move makes a value show another's bytes: of those, nothing is asked.
        self.moved = np.isin(np.arange(len(blocks)), moved)

    def reads(self, instruction: int) -> list[int]:
        """The tensors that one instruction reads."""
        return self._touched(instruction, self._reads)

    def writes(self, instruction: int) -> list[int]:
        """The tensors that it writes."""
        return list(dict.fromkeys(self._touched(instruction, self._writes)))

    def uses_between(self, first: int, last: int) -> int:
        """How many uses of tensors these instructions have together."""
        return self._edges[last + 1] - self._edges[first]

    def block(self, tensor: int) -> int:
        """The block of a tensor; -1: it has none."""
        return self._of_tensor[tensor]

    def named(self, names: frozenset[str]) -> list[int]:
        """The kernel calls of some operators."""
        operators = self.plan.method.operators
        asked = [i for i, operator in enumerate(operators) if name_of(operator) in names]
        table = self.plan.method.instructions
        calls = (table.kind == InstructionKind.KERNEL_CALL) & np.isin(table.callee, asked)
        return np.flatnonzero(calls).tolist()

    def operator(self, instruction: int) -> str:
        """The operator of one instruction, without the overload."""
        return name_of(self.plan.method.operator_of_instruction[instruction])

    def first_argument(self, instruction: int) -> int:
        """The tensor that stands first among the arguments; -1: it is none."""
        table = self.plan.method.instructions
        if table.args[instruction] == table.args[instruction + 1]:
            return -1
        value = int(table.arguments[table.args[instruction]])
        return int(self.plan.method.values.tensor[value])

    def integers(self, instruction: int, place: int) -> list[int] | None:
        """The integers of one argument, of a list all; None: it is nothing of the kind."""
        table, values = self.plan.method.instructions, self.plan.method.values
        at = int(table.args[instruction]) + place
        if at >= int(table.args[instruction + 1]):
            return None
        value = int(table.arguments[at])
        if values.kind[value] == EValueKind.INT:
            return [int(values.integer[value])]
        if values.kind[value] != EValueKind.INT_LIST:
            return None
        members = values.item[values.items[value] : values.items[value + 1]]
        return [int(number) for number in values.integer[members]]

    def made_here(self, block: int, instruction: int) -> bool:
        """Whether one instruction alone writes a block, and nothing needs it before."""
        return (
            self.first[block] == instruction
            and all(step == instruction for step in self._written[block])
            and not self.blocks.lasting[block]
            and not self.moved[block]
        )

    def written_between(self, block: int, after: int, until: int) -> bool:
        """Whether something writes a block behind one step and not behind another."""
        written = self._written[block]
        following = bisect_right(written, after)
        return following < len(written) and written[following] <= until

    def next_use(self, block: int, after: int) -> int:
        """The first step behind another that uses a block; -1: none does."""
        end = int(self.blocks.edges[block + 1])
        at = bisect_right(self._steps, after, int(self.blocks.edges[block]), end)
        return self._steps[at] if at < end else -1

    def jumps_between(self, after: int, until: int) -> bool:
        """Whether control may come from or go elsewhere behind one instruction, up to another."""
        return self._jumps_before[until + 1] > self._jumps_before[after + 1]

    def same_layout(self, one: int, other: int) -> bool:
        """Whether two tensors have the same type, sizes and order of dimensions."""
        return self._layouts[one] == self._layouts[other]

    def is_plain(self, tensor: int) -> bool:
        """Whether a tensor's last dimension is the innermost, and so on."""
        _, _, order = self._layouts[tensor]
        return order == tuple(range(len(order)))

    @cached_property
    def _written(self) -> list[list[int]]:
        """Per block the steps that write it."""
        blocks = self.blocks
        before = np.concatenate([[0], np.cumsum(blocks.writes)])[blocks.edges].tolist()
        steps: list[int] = blocks.step[blocks.writes].tolist()
        return [steps[low:high] for low, high in pairwise(before)]

    @cached_property
    def _steps(self) -> list[int]:
        """The steps of all uses, block by block."""
        steps: list[int] = self.blocks.step.tolist()
        return steps

    @cached_property
    def _jumps_before(self) -> list[int]:
        """How many of the instructions in front of each are `jumps`."""
        counts: list[int] = np.concatenate([[0], np.cumsum(self.jumps)]).tolist()
        return counts

    @cached_property
    def _layouts(self) -> list[tuple[int, tuple[int, ...], tuple[int, ...]]]:
        """Per tensor its type, sizes and order of dimensions."""
        specs, edges = self.specs, self.specs.dims.tolist()
        sizes, order = specs.sizes.tolist(), specs.dim_order.tolist()
        return [
            (kind, tuple(sizes[low:high]), tuple(order[low:high]))
            for kind, (low, high) in zip(specs.scalar_type.tolist(), pairwise(edges), strict=True)
        ]

    @cached_property
    def in_loop(self) -> NDArray[np.bool_]:
        """Per instruction whether a loop is around it."""
        inner = loop_spans(self.plan.method).inner
        return np.asarray(inner >= 0, np.bool_)

    @cached_property
    def jumps(self) -> NDArray[np.bool_]:
        """Per instruction whether control may come from or go to another place than beside it."""
        table = self.plan.method.instructions
        out = np.zeros(len(table) + 1, np.bool_)
        jumps = np.flatnonzero(table.kind == InstructionKind.JUMP_FALSE_CALL)
        out[jumps] = True
        out[jumps + table.destination[jumps] - table.instruction[jumps]] = True
        out[:-1] |= table.instruction == 0
        return out[:-1]

    @cached_property
    def border(self) -> NDArray[np.bool_]:
        """Per instruction whether the order around it must stay: nothing moves across it.

        Jumps, moves, calls that give no tensor (sizes, numbers), that only change a shape, that
        give other numbers each time, or that use what a move handed over.
        """
        table, method = self.plan.method.instructions, self.plan.method
        fixed = [is_prim(o) or not repeats(o) for o in method.operators]
        kernel = table.kind == InstructionKind.KERNEL_CALL
        out: NDArray[np.bool_] = ~kernel & (table.kind != InstructionKind.DELEGATE_CALL)
        if fixed:
            out |= kernel & np.array(fixed, np.bool_)[np.where(kernel, table.callee, 0)]
        writes = np.zeros(len(table), np.bool_)
        writes[self.plan.touches.row[self.plan.touches.writes]] = True
        used = self.blocks.of_tensor[self.plan.touches.tensor]
        handed_over = (used >= 0) & np.append(self.moved, False)[used]
        out[self.plan.touches.row[handed_over]] = True
        return out | ~writes

    @cached_property
    def stretch(self) -> Ints:
        """Per instruction a number; equal where nothing but straight calls lie between; -1: none.

        A stretch also ends where a jump goes to and where a chain ends.
        """
        begins = self.jumps | self.border
        number = np.cumsum(begins)
        return np.where(self.border, -1, number)

    def _among(self, which: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Per block whether a row is one of some."""
        blocks = self.blocks.of_tensor[self.plan.tensor[which]]
        return np.isin(np.arange(len(self.blocks)), blocks)

    def _touched(self, instruction: int, which: list[bool]) -> list[int]:
        span = range(self._edges[instruction], self._edges[instruction + 1])
        return [self._tensor[at] for at in span if which[at]]
