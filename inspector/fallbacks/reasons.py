"""Why an operator was left out of every delegate, as far as the files show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from etscope.etdump.methods import is_prim
from etscope.etdump.program_graph import NodeKind, ProgramGraph
from etscope.etdump.scalar_types import SCALAR_TYPES
from etscope.inspector.backends import backend_of, backends
from etscope.inspector.backends.placement import Call, Refusal, refusal_of
from etscope.inspector.correlate.operators import parts_of
from etscope.inspector.wording import counted

#: Kinds of reasons, and what they say in two or three words.
KINDS = {
    "no_delegate": "no delegate at all",
    "runtime": "runtime's own",
    "buffer": "writes a buffer",
    "custom": "custom operator",
    "operator": "operator not taken",
    "dtype": "element type",
    "shape": "shape",
    "argument": "argument",
    "weights": "weights not constant",
    "serves": "converts for another",
    "never": "never delegated",
    "differs": "differs from delegated ones",
    "unknown": "not in the files",
}
_NAMESPACES = frozenset(
    {"aten", "executorch_prim", "dim_order_ops", "quantized_decomposed", "torchao", "prims"}
)
#: What is said of a call that gives what it takes.
IDLE = "it only copies here, for shape and order stay as they are"
#: Operators that models often call without effect, as matmul does before it multiplies.
_MAY_DO_NOTHING = frozenset({"expand_copy", "slice_copy", "clone", "_clone_dim_order"})


class Reason(NamedTuple):
    """Why an operator stayed outside."""

    kind: str  # one of KINDS
    text: str

    @property
    def words(self) -> str:
        """For a column of a table."""
        return KINDS[self.kind]


@dataclass(frozen=True)
class Delegated:
    """Operators that the delegates of a method run, by name: the nodes of each."""

    graph: ProgramGraph | None
    nodes: dict[str, list[int]] = field(default_factory=dict)


def delegated_nodes(graph: ProgramGraph | None, nodes: Sequence[int]) -> Delegated:
    """Sort the nodes inside of delegates by their operators' names."""
    found: dict[str, list[int]] = {}
    for node in nodes if graph is not None else ():
        if graph is not None and graph.nodes.kind[node] == NodeKind.CALL:
            name = parts_of(graph.text(int(graph.nodes.op[node])) or "")[1]
            found.setdefault(name, []).append(node)
    return Delegated(graph, found)


def reason_of(
    operator: str,
    call: Call,
    names: Sequence[str],
    delegated: Delegated,
    *,
    buffer: str | None,
    served: str | None,
) -> Reason:
    """The first of the reasons that holds, from the plainest to a comparison.

    Args:
        operator: as the program names it, "aten::mean.out".
        names: of the backends of the method's delegates, each once.
        buffer: the mutable buffer that the call writes back; None: none.
        served: the operator outside that the call converts a value for; None: none.
    """
    if not names:
        return Reason("no_delegate", f"the method has no delegate{_if_lowered(call, operator)}")
    if is_prim(operator):
        return Reason("runtime", "the runtime computes it itself: no backend is asked")
    if buffer is not None:
        return Reason("buffer", f"writes {buffer} back, which the runtime keeps between inferences")
    if call.namespace and call.namespace not in _NAMESPACES:
        return Reason(
            "custom", f"a custom operator ({call.namespace}): only its own kernel runs it"
        )
    answers = [(name, *refusal_of(backend_of(name), call)) for name in names]
    refused = [(name, refusal) for name, _, refusal in answers if refusal is not None]
    if refused and len(refused) == len(names):
        return _refused(refused, call)
    if served is not None:
        return Reason("serves", f"converts a value for {served}, which stayed outside")
    takers = [name for name, known, refusal in answers if known and refusal is None]
    return _compared(call, " and ".join(takers), delegated)


def _if_lowered(call: Call, operator: str) -> str:
    """What the rules of the backends known here say of a call that no backend was asked about."""
    if is_prim(operator):
        return ""
    takers = takers_of(call)
    if takers:
        return f"; {' and '.join(takers)} would take it, as far as the rules go"
    answers = [(name, refusal_of(backend, call)[1]) for name, backend in backends().items()]
    told = [f"{name} {refusal.text}" for name, refusal in answers if refusal is not None]
    return "".join(f"; {text}" for text in told)


