"""The nodes of a serialized graph, and of the graphs inside it, as rows.

A higher-order operator (map, cond, while_loop, scan) has its bodies as graphs
among its arguments. Their nodes follow the call that owns them. A body sees no
values but its own: its inputs are what the call hands over, in that order.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from etscope.etdump.export_signature import input_kind, result_kind
from etscope.etdump.export_values import ValueReader
from etscope.etdump.node_origins import FrameReader, LineageReader, ModuleReader
from etscope.etdump.program_graph import (
    Bodies,
    NodeColumns,
    NodeKind,
    ProgramGraph,
    ResultColumns,
    ResultKind,
)
from etscope.etdump.ragged import edges_of
from etscope.etdump.record_json import Member
from etscope.etdump.text_index import TextIndex

#: How deep bodies may lie in bodies; real ones reach two or three.
DEPTH = 32
_EDGE = re.compile(r"executorch\.exir\.dialects\.(edge|backend)\.ops\.")
_HANDLES = re.compile(r"[\[(]?\d{1,18}(,\d{1,18})*,?[\])]?")


def operator_of(target: str) -> str:
    """`aten.add.Tensor` of `torch.ops.aten.add.Tensor` or of the edge dialect's long name."""
    for prefix in ("torch.ops.", "torch."):
        if target.startswith(prefix):
            return target[len(prefix) :]
    return _EDGE.sub("", target, count=1)


class _Place(NamedTuple):
    """Where the node being read is."""

    owner: int = -1  # the call whose body it is in
    depth: int = 0


