"""An exported program's graph as columns: nodes, edges, values, modules and source lines.

Texts are kept once, as an index into `texts`; -1 is absent. Lists of a node are
ragged: row r owns items[edges[r]:edges[r + 1]].
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints, Ints32
from etscope.etdump.origin_columns import FrameStacks, Lineages, ModuleStacks


class NodeKind(IntEnum):
    """What a node is. All but CALL are inputs, of the program or of a body."""

    CALL = 0
    PARAMETER = 1
    BUFFER = 2
    TENSOR_CONSTANT = 3
    USER_INPUT = 4
    CONSTANT = 5  # a number, text or None that the export fixed
    CUSTOM_OBJECT = 6
    TOKEN = 7
    UNKNOWN_INPUT = 8  # the signature does not say
    BODY_INPUT = 9  # what a higher-order operator hands to its body


class ResultKind(IntEnum):
    """What becomes of an output of the program."""

    USER_OUTPUT = 0
    BUFFER_MUTATION = 1
    USER_INPUT_MUTATION = 2
    LOSS = 3
    PARAMETER_GRADIENT = 4
    USER_INPUT_GRADIENT = 5
    TOKEN = 6
    UNKNOWN_OUTPUT = 7  # the signature does not say


class Frame(NamedTuple):
    """One line of the user's source."""

    file: str
    line: int
    function: str
    source: str  # the text of the line; empty where the export had none


class Module(NamedTuple):
    """One module of a node's stack."""

    path: str  # exact components, "layers.0.attention"; "" is the root
    type: str  # the class with its Python module
    call: int  # 0: the first call of that module


@dataclass(frozen=True, eq=False)
class NodeColumns:
    """One row per node: inputs of the program first, then calls in the order of the graph.

    `getitem` is no node: the call that it picks from has one value per output instead.
    The bodies of a higher-order operator follow its call, each with inputs of its own
    first. A body's input takes the caller's value (in a loop: a slice of it, or what the
    last round gave). Names in bodies are paths, "map_impl/submodule_0/aten_mul_tensor".
    """

    kind: NDArray[np.uint8]  # NodeKind
    name: Ints32
    op: Ints32  # "aten.convolution.default"; -1: not a call
    target: Ints32  # the operator as written in the file; -1: not a call
    attribute: Ints32  # an input's parameter or buffer, "layers.0.weight"; -1: none
    handles: Ints  # (nodes + 1,): rows of ProgramGraph.handle
    inputs: Ints  # (nodes + 1,): rows of ProgramGraph.input_value, in the order of the arguments
    other_arguments: Ints32  # arguments that are no value of the graph, and were left out
    values: Ints  # (nodes + 1,): rows of ValueTable
    modules: Ints32  # row of ModuleStacks; -1: none
    frames: Ints32  # row of FrameStacks; -1: none
    lineage: Ints32  # row of Lineages; -1: none
    scope: Ints32  # the call whose body the node is in, innermost; -1: in none

    def __len__(self) -> int:
        return len(self.kind)


@dataclass(frozen=True, eq=False)
class ValueTable:
    """One row per value that a node gives: tensors, and symbolic numbers."""

    node: Ints32
    name: Ints32
    scalar_type: NDArray[np.int8]  # numbers of etdump.scalar_types; -1: no tensor, or unknown
    dims: Ints  # (values + 1,)
    sizes: Ints  # a symbolic size has the value of the example inputs; -1: unknown
    expression: Ints32  # of a symbolic size, "2*s0"; -1: a plain number
    symbol: Ints32  # (values,): the expression of a symbolic number, "u0 >= 0"; -1: a tensor

    def __len__(self) -> int:
        return len(self.node)


@dataclass(frozen=True, eq=False)
class ResultColumns:
    """One row per output of the program."""

    kind: NDArray[np.uint8]  # ResultKind
    value: Ints32  # row of ValueTable; -1: a constant
    attribute: Ints32  # the buffer, parameter or input that it is written to; -1: none

    def __len__(self) -> int:
        return len(self.kind)


@dataclass(frozen=True, eq=False)
class Bodies:
    """One row per graph that a higher-order operator calls: a loop's body, a branch."""

    node: Ints32  # the call that owns it
    name: Ints32  # of the graph, "true_graph_0"
    first: Ints32  # its nodes, those of bodies inside it included, are the rows first:last
    last: Ints32
    results: Ints  # (bodies + 1,): rows of `result`
    result: Ints32  # row of ValueTable that it gives back; -1: a constant

    def __len__(self) -> int:
        return len(self.node)


