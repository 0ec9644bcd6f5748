"""The ETRecord: what an export leaves beside the program, read without torch.

A record is opened by looking at its directory only; a graph or a map is parsed
when it is first asked for. Tensors (weights, inputs, reference outputs) are
named and sized and stay closed: they need torch.load(..., weights_only=True).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import Any, NamedTuple, TypeVar

import numpy as np

from etscope.etdump.columns import Bytes, Ints32
from etscope.etdump.errors import UsageError
from etscope.etdump.export_json import read_graph
from etscope.etdump.program_graph import ProgramGraph
from etscope.etdump.record_archive import Archive
from etscope.etdump.record_json import Member
from etscope.etdump.record_maps import (
    ONLY_METHOD,
    DelegateMap,
    HandleMap,
    OutputCounts,
    read_delegates,
    read_handles,
    read_output_counts,
)

_EXPORTED = "exported_program"
_EDGE = "edge_dialect_exported_program"
_HANDLES = "debug_handle_map"
_DELEGATES = "delegate_map"
_COUNTS = "instruction_id_to_num_outs_map"
_GRAPH_ID = "export_graph_id"
_MAPS = (_HANDLES, _DELEGATES, _COUNTS, _GRAPH_ID)
_TENSORS = ("reference_outputs", "representative_inputs")
_SUFFIXES = ("_state_dict", "_constants", "_example_inputs")

TENSORS_NOTE = (
    "weights, inputs and reference outputs are named and sized only: "
    "reading them needs torch.load with weights_only=True"
)

_Map = TypeVar("_Map", HandleMap, DelegateMap, OutputCounts)


class TensorMember(NamedTuple):
    """A member that holds tensors and was not opened."""

    member: str
    graph: str  # the graph that it belongs to; "" is the whole record
    kind: str  # state_dict, constants, example_inputs, reference_outputs, representative_inputs
    size_bytes: int


@dataclass(frozen=True)
class _Names:
    """The members of a record by what they are."""

    edge: dict[str, str]  # method → member
    extras: tuple[str, ...]
    tensors: tuple[TensorMember, ...]


class Record:
    """An opened ETRecord. Whatever it lacks is None or empty, and named in `notes`."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._names = _sorted(archive.sizes)
        self._graphs: dict[str, ProgramGraph] = {}

    @property
    def path(self) -> str | None:
        """The file, or None when it came as bytes."""
        return self._archive.path

    @property
    def sizes(self) -> dict[str, int]:
        """Member → bytes when inflated, in file order."""
        return self._archive.sizes

    @property
    def methods(self) -> tuple[str, ...]:
        """Methods with an edge program; a record of one method calls it "forward"."""
        return tuple(self._names.edge)

    @property
    def extras(self) -> tuple[str, ...]:
        """Further graphs, "NAME/METHOD", that the export was asked to keep."""
        return self._names.extras

    @property
    def tensors(self) -> tuple[TensorMember, ...]:
        """The members that hold tensors."""
        return self._names.tensors

    def content(self, member: str) -> bytes:
        """The bytes of one of `tensors`, as torch.save wrote them.

        Raises:
            UsageError: the record has none of that name.
            TraceError: they cannot be read.
        """
        self._asked(member, {entry.member: entry.member for entry in self.tensors})
        return self._archive.read(member)

    @property
    def exported_program(self) -> ProgramGraph | None:
        """The program before lowering (ATen operators); kept for "forward" only."""
        return self._graph(_EXPORTED) if _EXPORTED in self.sizes else None

    def edge_program(self, method: str) -> ProgramGraph:
        """The edge program of a method: before partitioning, with debug handles.

        Raises:
            UsageError: the record has none of that name.
            TraceError: it cannot be read.
        """
        return self._graph(self._asked(method, self._names.edge))

    def extra(self, name: str) -> ProgramGraph:
        """One of `extras`; raises as `edge_program`."""
        return self._graph(self._asked(name, {extra: extra for extra in self.extras}))

    @cached_property
    def debug_handles(self) -> HandleMap:
        """Instruction → debug handles. Raises TraceError."""
        return self._map(_HANDLES, read_handles)

    @cached_property
    def delegates(self) -> DelegateMap:
        """Delegate call → backend, and its own ids → debug handles. Raises TraceError."""
        return self._map(_DELEGATES, read_delegates)

    @cached_property
    def output_counts(self) -> OutputCounts:
        """Delegate call → number of outputs. Raises TraceError."""
        return self._map(_COUNTS, read_output_counts)

    @cached_property
    def export_graph_id(self) -> int | None:
        """The graph id that lineages give to the exported program; None where it is unknown."""
        if _GRAPH_ID not in self.sizes:
            return None
        member = Member(self._archive, _GRAPH_ID)
        value = member.value()
        # 0 and null are what an export without an exported program writes.
        return None if value is None else member.integer(value, "the graph id") or None

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What the record does not have, in sentences."""
        missing = [name for name in (_EXPORTED, *_MAPS) if name not in self.sizes]
        notes = [f"the record has no {name}" for name in missing]
        if not self._names.edge:
            notes.append("the record has no edge program")
        if _EDGE in self.sizes:
            notes.append("the record is of an old layout, which does not name its method")
        return (*notes, TENSORS_NOTE) if self.tensors else tuple(notes)

    def exported_nodes(self, method: str) -> Ints32:
        """For each node of an edge program the node of `exported_program` that it came from.

        (nodes,); -1 where its lineage does not reach that program. Inputs are
        paired by name. The nearest ancestor counts that carries the export's
        graph id and is a node there.
        """
        graph, exported = self.edge_program(method), self.exported_program
        out = np.full(len(graph), -1, np.int32)
        if exported is None or (method != ONLY_METHOD and len(self.methods) > 1):
            return out
        chains = _exported_of_chains(graph, exported, self.export_graph_id)
        lineage = graph.nodes.lineage
        out[lineage >= 0] = chains[lineage[lineage >= 0]]
        for node in np.flatnonzero(graph.nodes.op < 0).tolist():
            out[node] = exported.node_of_name.get(graph.texts[graph.nodes.name[node]], -1)
        return out

    def _asked(self, name: str, known: dict[str, str]) -> str:
        if name not in known:
            there = ", ".join(known) or "none"
            raise UsageError(f"The record has no graph {name!r}; there are: {there}.")
        return known[name]

    def _graph(self, member: str) -> ProgramGraph:
        if member not in self._graphs:
            self._graphs[member] = read_graph(Member(self._archive, member))
        return self._graphs[member]

    def _map(self, name: str, read: Callable[[Member, Any], _Map]) -> _Map:
        member = Member(self._archive, name)
        # Some exports write null for a map that they do not have.
        value = member.value() if name in self.sizes else None
        return read(member, {} if value is None else value)


def _exported_of_chains(
    graph: ProgramGraph, exported: ProgramGraph, graph_id: int | None
) -> Ints32:
    """For each lineage the node of the exported program in it, or -1."""
    table = graph.lineages
    out = np.full(len(table.edges) - 1, -1, np.int32)
    if graph_id is None:
        return out
    mine = np.flatnonzero(table.graph_id == graph_id)
    chains = np.searchsorted(table.edges, mine, side="right") - 1
    for row, chain in zip(mine.tolist(), chains.tolist(), strict=True):
        if out[chain] < 0:
            out[chain] = exported.node_of_name.get(graph.texts[table.name[row]], -1)
    return out


def _sorted(sizes: dict[str, int]) -> _Names:
    """Tell the members apart. A graph called like another one's side file is still a graph."""
    edge: dict[str, str] = {}
    extras, tensors = [], []
    for name, size in sizes.items():
        suffix = next((s for s in _SUFFIXES if name.endswith(s) and name[: -len(s)] in sizes), "")
        if name in _TENSORS:
            tensors.append(TensorMember(name, "", name, size))
        elif suffix:
            tensors.append(TensorMember(name, name[: -len(suffix)], suffix[1:], size))
        elif name == _EDGE:
            edge[ONLY_METHOD] = name
        elif name.startswith(_EDGE + "/"):
            edge[name[len(_EDGE) + 1 :]] = name
        elif name not in (*_MAPS, _EXPORTED):
            extras.append(name)
    return _Names(edge, tuple(extras), tuple(tensors))


def read_record(source: str | PathLike[str] | bytes | Bytes) -> Record:
    """Open an ETRecord: a file, or its bytes.

    Raises:
        NotATrace: it is no ETRecord.
        TraceError: it cannot be opened, or its directory cannot be true.
    """
    return Record(Archive(source))
