"""The kernel calls of a method as the facts that a partitioner looks at."""

from __future__ import annotations

from etscope.etdump.evalues import EValueKind
from etscope.etdump.methods import Method
from etscope.etdump.scalar_types import SCALAR_TYPES
from etscope.etdump.tensor_specs import Dynamism
from etscope.inspector.backends.placement import Argument, Call, TensorFacts
from etscope.inspector.categories import category_of
from etscope.inspector.correlate.operators import parts_of
from etscope.inspector.fallbacks.dataflow import Flow, is_constant


class Calls:
    """The calls of one method; made once, asked by instruction."""

    def __init__(self, plan: Method, flow: Flow) -> None:
        self._plan, self._flow = plan, flow
        self._constant = _constants(plan, flow)

    def call(self, row: int, node_op: str | None = None) -> Call:
        """One kernel call.

        Args:
            node_op: the operator of its node in the graph, which tells the overload that a
                partitioner saw; without it, what the program says.
        """
        operator = self._plan.operator_of_instruction[row]
        namespace, name = parts_of(operator)
        overload = _overload(operator)
        if node_op is not None and parts_of(node_op)[1] == name:
            overload = node_op.rpartition(".")[2]
        flow = self._flow
        return Call(
            namespace=namespace,
            name=name,
            overload=overload,
            inputs=tuple(self.tensor(value) for value in flow.takes[row]),
            outputs=tuple(self.tensor(value) for value in flow.gives[row]),
            arguments=tuple(
                self._argument(v) for v in self._plan.instructions.arguments_of(row).tolist()
            ),
        )

    def tensor(self, value: int) -> TensorFacts:
        """One tensor value."""
        values = self._plan.values
        tensors, row = values.tensors, int(values.tensor[value])
        known = SCALAR_TYPES.get(int(tensors.scalar_type[row]))
        span = slice(int(tensors.dims[row]), int(tensors.dims[row + 1]))
        return TensorFacts(
            dtype="" if known is None else known.name,
            shape=tensors.shape_of(row),
            dynamic=bool(tensors.dynamism[row] != Dynamism.STATIC),
            constant=value in self._constant,
            rank_order=tuple(tensors.dim_order[span].tolist()),
        )

    def _argument(self, value: int) -> Argument:
        values = self._plan.values
        kind = values.kind[value]
        if kind == EValueKind.TENSOR:
            return self.tensor(value)
        if kind == EValueKind.INT:
            return int(values.integer[value])
        if kind == EValueKind.BOOL:
            return bool(values.integer[value])
        if kind == EValueKind.DOUBLE:
            return float(values.real[value])
        if kind == EValueKind.STRING:
            return str(values.texts[int(values.text[value])])
        if kind == EValueKind.INT_LIST:
            members = values.item[values.items[value] : values.items[value + 1]]
            return tuple(int(values.integer[m]) for m in members.tolist())
        return None


def _overload(operator: str) -> str | None:
    """The overload that became an out variant: "dim" of "mean.dim_out"; None: not told."""
    last = operator.rpartition("::")[2].partition(".")[2]
    short = last.removesuffix("_out")
    return None if last in ("", "out") or short == last else short


def _constants(plan: Method, flow: Flow) -> frozenset[int]:
    """Values that are weights, or made from nothing but weights by moving data."""
    values = plan.values
    known = {
        value
        for value in range(len(values))
        if values.kind[value] == EValueKind.TENSOR and is_constant(plan, value)
    }
    moved: set[int] = set()
    for row, operator in enumerate(plan.operator_of_instruction):
        taken = list(zip(flow.takes[row], flow.maker[row], strict=True))
        # A view of a moved weight is no value of its own maker: the maker tells.
        still = [value in known or maker in moved for value, maker in taken]
        known.update(value for (value, _), fixed in zip(taken, still, strict=True) if fixed)
        if taken and all(still) and category_of(operator) == "data movement":
            moved.add(row)
            known.update(flow.gives[row])
    return frozenset(known)