@dataclass(frozen=True, eq=False)
class ProgramGraph:
    """One exported program. `notes` says what was there and could not be kept."""

    member: str  # of the record
    dialect: str  # "EDGE", "TRAINING" or "ATEN"
    schema_version: tuple[int, int]
    texts: tuple[str, ...]
    nodes: NodeColumns
    handle: Ints
    input_value: Ints32  # row of ValueTable
    values: ValueTable
    results: ResultColumns
    bodies: Bodies
    module_stacks: ModuleStacks
    frame_stacks: FrameStacks
    lineages: Lineages
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Nodes in the graph."""
        return len(self.nodes)

    def text(self, index: int) -> str | None:
        """The string of an index column; None for -1."""
        return None if index < 0 else self.texts[index]

    @cached_property
    def node_of_name(self) -> dict[str, int]:
        """Name → node. Names are unique in a graph."""
        return {self.texts[name]: node for node, name in enumerate(self.nodes.name.tolist())}

    @cached_property
    def input_node(self) -> Ints32:
        """The node that gives each row of `input_value`: the edges of the graph."""
        return self.values.node[self.input_value]

    def handles_of(self, node: int) -> Ints:
        """Debug handles of a node."""
        return self.handle[self.nodes.handles[node] : self.nodes.handles[node + 1]]

    def nodes_of_handle(self, handle: int) -> Ints:
        """The nodes with that debug handle, in the order of the graph."""
        rows = np.flatnonzero(self.handle == handle)
        return np.searchsorted(self.nodes.handles, rows, side="right") - 1

    def inputs_of(self, node: int) -> Ints32:
        """The nodes whose values a node takes, in the order of its arguments."""
        return self.input_node[self.nodes.inputs[node] : self.nodes.inputs[node + 1]]

    def bodies_of(self, node: int) -> Ints:
        """The rows of `bodies` of a call, in the order of its arguments."""
        return np.flatnonzero(self.bodies.node == node)

    def shape_of(self, value: int) -> tuple[int | str, ...]:
        """Sizes of a value; a symbolic size as its expression."""
        span = slice(int(self.values.dims[value]), int(self.values.dims[value + 1]))
        pairs = zip(
            self.values.sizes[span].tolist(), self.values.expression[span].tolist(), strict=True
        )
        return tuple(size if text < 0 else self.texts[text] for size, text in pairs)

    def modules_of(self, node: int) -> tuple[Module, ...]:
        """The modules around a node, outermost first; empty where the record has none."""
        stack = int(self.nodes.modules[node])
        if stack < 0:
            return ()
        table = self.module_stacks
        rows = range(int(table.edges[stack]), int(table.edges[stack + 1]))
        return tuple(
            Module(self.texts[table.path[r]], self.texts[table.type[r]], int(table.call[r]))
            for r in rows
        )

    def stack_trace_of(self, node: int) -> str | None:
        """The stack trace of a node as the export wrote it; None where it wrote none."""
        stack = int(self.nodes.frames[node])
        return None if stack < 0 else self.texts[self.frame_stacks.text[stack]]

    def module_stack_of(self, node: int) -> str | None:
        """The module stack of a node as the export wrote it; None where it wrote none."""
        stack = int(self.nodes.modules[node])
        return None if stack < 0 else self.texts[self.module_stacks.text[stack]]

    def module_path_of(self, node: int) -> str | None:
        """Path of the innermost module, "layers.0.attention"; "" is the root, None unknown."""
        modules = self.modules_of(node)
        return modules[-1].path if modules else None

    def frames_of(self, node: int) -> tuple[Frame, ...]:
        """The user's source lines, outermost call first; empty where the record has none."""
        stack = int(self.nodes.frames[node])
        if stack < 0:
            return ()
        table = self.frame_stacks
        return tuple(
            Frame(
                self.texts[table.file[r]],
                int(table.line[r]),
                self.texts[table.function[r]],
                self.texts[table.source[r]],
            )
            for r in range(int(table.edges[stack]), int(table.edges[stack + 1]))
        )

    def ancestors_of(self, node: int) -> tuple[tuple[str, int], ...]:
        """(name, graph id) of what a node was made from, nearest first."""
        chain = int(self.nodes.lineage[node])
        if chain < 0:
            return ()
        table = self.lineages
        span = slice(int(table.edges[chain]), int(table.edges[chain + 1]))
        names = (self.texts[name] for name in table.name[span].tolist())
        return tuple(zip(names, table.graph_id[span].tolist(), strict=True))
