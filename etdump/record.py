"""The ETRecord: what an export leaves beside the program, read without torch.

A record is opened by looking at its directory only; a graph or a map is parsed
when it is first asked for. Tensors (weights, inputs, reference outputs) are
named and sized and stay closed: they need torch.load(..., weights_only=True).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from os import PathLike
from typing import Any, TypeVar

import numpy as np

from etscope.etdump.columns import Bytes, Ints32
from etscope.etdump.errors import TraceError, UsageError
from etscope.etdump.export_json import read_graph
from etscope.etdump.program_graph import ProgramGraph
from etscope.etdump.record_archive import Archive
from etscope.etdump.record_json import Member
from etscope.etdump.record_lineage import exported_nodes, graph_id_of
from etscope.etdump.record_maps import (
    ONLY_METHOD,
    DelegateMap,
    HandleMap,
    OutputCounts,
    read_delegates,
    read_handles,
    read_output_counts,
)
from etscope.etdump.record_members import (
    COUNTS,
    DELEGATES,
    EDGE,
    EXPORTED,
    GRAPH_ID,
    HANDLES,
    MAPS,
    TensorMember,
    sorted_members,
)

TENSORS_NOTE = (
    "weights, inputs and reference outputs are named and sized only: "
    "reading them needs torch.load with weights_only=True"
)

_Map = TypeVar("_Map", HandleMap, DelegateMap, OutputCounts)


class Record:
    """An opened ETRecord. Whatever it lacks is None or empty, and named in `notes`."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._names = sorted_members(archive.sizes)
        self._graphs: dict[str, ProgramGraph] = {}
        self._origins: dict[str, tuple[ProgramGraph | None, int | None]] = {}

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
        return self._graph(EXPORTED) if EXPORTED in self.sizes else None

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
        return self._map(HANDLES, read_handles)

    @cached_property
    def delegates(self) -> DelegateMap:
        """Delegate call → backend, and its own ids → debug handles. Raises TraceError."""
        return self._map(DELEGATES, read_delegates)

    @cached_property
    def output_counts(self) -> OutputCounts:
        """Delegate call → number of outputs. Raises TraceError."""
        return self._map(COUNTS, read_output_counts)

    @cached_property
    def export_graph_id(self) -> int | None:
        """The graph id that lineages give to the exported program; None where it is unknown."""
        if GRAPH_ID not in self.sizes:
            return None
        member = Member(self._archive, GRAPH_ID)
        value = member.value()
        # 0 and null are what an export without an exported program writes.
        return None if value is None else member.integer(value, "the graph id") or None

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What the record does not have, in sentences."""
        missing = [name for name in (EXPORTED, *MAPS) if name not in self.sizes]
        notes = [f"the record has no {name}" for name in missing]
        if not self._names.edge:
            notes.append("the record has no edge program")
        if EDGE in self.sizes:
            notes.append("the record is of an old layout, which does not name its method")
        return (*notes, TENSORS_NOTE) if self.tensors else tuple(notes)

    def exported_graph(self, method: str) -> ProgramGraph | None:
        """The exported program (ATen operators) that an edge program was made from.

        For "forward" that is `exported_program`. Of other methods ETRecord keeps none
        by itself: an extra counts if the edge program's lineages lead to it. None where
        no graph does. Raises as `edge_program`.
        """
        return self._origin(method)[0]

    def exported_nodes(self, method: str) -> Ints32:
        """For each node of an edge program the node of `exported_graph` that it came from.

        (nodes,); -1 where its lineage does not lead there. See `record_lineage`.
        """
        exported, graph_id = self._origin(method)
        edge = self.edge_program(method)
        if exported is None:
            return np.full(len(edge), -1, np.int32)
        return exported_nodes(edge, exported, graph_id)

    def _origin(self, method: str) -> tuple[ProgramGraph | None, int | None]:
        """(exported program, the graph id that the method's lineages give to it)."""
        if method not in self._origins:
            edge, exported = self.edge_program(method), self.exported_program
            found: tuple[ProgramGraph | None, int | None] = (None, None)
            mine = method == ONLY_METHOD or len(self.methods) == 1
            if exported is not None and mine:
                found = exported, self.export_graph_id or graph_id_of(edge, exported)
            elif self.extras:
                found = self._origin_in_extras(edge, method)
            self._origins[method] = found
        return self._origins[method]

    def _origin_in_extras(
        self, edge: ProgramGraph, method: str
    ) -> tuple[ProgramGraph | None, int | None]:
        best: tuple[int, ProgramGraph | None, int | None] = (0, None, None)
        for name in self._extras_for(method):
            # One that cannot be read says so when it is asked for by its name.
            with suppress(TraceError):
                extra = self.extra(name)
                graph_id = None if extra.dialect == "EDGE" else graph_id_of(edge, extra)
                if graph_id is not None:
                    # A program and the one that it was quantized from can both be there.
                    reached = int((exported_nodes(edge, extra, graph_id) >= 0).sum())
                    best = (reached, extra, graph_id) if reached > best[0] else best
        return best[1:]

    def _extras_for(self, method: str) -> list[str]:
        """The extras that are not named after another method; those named after this one first."""
        named: dict[str, set[str]] = {}
        for extra in self.extras:
            name, _, inner = extra.rpartition("/")
            owners = {m for m in self.methods if name == m or name.endswith("_" + m)}
            named[extra] = owners or {inner} & set(self.methods) - {ONLY_METHOD}
        fit = [extra for extra in self.extras if not named[extra] or method in named[extra]]
        return sorted(fit, key=lambda extra: method not in named[extra])

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


def read_record(source: str | PathLike[str] | bytes | Bytes) -> Record:
    """Open an ETRecord: a file, or its bytes.

    Raises:
        NotATrace: it is no ETRecord.
        TraceError: it cannot be opened, or its directory cannot be true.
    """
    return Record(Archive(source))
