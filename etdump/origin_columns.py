"""Where nodes come from, as columns: modules, source lines and ancestors.

Nodes share them: a node has the row of its stack, and row r owns the items
edges[r]:edges[r + 1]. Texts are numbers of `ProgramGraph.texts`.
"""

from __future__ import annotations

from dataclasses import dataclass

from etscope.etdump.columns import Ints, Ints32


@dataclass(frozen=True, eq=False)
class ModuleStacks:
    """The distinct stacks of modules, outermost module first."""

    edges: Ints
    text: Ints32  # (stacks,): as the export wrote it
    path: Ints32
    type: Ints32
    call: Ints32


@dataclass(frozen=True, eq=False)
class FrameStacks:
    """The distinct stacks of source lines, outermost call first."""

    edges: Ints
    text: Ints32  # (stacks,): as the export wrote it
    file: Ints32
    line: Ints32
    function: Ints32
    source: Ints32


@dataclass(frozen=True, eq=False)
class Lineages:
    """The distinct chains of what a node was made from, nearest ancestor first."""

    edges: Ints
    name: Ints32
    target: Ints32
    graph_id: Ints  # a Python id: equal in one record only; -1: absent
