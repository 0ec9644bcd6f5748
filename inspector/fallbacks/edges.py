"""Conversions at the edge of a delegate: what it does only because a neighbour is not inside.

The exporter inserts layout changes where a delegate takes or gives a tensor, and a
quantized delegate converts what a neighbour in float takes or gives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from etscope.etdump.methods import Method
from etscope.inspector.backends import attribute
from etscope.inspector.backends.operations import Operations
from etscope.inspector.categories import category_of
from etscope.inspector.operators import OperatorRows
from etscope.inspector.resolution import clock_step, is_below

QUANTIZE = "quantize/dequantize"
LAYOUT = "layout change"
COPY = "copy"
#: One of a kind and several, in words.
WORDS = {
    QUANTIZE: ("conversion between integers and floats", "conversions between integers and floats"),
    LAYOUT: ("layout change", "layout changes"),
    COPY: ("copy", "copies"),
}
#: Conversions follow each other; more than these at one edge are no edge any more.
_CHAIN = 4


class Conversion(NamedTuple):
    """One operation inside a delegate that converts a value on its way in or out."""

    kind: str  # QUANTIZE, LAYOUT or COPY
    operation: str  # in the backend's words
    instruction: int  # the delegate call, row of the plan's instructions
    row: int  # of the tree of events; -1: no event reports it
    time: float  # per inference, measured; NaN: no event, not known, or below the clock's step
    below: float | None  # the step, where the time is below it


class Edges:
    """The conversions of one method's delegates, by the value that they convert."""

    def __init__(
        self,
        plan: Method,
        rows: OperatorRows,
        calls: dict[int, int],
        operations: dict[int, Operations],
        unit: str,
    ) -> None:
        """`calls` says for each delegate instruction its row in the tree of events."""
        self._plan, self._rows, self._unit = plan, rows, unit
        self._operations = operations
        self._calls = calls
        self._events: dict[int, dict[int, int]] = {}  # aligned when they are first asked for

    def out_of(self, instruction: int, value: int) -> list[Conversion]:
        """What a delegate does to a value just before it gives it back."""
        operations = self._operations.get(instruction)
        if operations is None:
            return []
        given = _values(self._plan, instruction, operations)[1]
        if value not in given:
            return []
        inner = int(operations.delegate_outputs[given.index(value)])
        return self._walk(instruction, operations, inner, _writers)

    def into(self, instruction: int, value: int) -> list[Conversion]:
        """What a delegate does to a value before anything else reads it."""
        operations = self._operations.get(instruction)
        if operations is None:
            return []
        taken = _values(self._plan, instruction, operations)[0]
        if value not in taken:
            return []
        inner = int(operations.delegate_inputs[taken.index(value)])
        return self._walk(instruction, operations, inner, _readers)

    def _walk(
        self, instruction: int, operations: Operations, value: int, step: Step
    ) -> list[Conversion]:
        """Conversions from a value on, until the first operation that does some work."""
        found: list[Conversion] = []
        while len(found) < _CHAIN:
            at, following = step(operations, value)
            kind = _kind(operations, at) if at >= 0 else None
            if kind is None:
                break
            row = self._rows_of(instruction).get(at, -1)
            time, below = self._time(row)
            found.append(Conversion(kind, operations.kind[at], instruction, row, time, below))
            value = following
        return found

    def _time(self, row: int) -> tuple[float, float | None]:
        """(time, the clock's step where the time is below it) of a row; -1: no event."""
        if row < 0:
            return float("nan"), None
        time = float(self._rows.total[row])
        step = clock_step(self._rows, row, self._unit)
        return (float("nan"), step) if is_below(time, step, "total") else (time, None)

    def _rows_of(self, instruction: int) -> dict[int, int]:
        if instruction not in self._events and instruction in self._calls:
            row = self._calls[instruction]
            self._events[instruction] = self._of_operations(instruction, row)
        return self._events.get(instruction, {})

    def _of_operations(self, instruction: int, row: int) -> dict[int, int]:
        """Operation of a delegate → the row that reports it."""
        operations = self._operations.get(instruction)
        children = [
            r for r in self._rows.children(row).tolist() if self._rows.kind[r] == "delegated"
        ]
        events = [self._rows.delegate_id[r] for r in children]
        if operations is None or not events:
            return {}
        told = attribute([e for e in events if e is not None], operations).operation
        if len(told) != len(children):
            return {}
        return {at: r for at, r in zip(told.tolist(), children, strict=True) if at >= 0}


Step = Callable[[Operations, int], tuple[int, int]]


def _values(plan: Method, instruction: int, operations: Operations) -> tuple[list[int], list[int]]:
    """(taken, given) values of a delegate call, in the order of its operations' ends."""
    arguments = plan.instructions.arguments_of(instruction).tolist()
    inputs, outputs = len(operations.delegate_inputs), len(operations.delegate_outputs)
    if inputs + outputs != len(arguments):
        return [], []
    return arguments[:inputs], arguments[inputs:]


def _kind(operations: Operations, at: int) -> str | None:
    """What kind of conversion an operation is; None: it is none."""
    category = category_of(operations.kind[at])
    if category == QUANTIZE:
        return QUANTIZE
    if not operations.inserted[at] or category != "data movement":
        return None
    return COPY if operations.kind[at] == "Copy" else LAYOUT


def _writers(operations: Operations, value: int) -> tuple[int, int]:
    """(operation that writes a value, what it reads); -1: none, or it reads several."""
    writer = np.repeat(np.arange(len(operations)), np.diff(operations.outputs))
    found = writer[operations.output == value]
    if not len(found):
        return -1, -1
    at = int(found[-1])
    read = operations.input[operations.inputs[at] : operations.inputs[at + 1]]
    return at, int(read[0]) if len(read) == 1 else -1


def _readers(operations: Operations, value: int) -> tuple[int, int]:
    """(operation that alone reads a value, what it writes); -1: none, or several read it."""
    reader = np.repeat(np.arange(len(operations)), np.diff(operations.inputs))
    found = np.unique(reader[operations.input == value])
    if len(found) != 1:
        return -1, -1
    at = int(found[0])
    written = operations.output[operations.outputs[at] : operations.outputs[at + 1]]
    return at, int(written[0]) if len(written) == 1 else -1
