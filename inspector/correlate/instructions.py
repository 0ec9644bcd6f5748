"""Which node of the graph each instruction runs.

The record says which debug handle an instruction has, and several nodes may
carry one handle: they came from one line. Instructions and nodes are in one
order, so within the handle each instruction is paired with its own node by
operator and order. An instruction without a handle is paired the same way,
between the mapped instructions around it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.program_graph import ProgramGraph
from etscope.inspector.backends.operations import Confidence
from etscope.inspector.correlate.calls import calls_of, nodes_by_handle
from etscope.inspector.correlate.how import How
from etscope.inspector.correlate.pairing import paired, paired_in_order
from etscope.inspector.correlate.steps import Steps
from etscope.inspector.correlate.values import follow_values, makers_of


@dataclass(eq=False)
class StepNodes:
    """One row per instruction; filled while they are paired."""

    handles: list[tuple[int, ...]]
    nodes: list[tuple[int, ...]]
    how: NDArray[np.uint8]
    confidence: NDArray[np.uint8]
    reason: list[str]

    def put(
        self, row: int, nodes: tuple[int, ...], how: How, sure: Confidence, why: str = ""
    ) -> None:
        """Say where one instruction comes from."""
        self.nodes[row], self.reason[row] = nodes, why
        self.how[row], self.confidence[row] = how, sure


def nodes_of_instructions(
    steps: Steps, handles: list[tuple[int, ...]], graph: ProgramGraph
) -> StepNodes:
    """Pair instructions with nodes.

    Args:
        handles: per instruction its debug handles in the record; () where it has none.
    """
    count = len(steps)
    why = ["the record gives this instruction no debug handle" if not h else "" for h in handles]
    found = StepNodes(
        handles, [()] * count, np.zeros(count, np.uint8), np.zeros(count, np.uint8), why
    )
    nodes_with = nodes_by_handle(graph)
    _pair_kernels(steps, found, graph, nodes_with)
    follow_values(steps, found.nodes, found.handles, graph, nodes_with)
    taken = {node for nodes in found.nodes for node in nodes}
    _give_delegates(steps, found, nodes_with, taken)
    taken |= {node for nodes in found.nodes for node in nodes}
    _pair_between(steps, found, graph, taken)
    _lean_on_bodies(steps, found, graph)
    _lean_on_neighbours(steps, found)
    return found


def _pair_kernels(
    steps: Steps, found: StepNodes, graph: ProgramGraph, nodes_with: dict[int, list[int]]
) -> None:
    """Give kernel calls with a debug handle their nodes, handle by handle."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for row, handles in enumerate(found.handles):
        if handles and steps.kind[row] != "delegate":
            groups.setdefault(tuple(sorted(set(handles))), []).append(row)
    for handles, rows in groups.items():
        nodes = sorted({node for handle in handles for node in nodes_with.get(handle, ())})
        if not nodes:
            for row in rows:
                found.reason[row] = f"no node of the graph carries debug handle {handles[0]}"
            continue
        pairs = paired(steps, graph, rows, nodes)
        for row, (node, sure) in zip(rows, pairs, strict=True):
            _place_kernel(steps, found, graph, row, node, sure, nodes, len(rows))


def _place_kernel(
    steps: Steps,
    found: StepNodes,
    graph: ProgramGraph,
    row: int,
    node: int,
    sure: Confidence,
    nodes: list[int],
    rows: int,
) -> None:
    alone = len(nodes) == 1 and rows == 1
    how = How.HANDLE if alone else How.HANDLE_ORDER
    if node >= 0:
        found.put(row, (node,), how, Confidence.EXACT if alone else sure)
    elif steps.operator[row] is None:
        # The trace does not name the operator, the handle alone speaks.
        sure = Confidence.EXACT if alone else Confidence.GUESSED
        why = "" if alone else "the operator of this instruction is not known"
        found.put(row, (nodes[0],) if alone else tuple(nodes), how, sure, why)
    else:
        named = graph.text(int(graph.nodes.op[nodes[0]]))
        why = f"the graph has no {steps.operator[row]} with this debug handle, but {named}"
        sure = Confidence.ALIGNED if len(nodes) == 1 else Confidence.GUESSED
        found.put(row, (nodes[-1],), how, sure, why)


