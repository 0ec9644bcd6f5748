"""Conversions at the edge of a delegate: what it does only because a neighbour is not inside.

The exporter inserts layout changes where a delegate takes or gives a tensor, and a
quantized delegate converts what a neighbour in float takes or gives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from etscope.etdump.columns import Ints
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
        # Each made when it is first asked for.
        self._events: dict[int, dict[int, int]] = {}
        self._ends: dict[int, tuple[dict[int, int], dict[int, int]]] = {}
        self._links: dict[Operations, _Links] = {}  # by identity: calls may share a delegate

    def out_of(self, instruction: int, value: int) -> list[Conversion]:
        """What a delegate does to a value just before it gives it back."""
        inner = self._ends_of(instruction)[1].get(value)
        return [] if inner is None else self._walk(instruction, inner, _Links.back)

    def into(self, instruction: int, value: int) -> list[Conversion]:
        """What a delegate does to a value before anything else reads it."""
        inner = self._ends_of(instruction)[0].get(value)
        return [] if inner is None else self._walk(instruction, inner, _Links.on)

    def _ends_of(self, instruction: int) -> tuple[dict[int, int], dict[int, int]]:
        """(taken, given) values of a delegate call → the values that they are inside of it."""
        if instruction not in self._ends:
            operations = self._operations.get(instruction)
            ends = ({}, {}) if operations is None else _ends(self._plan, instruction, operations)
            self._ends[instruction] = ends
        return self._ends[instruction]

    def _walk(self, instruction: int, value: int, step: Step) -> list[Conversion]:
        """Conversions from a value on, until the first operation that does some work."""
        found: list[Conversion] = []
        operations = self._operations[instruction]
        if operations not in self._links:
            self._links[operations] = _Links(operations)
        links = self._links[operations]
        while len(found) < _CHAIN:
            at, following = step(links, value)
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


class _Links:
    """Which operation of a delegate writes each value, and which reads it."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        written = np.repeat(np.arange(len(operations)), np.diff(operations.outputs))
        read = np.repeat(np.arange(len(operations)), np.diff(operations.inputs))
        self._writer = dict(zip(operations.output.tolist(), written.tolist(), strict=True))
        self._reader: dict[int, int] = {}  # -1: several
        for value, at in zip(operations.input.tolist(), read.tolist(), strict=True):
            self._reader[value] = at if self._reader.get(value, at) == at else -1

    def back(self, value: int) -> tuple[int, int]:
        """(operation that writes a value, what it reads); -1: none, or it reads several."""
        at = self._writer.get(value, -1)
        return at, _alone(self._operations.inputs, self._operations.input, at)

    def on(self, value: int) -> tuple[int, int]:
        """(operation that alone reads a value, what it writes); -1: none, or several read it."""
        at = self._reader.get(value, -1)
        return at, _alone(self._operations.outputs, self._operations.output, at)


Step = Callable[[_Links, int], tuple[int, int]]


def _alone(edges: Ints, values: Ints, at: int) -> int:
    """The value of an operation that has just one; -1: none, or several."""
    if at < 0 or edges[at + 1] - edges[at] != 1:
        return -1
    return int(values[edges[at]])


def _ends(
    plan: Method, instruction: int, operations: Operations
) -> tuple[dict[int, int], dict[int, int]]:
    """(taken, given) values of a delegate call → those inside; the first of several counts."""
    arguments = plan.instructions.arguments_of(instruction).tolist()
    given_in, given_back = operations.delegate_inputs.tolist(), operations.delegate_outputs.tolist()
    if len(given_in) + len(given_back) != len(arguments):
        return {}, {}
    taken = zip(arguments, given_in, strict=False)
    given = zip(arguments[len(given_in) :], given_back, strict=True)
    return dict(reversed(list(taken))), dict(reversed(list(given)))


def _kind(operations: Operations, at: int) -> str | None:
    """What kind of conversion an operation is; None: it is none."""
    category = category_of(operations.kind[at])
    if category == QUANTIZE:
        return QUANTIZE
    if not operations.inserted[at] or category != "data movement":
        return None
    return COPY if operations.kind[at] == "Copy" else LAYOUT
