"""Which nodes each operation of each delegate is.

Several delegates may share a debug handle (the steps of an LSTM came from one
line), so operations are paired over all of them at once: within a handle, the
k-th operation of a kind is the k-th node that ends as this kind. A node that
no operation is was folded into the operation that it feeds or follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from etscope.etdump.program_graph import ProgramGraph
from etscope.inspector.backends.operations import Confidence, Operations
from etscope.inspector.categories import category_of
from etscope.inspector.correlate.calls import nodes_by_handle
from etscope.inspector.correlate.folding import nearest_owner
from etscope.inspector.correlate.instructions import StepNodes
from etscope.inspector.correlate.operators import parts_of
from etscope.inspector.correlate.sources import NodePlaces

#: An operation: the instruction that calls its delegate, and its row there.
_Place = tuple[int, int]


@dataclass(eq=False)
class OperationNodes:
    """One row per operation of one delegate."""

    nodes: list[tuple[int, ...]]  # what it is first, then what was folded into it
    confidence: list[Confidence]
    reason: list[str]  # why it is not surer; "" where nothing is to say


def nodes_of_operations(
    found: StepNodes,
    operations: dict[int, Operations],
    graph: ProgramGraph,
    places: NodePlaces,
) -> dict[int, OperationNodes]:
    """The nodes of every operation of these delegates, by instruction.

    Args:
        found: the nodes of the instructions; those of the delegates here are made exact.
        operations: what each delegate runs, by row of the instructions.
    """
    out = {
        step: OperationNodes(
            [()] * len(held), [Confidence.NONE] * len(held), ["it has no debug handle"] * len(held)
        )
        for step, held in operations.items()
    }
    kernels = {
        node for step, nodes in enumerate(found.nodes) if step not in operations for node in nodes
    }
    with_handle = nodes_by_handle(graph)
    owner: dict[int, _Place] = {}
    for handle, members in _by_handle(operations).items():
        nodes = [node for node in with_handle.get(handle, ()) if node not in kernels]
        for place, node, sure, why in _paired(members, nodes, operations, graph):
            row = out[place[0]]
            row.nodes[place[1]], row.confidence[place[1]] = (node,), sure
            row.reason[place[1]] = why
            owner.setdefault(node, place)
    _name_inserted(operations, with_handle, out)
    _fold(found, operations, graph, places, owner, out)
    return out


def _by_handle(operations: dict[int, Operations]) -> dict[int, list[_Place]]:
    """Operations that the exporter did not insert, by handle, in the order in which they run."""
    groups: dict[int, list[_Place]] = {}
    for step in sorted(operations):
        held = operations[step]
        rows = zip(held.handle.tolist(), held.inserted.tolist(), strict=True)
        for row, (handle, inserted) in enumerate(rows):
            if handle >= 0 and not inserted:
                groups.setdefault(handle, []).append((step, row))
    return groups


def _paired(
    members: list[_Place],
    nodes: list[int],
    operations: dict[int, Operations],
    graph: ProgramGraph,
) -> Iterator[tuple[_Place, int, Confidence, str]]:
    """The operations of one handle with their nodes."""
    free = dict.fromkeys(nodes)
    rest = []
    for kind, group in _by_kind(members, operations).items():
        fits = [node for node in free if _name(graph, node) in kind]
        if len(fits) < len(group):
            rest += group
            continue
        # Partitioning may move alike ones past each other: it is their line, by order.
        alone = len(fits) == 1
        sure = Confidence.EXACT if alone else Confidence.ALIGNED
        why = "" if alone else f"one of {len(fits)} alike nodes of its debug handle, by order"
        for place, node in zip(group, fits, strict=False):
            del free[node]
            yield place, node, sure, why
    first = {_category(graph, node): node for node in reversed(list(free or nodes))}
    for step, row in rest if nodes else ():
        alone = len(nodes) == 1
        why = "" if alone else "its kind names none of the nodes of its debug handle"
        node = first.get(category_of(operations[step].kind[row]), next(iter(free or nodes)))
        yield (step, row), node, Confidence.EXACT if alone else Confidence.GUESSED, why


def _by_kind(
    members: list[_Place], operations: dict[int, Operations]
) -> dict[frozenset[str], list[_Place]]:
    groups: dict[frozenset[str], list[_Place]] = {}
    for step, row in members:
        stands_for = operations[step].stands_for
        kind = stands_for[row] if stands_for else frozenset[str]()
        groups.setdefault(kind, []).append((step, row))
    return groups


def _name(graph: ProgramGraph, node: int) -> str:
    return parts_of(graph.text(int(graph.nodes.op[node])) or "")[1]


def _category(graph: ProgramGraph, node: int) -> str:
    return category_of(graph.text(int(graph.nodes.op[node])))


def _name_inserted(
    operations: dict[int, Operations],
    with_handle: dict[int, list[int]],
    out: dict[int, OperationNodes],
) -> None:
    """What the exporter inserted goes by the node of the operation that it was inserted for."""
    for step, held in operations.items():
        first: dict[int, int] = {}
        for handle, nodes in zip(held.handle.tolist(), out[step].nodes, strict=True):
            if nodes:
                first.setdefault(handle, nodes[0])
        for row in range(len(held)):
            handle = int(held.handle[row])
            if held.inserted[row] and handle >= 0:
                node = first.get(handle, (with_handle.get(handle) or [-1])[0])
                out[step].nodes[row] = (node,) if node >= 0 else ()
                out[step].confidence[row], out[step].reason[row] = Confidence.EXACT, ""


def _fold(
    found: StepNodes,
    operations: dict[int, Operations],
    graph: ProgramGraph,
    places: NodePlaces,
    owner: dict[int, _Place],
    out: dict[int, OperationNodes],
) -> None:
    """Give the nodes that are no operation to the one that they were folded into."""
    members = {node for step in operations for node in found.nodes[step]}
    claimed: dict[int, set[int]] = {step: set() for step in operations}
    for node, (step, _) in owner.items():
        claimed[step].add(node)
    for node in sorted(members):
        if node in owner:
            continue
        taker = nearest_owner(node, owner, graph, places, members)
        if taker is not None:
            owner[node] = taker
            step, row = taker
            out[step].nodes[row] = (*out[step].nodes[row], node)
            claimed[step].add(node)
    for step, mine in claimed.items():
        if mine:
            found.nodes[step] = tuple(sorted(mine))
