"""The serialized graph of an exported program (ExecuTorch's schema 5.4) → ProgramGraph.

The JSON names values; here each name becomes a row number, once it is known
that it was made before it is used. Arguments are unions of one key.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from etscope.etdump.export_values import ValueReader
from etscope.etdump.node_origins import FrameReader, LineageReader, ModuleReader
from etscope.etdump.program_graph import (
    NodeColumns,
    NodeKind,
    ProgramGraph,
    ResultColumns,
    ResultKind,
)
from etscope.etdump.record_json import GRAPH_VALUES, Member
from etscope.etdump.text_index import TextIndex

SCHEMA_MAJOR = 5

_EDGE = re.compile(r"executorch\.exir\.dialects\.(edge|backend)\.ops\.")
_HANDLES = re.compile(r"[\[(]?\d{1,18}(,\d{1,18})*,?[\])]?")
#: Input kind in the signature → (what it is, where its attribute is named).
_INPUTS = {
    "parameter": (NodeKind.PARAMETER, "parameter_name"),
    "buffer": (NodeKind.BUFFER, "buffer_name"),
    "tensor_constant": (NodeKind.TENSOR_CONSTANT, "tensor_constant_name"),
    "user_input": (NodeKind.USER_INPUT, ""),
    "constant_input": (NodeKind.CONSTANT, ""),
    "custom_obj": (NodeKind.CUSTOM_OBJECT, "custom_obj_name"),
    "token": (NodeKind.TOKEN, ""),
}
#: The same for outputs.
_OUTPUTS = {
    "user_output": (ResultKind.USER_OUTPUT, ""),
    "buffer_mutation": (ResultKind.BUFFER_MUTATION, "buffer_name"),
    "user_input_mutation": (ResultKind.USER_INPUT_MUTATION, "user_input_name"),
    "loss_output": (ResultKind.LOSS, ""),
    "gradient_to_parameter": (ResultKind.PARAMETER_GRADIENT, "parameter_name"),
    "gradient_to_user_input": (ResultKind.USER_INPUT_GRADIENT, "user_input_name"),
    "token": (ResultKind.TOKEN, ""),
}


def operator_of(target: str) -> str:
    """`aten.add.Tensor` of `torch.ops.aten.add.Tensor` or of the edge dialect's long name."""
    for prefix in ("torch.ops.", "torch."):
        if target.startswith(prefix):
            return target[len(prefix) :]
    return _EDGE.sub("", target, count=1)


def read_graph(member: Member) -> ProgramGraph:
    """The graph in a member.

    Raises:
        TraceError: the member cannot be read, is in another schema, or contradicts itself.
    """
    program = member.table(member.value(GRAPH_VALUES), "the program")
    if "graph_module" not in program:
        raise member.error("it is no exported program: 'graph_module' is missing")
    version = member.table(program.get("schema_version"), "the schema version")
    major, minor = (member.integer(version.get(k), f"the {k} version") for k in ("major", "minor"))
    if major != SCHEMA_MAJOR:
        message = f"it is written in export schema {major}.{minor}; {SCHEMA_MAJOR}.x is known here"
        raise member.error(message)
    below = member.table(program["graph_module"], "the graph module")
    reader = _GraphReader(member, member.table(below.get("graph"), "the graph"))
    signature = member.table(below.get("signature") or {}, "the signature")
    reader.read(signature)
    verifiers = member.rows(program.get("verifiers") or [], "the list of verifiers")
    dialect = verifiers[0] if verifiers else program.get("dialect", "")
    return reader.finished(member.text(dialect, "the dialect"), (major, minor))


