"""Nodes of a graph as the dictionaries of executorch.devtools: name → text, name → modules.

An export writes a module's path into the key of a module stack, "L__self__layers.0", or
(strict) the number that the object had in memory. A number says nothing once the export
is over, so such a key is replaced by what the other kind of export writes.
"""

from __future__ import annotations

import re

from etscope.etdump.node_origins import split_entry
from etscope.etdump.program_graph import ProgramGraph
from etscope.inspector.graph_row import Hierarchy

#: What an export puts before the path of a module.
SELF = "L__self__"
#: Operators of the edge dialect; others are torch's own.
_EDGE = "executorch.exir.dialects.edge.ops."
_OBJECT = re.compile(r"\d+(@\d+)?")


class NodeTexts:
    """The texts of nodes, each read once. Lists and dicts are the caller's own."""

    def __init__(self, graph: ProgramGraph) -> None:
        self._graph = graph
        self._hierarchies: dict[int, Hierarchy] = {}

    def name(self, node: int) -> str:
        """The key of a node: its name with an underscore behind it, as upstream."""
        return f"{self._graph.text(int(self._graph.nodes.name[node]))}_"

    def op_types(self, nodes: list[int]) -> list[str]:
        """The operator of each node as upstream calls it: "aten.addmm.default", "sym_size.int"."""
        targets = (self._graph.text(int(self._graph.nodes.target[node])) for node in nodes)
        return [called(target) for target in targets if target]

    def stack_traces(self, nodes: list[int]) -> dict[str, str | None]:
        """The stack trace of each node as the export wrote it; None where it wrote none."""
        return {self.name(node): self._graph.stack_trace_of(node) for node in nodes}

    def hierarchies(self, nodes: list[int]) -> dict[str, Hierarchy]:
        """The modules around each node; empty where the record has none."""
        return {self.name(node): self._hierarchy(node) for node in nodes}

    def _hierarchy(self, node: int) -> Hierarchy:
        stack = int(self._graph.nodes.modules[node])
        if stack not in self._hierarchies:
            self._hierarchies[stack] = _read(self._graph.module_stack_of(node))
        return dict(self._hierarchies[stack])


def called(target: str) -> str:
    """What upstream calls an operator: `__name__`, which has no namespace outside of edge."""
    if target.startswith(_EDGE):
        return target[len(_EDGE) :]
    parts = target.split(".")
    return ".".join(parts[3:]) if target.startswith("torch.ops.") else parts[-1]


def _read(text: str | None) -> Hierarchy:
    found: Hierarchy = {}
    for entry in () if text is None else text.split(";"):
        key, path, kind = split_entry(entry)
        number = _OBJECT.fullmatch(key)
        found[key if number is None else f"{SELF}{path}{number[1] or ''}"] = (path, kind)
    return found
