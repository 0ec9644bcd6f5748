"""The calls of a graph, and those that carry a debug handle."""

from __future__ import annotations

import numpy as np

from etscope.etdump.columns import Ints
from etscope.etdump.program_graph import NodeKind, ProgramGraph


def calls_of(graph: ProgramGraph) -> Ints:
    """The nodes that are calls, in the order of the graph."""
    return np.flatnonzero(graph.nodes.kind == NodeKind.CALL)


def nodes_by_handle(graph: ProgramGraph) -> dict[int, list[int]]:
    """Debug handle → the calls that carry it, in the order of the graph."""
    owner = np.repeat(np.arange(len(graph)), np.diff(graph.nodes.handles))
    kept = graph.nodes.kind[owner] == NodeKind.CALL
    found: dict[int, list[int]] = {}
    pairs = zip(graph.handle[kept].tolist(), owner[kept].tolist(), strict=True)
    for handle, node in pairs:
        found.setdefault(handle, []).append(node)
    return found
