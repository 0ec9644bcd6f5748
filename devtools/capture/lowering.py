"""A torch.export program as a list of steps: kernels resolved, slots named, last uses known.

Slots have names of our own, never names from the graph: `a` user inputs, `w`
lifted tensors, `g` submodules, `v` intermediate values.

An instruction is a step that the trace reports. Every call of a dispatcher
operator is one, and so is a higher-order operator (cond, while_loop, map) as a
whole: what runs inside its branches is not reported apart. Taking an item out
of a multi-output operator, reading a size and arithmetic on sizes are not
operators; they run between the instructions.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind, InputSpec, OutputKind
from torch.fx import GraphModule, Node

from etscope.devtools.capture.bindings import Binding, binding_of
from etscope.etdump.errors import CaptureError

_WRITE_BACK = {
    OutputKind.BUFFER_MUTATION,
    OutputKind.PARAMETER_MUTATION,
    OutputKind.USER_INPUT_MUTATION,
}
# The only in-place operator that changes no data; export puts it behind every lifted constant.
_HARMLESS = {"aten::detach_"}


class Ref(NamedTuple):
    """A slot of the generated function."""

    name: str


@dataclass(frozen=True)
class Step:
    """One statement of the generated function: `result = kernel(*args, **kwargs)`."""

    binding: Binding
    operator: str  # "aten::add.Tensor"; empty: not an instruction
    node: str  # the graph node; empty for the write-back of a mutated buffer or input
    args: tuple[object, ...]
    kwargs: dict[str, object]
    result: Ref
    returns: int | None = 1  # values that the operator returns; None: only the run can tell
    frees: tuple[str, ...] = ()  # slots whose last use this is


@dataclass(frozen=True)
class Lowered:
    """One method, ready for code generation."""

    steps: list[Step]
    inputs: list[Node]  # placeholders of the user inputs, flat order
    lifted: list[InputSpec]  # slot w0, w1, ...
    modules: dict[str, object]  # slot g0, g1, ... -> what get_attr found
    outputs: tuple[object, ...]  # of the user, flat
    written: frozenset[str]  # slots that a write-back changes
    in_place: bool  # some operator writes to its arguments

    @property
    def instructions(self) -> list[Step]:
        """The steps that the trace reports; the index is the instruction id."""
        return [step for step in self.steps if step.operator]

    @property
    def changes_inputs(self) -> bool:
        """Whether a run may write to the user's tensors."""
        return self.in_place or any(slot.startswith("a") for slot in self.written)


def lower(program: ExportedProgram) -> Lowered:
    """Put the graph of a program in order of execution.

    Raises:
        CaptureError: the graph holds a node that no exported program should have.
    """
    return _Lowering(program).run()


def references(value: object) -> Iterator[Ref]:
    """Every slot that an argument mentions, also inside lists, tuples, slices and dictionaries."""
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        yield from references(list(value.values()))
    elif isinstance(value, slice):
        yield from references([value.start, value.stop, value.step])


