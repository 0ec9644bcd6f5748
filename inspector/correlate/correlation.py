"""The join of what a runtime emitted with what an export left, for every method.

The key: method, chain, instruction, delegate debug id → debug handle → graph
node → module → source line. A record that does not belong to the program is
named as such, and not joined.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from etscope.etdump.columns import Ints32
from etscope.etdump.errors import TraceError
from etscope.etdump.methods import Method
from etscope.etdump.program import Program
from etscope.etdump.program_graph import ProgramGraph
from etscope.etdump.record import Record
from etscope.inspector.correlate.belonging import Fit, delegate_fit, kernels_fit, structure_fit
from etscope.inspector.correlate.blobs import Blobs, blobs_of
from etscope.inspector.correlate.calls import nodes_by_handle
from etscope.inspector.correlate.how import How
from etscope.inspector.correlate.instructions import StepNodes, nodes_of_instructions
from etscope.inspector.correlate.joined import EventKey, JoinedMethod, keys_of_slots
from etscope.inspector.correlate.operations import nodes_of_operations
from etscope.inspector.correlate.origins import Origins
from etscope.inspector.correlate.sources import NodePlaces
from etscope.inspector.correlate.steps import Steps, steps_of_plan, steps_of_slots
from etscope.inspector.operators import OperatorRows
from etscope.inspector.signatures import Slot

_NO_RECORD = "there is no ETRecord"
#: The share of kernels that must find a node by order alone, for the order to be believed.
_ENOUGH = 0.5


class Correlation:
    """A record and a program, ready to explain events. Both may be missing.

    Args:
        why: what is said where there is no record.

    Attributes:
        notes: what was found not to belong together, or could not be read.
    """

    def __init__(
        self, record: Record | None, program: Program | None, why: str = _NO_RECORD
    ) -> None:
        self.record, self.program, self._why = record, program, why
        self._notes: list[str] = []
        self._joined: dict[str, JoinedMethod] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """As far as methods were joined."""
        return tuple(self._notes)

    def of_rows(self, method: str | None, slots: Sequence[Slot], rows: OperatorRows) -> Origins:
        """The origins of a tree of events.

        Args:
            method: the method that ran; None: not known.
            slots: of the block, which tell what ran where there is no program.
        """
        keys = [
            EventKey(chain, instruction, delegate)
            for chain, instruction, delegate in zip(
                rows.chain.tolist(), rows.instruction.tolist(), rows.delegate_id, strict=True
            )
        ]
        return self.method(method, slots).origins(keys)

    def of_slots(self, method: str | None, slots: Sequence[Slot]) -> Origins:
        """The origins of the rows of an event block."""
        return self.method(method, slots).origins(keys_of_slots(slots))

    def method(self, name: str | None, slots: Sequence[Slot] = ()) -> JoinedMethod:
        """One method joined with its graph, once where the program knows it."""
        plan = self._plan(name)
        if plan is None:
            return self._join(name, steps_of_slots(slots))
        if plan.name not in self._joined:
            self._joined[plan.name] = self._join(plan.name, steps_of_plan(plan))
        return self._joined[plan.name]

    def _plan(self, name: str | None) -> Method | None:
        methods = () if self.program is None else self.program.methods
        # A run of no known method did not run the only one that there is, either.
        return next((method for method in methods if method.name == name), None)

    def _join(self, name: str | None, steps: Steps) -> JoinedMethod:
        record = self.record
        if record is None:
            return self._without_graph(name, steps, self._why)
        try:
            called = record_method(record, self.program, name, steps)
            if called is None:
                only = self._with_exported(record, name, steps)
                why = self._unknown_method(record, name)
                return only or self._without_graph(name, steps, why)
            return self._with_record(record, name, called, steps)
        except TraceError as error:
            return self._without_graph(name, steps, f"the record is not used: {error}")

    def _unknown_method(self, record: Record, name: str | None) -> str:
        if not record.methods:
            return "the record has no graph with debug handles"
        there = ", ".join(record.methods)
        if name is None:
            return f"which method ran is not known, and the record has several: {there}"
        return f"the record has no method {name}, but {there}"

    def _with_record(
        self, record: Record, name: str | None, called: str, steps: Steps
    ) -> JoinedMethod:
        in_maps = _name_in_maps(record, called, name)
        handles = _handles(record, in_maps, steps)
        structure = structure_fit(steps, record, in_maps)
        candidates = [record.edge_program(called)]
        # Where passes ran after the record was made, it may also have what they made of the graph.
        if (after := f"edge_after_transform/{called}") in record.extras:
            candidates.append(record.extra(after))
        joined = [(graph, nodes_of_instructions(steps, handles, graph)) for graph in candidates]
        blobs = blobs_of(self.program, steps)
        fits = [structure.plus(_fit(steps, nodes, graph, blobs)) for graph, nodes in joined]
        best = max(range(len(fits)), key=lambda row: (fits[row].agree - fits[row].differ, -row))
        (graph, nodes), fit = joined[best], fits[best]
        title = name or called
        if not fit.belongs:
            why = f"the record does not belong to what ran: {fit.sentence(title)}"
            return self._without_graph(name, steps, why)
        if text := fit.sentence(title):
            self._note(f"the record may not be that of this program: {text}")
        before = _before(record, called) if best == 0 else (None, None)
        places = NodePlaces(graph, *before)
        return JoinedMethod(
            steps=steps,
            graph=graph,
            places=places,
            nodes=nodes,
            delegates=record.delegates,
            blobs=blobs,
            inside=nodes_of_operations(nodes, blobs.operations, graph, places),
            record_name=in_maps,
            why="",
        )

    def _with_exported(self, record: Record, name: str | None, steps: Steps) -> JoinedMethod | None:
        """Join with the program before lowering, where that is all that the record has.

        It has no debug handles: instructions are paired by operator, shape and order.
        """
        graph = None if record.methods else record.exported_program
        if graph is None or (self.program is not None and len(self.program.methods) > 1):
            return None
        nodes = nodes_of_instructions(steps, [()] * len(steps), graph)
        own = nodes.how == How.ORDER
        kernels = sum(kind == "operator" for kind in steps.kind)
        if own.sum() < _ENOUGH * kernels:
            return None
        self._note(
            "the record has only the program before lowering: instructions are mapped by "
            "operator and order, not by debug handle"
        )
        places, blobs = NodePlaces(graph, None, None), blobs_of(self.program, steps)
        return JoinedMethod(steps, graph, places, nodes, None, blobs, {}, "", "")

    def _without_graph(self, name: str | None, steps: Steps, why: str) -> JoinedMethod:
        if why != _NO_RECORD:
            self._note(why)
        blobs = blobs_of(self.program, steps)
        return JoinedMethod(steps, None, None, None, None, blobs, {}, name or "", why)

    def _note(self, text: str) -> None:
        if text not in self._notes:
            self._notes.append(text)


def _fit(steps: Steps, nodes: StepNodes, graph: ProgramGraph, blobs: Blobs) -> Fit:
    fit = kernels_fit(steps, nodes, graph)
    nodes_with = nodes_by_handle(graph) if blobs.operations else {}
    for row, operations in blobs.operations.items():
        if mine := nodes.handles[row]:
            number = int(steps.number[row])
            fit = fit.plus(delegate_fit(operations, mine, number, graph, nodes_with))
    return fit


def _name_in_maps(record: Record, called: str, name: str | None) -> str:
    """What the record's maps call a method.

    A record calls the graph of an only method "forward", its maps by its own name.
    """
    known = record.debug_handles.methods
    if called in known or not known:
        return called
    return name if name in known else known[0] if len(known) == 1 else called


def _handles(record: Record, called: str, steps: Steps) -> list[tuple[int, ...]]:
    """The debug handles of each instruction. Only the first chain has any."""
    table = record.debug_handles
    known = {
        int(table.instruction[row]): tuple(
            table.handle[table.edges[row] : table.edges[row + 1]].tolist()
        )
        for row in table.rows_of(called).tolist()
    }
    pairs = zip(steps.chain.tolist(), steps.number.tolist(), strict=True)
    return [known.get(number, ()) if chain == 0 else () for chain, number in pairs]


def _before(record: Record, called: str) -> tuple[ProgramGraph | None, Ints32 | None]:
    """The program before lowering, and its node for each node of the edge program."""
    try:
        exported = record.exported_graph(called)
        return exported, None if exported is None else record.exported_nodes(called)
    except TraceError:
        return None, None


def record_method(
    record: Record, program: Program | None, name: str | None, steps: Steps
) -> str | None:
    """What the record calls a method; None: it has none that could be it.

    A record of one method calls it "forward", whatever its name. Where it is
    not known which method ran, the one whose operators fit, if only one does.
    """
    if name is not None and name in record.methods:
        return name
    if len(record.methods) == 1 and (program is None or len(program.methods) == 1):
        return record.methods[0]
    if name is not None or not record.methods:
        return None
    fits = []
    for method in record.methods:
        graph = record.edge_program(method)
        nodes = nodes_of_instructions(steps, _handles(record, method, steps), graph)
        fit = structure_fit(steps, record, method).plus(kernels_fit(steps, nodes, graph))
        numbers = record.debug_handles.instruction[record.debug_handles.rows_of(method)]
        missed = len(np.setdiff1d(numbers, steps.number))
        fits.append((fit.belongs and fit.agree > 0, fit.agree - fit.differ, -missed))
    best = max(fits)
    return record.methods[fits.index(best)] if best[0] and fits.count(best) == 1 else None
