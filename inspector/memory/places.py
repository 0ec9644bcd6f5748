"""Where each planned value comes from in the user's model: node, operator, module and line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints
from etscope.etdump.instructions import InstructionKind
from etscope.inspector.backends.operations import Confidence
from etscope.inspector.correlate.joined import EventKey, JoinedMethod
from etscope.inspector.correlate.origins import Origins
from etscope.inspector.correlate.sources import users_frame
from etscope.inspector.memory.plan import MemoryPlan, Role
from etscope.inspector.memory.value_nodes import Given, ValueNodes

_GIVEN = (Role.INPUT, Role.BUFFER, Role.STATE)


class PlaceCoverage(NamedTuple):
    """How much of a plan has a place. Bytes of views are those of what they show."""

    rows: int
    placed_rows: int
    size_bytes: int
    placed_bytes: int


class ValuePlace(NamedTuple):
    """Where one value comes from; None: not known."""

    node: str | None = None  # of the graph; None also: a whole delegate
    op: str | None = None  # "aten.addmm.default"; of an input and a buffer None
    module: str | None = None  # path of the innermost module, "" is the root
    source: str | None = None  # the user's line, "file:line"
    attribute: str | None = None  # the buffer that it is, "layers.0.cache"
    confidence: Confidence = Confidence.NONE
    reason: str = ""  # why there is nothing, or nothing surer


@dataclass(frozen=True, eq=False)
class Places:
    """One entry per row of a plan, in its order. None: not known; `reason` says why."""

    node: tuple[str | None, ...]
    op: tuple[str | None, ...]
    module: tuple[str | None, ...]
    source: tuple[str | None, ...]
    attribute: tuple[str | None, ...]
    confidence: NDArray[np.uint8]  # Confidence
    reason: tuple[str, ...]
    size_bytes: Ints  # of values that show their own bytes, else 0

    def __len__(self) -> int:
        return len(self.node)

    @property
    def placed(self) -> NDArray[np.bool_]:
        """Per row whether anything of the graph or the source is known."""
        return self.confidence > Confidence.NONE

    @property
    def coverage(self) -> PlaceCoverage:
        """Rows and bytes that have a place, of all."""
        placed = self.placed
        return PlaceCoverage(
            rows=len(self),
            placed_rows=int(placed.sum()),
            size_bytes=int(self.size_bytes.sum()),
            placed_bytes=int(self.size_bytes[placed].sum()),
        )


def places_of(plan: MemoryPlan, joined: JoinedMethod | None) -> Places:
    """Where the values of a method come from.

    A value is placed where its producer is; a view of static shape, which has
    none, where the graph has that view, else where what it shows is. Inputs and
    buffers are the placeholders of the graph: they have no line.

    Args:
        joined: the method with its graph (Correlation(record, program).method(name));
            None: only the stack traces in the program are looked at.
    """
    usable = joined is not None and joined.steps.plan is plan.method
    finder = _Finder(plan, joined if usable else None)
    found = [finder.place(row) for row in range(len(plan))]
    own = plan.shows == np.arange(len(plan))
    return Places(
        node=tuple(place.node for place in found),
        op=tuple(place.op for place in found),
        module=tuple(place.module for place in found),
        source=tuple(place.source for place in found),
        attribute=tuple(place.attribute for place in found),
        confidence=np.array([place.confidence for place in found], np.uint8),
        reason=tuple(place.reason for place in found),
        size_bytes=np.where(own, plan.size_bytes, 0),
    )


class _Finder:
    """The places of one plan, row by row."""

    def __init__(self, plan: MemoryPlan, joined: JoinedMethod | None) -> None:
        self._plan, self._joined = plan, joined
        self._maker: list[int] = _makers(plan).tolist()
        self._shows: list[int] = plan.shows.tolist()
        self._kind: list[int] = plan.method.instructions.kind.tolist()
        given = np.isin(plan.role, _GIVEN) | plan.is_input
        self._is_given: list[bool] = given.tolist()
        graph = None if joined is None else joined.graph
        self._nodes = None
        if joined is not None and graph is not None:
            self._nodes = ValueNodes(plan, joined, graph)
        self._origins: Origins | None = None
        self._entry: dict[int, int] = {}  # instruction → row of the origins
        if joined is not None:
            steps = sorted({step for step in self._maker if step >= 0})
            table = plan.method.instructions
            keys = [EventKey(int(table.chain[s]), int(table.instruction[s]), None) for s in steps]
            self._origins = joined.origins(keys)
            self._entry = {step: number for number, step in enumerate(steps)}

    def place(self, row: int) -> ValuePlace:
        """Where one row comes from."""
        if self._is_given[row]:
            return self._given(row)
        if self._maker[row] >= 0:
            return self._made(row, self._maker[row])
        if self._shows[row] != row:
            return self._shown(row, self._shows[row])
        return ValuePlace(reason="no instruction makes it")

    def _made(self, row: int, step: int) -> ValuePlace:
        if self._nodes is not None and self._kind[step] == InstructionKind.DELEGATE_CALL:
            inside = self._nodes.delegate_output(row, step)
            if inside is not None:
                return self._at(inside)
        if self._origins is None:
            return self._from_stack(step)
        at = self._entry[step]
        origin = self._origins[at]
        return ValuePlace(
            node=self._origins.node_name(at),
            op=self._origins.op(at),
            module=self._origins.module(at),
            source=self._origins.source(at),
            confidence=Confidence(origin.confidence),
            reason=origin.reason,
        )

    def _from_stack(self, step: int) -> ValuePlace:
        """The stack trace that the program itself carries for an instruction."""
        stacks = self._plan.method.stacks
        frame = None if stacks is None else users_frame(stacks.frames_of(step))
        if frame is None:
            return ValuePlace(reason="there is no ETRecord, and the program keeps no line of it")
        source = f"{frame.file}:{frame.line}"
        return ValuePlace(source=source, confidence=Confidence.EXACT)

    def _given(self, row: int) -> ValuePlace:
        """An input or a buffer: its node has no operator and no line."""
        name = self._plan.method.values.tensors.name_of(int(self._plan.tensor[row]))
        node = None if self._nodes is None else self._nodes.placeholder(row)
        if node is not None:
            return self._at(node)
        if name is not None:
            owner = name.rpartition(".")[0]
            return ValuePlace(module=owner, attribute=name, confidence=Confidence.EXACT)
        return ValuePlace(reason="the program gives it no name" + self._without_graph())

    def _shown(self, row: int, base: int) -> ValuePlace:
        """A view without an instruction: its own node, else the place of what it shows."""
        base_node = self._node_of(base)
        if self._nodes is not None and base_node >= 0:
            view = self._nodes.dropped_view(row, base_node)
            if view is not None:
                return self._at(view)
        value, shown = int(self._plan.value[base]), self.place(base)
        if shown.confidence == Confidence.NONE:
            return shown
        sure = min(shown.confidence, Confidence.ALIGNED)
        return shown._replace(confidence=sure, reason=f"a view: the place of value {value}")

    def _node_of(self, row: int) -> int:
        """The node that gives a row's value; -1: not known."""
        if self._nodes is None:
            return -1
        name = self.place(row).node
        joined = self._joined
        graph = None if joined is None else joined.graph
        return -1 if graph is None or name is None else graph.node_of_name[name]

    def _at(self, given: Given) -> ValuePlace:
        assert self._joined is not None
        graph, places = self._joined.graph, self._joined.places
        assert graph is not None
        assert places is not None
        name, op, attribute = (
            graph.text(int(column[given.node]))
            for column in (graph.nodes.name, graph.nodes.op, graph.nodes.attribute)
        )
        if op is None:
            module = (attribute or "").rpartition(".")[0]
            return ValuePlace(name, None, module, None, attribute, given.confidence, given.reason)
        place = places[given.node]
        source = None if place.source is None else f"{place.source.file}:{place.source.line}"
        return ValuePlace(name, op, place.module, source, None, given.confidence, given.reason)

    def _without_graph(self) -> str:
        if self._joined is None or self._joined.graph is None:
            return ", and there is no ETRecord of it"
        return ", and the graph none that fits"


def _makers(plan: MemoryPlan) -> Ints:
    """Per row the instruction that makes the value, or says which shape it has; -1: none."""
    touches, tensors = plan.touches, plan.method.values.tensors
    first = np.full(len(tensors), plan.instructions, np.int64)
    np.minimum.at(first, touches.tensor, touches.row)
    views = np.full(len(tensors), -1, np.int64)
    views[touches.views[:, 0]] = first[touches.views[:, 0]]
    return np.where(plan.producer >= 0, plan.producer, views[plan.tensor])