class _Lowering:
    """The walk over one graph; made once, run once."""

    def __init__(self, program: ExportedProgram) -> None:
        self.program = program
        self.names: dict[Node, Ref] = {}
        self.steps: list[Step] = []
        self.inputs: list[Node] = []
        self.lifted: list[InputSpec] = []
        self.modules: dict[str, object] = {}

    def run(self) -> Lowered:
        graph = self.program.graph
        specs = self.program.graph_signature.input_specs
        for node, spec in zip(graph.find_nodes(op="placeholder"), specs, strict=True):
            self.name_input(node, spec)
        for node in graph.nodes:
            if node.op == "get_attr":
                self.names[node] = Ref(f"g{len(self.modules)}")
                found = operator.attrgetter(str(node.target))(self.program.graph_module)
                self.modules[self.names[node].name] = found
            elif node.op == "call_function" and node not in self.names:
                self.call(node)
            elif node.op not in ("placeholder", "output", "call_function"):
                raise CaptureError(
                    f"node {node.name!r} is a {node.op}, which no exported program should hold; "
                    "export the model again with torch.export.export"
                )
        outputs, written = self.finish(graph.output_node())
        return Lowered(
            steps=_with_frees(self.steps, outputs),
            inputs=self.inputs,
            lifted=self.lifted,
            modules=self.modules,
            outputs=outputs,
            written=written,
            in_place=_writes_in_place(self.program.graph_module),
        )

    def name_input(self, node: Node, spec: InputSpec) -> None:
        if spec.kind is InputKind.USER_INPUT:
            self.names[node] = Ref(f"a{len(self.inputs)}")
            self.inputs.append(node)
        else:
            self.names[node] = Ref(f"w{len(self.lifted)}")
            self.lifted.append(spec)

    def call(self, node: Node) -> None:
        target: Any = node.target
        if target is operator.getitem and not node.users:
            return  # an output that nobody wants must not be held for a name's sake
        self.names[node] = Ref(f"v{len(self.names)}")
        operator_name, returns = _identity(target)
        self.steps.append(
            Step(
                binding=binding_of(target, node.args, node.kwargs),
                operator=operator_name,
                node=node.name,
                args=tuple(self.resolved(arg) for arg in node.args),
                kwargs={key: self.resolved(arg) for key, arg in node.kwargs.items()},
                result=self.names[node],
                returns=returns,
            )
        )
        # Items are taken at once, so that the outputs that nobody wants are freed at once too.
        for user in node.users:
            if user.target is operator.getitem and isinstance(user.args[1], int):
                self.call(user)

    def resolved(self, arg: object) -> object:
        """The argument with nodes replaced by slots; containers become plain ones."""
        if isinstance(arg, Node):
            return self.names[arg]
        if isinstance(arg, list):
            return [self.resolved(item) for item in arg]
        if type(arg) is tuple:
            return tuple(self.resolved(item) for item in arg)
        if isinstance(arg, dict):
            return {key: self.resolved(item) for key, item in arg.items()}
        if isinstance(arg, slice):
            return slice(*(self.resolved(item) for item in (arg.start, arg.stop, arg.step)))
        return arg

    def finish(self, node: Node) -> tuple[tuple[object, ...], frozenset[str]]:
        """Append the write-backs; give the user's outputs and the slots written to."""
        values = self.resolved(node.args[0])
        assert isinstance(values, (tuple, list))
        slots = {spec.target: f"w{index}" for index, spec in enumerate(self.lifted)}
        slots.update({user.name: f"a{index}" for index, user in enumerate(self.inputs)})
        outputs, written = [], set()
        specs = self.program.graph_signature.output_specs
        for value, spec in zip(values, specs, strict=True):
            if spec.kind in _WRITE_BACK:
                slot = Ref(slots[spec.target])
                written.add(slot.name)
                if slot != value:
                    self.write_back(slot, value)
            elif spec.kind is not OutputKind.TOKEN:
                outputs.append(value)
        return tuple(outputs), frozenset(written)

    def write_back(self, slot: Ref, value: object) -> None:
        copy = torch.ops.aten.copy_.default
        name = _identity(copy)[0]
        result = Ref(f"v{len(self.names) + len(self.steps)}")
        self.steps.append(
            Step(binding_of(copy, (slot, value), {}), name, "", (slot, value), {}, result)
        )


def _identity(target: Callable[..., object]) -> tuple[str, int | None]:
    """(name in the trace, number of returned values); no name for what is not an operator."""
    if isinstance(target, torch._ops.OpOverload):
        schema = target._schema
        if schema.name.startswith("aten::sym_"):
            return "", 1
        return f"{schema.name}.{target._overloadname}", len(schema.returns)
    if isinstance(target, torch._ops.HigherOrderOperator):
        return f"{target.namespace}::{target.__name__}", None
    return "", 1


def _writes_in_place(module: GraphModule) -> bool:
    """Whether any operator, here or in a branch, writes to its arguments."""
    return any(
        node.target._schema.is_mutable and node.target._schema.name not in _HARMLESS
        for part in module.modules()
        if isinstance(part, GraphModule)
        for node in part.graph.nodes
        if isinstance(node.target, torch._ops.OpOverload)
    )


def _with_frees(steps: list[Step], outputs: tuple[object, ...]) -> list[Step]:
    """The steps, each with the slots that nothing behind it uses."""
    alive = {ref.name for ref in references(outputs)}
    freed = []
    for step in reversed(steps):
        mentioned = dict.fromkeys(ref.name for ref in references((step.args, step.kwargs)))
        mentioned[step.result.name] = None
        last = tuple(name for name in mentioned if name[0] == "v" and name not in alive)
        alive.update(last)
        freed.append(replace(step, frees=last))
    return freed[::-1]
