"""What the operations inside of a delegate compute and move, from the nodes that they are.

A backend runs several nodes as one operation: what they hand to each other then
stays inside. Around it, a tensor that was dequantized counts as it is stored.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from etscope.etdump.program_graph import NodeKind, ProgramGraph
from etscope.inspector.categories import category_of
from etscope.inspector.correlate.operators import parts_of
from etscope.inspector.roofline.flops import Work, flops_of
from etscope.inspector.roofline.moved_bytes import Moved, bytes_of, moved_by
from etscope.inspector.roofline.operands import Call, Operand
from etscope.inspector.roofline.quantization import DEQUANTIZE, QUANTIZE

_HEAVY = ("convolution", "matmul")
#: What a backend folds into the weights of the convolution or matrix product before it.
_FOLDED = frozenset({"_native_batch_norm_legit_no_training", "batch_norm"})


class GroupWork(NamedTuple):
    """What the nodes of one operation do together, once."""

    work: Work
    moved: Moved
    from_example: bool  # some shape is symbolic: sizes are those of the example inputs


class GraphCalls:
    """The nodes of one graph as calls.

    Args:
        apart: nodes that a backend runs as operations of their own: what they
            dequantize is stored as what they make of it.
    """

    def __init__(self, graph: ProgramGraph, apart: Collection[int] = ()) -> None:
        self.graph, self._apart = graph, apart
        nodes, values = graph.nodes, graph.values
        self._inputs: list[int] = nodes.inputs.tolist()
        self._input: list[int] = graph.input_value.tolist()
        self._values, self._maker = nodes.values.tolist(), values.node.tolist()
        self._ops = [graph.text(op) or "" for op in nodes.op.tolist()]
        self._names = [parts_of(op)[1] for op in self._ops]
        self._calls = (nodes.kind == NodeKind.CALL).tolist()
        self._dims, self._sizes = values.dims.tolist(), values.sizes.tolist()
        self._types = values.scalar_type.tolist()
        self._symbolic = (values.expression >= 0).tolist()
        self._readers = self._who_reads()
        self._results = set(graph.results.value.tolist())

    def _who_reads(self) -> list[list[int]]:
        out: list[list[int]] = [[] for _ in self._maker]
        for node in range(len(self._ops)):
            for value in self._given(node):
                out[value].append(node)
        return out

    def call(self, node: int, transposed: bool | None = None) -> Call:
        """One node as a call, its tensors as the graph has them."""
        return Call(
            self._ops[node],
            self._operands(self._given(node)),
            self._operands(self._made(node)),
            transposed=transposed,
        )

    def group(
        self, nodes: Sequence[int], *, fused: bool, transposed: bool | None = None
    ) -> GroupWork:
        """What nodes do that run as one operation, or in one call.

        Args:
            nodes: what the operation is named after first.
            fused: whether a backend runs them: it quantizes and folds where it can.
        """
        mine = [node for node in dict.fromkeys(nodes) if self._calls[node]]
        counted = self._counted(mine) if fused else mine
        works = [flops_of(self.call(node, transposed)) for node in counted]
        integer = fused and bool(counted) and self._on_integers(counted[0])
        return GroupWork(
            _together(works, integer),
            self._moved(mine, counted, fused),
            self._sized_by_example(mine),
        )

    def copied(self, node: int, *, before: bool) -> Moved:
        """The bytes of a copy of what a node is given first, or of what it gives first."""
        values = self._given(node) if before else list(self._made(node))
        if not values:
            return Moved(None, None)
        size = bytes_of(self._operands([self._stored(values[0])]))
        return Moved(size, size)

    def _given(self, node: int) -> list[int]:
        return self._input[self._inputs[node] : self._inputs[node + 1]]

    def _made(self, node: int) -> range:
        return range(self._values[node], self._values[node + 1])

    def _operands(self, values: Iterable[int]) -> tuple[Operand, ...]:
        """Those of the values that are tensors. Symbolic numbers are of no type."""
        symbol = self.graph.values.symbol
        return tuple(
            Operand(self._shape(value), self._types[value], value)
            for value in values
            if self._types[value] >= 0 or symbol[value] < 0
        )

    def _shape(self, value: int) -> tuple[int, ...]:
        return tuple(self._sizes[self._dims[value] : self._dims[value + 1]])

    def _counted(self, nodes: list[int]) -> list[int]:
        """The nodes whose arithmetic a backend does.

        It quantizes only where it does nothing else; between operations, and in
        front of them, it goes on with the quantized numbers.
        """
        rest = [node for node in nodes if self._names[node] not in QUANTIZE | DEQUANTIZE]
        if not rest:
            return nodes[:1]
        if any(category_of(self._ops[node]) in _HEAVY for node in rest):
            rest = [node for node in rest if self._names[node] not in _FOLDED]
        return rest

    def _on_integers(self, node: int) -> bool:
        """Whether what a node works on was dequantized right before it."""
        given = self._given(node)
        return bool(given) and self._stored(given[0]) != given[0]

    def _stored(self, value: int) -> int:
        """The value itself, or what it was dequantized from."""
        maker = self._maker[value]
        if self._names[maker] in DEQUANTIZE and maker not in self._apart:
            given = self._given(maker)
            return given[0] if given else value
        return value

    def _moved(self, nodes: list[int], counted: list[int], fused: bool) -> Moved:
        if not fused and len(nodes) == 1:
            return moved_by(self.call(nodes[0]))
        inside = set(nodes)
        taken = [self._stored(v) for node in counted for v in self._given(node)]
        given = [v for v in dict.fromkeys(taken) if self._maker[v] not in inside]
        made = [v for node in nodes for v in self._made(node) if self._leaves(v, inside)]
        kept = dict.fromkeys(self._stored(v) for v in made)
        if len(counted) == 1:
            # What picks from a tensor reads not all of it.
            name = self._ops[counted[0]]
            return moved_by(Call(name, self._operands(given), self._operands(kept)))
        return Moved(bytes_of(self._operands(given)), bytes_of(self._operands(kept)))

    def _leaves(self, value: int, inside: set[int]) -> bool:
        return value in self._results or any(r not in inside for r in self._readers[value])

    def _sized_by_example(self, nodes: list[int]) -> bool:
        values = [v for node in nodes for v in (*self._given(node), *self._made(node))]
        return any(any(self._symbolic[self._dims[v] : self._dims[v + 1]]) for v in values)


def _together(works: list[Work], integer: bool) -> Work:
    unknown = next((work for work in works if work.operations is None), None)
    if unknown is not None:
        return unknown
    if not works:
        return Work(None, reason="no node is known that it runs")
    total = sum(work.operations or 0 for work in works)
    on_integers = integer or all(work.integer for work in works)
    return Work(total, integer=on_integers and total > 0)