class NodeReader:
    """The lists that become columns."""

    def __init__(self, member: Member, graph: dict[str, Any]) -> None:
        self.member, self.graph = member, graph
        self.index = TextIndex()
        self.values = ValueReader(member, self.index, graph)
        self.frames, self.modules = FrameReader(self.index), ModuleReader(self.index)
        self.lineages = LineageReader(self.index)
        self.names: set[str] = set()
        # One list per column of NodeColumns, in the order of its fields.
        self.rows: list[tuple[int, ...]] = []
        self.ends: list[tuple[int, int, int]] = [(0, 0, 0)]  # of handles, inputs, values
        self.handles: list[int] = []
        self.inputs: list[int] = []
        self.results: list[tuple[int, int, int]] = []
        self.bodies: list[tuple[int, int, int, int]] = []
        self.body_results: list[list[int]] = []
        self.prefixes: set[str] = set()
        self.place = _Place()
        self.unreadable_handles = 0

    def read(self, signature: dict[str, Any]) -> None:
        """Read the program's graph and all that is in it."""
        rows, graph = self.member.rows, self.graph
        specs = rows(signature.get("input_specs") or [], "the list of input kinds")
        for number, argument in enumerate(rows(graph.get("inputs"), "the list of inputs")):
            self._placeholder(argument, specs[number] if number < len(specs) else None, number)
        self._calls(graph)
        self.member.node = None
        specs = rows(signature.get("output_specs") or [], "the list of output kinds")
        for number, argument in enumerate(rows(graph.get("outputs"), "the list of outputs")):
            self._result(argument, specs[number] if number < len(specs) else None)

    def _calls(self, graph: dict[str, Any]) -> None:
        for node in self.member.rows(graph.get("nodes"), "the list of nodes"):
            self._call(self.member.table(node, "a node"))

    def _node(self, kind: int, name: str, texts: tuple[int, ...], *rest: int) -> None:
        name = self.values.path(name)
        if name in self.names:
            raise self.member.error(f"two nodes are called {name[:80]!r}")
        self.names.add(name)
        self.rows.append((kind, self.index.number(name), *texts, *rest, self.place.owner))
        self.ends.append((len(self.handles), len(self.inputs), len(self.values)))

    def _text(self, text: str | None) -> int:
        return -1 if text is None else self.index.number(text)

    def _placeholder(self, argument: Any, spec: Any, number: int) -> None:
        kind = NodeKind.BODY_INPUT if self.place.depth else NodeKind.UNKNOWN_INPUT
        found: tuple[int, str | None, str | None] = (int(kind), None, None)
        if spec is not None:
            found = input_kind(self.member, spec)
        name = found[2] or f"input_{number}"
        for given in self.values.names_given(argument):
            self.values.add(len(self.rows), given)
            name = given
        self._node(found[0], name, (-1, -1, self._text(found[1])), 0, -1, -1, -1)

    def _call(self, node: dict[str, Any]) -> None:
        member = self.member
        name = member.node = member.text(node.get("name"), "the name of a node")
        target = member.text(node.get("target"), "the target")
        other, graphs = 0, []
        handed: list[int] = []  # the values behind the last graph
        for entry in member.rows(node.get("inputs"), "the list of arguments"):
            argument = member.table(entry, "an argument").get("arg")
            used = self.values.rows_used(argument)
            self.inputs += used
            handed += used
            if not used and isinstance(argument, dict) and "as_graph" in argument:
                graphs.append(argument["as_graph"])
                handed = []
            else:
                other += not used
        for argument in member.rows(node.get("outputs"), "the list of outputs"):
            for given in self.values.names_given(argument):
                self.values.add(len(self.rows), given)
        metadata = member.table(node.get("metadata") or {}, "the metadata")
        self._handles(metadata.get("debug_handle"))
        number = self.index.number
        self._node(
            NodeKind.CALL,
            name,
            (number(operator_of(target)), number(target), -1),
            other,
            self.modules.row(metadata.get("nn_module_stack")),
            self.frames.row(metadata.get("stack_trace")),
            self.lineages.row(metadata.get("from_node")),
        )
        if graphs:
            self._bodies(name, graphs, handed)

    def _bodies(self, call: str, graphs: list[Any], handed: list[int]) -> None:
        """Read the bodies of the call that was read last."""
        member, outer = self.member, self.place
        if outer.depth == DEPTH:
            raise member.error(f"graphs lie in graphs more than {DEPTH} deep")
        self.place = _Place(len(self.rows) - 1, outer.depth + 1)
        for number, content in enumerate(graphs):
            fields = member.table(content, "a graph as an argument")
            name = member.text(fields.get("name"), "the name of a graph")
            graph = member.table(fields.get("graph"), "a graph as an argument")
            prefix = self.values.path(f"{call}/{name}/")
            if prefix in self.prefixes:  # the same graph for both branches
                prefix = f"{prefix[:-1]}@{number}/"
            self.prefixes.add(prefix)
            with self.values.body(graph, prefix):
                self._body(name, graph, handed)
        self.place, member.node = outer, call

    def _body(self, name: str, graph: dict[str, Any], handed: list[int]) -> None:
        row, first = len(self.bodies), len(self.rows)
        self.bodies.append((self.place.owner, self.index.number(name), first, first))
        self.body_results.append([])
        arguments = self.member.rows(graph.get("inputs"), "the list of inputs")
        given = [len(self.values.names_given(argument)) for argument in arguments]
        # Else the operator hands over in another way, and to guess it would be to lie.
        values = iter(handed if sum(given) == len(handed) else ())
        for number, argument in enumerate(arguments):
            self.inputs += islice(values, given[number])
            self._placeholder(argument, None, number)
        self._calls(graph)
        for argument in self.member.rows(graph.get("outputs"), "the list of outputs"):
            self.body_results[row] += self.values.rows_used(argument) or [-1]
        self.bodies[row] = (*self.bodies[row][:3], len(self.rows))

    def _handles(self, text: Any) -> None:
        if text is None or text == "":
            return
        # Without spaces the pattern has one way to match, whatever the text.
        if isinstance(text, str) and _HANDLES.fullmatch(text.replace(" ", "")):
            self.handles += [int(digits) for digits in re.findall(r"\d+", text)]
        else:
            self.unreadable_handles += 1

    def _result(self, argument: Any, spec: Any) -> None:
        found: tuple[int, str | None] = (int(ResultKind.UNKNOWN_OUTPUT), None)
        if spec is not None:
            found = result_kind(self.member, spec)
        for value in self.values.rows_used(argument) or [-1]:
            self.results.append((found[0], value, self._text(found[1])))

    def finished(self, dialect: str, version: tuple[int, int]) -> ProgramGraph:
        rows = np.array(self.rows, np.int32).reshape(-1, 10).T.copy()
        handles, inputs, values = np.array(self.ends, np.int64).T.copy()
        kind, name, op, target, attribute, other, modules, frames, lineage, scope = rows
        results = np.array(self.results, np.int32).reshape(-1, 3).T.copy()
        return ProgramGraph(
            member=self.member.name,
            dialect=dialect,
            schema_version=version,
            nodes=NodeColumns(
                kind.astype(np.uint8), name, op, target, attribute, handles, inputs, other, values,
                modules, frames, lineage, scope,
            ),
            handle=np.array(self.handles, np.int64),
            input_value=np.array(self.inputs, np.int32),
            values=self.values.columns(),
            results=ResultColumns(results[0].astype(np.uint8), results[1], results[2]),
            bodies=self._body_columns(),
            module_stacks=self.modules.columns(),
            frame_stacks=self.frames.columns(),
            lineages=self.lineages.columns(),
            texts=self.index.texts,
            notes=self._notes(),
        )  # fmt: skip

    def _body_columns(self) -> Bodies:
        node, name, first, last = np.array(self.bodies, np.int32).reshape(-1, 4).T.copy()
        counts = np.array([len(values) for values in self.body_results], np.int64)
        flat = [value for values in self.body_results for value in values]
        return Bodies(node, name, first, last, edges_of(counts), np.array(flat, np.int32))

    def _notes(self) -> tuple[str, ...]:
        counts = (
            (self.frames.unreadable, "a stack trace that cannot be read"),
            (self.modules.unreadable, "a module stack that cannot be read"),
            (self.lineages.unreadable, "a lineage that cannot be read"),
            (self.unreadable_handles, "a debug handle that is no number"),
        )
        return tuple(f"{count} nodes have {what}" for count, what in counts if count)
