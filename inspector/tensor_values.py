"""What a block logged: in its own dump, or in the dump of the pass that logged tensors.

A bundle has two dumps, because logging tensors would distort the times. The values of
one belong to the events of the other by instruction and delegate id.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from etscope.etdump.errors import TraceError
from etscope.etdump.reader import read_etdump
from etscope.etdump.tensors import DebugBuffer
from etscope.inspector.blocks import Block, blocks_of
from etscope.inspector.signatures import Slot

if TYPE_CHECKING:
    from etscope.inspector.opened_trace import OpenedTrace

_Place = tuple[int, int, "int | str | None"]


class TensorValues:
    """The values of one block.

    Attributes:
        block: the block that logged them; its runs are those that are asked for.
    """

    def __init__(self, block: Block, buffer: DebugBuffer) -> None:
        self.block, self._buffer = block, buffer
        self._rows = {_place(slot): row for row, slot in enumerate(block.slots) if slot.debug}

    def at(self, slot: Slot, run: int) -> list[Any]:
        """What was logged where this slot is, in one run (0 is the first), as torch values."""
        row = self._rows.get(_place(slot))
        number = int(self.block.runs[run])
        return [] if row is None else self._read(self.block.logged_rows(row, number))

    def outputs(self, run: int) -> list[Any]:
        """The outputs of the program in one run, as torch values."""
        trace, number = self.block.trace, int(self.block.runs[run])
        low, high = trace.runs.first_event[number : number + 2]
        values = trace.values
        inside = (values.event >= low) & (values.event < high) & values.is_output
        return self._read(values.event[inside])

    def _read(self, events: Any) -> list[Any]:
        if not len(events):
            return []
        from etscope.inspector.numerics.torch_values import logged_values

        return logged_values(self.block.trace, self._buffer, events)


def _place(slot: Slot) -> _Place:
    return slot.signature.chain, slot.signature.instruction, slot.signature.delegate


class TensorSource:
    """Where the values of the blocks of a trace are.

    Args:
        buffer: the tensors; None: those of the bundle, if it has any.
        tell: takes what cannot be used, in a sentence.
    """

    def __init__(
        self, opened: OpenedTrace, buffer: DebugBuffer | None, tell: Callable[[str], None]
    ) -> None:
        self._opened, self._buffer, self._tell = opened, buffer, tell

    def of_block(self, block: Block) -> TensorValues | None:
        """The values of a block; None: there are none, or it is not clear which."""
        if self._pass is None:
            return None if self._buffer is None else TensorValues(block, self._buffer)
        blocks, buffer = self._pass
        places = {_place(slot) for slot in block.slots if slot.profile}
        same = [
            other
            for other in blocks
            if (other.name, other.method) == (block.name, block.method)
            and places <= {_place(slot) for slot in other.slots}
        ]
        return TensorValues(same[0], buffer) if len(same) == 1 else None

    @cached_property
    def _pass(self) -> tuple[list[Block], DebugBuffer] | None:
        """The blocks of the bundle's pass that logged tensors; None: it has none."""
        bundle = self._opened.bundle
        if bundle is None or bundle.debug_trace is None:
            return None
        if self._buffer is None and find_spec("torch") is None:
            self._tell("the bundle's logged tensors are not read: torch is not installed")
            return None
        from etscope.inspector.methods import methods_of_runs

        try:
            buffer = self._buffer
            if buffer is None and bundle.debug_buffer is not None:
                buffer = DebugBuffer(bundle.debug_buffer)
            if buffer is None:
                return None
            trace = read_etdump(bundle.debug_trace, strict=False)
        except TraceError as error:
            self._tell(f"the bundle's logged tensors are not used: {error}")
            return None
        methods = methods_of_runs(
            trace, self._opened.program, bundle.tensor_inferences, bundle.manifest.methods
        ).method
        known = any(name is not None for name in methods)
        return blocks_of(trace, methods if known else None), buffer
