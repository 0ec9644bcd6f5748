"""Some instructions and the nodes that they may run, paired by operator, shape and order.

The order holds between instructions of one operator that give one shape. Among
others it need not: partitioning moves what stays outside of a delegate.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise

import numpy as np

from etscope.etdump.methods import Method
from etscope.etdump.program_graph import ProgramGraph
from etscope.inspector.backends.alignment import Fits, align
from etscope.inspector.backends.operations import Confidence
from etscope.inspector.correlate.operators import parts_of, same_operator, spellings
from etscope.inspector.correlate.steps import Steps

#: What a pair counts in an alignment; pairs that do not fit are none.
_SCORE = 10
#: And this much more where the shapes are equal, too.
_SHAPE = 4
#: Kinds of instructions times nodes that are held against each other.
_MOST_SCORES = 1_000_000

Pair = tuple[int, Confidence]


def paired(steps: Steps, graph: ProgramGraph, rows: list[int], nodes: list[int]) -> list[Pair]:
    """Per row its node (-1: none) and how sure that is.

    Args:
        rows: instructions, ascending.
        nodes: what they may be, ascending.
    """
    if len(rows) == len(nodes) == 1:
        operator, node = steps.operator[rows[0]], nodes[0]
        named = graph.text(int(graph.nodes.op[node])) or ""
        fits = operator is not None and same_operator(operator, named)
        return [(node, Confidence.EXACT) if fits else (-1, Confidence.NONE)]
    found: dict[int, Pair] = {}
    by_name: dict[str, list[int]] = {}
    for node in nodes:
        name = parts_of(graph.text(int(graph.nodes.op[node])) or "")[1]
        by_name.setdefault(name, []).append(node)
    taken: set[int] = set()
    partitioned = "delegate" in steps.kind
    for exact in (True, False):
        open_rows = [row for row in rows if row not in found]
        for (operator, shape), group in _groups(steps, open_rows, exact).items():
            mine = [
                node
                for name in spellings(operator)
                for node in by_name.get(name, ())
                if node not in taken
                and same_operator(operator, graph.text(int(graph.nodes.op[node])) or "")
                and (shape is None or shape_of_node(graph, node) == shape)
            ]
            if exact and len(mine) < len(group):
                continue
            for row, pair in zip(
                group, _in_order(graph, group, sorted(mine), partitioned), strict=True
            ):
                if pair[0] >= 0:
                    found[row] = pair
                    taken.add(pair[0])
    return [found.get(row, (-1, Confidence.NONE)) for row in rows]


def paired_in_order(
    steps: Steps, graph: ProgramGraph, rows: list[int], nodes: list[int]
) -> list[Pair]:
    """As `paired`, but in one order over all operators: where no debug handle holds them together.

    What is left over is paired operator by operator.
    """
    kinds: dict[tuple[str | None, tuple[int, ...] | None], int] = {}
    family = [
        kinds.setdefault((steps.operator[row], shape_of_instruction(steps.plan, row)), len(kinds))
        for row in rows
    ]
    if len(kinds) * len(nodes) > _MOST_SCORES:
        return paired(steps, graph, rows, nodes)
    named = [(graph.text(int(graph.nodes.op[n])) or "", shape_of_node(graph, n)) for n in nodes]
    score = [[_score(kind, node) for node in named] for kind in kinds]
    scores = np.array(score, np.int32).reshape(len(kinds), len(nodes))
    alike = np.array(_identities(graph, nodes), np.int64)
    best = align(Fits(np.array(family, np.int64), scores), np.ones(len(nodes), np.bool_), alike)
    if best is None:
        return paired(steps, graph, rows, nodes)
    found = {
        row: (nodes[at], Confidence(sure))
        for row, at, sure in zip(
            rows, best.operation.tolist(), best.confidence.tolist(), strict=True
        )
        if at >= 0
    }
    _stay_in_bodies(steps, graph, rows, nodes, found)
    left = [row for row in rows if row not in found]
    taken = {node for node, _ in found.values()}
    free = [node for node in nodes if node not in taken]
    if left and free:
        found |= dict(zip(left, paired(steps, graph, left, free), strict=True))
    return [found.get(row, (-1, Confidence.NONE)) for row in rows]


def _stay_in_bodies(
    steps: Steps, graph: ProgramGraph, rows: list[int], nodes: list[int], found: dict[int, Pair]
) -> None:
    """Of nodes that fit alike an instruction is the one in the body that it is in already.

    Branches may end alike; an instruction behind one of the first branch is in that.
    """
    if not (graph.nodes.scope[nodes] >= 0).any():
        return
    taken = {node for node, _ in found.values()}
    for before, row in pairwise(rows):
        if row not in found or before not in found:
            continue
        last, (node, _) = found[before][0], found[row]
        body = _body(graph, last)
        if not body or _body(graph, node) == body:
            continue
        for other in nodes[bisect_right(nodes, last) :]:
            if _body(graph, other) != body:
                break
            named = graph.text(int(graph.nodes.op[other])) or ""
            if other not in taken and same_operator(steps.operator[row] or "", named):
                taken.add(other)
                found[row] = (other, Confidence.ALIGNED)
                break


def _body(graph: ProgramGraph, node: int) -> str:
    """The body of a loop or branch that a node is in; "" at the top."""
    name = graph.text(int(graph.nodes.name[node])) or ""
    return name.rpartition("/")[0] if graph.nodes.scope[node] >= 0 else ""


def _score(
    kind: tuple[str | None, tuple[int, ...] | None], node: tuple[str, tuple[int, ...] | None]
) -> int:
    """How well an instruction fits a node; 0: not at all."""
    operator, shape = kind
    if operator is None or not same_operator(operator, node[0]):
        return 0
    return _SCORE + _SHAPE * (shape is not None and shape == node[1])


def _identities(graph: ProgramGraph, nodes: list[int]) -> list[int]:
    """A number per node: between nodes of one line, module and body no choice is a guess."""
    columns = graph.nodes
    places = list(
        zip(columns.frames[nodes], columns.modules[nodes], columns.scope[nodes], strict=True)
    )
    number = {place: at for at, place in enumerate(dict.fromkeys(places))}
    return [number[place] for place in places]


def _groups(
    steps: Steps, rows: list[int], exact: bool
) -> dict[tuple[str, tuple[int, ...] | None], list[int]]:
    """Rows of one operator, and of one shape where that is asked for."""
    groups: dict[tuple[str, tuple[int, ...] | None], list[int]] = {}
    for row in rows:
        operator = steps.operator[row]
        shape = shape_of_instruction(steps.plan, row) if exact else None
        if operator is not None and (shape is not None or not exact):
            groups.setdefault((operator, shape), []).append(row)
    return groups


def shape_of_instruction(plan: Method | None, row: int) -> tuple[int, ...] | None:
    """The shape of the first tensor that a kernel call gives back; None: not known."""
    if plan is None:
        return None
    arguments = plan.instructions.arguments_of(row)
    tensors = plan.values.tensors_of(int(arguments[-1])) if len(arguments) else arguments
    return plan.values.tensors.shape_of(int(tensors[0])) if len(tensors) else None


def shape_of_node(graph: ProgramGraph, node: int) -> tuple[int, ...] | None:
    """The shape of a node's first value in the example inputs; None: no tensor."""
    values = graph.values
    first = int(graph.nodes.values[node])
    if first == int(graph.nodes.values[node + 1]) or values.symbol[first] >= 0:
        return None
    return tuple(values.sizes[values.dims[first] : values.dims[first + 1]].tolist())


def _in_order(
    graph: ProgramGraph, rows: list[int], nodes: list[int], partitioned: bool
) -> list[Pair]:
    """Rows and nodes that all fit each other, by their order."""
    if not nodes:
        return [(-1, Confidence.NONE)] * len(rows)
    if len(rows) == len(nodes):
        # Partitioning may move alike instructions past each other: it is their line, by order.
        sure = Confidence.ALIGNED if len(rows) > 1 and partitioned else Confidence.EXACT
        return [(node, sure) for node in nodes]
    fits = Fits(np.zeros(len(rows), np.int64), np.full((1, len(nodes)), _SCORE, np.int32))
    alike = np.array(_identities(graph, nodes), np.int64)
    best = align(fits, np.ones(len(nodes), np.bool_), alike)
    if best is None:
        return [(-1, Confidence.NONE)] * len(rows)
    return [
        (nodes[at] if at >= 0 else -1, Confidence(sure))
        for at, sure in zip(best.operation.tolist(), best.confidence.tolist(), strict=True)
    ]