def takers_of(call: Call) -> tuple[str, ...]:
    """The backends known here whose partitioner would take a call, as far as its rules go."""
    found = []
    for name, backend in backends().items():
        knows, refused = refusal_of(backend, call)
        if knows and refused is None and not is_prim(f"{call.namespace}::{call.name}"):
            found.append(name)
    return tuple(found)


def _refused(refused: list[tuple[str, Refusal]], call: Call) -> Reason:
    text = "; ".join(f"{name} {refusal.text}" for name, refusal in refused)
    if call.name in _MAY_DO_NOTHING and _changes_nothing(call):
        text += f"; {IDLE}"
    return Reason(refused[0][1].kind, text)


def _changes_nothing(call: Call) -> bool:
    """Whether a call gives what it takes."""
    if not call.inputs or not call.outputs:
        return False
    taken, given = call.inputs[0], call.outputs[0]
    return not taken.dynamic and taken._replace(constant=given.constant) == given


def _compared(call: Call, takers: str, delegated: Delegated) -> Reason:
    """By what tells the call from those of the same operator that were delegated.

    Args:
        takers: the backends whose rules do not speak against it.
    """
    alike = delegated.nodes.get(call.name, [])
    if delegated.graph is None or not alike:
        if takers:
            why = f"{takers} takes {call.name}, and nothing in the files speaks against this one"
            return Reason("unknown", why)
        if delegated.graph is None:
            return Reason("unknown", "there is no record to compare it with, and no plug-in knows")
        why = f"no delegate runs any {call.name} here, and no plug-in says what one takes"
        return Reason("never", why)
    differences = _differences(call, delegated.graph, alike)
    many = counted(len(alike), call.name, call.name)
    if not differences:
        return Reason("unknown", f"{many} inside delegates are alike in type, rank and weights")
    return Reason("differs", f"{many} inside delegates {' and '.join(differences)}")


def _differences(call: Call, graph: ProgramGraph, alike: list[int]) -> list[str]:
    """What this call is and none of the delegated ones."""
    there = [_node_facts(graph, node) for node in alike]
    first = call.inputs[0] if call.inputs else None
    found = []
    types = {dtype for fact in there for dtype in fact.types}
    mine = sorted({tensor.dtype for tensor in call.inputs if tensor.dtype} - types)
    if mine and types:
        found.append(f"work on {', '.join(sorted(types))} instead of {', '.join(mine)}")
    ranks = {fact.rank for fact in there if fact.rank >= 0}
    if first is not None and ranks and len(first.shape) not in ranks:
        listed = ", ".join(map(str, sorted(ranks)))
        found.append(f"take tensors of rank {listed} instead of {len(first.shape)}")
    if len(call.inputs) > 1 and all(f.weights for f in there) and not _has_weights(call):
        found.append("have constant weights")
    dynamic = any(tensor.dynamic for tensor in (*call.inputs, *call.outputs))
    if dynamic and not any(fact.dynamic for fact in there):
        found.append("have fixed shapes")
    return found


def _has_weights(call: Call) -> bool:
    return any(tensor.constant for tensor in call.inputs)


class _NodeFacts(NamedTuple):
    types: frozenset[str]
    rank: int  # of the first input; -1: not known
    weights: bool
    dynamic: bool


def _node_facts(graph: ProgramGraph, node: int) -> _NodeFacts:
    """What a node inside a delegate works on."""
    nodes, values = graph.nodes, graph.values
    taken = graph.input_value[int(nodes.inputs[node]) : int(nodes.inputs[node + 1])]
    tensors = [v for v in taken.tolist() if v >= 0 and values.scalar_type[v] >= 0]
    numbers = {int(values.scalar_type[v]) for v in tensors}
    types = frozenset(SCALAR_TYPES[n].name for n in numbers if n in SCALAR_TYPES)
    ends = [(int(values.dims[v]), int(values.dims[v + 1])) for v in tensors]
    kinds = [int(nodes.kind[int(values.node[v])]) for v in tensors]
    return _NodeFacts(
        types=types,
        rank=ends[0][1] - ends[0][0] if ends else -1,
        weights=any(NodeKind.CALL < kind <= NodeKind.TENSOR_CONSTANT for kind in kinds),
        dynamic=any((values.expression[a:b] >= 0).any() for a, b in ends),
    )
