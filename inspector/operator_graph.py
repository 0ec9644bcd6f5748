"""A graph as nested dataclasses, for code that walks `Inspector.op_graph_dict`.

Constants among the arguments are no nodes here; `ProgramGraph` has everything else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from etscope.etdump.program_graph import NodeKind, ProgramGraph
from etscope.etdump.scalar_types import SCALAR_TYPES
from etscope.inspector.node_texts import NodeTexts


@dataclass
class Node:
    """An input, a call or the output of a graph."""

    name: str
    inputs: list[Any] | None = None
    output_shapes: list[list[int | str]] | None = None
    metadata: dict[str, Any] | None = None
    named_args: list[str] | None = None


@dataclass
class ValueNode(Node):
    """What is no call: an input of the program, or all that it gives back."""

    dtype: str = ""
    val: Any = None


@dataclass
class OperatorNode(Node):
    """A call of an operator, "aten.addmm.default"."""

    op: str | None = None


@dataclass
class OperatorGraph:
    """Nodes and further graphs under one name."""

    graph_name: str
    elements: list[Any]
    metadata: dict[str, Any] | None = field(default=None)


def operator_graph(graph: ProgramGraph, by_module: bool) -> OperatorGraph:
    """The graph as three: "inputs", "forward" and "outputs". Bodies of loops are not in it.

    Args:
        by_module: put the calls of each module into a graph of its own, at the end of "forward".
    """
    texts = NodeTexts(graph)
    nodes: dict[int, Node] = {}
    for node in np.flatnonzero(graph.nodes.scope < 0).tolist():
        nodes[node] = _node(graph, texts, nodes, node)
    calls = [node for node in nodes if graph.nodes.kind[node] == NodeKind.CALL]
    inputs = [nodes[node] for node in nodes if graph.nodes.kind[node] != NodeKind.CALL]
    return OperatorGraph(
        "base",
        [
            OperatorGraph("inputs", list(inputs)),
            OperatorGraph("forward", _grouped(graph, nodes, calls, by_module)),
            OperatorGraph("outputs", [_output(graph, nodes)]),
        ],
    )


def _node(graph: ProgramGraph, texts: NodeTexts, nodes: dict[int, Node], node: int) -> Node:
    name = texts.name(node)
    values = range(int(graph.nodes.values[node]), int(graph.nodes.values[node + 1]))
    shapes = [
        list(graph.shape_of(value)) for value in values if graph.values.scalar_type[value] >= 0
    ]
    metadata: dict[str, Any] = {}
    handles = graph.handles_of(node).tolist()
    if handles:
        metadata["debug_handle"] = handles[0] if len(handles) == 1 else handles
    if (trace := graph.stack_trace_of(node)) is not None:
        metadata["stack_trace"] = trace
    if graph.nodes.kind[node] == NodeKind.CALL:
        metadata["nn_module_stack"] = texts.hierarchies([node])[name]
        used = [nodes[other] for other in graph.inputs_of(node).tolist() if other in nodes]
        operator = next(iter(texts.op_types([node])), None)
        return OperatorNode(name, used, shapes or None, metadata, op=operator)
    kinds = (SCALAR_TYPES.get(int(graph.values.scalar_type[value])) for value in values)
    dtype = next((kind.name for kind in kinds if kind is not None), "")
    return ValueNode(name, None, shapes or None, metadata, dtype=dtype)


def _output(graph: ProgramGraph, nodes: dict[int, Node]) -> ValueNode:
    values = graph.results.value[graph.results.value >= 0]
    makers = graph.values.node[values].tolist()
    return ValueNode("output_", [nodes[node] for node in makers if node in nodes])


def _grouped(
    graph: ProgramGraph, nodes: dict[int, Node], calls: list[int], by_module: bool
) -> list[Node | OperatorGraph]:
    if not by_module:
        return [nodes[node] for node in calls]
    alone: list[Node | OperatorGraph] = []
    groups: dict[tuple[str, str], list[Node]] = {}
    for node in calls:
        modules = graph.modules_of(node)
        if modules:
            groups.setdefault((modules[-1].path, modules[-1].type), []).append(nodes[node])
        else:
            alone.append(nodes[node])
    modules_last = [
        OperatorGraph(path, list(members), {"module_type": kind})
        for (path, kind), members in groups.items()
    ]
    return [*alone, *modules_last]
