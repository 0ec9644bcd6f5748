"""What each instruction of a method is called with, from the program alone."""

from __future__ import annotations

import re
from itertools import pairwise
from math import prod

import numpy as np

from etscope.etdump.evalues import EValueKind
from etscope.etdump.instructions import InstructionKind
from etscope.etdump.methods import Method
from etscope.etdump.tensor_specs import Dynamism
from etscope.inspector.correlate.operators import parts_of
from etscope.inspector.memory.touches import Touches
from etscope.inspector.roofline.operands import Call, Operand
from etscope.inspector.roofline.reductions import POOLS

#: Where `convolution` says whether it is transposed, and pooling how large its window is.
_TRANSPOSED, _WINDOW = 6, 1
_LARGEST_WINDOW = 2**31


class ProgramCalls:
    """The kernel calls of one method; sizes of dynamic shapes are upper bounds."""

    def __init__(self, method: Method, touches: Touches) -> None:
        self.method = method
        specs = method.values.tensors
        dims, sizes = specs.dims.tolist(), specs.sizes.tolist()
        types: list[int] = specs.scalar_type.tolist()
        self._operand = [
            Operand(tuple(sizes[start:end]), types[tensor], tensor)
            for tensor, (start, end) in enumerate(pairwise(dims))
        ]
        self._is_kernel = (method.instructions.kind == InstructionKind.KERNEL_CALL).tolist()
        self._dynamic = (specs.dynamism != Dynamism.STATIC).tolist()
        order = np.argsort(touches.row, kind="stable")
        edges = np.searchsorted(touches.row[order], np.arange(len(method.instructions) + 1))
        self._edges = edges.tolist()
        self._tensor = touches.tensor[order].tolist()
        self._reads, self._writes = touches.reads[order].tolist(), touches.writes[order].tolist()

    def call(self, instruction: int) -> Call | None:
        """The call of one instruction; None: it calls no kernel.

        Args:
            instruction: row of the method's instructions.
        """
        if not self._is_kernel[instruction]:
            return None
        op = self.method.operator_of_instruction[instruction]
        name = parts_of(op)[1]
        span = range(self._edges[instruction], self._edges[instruction + 1])
        written = dict.fromkeys(self._tensor[touch] for touch in span if self._writes[touch])
        return Call(
            op,
            tuple(self._operand[self._tensor[touch]] for touch in span if self._reads[touch]),
            tuple(self._operand[tensor] for tensor in written),
            transposed=self._flag(instruction) if name == "convolution" else None,
            window=self._window(instruction, name) if name in POOLS else None,
        )

    def is_bound(self, instruction: int) -> bool:
        """Whether some shape of a call is an upper bound."""
        span = range(self._edges[instruction], self._edges[instruction + 1])
        return any(self._dynamic[self._tensor[touch]] for touch in span)

    def _argument(self, instruction: int, place: int) -> int:
        """The value of one argument; -1: there is none."""
        arguments = self.method.instructions.arguments_of(instruction)
        return int(arguments[place]) if len(arguments) > place else -1

    def _flag(self, instruction: int) -> bool | None:
        value = self._argument(instruction, _TRANSPOSED)
        values = self.method.values
        if value < 0 or values.kind[value] != EValueKind.BOOL:
            return None
        return bool(values.integer[value])

    def _window(self, instruction: int, name: str) -> int | None:
        value = self._argument(instruction, _WINDOW)
        values = self.method.values
        if value < 0 or values.kind[value] != EValueKind.INT_LIST:
            return None
        members = values.item[values.items[value] : values.items[value + 1]]
        sizes: list[int] = values.integer[members].tolist()
        dims = re.search(r"(\d)d", name)
        # Sizes that no window has would make a number that no float holds.
        if dims is None or not 1 <= len(sizes) <= int(dims[1]):
            return None
        if not all(1 <= size < _LARGEST_WINDOW for size in sizes):
            return None
        # One number stands for all dimensions.
        return prod(sizes * int(dims[1]) if len(sizes) == 1 else sizes)
