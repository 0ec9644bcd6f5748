"""Which nodes each operation inside a delegate runs.

A backend either logs ids that the record explains, or the program's bytes for
it say which debug handle each operation has. Nodes of the delegate that no
operation names were folded into one: into the operation that they feed or follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.errors import TraceError
from etscope.etdump.program import Program
from etscope.etdump.program_graph import ProgramGraph
from etscope.etdump.record_maps import DelegateMap
from etscope.inspector.backends import attribute, backend_of, delegate_operations
from etscope.inspector.backends.operations import Confidence
from etscope.inspector.categories import category_of
from etscope.inspector.correlate.how import How
from etscope.inspector.correlate.sources import NodePlaces

#: Of several nodes of one operation, the one that it is named after: the first of these.
_RANK = ("convolution", "matmul", "normalization", "reduction", "elementwise", "other")

#: Nodes looked at to find the operation that one was folded into.
_TRIED = 256


@dataclass(eq=False)
class Inside:
    """One row per event inside one delegate call."""

    handles: list[tuple[int, ...]]
    nodes: list[tuple[int, ...]]  # what it is named after first, then what was folded into it
    kind: list[str]  # the operation in the backend's words; "": not known
    inserted: list[bool]  # added by the exporter beside the node that it names
    how: NDArray[np.uint8]
    confidence: NDArray[np.uint8]
    reason: list[str]

    @staticmethod
    def unknown(events: int, why: str) -> Inside:
        """Nothing is known of any event."""
        none = np.zeros(events, np.uint8)
        return Inside(
            handles=[()] * events,
            nodes=[()] * events,
            kind=[""] * events,
            inserted=[False] * events,
            how=none,
            confidence=none.copy(),
            reason=[why] * events,
        )


def by_map(events: Sequence[str | int], table: DelegateMap, method: str, number: int) -> Inside:
    """The handles of events whose ids the record explains, exactly as they are written."""
    found = Inside.unknown(len(events), "the record's delegate map does not have this id")
    for row, event in enumerate(events):
        handles = tuple(table.handles_of(method, number, event).tolist())
        if handles:
            found.handles[row], found.reason[row] = handles, ""
            found.how[row], found.confidence[row] = How.DELEGATE_MAP, Confidence.EXACT
    return found


def by_blob(events: Sequence[str | int], program: Program, method: str, instruction: int) -> Inside:
    """The handles of events whose operations lie in the program's bytes for the delegate."""
    name = program.method(method).backend_of(instruction)
    if backend_of(name) is None:
        return Inside.unknown(len(events), f"no plug-in reads what the program holds for {name}")
    try:
        operations = delegate_operations(program, method, instruction)
    except TraceError as error:
        return Inside.unknown(len(events), f"the delegate's bytes cannot be read: {error}")
    if operations is None:
        return Inside.unknown(len(events), "the instruction calls no delegate")
    told = attribute(events, operations)
    handles = told.handle.tolist()
    known = told.handle >= 0
    chosen = told.operation.tolist()
    return Inside(
        handles=[(handle,) if handle >= 0 else () for handle in handles],
        nodes=[()] * len(events),
        kind=[operations.kind[row] if row >= 0 else "" for row in chosen],
        inserted=[row >= 0 and bool(operations.inserted[row]) for row in chosen],
        how=np.where(known, How.BLOB, How.NONE).astype(np.uint8),
        confidence=np.where(known, told.confidence, Confidence.NONE).astype(np.uint8),
        reason=list(told.reason),
    )


def settle(found: Inside, graph: ProgramGraph, places: NodePlaces, mine: tuple[int, ...]) -> None:
    """Turn handles into nodes, and share out the nodes that no operation names.

    What the exporter inserted has the node of its neighbour, which stays the neighbour's.

    Args:
        mine: the nodes that the delegate runs.
    """
    with_handle: dict[int, list[int]] = {}
    for node in mine:
        for handle in graph.handles_of(node).tolist():
            with_handle.setdefault(handle, []).append(node)
    rows_of: dict[tuple[tuple[int, ...], bool], list[int]] = {}
    for row, handles in enumerate(found.handles):
        if handles:
            rows_of.setdefault((handles, found.inserted[row]), []).append(row)
    owner: dict[int, int] = {}
    for (handles, inserted), rows in rows_of.items():
        nodes = sorted({node for handle in handles for node in with_handle.get(handle, ())})
        some = _shared(nodes, [found.kind[row] for row in rows], graph)
        for row, own in zip(rows, some, strict=True):
            found.nodes[row] = tuple(own[:1] if inserted else own)
            if not inserted:
                owner.update((node, row) for node in own if node not in owner)
    members = set(mine)
    for node in mine if owner else ():
        if node not in owner:
            taker = _takes_in(node, owner, graph, places, members)
            if taker is not None:
                owner[node] = taker
                found.nodes[taker] = (*found.nodes[taker], node)


def _shared(nodes: list[int], kinds: list[str], graph: ProgramGraph) -> list[list[int]]:
    """Nodes of one handle among its operations, each with the node first that it is named after."""
    cut = [number * len(nodes) // len(kinds) for number in range(len(kinds) + 1)]
    parts = [nodes[a:b] or nodes for a, b in pairwise(cut)]
    return [_leading(part, kind, graph) for part, kind in zip(parts, kinds, strict=True)]


def _leading(nodes: list[int], kind: str, graph: ProgramGraph) -> list[int]:
    """Nodes with the one first that does what the operation is called after."""
    wanted = category_of(kind) if kind else None

    def rank(node: int) -> tuple[bool, int, int]:
        category = category_of(graph.text(int(graph.nodes.op[node])))
        heavy = _RANK.index(category) if category in _RANK else len(_RANK)
        return category != wanted, heavy, node

    return sorted(nodes, key=rank)


def _takes_in(
    node: int, owner: dict[int, int], graph: ProgramGraph, places: NodePlaces, mine: set[int]
) -> int | None:
    """The operation that a node was folded into: the nearest that makes or takes its values."""
    for neighbours in (lambda at: graph.inputs_of(at).tolist(), places.users_of):
        seen, ring = {node}, [node]
        while ring and len(seen) < _TRIED:
            found = [other for at in ring for other in neighbours(at) if other in mine]
            for other in found:
                if other in owner:
                    return owner[other]
            ring = [other for other in dict.fromkeys(found) if other not in seen]
            seen.update(ring)
    return None
