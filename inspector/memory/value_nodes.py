"""Which node of the graph gives a planned value that no single instruction is the maker of.

Inputs and buffers are there before the first instruction; views of static shape
are dropped by the exporter; a delegate gives several values with one call.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

from etscope.etdump.instructions import InstructionKind
from etscope.etdump.program_graph import NodeKind, ProgramGraph, ResultKind
from etscope.inspector.backends.operations import Confidence
from etscope.inspector.correlate.joined import JoinedMethod
from etscope.inspector.correlate.operators import parts_of
from etscope.inspector.memory.plan import MemoryPlan

#: Operators that the exporter may turn into another shape of the same bytes.
_VIEWS = frozenset(
    name + suffix
    for name in ("view", "squeeze", "unsqueeze", "_unsafe_view", "reshape", "alias", "detach")
    for suffix in ("", "_copy")
)
#: How many views may stand in a row, and how many users of a node are looked at.
_HOPS = 8
_TRIED = 64


class Given(NamedTuple):
    """A node that gives a value, and how sure that is."""

    node: int
    confidence: Confidence
    reason: str  # why it is not surer; "" where nothing is to say


class ValueNodes:
    """The nodes of one method's values, each found when it is asked for.

    Args:
        joined: has a graph, and the plan's own instructions as its steps.
    """

    def __init__(self, plan: MemoryPlan, joined: JoinedMethod, graph: ProgramGraph) -> None:
        self._plan, self._joined, self._graph = plan, joined, graph
        self._specs = plan.method.values.tensors
        self._known: dict[int, frozenset[int]] = {}

    def placeholder(self, row: int) -> Given | None:
        """The input of the graph that a row is: the caller's, or a buffer."""
        if self._plan.is_input[row]:
            return self._inputs.get(int(self._plan.value[row]))
        name = self._specs.name_of(int(self._plan.tensor[row]))
        if name in self._buffers:
            return Given(self._buffers[name], Confidence.EXACT, "")
        return self._buffer_of_reader(row)

    def dropped_view(self, row: int, base: int) -> Given | None:
        """The view that a row without an instruction of its own is.

        Args:
            base: the node that gives what it shows.
        """
        shape, found = self._shape(row), [base]
        for _ in range(_HOPS):
            users = dict.fromkeys(user for node in found for user in self._users(node))
            found = [user for user in users if self._is_view(user)][:_TRIED]
            fits = [node for node in found if self._gives(node, shape)]
            if fits:
                fed = [node for node in fits if self._readers_of(row) & {*self._users(node)}]
                alone = len(fed or fits) == 1
                why = "" if alone else f"one of {len(fed or fits)} views of it with this shape"
                sure = Confidence.EXACT if fed and alone else Confidence.ALIGNED
                return Given((fed or fits)[0], sure if alone else Confidence.GUESSED, why)
        return None

    def delegate_output(self, row: int, step: int) -> Given | None:
        """The node inside the delegate that an instruction calls whose value a row is."""
        shape = self._shape(row)
        nodes = self._operation_nodes(row, step)
        if nodes is not None:
            last = [node for node in sorted(nodes.nodes) if self._gives(node, shape)]
            leaving = [node for node in last if self._leaves(node, step)]
            node = (leaving or last or [*nodes.nodes[:1]])[-1:]
            if node:
                return nodes.found(node[0])
        mine = self._of_step(step)
        leaving = [node for node in mine if self._leaves(node, step) and self._gives(node, shape)]
        if len(leaving) == 1:
            return Given(leaving[0], Confidence.ALIGNED, "the only such value that leaves it")
        return None

    def _shape(self, row: int) -> tuple[int, ...]:
        return self._specs.shape_of(int(self._plan.tensor[row]))

    @cached_property
    def _inputs(self) -> dict[int, Given]:
        """Value → the input of the graph: both lists are in the order of the caller's."""
        kinds = self._graph.nodes.kind.tolist()
        values = self._plan.method.inputs.tolist()
        for wanted in ((NodeKind.USER_INPUT,), (NodeKind.USER_INPUT, NodeKind.CONSTANT)):
            nodes = [node for node, kind in enumerate(kinds) if kind in wanted]
            if len(nodes) == len(values):
                return {
                    value: Given(node, Confidence.EXACT, "")
                    for value, node in zip(values, nodes, strict=True)
                }
        return {}

    @cached_property
    def _buffers(self) -> dict[str | None, int]:
        """The fully qualified name of each buffer → its node."""
        nodes = self._graph.nodes
        return {
            self._graph.text(int(nodes.attribute[node])): node
            for node, kind in enumerate(nodes.kind.tolist())
            if kind == NodeKind.BUFFER and nodes.attribute[node] >= 0
        }

    @cached_property
    def _mutated(self) -> dict[int, str | None]:
        """Node → the buffer that its value is written to at the end."""
        results = self._graph.results
        out = {}
        for row, kind in enumerate(results.kind.tolist()):
            if kind == ResultKind.BUFFER_MUTATION and results.value[row] >= 0:
                node = int(self._graph.values.node[results.value[row]])
                out[node] = self._graph.text(int(results.attribute[row]))
        return out

    def _buffer_of_reader(self, row: int) -> Given | None:
        """A buffer without a name: what writes it back, or what reads it, tells which it is."""
        producer, shape = int(self._plan.producer[row]), self._shape(row)
        for node in self._nodes_of(producer):
            name = self._mutated.get(node)
            if name in self._buffers and self._gives(self._buffers[name], shape):
                return Given(self._buffers[name], Confidence.EXACT, "")
        kinds = self._graph.nodes.kind
        for reader in sorted(self._readers_of(row)):
            inputs = {int(node) for node in self._graph.inputs_of(reader)}
            fits = [n for n in inputs if kinds[n] == NodeKind.BUFFER and self._gives(n, shape)]
            if len(fits) == 1:
                return Given(fits[0], Confidence.ALIGNED, "the only such buffer that is read there")
        return None

    @cached_property
    def _first_readers(self) -> dict[int, int]:
        """Tensor → the first instruction that reads it."""
        touches, out = self._plan.touches, dict[int, int]()
        pairs = zip(touches.tensor[touches.reads], touches.row[touches.reads], strict=True)
        for tensor, row in pairs:
            out.setdefault(int(tensor), int(row))
        return out

    def _readers_of(self, row: int) -> set[int]:
        """The nodes of the first instruction that reads a row."""
        return {*self._nodes_of(self._first_readers.get(int(self._plan.tensor[row]), -1))}

    def _nodes_of(self, step: int) -> tuple[int, ...]:
        nodes = self._joined.nodes
        return () if nodes is None or step < 0 else nodes.nodes[step]

    def _of_step(self, step: int) -> tuple[int, ...]:
        kind = self._plan.method.instructions.kind[step]
        return self._nodes_of(step) if kind == InstructionKind.DELEGATE_CALL else ()

    def _users(self, node: int) -> list[int]:
        places = self._joined.places
        return [] if places is None else places.users_of(node)[:_TRIED]

    def _is_view(self, node: int) -> bool:
        return parts_of(self._graph.text(int(self._graph.nodes.op[node])) or "")[1] in _VIEWS

    def _gives(self, node: int, shape: tuple[int, ...]) -> bool:
        """Whether a node gives a value of a shape; sizes that the graph does not know fit."""
        graph = self._graph
        for value in range(int(graph.nodes.values[node]), int(graph.nodes.values[node + 1])):
            span = slice(int(graph.values.dims[value]), int(graph.values.dims[value + 1]))
            sizes = graph.values.sizes[span].tolist()
            free = (graph.values.expression[span] >= 0).tolist()
            if len(sizes) == len(shape) and all(
                size in (-1, given) or open_
                for size, given, open_ in zip(sizes, shape, free, strict=True)
            ):
                return True
        return False

    def _leaves(self, node: int, step: int) -> bool:
        """Whether something outside of the delegate takes a value of a node."""
        inside = self._inside(step)
        return node in self._results or any(user not in inside for user in self._users(node))

    def _inside(self, step: int) -> frozenset[int]:
        if step not in self._known:
            self._known[step] = frozenset(self._nodes_of(step))
        return self._known[step]

    @cached_property
    def _results(self) -> frozenset[int]:
        values = self._graph.results.value
        return frozenset(self._graph.values.node[values[values >= 0]].tolist())

    def _operation_nodes(self, row: int, step: int) -> _Operation | None:
        """What the delegate's own bytes say of the operation whose result a row is."""
        operations = self._joined.blobs.operations.get(step)
        inside = self._joined.inside.get(step)
        if operations is None or inside is None:
            return None
        count = len(operations.delegate_outputs)
        last = self._plan.method.instructions.arguments_of(step)[-count:].tolist() if count else []
        value = int(self._plan.value[row])
        if len(last) != count or value not in last:
            return None
        wanted = operations.delegate_outputs[last.index(value)]
        found = (operations.output == wanted).nonzero()[0]
        if not len(found):
            return None
        number = int(operations.outputs.searchsorted(found[-1], side="right")) - 1
        return _Operation(inside.nodes[number], inside.confidence[number], inside.reason[number])


class _Operation(NamedTuple):
    """The nodes of an operation of a delegate, and how sure they are."""

    nodes: tuple[int, ...]
    confidence: Confidence
    reason: str

    def found(self, node: int) -> Given:
        return Given(node, self.confidence, self.reason)
