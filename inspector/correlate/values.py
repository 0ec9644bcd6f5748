"""Choose between nodes of one handle, operator and shape by what they read.

The program says which instruction made a value, the graph which node: of alike
nodes an instruction is the one that reads from what its makers are.
"""

from __future__ import annotations

from etscope.etdump.program_graph import ProgramGraph
from etscope.inspector.correlate.pairing import shape_of_node
from etscope.inspector.correlate.steps import Steps

#: How many nodes without an instruction may lie between a node and what it reads from.
_HOPS = 4
#: Alike nodes that are held against each other.
_TRIED = 64


def follow_values(
    steps: Steps,
    nodes: list[tuple[int, ...]],
    handles: list[tuple[int, ...]],
    graph: ProgramGraph,
    nodes_with: dict[int, list[int]],
) -> None:
    """Exchange nodes of instructions for alike ones that read what the instructions read.

    Only nodes that no instruction has are taken: the order between instructions stands.

    Args:
        nodes: per instruction, changed in place.
        nodes_with: the nodes that carry each debug handle.
    """
    if steps.plan is None:
        return
    taken = {node for some in nodes for node in some}
    makers = makers_of(steps)
    groups, inside = _alike(graph, nodes_with), _inside_delegates(steps, handles, nodes_with)
    for row, some in enumerate(nodes):
        if len(some) != 1 or steps.kind[row] != "operator":
            continue
        kind = int(graph.nodes.op[some[0]]), shape_of_node(graph, some[0])
        group = [node for h in handles[row][:1] for node in groups.get((h, *kind), ())]
        alike = [node for node in group[:_TRIED] if node == some[0] or node not in taken]
        if len(alike) < 2 or some[0] not in alike:
            continue
        sources = [inside.get(maker, frozenset(nodes[maker])) for maker in makers[row]]
        worth = {node: _agreement(node, sources, graph, taken) for node in alike}
        best = max(alike, key=lambda node: (worth[node], node == some[0]))
        if worth[best] <= worth[some[0]]:
            continue
        taken.discard(some[0])
        taken.add(best)
        nodes[row] = (best,)


def makers_of(steps: Steps) -> list[set[int]]:
    """Per instruction the instructions whose values it takes; the steps have a plan."""
    plan = steps.plan
    assert plan is not None
    given = set(plan.inputs.tolist())
    tensors = plan.values.tensors
    given.update(tensors.value[tensors.buffer > 0].tolist())
    writer: dict[int, int] = {}
    makers = []
    for row in range(len(steps)):
        arguments = plan.instructions.arguments_of(row).tolist()
        makers.append({writer[value] for value in arguments if value in writer})
        if steps.kind[row] == "delegate":
            # Its inputs come first and its outputs last; the program does not say where they part.
            arguments = [v for v in arguments if v not in writer and v not in given]
        else:
            arguments = arguments[-2:]
        writer.update((value, row) for value in arguments)
    return makers


def _alike(
    graph: ProgramGraph, nodes_with: dict[int, list[int]]
) -> dict[tuple[int, int, tuple[int, ...] | None], list[int]]:
    """The nodes of each handle, operator and shape, in the order of the graph."""
    found: dict[tuple[int, int, tuple[int, ...] | None], list[int]] = {}
    for handle, nodes in nodes_with.items():
        for node in nodes:
            key = handle, int(graph.nodes.op[node]), shape_of_node(graph, node)
            found.setdefault(key, []).append(node)
    return found


def _inside_delegates(
    steps: Steps, handles: list[tuple[int, ...]], nodes_with: dict[int, list[int]]
) -> dict[int, frozenset[int]]:
    """Per delegate call the nodes of its handles."""
    return {
        row: frozenset(node for handle in mine for node in nodes_with.get(handle, ()))
        for row, mine in enumerate(handles)
        if steps.kind[row] == "delegate"
    }


def _agreement(
    node: int, sources: list[frozenset[int]], graph: ProgramGraph, taken: set[int]
) -> int:
    """How many of the nodes that a node reads from are among the sources."""
    count = 0
    for start in graph.inputs_of(node).tolist():
        at = start
        for _ in range(_HOPS):
            if any(at in source for source in sources):
                count += 1
                break
            above = graph.inputs_of(at).tolist()
            if at in taken or len(above) != 1:
                break
            at = above[0]
    return count
