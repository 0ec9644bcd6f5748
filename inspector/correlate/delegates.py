"""Which nodes each operation inside a delegate runs.

A backend either logs ids that the record explains, or the program's bytes for
it say which debug handle each operation has. Nodes of the delegate that no
operation names were folded into one: into the operation that they feed or follow.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.program_graph import ProgramGraph
from etscope.etdump.record_maps import DelegateMap
from etscope.inspector.backends import attribute
from etscope.inspector.backends.operations import Confidence, Operations
from etscope.inspector.categories import category_of
from etscope.inspector.correlate.folding import nearest_owner
from etscope.inspector.correlate.how import How
from etscope.inspector.correlate.operations import OperationNodes
from etscope.inspector.correlate.sources import NodePlaces

#: Of several nodes of one operation, the one that it is named after: the first of these.
_RANK = ("convolution", "matmul", "normalization", "reduction", "elementwise", "other")


@dataclass(eq=False)
class Inside:
    """One row per event inside one delegate call."""

    handles: list[tuple[int, ...]]
    nodes: list[tuple[int, ...]]  # what it is named after first, then what was folded into it
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


def by_blob(
    events: Sequence[str | int], operations: Operations, nodes: OperationNodes | None
) -> Inside:
    """The nodes of events whose operations lie in the program's bytes for the delegate.

    Args:
        nodes: of the operations; None: there is no graph, handles are all there is to tell.
    """
    told = attribute(events, operations)
    chosen = told.operation.tolist()
    found = Inside.unknown(len(events), "")
    for event, row in enumerate(chosen):
        found.reason[event] = told.reason[event]
        if row < 0 or told.handle[event] < 0:
            continue
        found.handles[event] = (int(told.handle[event]),)
        found.inserted[event] = bool(operations.inserted[row])
        found.how[event], found.confidence[event] = How.BLOB, told.confidence[event]
        if nodes is not None:
            found.nodes[event] = nodes.nodes[row]
            found.confidence[event] = min(int(told.confidence[event]), nodes.confidence[row])
            found.reason[event] = "; ".join(filter(None, (told.reason[event], nodes.reason[row])))
    if nodes is not None:
        _add_silent(found, chosen, operations, nodes)
    return found


def _add_silent(
    found: Inside, chosen: list[int], operations: Operations, nodes: OperationNodes
) -> None:
    """Operations without an event ran as part of the one before them, or of the one behind."""
    told = sorted((row, event) for event, row in enumerate(chosen) if row >= 0)
    if not told:
        return
    rows = [row for row, _ in told]
    more: dict[int, list[int]] = {}
    for row in sorted(set(range(len(operations))) - set(rows)):
        if not operations.inserted[row]:
            event = told[max(bisect(rows, row) - 1, 0)][1]
            more.setdefault(event, []).extend(nodes.nodes[row])
    for event, added in more.items():
        if found.nodes[event]:
            found.nodes[event] = tuple(dict.fromkeys((*found.nodes[event], *added)))


def settle(found: Inside, graph: ProgramGraph, places: NodePlaces, mine: tuple[int, ...]) -> None:
    """Turn the handles that the record gave to ids into nodes.

    Nodes that no id names go to the event that they feed or follow.

    Args:
        mine: the nodes that the delegate runs.
    """
    with_handle: dict[int, list[int]] = {}
    for node in mine:
        for handle in graph.handles_of(node).tolist():
            with_handle.setdefault(handle, []).append(node)
    rows_of: dict[tuple[int, ...], list[int]] = {}
    for row, handles in enumerate(found.handles):
        if handles:
            rows_of.setdefault(handles, []).append(row)
    owner: dict[int, int] = {}
    for handles, rows in rows_of.items():
        nodes = sorted({node for handle in handles for node in with_handle.get(handle, ())})
        cut = [number * len(nodes) // len(rows) for number in range(len(rows) + 1)]
        for row, (start, end) in zip(rows, pairwise(cut), strict=True):
            # With fewer nodes than ids some ids share one.
            share = nodes[start:end] or nodes[start : start + 1] or nodes[-1:]
            found.nodes[row] = tuple(_heaviest_first(share, graph))
            owner.update((node, row) for node in found.nodes[row] if node not in owner)
            if len(rows) > 1:
                found.confidence[row] = Confidence.ALIGNED
                found.reason[row] = f"one of {len(rows)} ids of the same debug handles, by order"
    members = set(mine)
    folded: dict[int, list[int]] = {}
    for node in mine if owner else ():
        if node not in owner:
            taker = nearest_owner(node, owner, graph, places, members)
            if taker is not None:
                owner[node] = taker
                folded.setdefault(taker, []).append(node)
    for taker, added in folded.items():
        found.nodes[taker] = (*found.nodes[taker], *added)


def _heaviest_first(nodes: list[int], graph: ProgramGraph) -> list[int]:
    """Nodes with the one first that an operation of all of them is best called after."""

    def rank(node: int) -> tuple[int, int]:
        category = category_of(graph.text(int(graph.nodes.op[node])))
        return (_RANK.index(category) if category in _RANK else len(_RANK)), node

    return sorted(nodes, key=rank)