def _give_delegates(
    steps: Steps, found: StepNodes, nodes_with: dict[int, list[int]], taken: set[int]
) -> None:
    """A delegate call runs the nodes of its handles that no kernel runs."""
    shared: dict[int, int] = {}
    delegates = [row for row in range(len(steps)) if steps.kind[row] == "delegate"]
    for row in delegates:
        for handle in set(found.handles[row]):
            shared[handle] = shared.get(handle, 0) + 1
    for row in delegates:
        handles = set(found.handles[row])
        nodes = {node for handle in handles for node in nodes_with.get(handle, ())} - taken
        if not nodes:
            continue
        split = sum(shared[handle] > 1 for handle in handles)
        why = f"{split} of its {len(handles)} debug handles are in another delegate, too"
        sure = Confidence.ALIGNED if split else Confidence.EXACT
        found.put(row, tuple(sorted(nodes)), How.DELEGATE, sure, why if split else "")


def _pair_between(steps: Steps, found: StepNodes, graph: ProgramGraph, taken: set[int]) -> None:
    """Pair unmapped instructions with the free nodes between the kernels around that are mapped."""
    free = [node for node in calls_of(graph).tolist() if node not in taken]
    whole = [found.how[row] == How.DELEGATE for row in range(len(steps))]
    anchors = [row for row in range(len(steps)) if found.nodes[row] and not whole[row]]
    for before, after in pairwise([-1, *anchors, len(steps)]):
        rows = [
            row
            for row in range(before + 1, after)
            if not found.nodes[row] and steps.kind[row] == "operator" and steps.operator[row]
        ]
        if not rows:
            continue
        low = max(found.nodes[before]) if before >= 0 else -1
        high = min(found.nodes[after]) if after < len(steps) else len(graph)
        nodes = free[bisect_right(free, low) : bisect_left(free, high)]
        if not nodes:
            continue
        for row, (node, sure) in zip(rows, paired_in_order(steps, graph, rows, nodes), strict=True):
            if node >= 0:
                sure = min(sure, Confidence.ALIGNED)
                found.put(row, (node,), How.ORDER, sure, "no debug handle: paired by order")


def _lean_on_bodies(steps: Steps, found: StepNodes, graph: ProgramGraph) -> None:
    """What turns a loop or picks a branch belongs to the call that has the body."""
    scope = graph.nodes.scope
    if not (scope >= 0).any():
        return
    count = len(steps)
    after: list[int] = [-1] * count
    for row in range(count - 1, 0, -1):
        mapped = found.nodes[row] and found.how[row] != How.DELEGATE
        after[row - 1] = found.nodes[row][0] if mapped else after[row]
    before = -1
    for row in range(count):
        if found.nodes[row]:
            before = before if found.how[row] == How.DELEGATE else found.nodes[row][-1]
            continue
        owners = [int(scope[node]) for node in (before, after[row]) if node >= 0]
        owners = [owner for owner in owners if owner >= 0]
        if owners and not found.handles[row]:
            why = f"runs the body of {graph.text(int(graph.nodes.name[owners[0]]))}"
            found.put(row, (owners[0],), How.NEIGHBOUR, Confidence.ALIGNED, why)


def _lean_on_neighbours(steps: Steps, found: StepNodes) -> None:
    """What has no node of its own serves another instruction.

    The one whose value it takes: a copy that writes a buffer back. Else the one
    that takes its value: a weight turned for a product. A bare trace does not
    say which values an instruction takes.
    """
    if steps.plan is None:
        return
    makers = makers_of(steps)
    takers: dict[int, set[int]] = {}
    for row, made in enumerate(makers):
        for maker in made:
            takers.setdefault(maker, set()).add(row)
    count = len(steps)
    for row in range(count):
        _lean(steps, found, row, makers[row], "takes what instruction {} made")
    for row in range(count - 1, -1, -1):
        _lean(steps, found, row, takers.get(row, set()), "makes what instruction {} takes")


def _lean(steps: Steps, found: StepNodes, row: int, others: set[int], why: str) -> None:
    if found.nodes[row] or steps.kind[row] == "delegate":
        return
    known = sorted(
        other for other in others if found.nodes[other] and found.how[other] != How.DELEGATE
    )
    if known:
        sure = Confidence.ALIGNED if len(known) == 1 else Confidence.GUESSED
        text = why.format(int(steps.number[known[-1]]))
        found.put(row, found.nodes[known[-1]][-1:], How.NEIGHBOUR, sure, text)