class _GraphReader:
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
        self.unreadable_handles = self.subgraphs = 0

    def read(self, signature: dict[str, Any]) -> None:
        rows, member = self.member.rows, self.member
        specs = rows(signature.get("input_specs") or [], "the list of input kinds")
        for place, argument in enumerate(rows(self.graph.get("inputs"), "the list of inputs")):
            self._placeholder(argument, specs[place] if place < len(specs) else None, place)
        for node in rows(self.graph.get("nodes"), "the list of nodes"):
            self._call(member.table(node, "a node"))
        member.node = None
        specs = rows(signature.get("output_specs") or [], "the list of output kinds")
        for place, argument in enumerate(rows(self.graph.get("outputs"), "the list of outputs")):
            self._result(argument, specs[place] if place < len(specs) else None)

    def _node(self, kind: int, name: str, texts: tuple[int, ...], *rest: int) -> None:
        if name in self.names:
            raise self.member.error(f"two nodes are called {name[:80]!r}")
        self.names.add(name)
        self.rows.append((kind, self.index.number(name), *texts, *rest))
        self.ends.append((len(self.handles), len(self.inputs), len(self.values)))

    def _attribute(self, fields: Any, key: str) -> int:
        fields = self.member.table(fields, "an entry of the signature")
        if not key:
            return -1
        return self.index.number(self.member.text(fields.get(key), f"'{key}'"))

    def _placeholder(self, argument: Any, spec: Any, place: int) -> None:
        kind, attribute, name = int(NodeKind.UNKNOWN_INPUT), -1, f"input_{place}"
        if spec is not None:
            word, fields = self.member.union(spec, "an entry of the signature")
            kind, key = _INPUTS.get(word, (kind, ""))
            attribute = self._attribute(fields, key)
            if kind == NodeKind.CONSTANT:
                name = self.member.text(fields.get("name"), "the name of a constant")
        for given in self.values.names_given(argument):
            self.values.add(len(self.rows), given)
            name = given
        self._node(kind, name, (-1, -1, attribute), 0, -1, -1, -1)

    def _call(self, node: dict[str, Any]) -> None:
        member = self.member
        name = member.node = member.text(node.get("name"), "the name of a node")
        target = member.text(node.get("target"), "the target")
        other = 0
        for entry in member.rows(node.get("inputs"), "the list of arguments"):
            argument = member.table(entry, "an argument").get("arg")
            used = self.values.rows_used(argument)
            self.inputs += used
            other += not used
            self.subgraphs += isinstance(argument, dict) and "as_graph" in argument
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

    def _handles(self, text: Any) -> None:
        if text is None or text == "":
            return
        # Without spaces the pattern has one way to match, whatever the text.
        if isinstance(text, str) and _HANDLES.fullmatch(text.replace(" ", "")):
            self.handles += [int(digits) for digits in re.findall(r"\d+", text)]
        else:
            self.unreadable_handles += 1

    def _result(self, argument: Any, spec: Any) -> None:
        kind, attribute = int(ResultKind.UNKNOWN_OUTPUT), -1
        if spec is not None:
            word, fields = self.member.union(spec, "an entry of the signature")
            kind, key = _OUTPUTS.get(word, (kind, ""))
            attribute = self._attribute(fields, key)
        for value in self.values.rows_used(argument) or [-1]:
            self.results.append((kind, value, attribute))

    def finished(self, dialect: str, version: tuple[int, int]) -> ProgramGraph:
        rows = np.array(self.rows, np.int32).reshape(-1, 9).T.copy()
        handles, inputs, values = np.array(self.ends, np.int64).T.copy()
        kind, name, op, target, attribute, other, modules, frames, lineage = rows
        results = np.array(self.results, np.int32).reshape(-1, 3).T.copy()
        return ProgramGraph(
            member=self.member.name,
            dialect=dialect,
            schema_version=version,
            nodes=NodeColumns(
                kind.astype(np.uint8), name, op, target, attribute, handles, inputs, other, values,
                modules, frames, lineage,
            ),
            handle=np.array(self.handles, np.int64),
            input_value=np.array(self.inputs, np.int32),
            values=self.values.columns(),
            results=ResultColumns(results[0].astype(np.uint8), results[1], results[2]),
            module_stacks=self.modules.columns(),
            frame_stacks=self.frames.columns(),
            lineages=self.lineages.columns(),
            texts=self.index.texts,
            notes=self._notes(),
        )  # fmt: skip

    def _notes(self) -> tuple[str, ...]:
        counts = (
            (self.frames.unreadable, "a stack trace that cannot be read"),
            (self.modules.unreadable, "a module stack that cannot be read"),
            (self.lineages.unreadable, "a lineage that cannot be read"),
            (self.unreadable_handles, "a debug handle that is no number"),
            (self.subgraphs, "a graph as an argument, whose nodes are left out"),
        )
        return tuple(f"{count} nodes have {what}" for count, what in counts if count)
