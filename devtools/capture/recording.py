"""Clock readings of the reference runtime as the columns of a trace.

A run of one method always has the same events, so only times are kept: two
words per event, written straight into the final arrays. Readings arrive as one
tuple per inference and are moved there now and then, outside of what is timed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import EventShape, Ints, Kind, RunColumns, Trace
from etscope.etdump.times import Times

#: Clock readings that may wait as Python integers: 256 KB, whatever the length of the capture.
#: More would push the model's own data out of the cache.
_WAITING = 1 << 13

LOAD_EVENTS = ("Method::init", "Program::load_method")
EXECUTE_EVENT = "Method::execute"


class Load(NamedTuple):
    """Clock readings around the loading of one method, in ns."""

    init: tuple[int, int]
    load: tuple[int, int]


def event_names(operators: Sequence[str]) -> list[str]:
    """The names of an inference's profile events."""
    return [f"native_call_{name}" for name in operators] + [EXECUTE_EVENT]


class Recording:
    """The times of one pass: first the loads, then the inferences of the plan.

    Args:
        loads: readings per method, in the order in which the methods were loaded.
        operators: per method the names of its instructions.
        plan: the method of each inference.
    """

    def __init__(
        self,
        loads: Mapping[str, Load],
        operators: Mapping[str, Sequence[str]],
        plan: Sequence[str],
    ) -> None:
        self._loads = loads
        self._operators = operators
        self._plan = plan
        lengths = {method: len(operators[method]) + 1 for method in loads}
        counts = np.array([2] * len(loads) + [lengths[method] for method in plan], np.int64)
        self._first = np.append(np.int64(0), np.cumsum(counts))
        self._start = np.zeros(int(self._first[-1]), np.uint64)
        self._end = np.zeros_like(self._start)
        self._waiting: dict[str, list[tuple[int, ...]]] = {method: [] for method in loads}
        self._rows: dict[str, list[int]] = {method: [] for method in loads}
        self._words = 0
        for run, times in enumerate(loads.values()):
            span = slice(2 * run, 2 * run + 2)
            self._start[span], self._end[span] = np.array(times, np.uint64).T

    def add(self, inference: int, readings: tuple[int, ...]) -> None:
        """Keep the readings of one inference: start and end per event, in order."""
        method = self._plan[inference]
        self._waiting[method].append(readings)
        self._rows[method].append(len(self._loads) + inference)
        self._words += len(readings)
        if self._words > _WAITING:
            self._flush()

    def _flush(self) -> None:
        for method, waiting in self._waiting.items():
            if waiting:
                times = np.array(waiting, dtype=np.uint64)
                rows = self._first[self._rows[method]][:, None] + np.arange(times.shape[1] // 2)
                self._start[rows] = times[:, 0::2]
                self._end[rows] = times[:, 1::2]
                waiting.clear()
                self._rows[method].clear()
        self._words = 0

    def trace(self) -> Trace:
        """The finished trace."""
        self._flush()
        texts = _Texts()
        shapes: dict[bytes, int] = {}
        kept: list[EventShape] = []
        names, shape = [], []
        for block, events in self._blocks():
            names.append(texts.index(block))
            made = _shape([texts.index(event) for event in events], block)
            key = made.name.tobytes() + made.instruction.tobytes()
            if key not in shapes:
                shapes[key] = len(kept)
                kept.append(made)
            shape.append(shapes[key])
        number = {method: len(self._loads) + i for i, method in enumerate(self._loads)}
        order = list(range(len(self._loads))) + [number[method] for method in self._plan]
        return Trace(
            strings=texts.all(),
            shapes=tuple(kept),
            runs=RunColumns(
                name=np.array(names, np.int32)[order],
                bundled_input=np.full(len(order), -1, np.int32),
                shape=np.array(shape, np.int32)[order],
                first_event=self._first,
            ),
            times=Times(self._start, self._end),
        )

    def _blocks(self) -> Iterator[tuple[str, Sequence[str]]]:
        for _ in self._loads:
            yield "Default", LOAD_EVENTS
        for method in self._loads:
            yield "Execute", event_names(self._operators[method])


class _Texts:
    """Strings numbered by first appearance."""

    def __init__(self) -> None:
        self._index: dict[str, int] = {}

    def index(self, text: str) -> int:
        return self._index.setdefault(text, len(self._index))

    def all(self) -> tuple[str, ...]:
        return tuple(self._index)


def _shape(names: list[int], block: str) -> EventShape:
    """Profile events in order; framework events have chain -1 and instruction 0."""
    count = len(names)
    chain: Ints = np.zeros(count, np.int64)
    instruction: NDArray[np.int32] = np.arange(count, dtype=np.int32)
    framework = slice(0 if block == "Default" else count - 1, count)
    chain[framework] = -1
    instruction[framework] = 0
    return EventShape(
        kind=np.full(count, Kind.PROFILE, np.uint8),
        name=np.array(names, np.int32),
        chain=chain,
        instruction=instruction,
        delegate_id=np.full(count, -1, np.int32),
        delegate_name=np.full(count, -1, np.int32),
    )
