"""The module and the source line of a node, borrowed from a neighbour where it has none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np

from etscope.etdump.columns import Ints, Ints32
from etscope.etdump.program_graph import Frame, Module, NodeKind, ProgramGraph
from etscope.inspector.categories import category_of

#: Files that are no user's: torch and what exports with it. A frame of the user's own
#: comes first; a model that has only these is one of theirs, and keeps them.
_LIBRARY = re.compile(
    r"(^|[/\\])(site|dist)-packages[/\\](torch|torchao|executorch|functorch)[/\\]"
    r"|^torch[/\\]"
    r"|[/\\]torch[/\\](nn|fx|_\w+|export|ao|utils|functional\.py|functorch)([/\\]|$|\b)"
)
#: How far a node may be from the one that it borrows from, and how many are looked at.
_HOPS = 6
_TRIED = 24


def is_generated(file: str) -> bool:
    """Whether a frame's file is code that torch generated: there is nothing to open."""
    return file.startswith("<")


@lru_cache(maxsize=4096)  # files are few, frames many
def is_library(file: str) -> bool:
    """Whether a frame's file belongs to torch or to what exports with it."""
    return _LIBRARY.search(file) is not None


def users_frame(frames: tuple[Frame, ...]) -> Frame | None:
    """The innermost line of the user's own code; else the innermost that is a file at all."""
    files = [frame for frame in frames if not is_generated(frame.file) and frame.file]
    own = [frame for frame in files if not is_library(frame.file)]
    found = own or files
    return found[-1] if found else None


class Place(NamedTuple):
    """Where in the user's model a node comes from."""

    modules: tuple[Module, ...]  # outermost first
    frames: tuple[Frame, ...]  # outermost call first
    source: Frame | None  # the user's own line
    borrowed_from: int  # the node whose place this is; -1: its own

    @property
    def module(self) -> str | None:
        """Path of the innermost module, "" for the root; None: not known."""
        return self.modules[-1].path if self.modules else None


class NodePlaces:
    """The places of a graph's nodes, each found when it is asked for."""

    def __init__(
        self, graph: ProgramGraph, exported: ProgramGraph | None, exported_of: Ints32 | None
    ) -> None:
        """`exported` is the program before lowering, `exported_of` its node for each node."""
        self.graph, self._exported, self._exported_of = graph, exported, exported_of
        self._known: dict[int, Place] = {}
        self._without_neighbours: dict[int, Place] = {}

    def __getitem__(self, node: int) -> Place:
        if node not in self._known:
            self._known[node] = self._find(node)
        return self._known[node]

    @cached_property
    def _users(self) -> tuple[Ints, Ints]:
        """(edges, nodes): the nodes that take a value of each node."""
        inputs = self.graph.nodes.inputs
        user = np.repeat(np.arange(len(self.graph)), np.diff(inputs))
        maker = self.graph.input_node
        order = np.argsort(maker, kind="stable")
        edges = np.searchsorted(maker[order], np.arange(len(self.graph) + 1))
        return edges.astype(np.int64), user[order]

    def users_of(self, node: int) -> list[int]:
        """The nodes that take a value of this one, in the order of the graph."""
        edges, users = self._users
        found: list[int] = users[edges[node] : edges[node + 1]].tolist()
        return found

    def _own(self, node: int) -> Place:
        if node not in self._without_neighbours:
            self._without_neighbours[node] = self._read(node)
        return self._without_neighbours[node]

    def _read(self, node: int) -> Place:
        frames, modules = self.graph.frames_of(node), self.graph.modules_of(node)
        source = users_frame(frames)
        if source is None and self._exported is not None and self._exported_of is not None:
            before = int(self._exported_of[node])
            if before >= 0:
                frames = self._exported.frames_of(before)
                modules = modules or self._exported.modules_of(before)
                source = users_frame(frames)
        return Place(modules, frames, source, -1)

    def _find(self, node: int) -> Place:
        own = self._own(node)
        theirs = own.source is not None and not is_library(own.source.file)
        kind = category_of(self.graph.text(int(self.graph.nodes.op[node])))
        added = kind == "quantize/dequantize"
        if theirs and own.modules and not added:
            return own
        for other in self._around(node):
            place = self._own(other)
            if place.source is None or not (place.modules or theirs):
                continue
            if own.source is not None and is_library(place.source.file):
                continue
            # A node with a line of its own only lacks the module: one with the same line has it.
            if theirs and (place.source != own.source or not place.modules):
                continue
            return Place(
                modules=place.modules if added or not own.modules else own.modules,
                frames=own.frames if theirs else place.frames,
                source=own.source if theirs else place.source,
                borrowed_from=other,
            )
        return own

    def _around(self, node: int) -> Iterator[int]:
        """Calls near a node, nearest first; those that it feeds before those that feed it."""
        seen, ring = {node}, [node]
        scope = self.graph.nodes.scope
        for _ in range(_HOPS):
            found = []
            for at in ring:
                near = (*self.users_of(at)[:_TRIED], *self.graph.inputs_of(at)[:_TRIED].tolist())
                for other in near:
                    if other not in seen and self.graph.nodes.kind[other] == NodeKind.CALL:
                        seen.add(other)
                        found.append(other)
            yield from found[:_TRIED]
            ring = found[:_TRIED] if len(seen) < _TRIED else []
        if scope[node] >= 0:
            yield int(scope[node])
