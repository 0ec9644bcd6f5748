"""Whether a record belongs to a program or trace: by what the instructions are, not by a name.

A record has no hash of its program. But it says which nodes each instruction
came from, and an instruction that adds cannot have come from a convolution.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from etscope.etdump.program_graph import ProgramGraph
from etscope.inspector.backends.operations import Operations
from etscope.inspector.categories import category_of
from etscope.inspector.correlate.calls import nodes_by_handle
from etscope.inspector.correlate.operators import same_operator
from etscope.inspector.correlate.steps import Steps
from etscope.inspector.wording import counted

#: The share of instructions that must be of the kind that the record says.
_BELONGS = 0.5
#: Kinds of work that a backend calls by what they are, so that they can be held against a node.
_TELLING = frozenset({"convolution", "matmul"})


class Fit(NamedTuple):
    """How well a record fits the instructions of a method."""

    agree: int  # instructions whose operator is that of a node with their debug handle
    differ: int  # and those where it is not
    beyond: int  # instructions in the record that the method does not have
    example: str  # the first that differs, in words

    @property
    def compared(self) -> int:
        """Instructions that could be held against the record."""
        return self.agree + self.differ

    @property
    def belongs(self) -> bool:
        """Whether nothing speaks against joining the two."""
        return not self.beyond and self.agree >= _BELONGS * self.compared

    def plus(self, other: Fit) -> Fit:
        """Both together."""
        return Fit(
            self.agree + other.agree,
            self.differ + other.differ,
            self.beyond + other.beyond,
            self.example or other.example,
        )

    def sentence(self, method: str) -> str | None:
        """What to tell about it; None where everything agrees."""
        if self.beyond:
            many = counted(self.beyond, "instruction")
            return f"its record names {many} that method {method} does not have"
        if not self.differ:
            return None
        return (
            f"{self.differ} of {counted(self.compared, 'instruction')} of method {method} "
            f"{'is' if self.differ == 1 else 'are'} not of the kind that the record says "
            f"({self.example})"
        )


def kernels_fit(
    steps: Steps, handles: list[tuple[int, ...]], named: Iterable[int], graph: ProgramGraph
) -> Fit:
    """Hold the operators of kernel calls against the nodes that carry their debug handles.

    Args:
        handles: per instruction its debug handles.
        named: the instruction ids that the record's map has.
    """
    agree = differ = 0
    example = ""
    nodes_with = nodes_by_handle(graph)
    for row, mine in enumerate(handles):
        operator = steps.operator[row]
        if not mine or operator is None or steps.kind[row] != "operator":
            continue
        nodes = [node for handle in mine for node in nodes_with.get(handle, ())]
        names = [graph.text(int(graph.nodes.op[node])) or "" for node in nodes]
        if any(same_operator(operator, name) for name in names):
            agree += 1
            continue
        differ += 1
        there = names[0] if names else "no node"
        example = example or f"instruction {steps.number[row]} is {operator}, there {there}"
    beyond = 0
    if steps.plan is not None:
        known = set(steps.number.tolist())
        beyond = sum(number not in known for number in named)
    return Fit(agree, differ, beyond, example)


def delegate_fit(
    operations: Operations, handles: tuple[int, ...], number: int, graph: ProgramGraph
) -> Fit:
    """Hold what a delegate runs against the nodes that the record gives to it."""
    mine, nodes_with = set(handles), nodes_by_handle(graph)
    agree = differ = 0
    example = ""
    for kind, handle, inserted in zip(
        operations.kind, operations.handle.tolist(), operations.inserted.tolist(), strict=True
    ):
        category = category_of(kind)
        if inserted or handle < 0 or category not in _TELLING:
            continue
        nodes = nodes_with.get(handle, []) if handle in mine else []
        names = [graph.text(int(graph.nodes.op[node])) for node in nodes]
        if any(category_of(name) == category for name in names):
            agree += 1
            continue
        differ += 1
        there = names[0] if names else "no such debug handle"
        example = example or f"delegate call {number} runs {kind}, there {there}"
    return Fit(agree, differ, 0, example)
