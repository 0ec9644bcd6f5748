"""From the nodes of an edge program to those of the exported program that it was made from.

A node's lineage names its ancestors, each with the id of the graph that it was
in. The id of the exported program is known for one method of a record at most;
elsewhere it is the id whose names and operators are all in that program.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints, Ints32
from etscope.etdump.program_graph import NodeKind, ProgramGraph


def graph_id_of(edge: ProgramGraph, exported: ProgramGraph) -> int | None:
    """The graph id that the lineages of an edge program give to an exported one.

    Of all ids whose ancestors are nodes of that program, with the same
    operators, the one that most nodes descend from, and the oldest of those.
    None where there is none, or where the edge program has other parameters.
    """
    if not _parameters(edge) <= _parameters(exported):
        return None
    table = edge.lineages
    ids, group = np.unique(table.graph_id, return_inverse=True)
    fits = np.ones(len(ids), np.bool_)
    fits[group[~_is_node(edge, exported)]] = False
    if not fits.any():
        return None
    chains = np.searchsorted(table.edges, np.arange(len(group)), side="right") - 1
    pairs = np.unique(np.stack([group, chains], axis=1), axis=0)
    nodes = np.bincount(edge.nodes.lineage[edge.nodes.lineage >= 0], minlength=len(table.edges) - 1)
    weight = np.bincount(pairs[:, 0], nodes[pairs[:, 1]], len(ids))
    age = np.zeros(len(ids), np.int64)
    np.maximum.at(age, group, np.arange(len(group)) - table.edges[chains])
    best = np.lexsort((age, weight, fits))[-1]
    return int(ids[best])


def _parameters(graph: ProgramGraph) -> set[str | None]:
    """Their names. Buffers are left out: the passes add constants to them."""
    named = graph.nodes.attribute[graph.nodes.kind == NodeKind.PARAMETER].tolist()
    return {graph.text(name) for name in named}


def _is_node(edge: ProgramGraph, exported: ProgramGraph) -> NDArray[np.bool_]:
    """For each ancestor in the lineages, whether the exported program has it."""
    table, seen = edge.lineages, dict[tuple[int, int], bool]()
    pairs = list(zip(table.name.tolist(), table.target.tolist(), strict=True))
    values = {exported.texts[name] for name in exported.values.name.tolist()}
    for name, target in set(pairs):
        node = exported.node_of_name.get(edge.texts[name], -1)
        wanted = edge.text(target) or ""
        # Only operators of the dispatcher are written alike in both places.
        comparable = node >= 0 and wanted.count(".") == 2 and "<" not in wanted
        same = not comparable or exported.text(int(exported.nodes.op[node])) == wanted
        seen[name, target] = same and (node >= 0 or edge.texts[name] in values)
    return np.array([seen[pair] for pair in pairs], np.bool_)


def exported_nodes(edge: ProgramGraph, exported: ProgramGraph, graph_id: int | None) -> Ints32:
    """For each node of an edge program its node in the exported program; (nodes,), -1: none.

    A call is the nearest ancestor with the graph id; inputs are paired by name.
    Bodies are paired by the calls that own them and their order, their calls by
    the names in their lineages, their inputs by their order.
    """
    out = np.full(len(edge), -1, np.int32)
    top, lineage = edge.nodes.scope < 0, edge.nodes.lineage
    calls = top & (lineage >= 0)
    out[calls] = _of_chains(edge, exported, graph_id)[lineage[calls]]
    for node in np.flatnonzero(top & (edge.nodes.op < 0)).tolist():
        out[node] = exported.node_of_name.get(edge.texts[edge.nodes.name[node]], -1)
    names = _names_of_chains(edge)
    theirs = _bodies_by_owner(exported)
    for owner, bodies in _bodies_by_owner(edge).items():
        others = theirs.get(int(out[owner]), [])
        if len(bodies) == len(others):
            for body, other in zip(bodies, others, strict=True):
                _pair_bodies(edge, _nodes_of_body(edge, body), exported,
                             _nodes_of_body(exported, other), names, out)  # fmt: skip
    return out


def _of_chains(edge: ProgramGraph, exported: ProgramGraph, graph_id: int | None) -> Ints32:
    """For each lineage the node of the exported program in it, or -1."""
    table = edge.lineages
    out = np.full(len(table.edges) - 1, -1, np.int32)
    if graph_id is None:
        return out
    mine = np.flatnonzero(table.graph_id == graph_id)
    chains = np.searchsorted(table.edges, mine, side="right") - 1
    for row, chain in zip(mine.tolist(), chains.tolist(), strict=True):
        if out[chain] < 0:
            out[chain] = exported.node_of_name.get(edge.texts[table.name[row]], -1)
    return out


def _names_of_chains(graph: ProgramGraph) -> list[list[str]]:
    """For each lineage the names in it, nearest ancestor first."""
    if not len(graph.bodies):
        return []
    names = [graph.texts[name] for name in graph.lineages.name.tolist()]
    edges = graph.lineages.edges.tolist()
    return [names[first:last] for first, last in pairwise(edges)]


def _bodies_by_owner(graph: ProgramGraph) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for body, owner in enumerate(graph.bodies.node.tolist()):
        found.setdefault(owner, []).append(body)
    return found


def _nodes_of_body(graph: ProgramGraph, body: int) -> Ints:
    first, last = int(graph.bodies.first[body]), int(graph.bodies.last[body])
    return first + np.flatnonzero(graph.nodes.scope[first:last] == graph.bodies.node[body])


def _pair_bodies(
    edge: ProgramGraph,
    mine: Ints,
    exported: ProgramGraph,
    theirs: Ints,
    names: list[list[str]],
    out: Ints32,
) -> None:
    inputs, handed = mine[edge.nodes.op[mine] < 0], theirs[exported.nodes.op[theirs] < 0]
    if len(inputs) == len(handed):
        out[inputs] = handed
    own = (exported.texts[name].rpartition("/")[2] for name in exported.nodes.name[theirs].tolist())
    node_of = dict(zip(own, theirs.tolist(), strict=True))
    calls = mine[edge.nodes.op[mine] >= 0]
    for node, chain in zip(calls.tolist(), edge.nodes.lineage[calls].tolist(), strict=True):
        ancestors = names[chain] if chain >= 0 else []
        out[node] = next((node_of[name] for name in ancestors if name in node_of), -1)
