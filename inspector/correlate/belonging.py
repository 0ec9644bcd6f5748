"""Whether a record belongs to a program or trace: by what the instructions are, not by a name.

A record has no hash of its program. But it says which nodes each instruction
came from, and an instruction that adds cannot have come from a convolution.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from etscope.etdump.program_graph import ProgramGraph
from etscope.etdump.record import Record
from etscope.etdump.tensor_specs import Dynamism
from etscope.inspector.backends.operations import Operations
from etscope.inspector.categories import category_of
from etscope.inspector.correlate.instructions import StepNodes
from etscope.inspector.correlate.operators import is_ordinary, same_operator
from etscope.inspector.correlate.pairing import shape_of_instruction, shape_of_node
from etscope.inspector.correlate.steps import Steps
from etscope.inspector.wording import counted

#: The share of instructions that may be of another kind, and of shapes that may be others:
#: passes after the record was made change some.
_OTHER_KIND = 0.15
_OTHER_SHAPE = 0.5
#: And of a record's instructions that a trace alone need not have met.
_NOT_MET = 0.5
#: Kinds of work that a backend calls by what they are, so that they can be held against a node.
_TELLING = frozenset({"convolution", "matmul", "normalization", "reduction", "elementwise"})


class Fit(NamedTuple):
    """How well a record fits the instructions of a method."""

    agree: int = 0  # instructions whose operator is that of their node
    differ: int = 0  # and those where it is not
    reshaped: int = 0  # of those that agree, how many give another shape than their node
    beyond: int = 0  # instructions that are something else altogether, or not there
    example: str = ""  # the first that differs, in words

    @property
    def compared(self) -> int:
        """Instructions that could be held against the record."""
        return self.agree + self.differ

    @property
    def belongs(self) -> bool:
        """Whether nothing speaks against joining the two."""
        kinds = self.differ <= _OTHER_KIND * self.compared
        shapes = self.reshaped <= max(1, _OTHER_SHAPE * self.agree)
        return not self.beyond and (not self.compared or (kinds and shapes))

    def plus(self, other: Fit) -> Fit:
        """Both together."""
        return Fit(
            self.agree + other.agree,
            self.differ + other.differ,
            self.reshaped + other.reshaped,
            self.beyond + other.beyond,
            self.example or other.example,
        )

    def sentence(self, method: str) -> str:
        """What speaks against the record; "" where nothing does."""
        if self.beyond:
            what = counted(self.beyond, "instruction")
            verb = "is" if self.beyond == 1 else "are"
            return f"{what} of method {method} {verb} not what the record says ({self.example})"
        if self.differ:
            return (
                f"{self.differ} of {counted(self.compared, 'instruction')} of method {method} "
                f"{'is' if self.differ == 1 else 'are'} not of the kind that the record says "
                f"({self.example})"
            )
        if self.reshaped > max(1, _OTHER_SHAPE * self.agree):
            return (
                f"{self.reshaped} of {counted(self.agree, 'instruction')} of method {method} "
                f"give other shapes than the record says ({self.example})"
            )
        return ""


def structure_fit(steps: Steps, record: Record, called: str) -> Fit:
    """Whether the record knows the instructions, and which of them call a delegate."""
    handles, delegates = record.debug_handles, record.delegates
    named = set(handles.instruction[handles.rows_of(called)].tolist())
    theirs = set(delegates.instruction[delegates.rows_of(called)].tolist())
    # The maps know the instructions of the first chain only.
    rows = zip(steps.chain.tolist(), steps.number.tolist(), steps.kind, strict=True)
    kinds = {number: kind for chain, number, kind in rows if chain == 0}
    mine = {number for number, kind in kinds.items() if kind == "delegate"}
    # A trace shows only what ran, and an old record knows no delegates at all.
    knows = bool(theirs) or called in delegates.methods
    wrong = (mine - theirs) if knows else set()
    wrong |= {number for number in theirs if number in kinds and number not in mine}
    missing = (named | theirs) - set(kinds)
    # A trace without jumps met most of what there is, even if it broke off or lost some; a load
    # meets nothing.
    few = not kinds or len(missing) <= _NOT_MET * len(named)
    if steps.plan is None and (few or "control" in steps.kind):
        missing = set()
    if wrong:
        number = min(wrong)
        there = "a delegate call" if number in theirs else "none"
        here = "calls a delegate" if number in mine else f"is {kinds[number]}"
        return Fit(
            beyond=len(wrong | missing), example=f"instruction {number} {here}, there {there}"
        )
    if missing:
        return Fit(beyond=len(missing), example=f"the method has no instruction {min(missing)}")
    return Fit()


def kernels_fit(steps: Steps, found: StepNodes, graph: ProgramGraph) -> Fit:
    """Hold the operators of kernel calls with a debug handle against their nodes."""
    agree = differ = reshaped = 0
    example = ""
    # An old record has no handles at all, and what is in a body has none.
    known = any(found.handles) and not (graph.nodes.scope >= 0).any()
    for row, handles in enumerate(found.handles):
        operator = steps.operator[row]
        if operator is None or steps.kind[row] != "operator":
            continue
        if not handles:
            if known and steps.chain[row] == 0 and is_ordinary(operator):
                differ += 1
                example = example or f"instruction {steps.number[row]} is {operator}, there none"
            continue
        node = found.nodes[row][0] if found.nodes[row] else -1
        named = graph.text(int(graph.nodes.op[node])) if node >= 0 else None
        where = f"instruction {steps.number[row]}"
        if named is None or not same_operator(operator, named):
            differ += 1
            example = example or f"{where} is {operator}, there {named or 'no node'}"
            continue
        agree += 1
        here, there = _static_shape(steps, row), shape_of_node(graph, node)
        if here is not None and there is not None and here != there:
            reshaped += 1
            example = example or f"{where} gives {list(here)}, there {list(there)}"
    return Fit(agree, differ, reshaped, 0, example)


def _static_shape(steps: Steps, row: int) -> tuple[int, ...] | None:
    """The shape that an instruction gives, where it is not only an upper bound."""
    plan = steps.plan
    if plan is None or not len(plan.instructions.arguments_of(row)):
        return None
    tensors = plan.values.tensors_of(int(plan.instructions.arguments_of(row)[-1]))
    if not len(tensors) or plan.values.tensors.dynamism[tensors[0]] != Dynamism.STATIC:
        return None
    return shape_of_instruction(plan, row)


def delegate_fit(
    operations: Operations,
    handles: tuple[int, ...],
    number: int,
    graph: ProgramGraph,
    nodes_with: dict[int, list[int]],
) -> Fit:
    """Hold what a delegate runs against the nodes that the record gives to it.

    Args:
        nodes_with: the nodes that carry each debug handle.
    """
    mine = set(handles)
    agree = differ = 0
    example = ""
    known = (operations.handle >= 0) & ~operations.inserted
    for row in np.flatnonzero(known).tolist():
        kind, handle = operations.kind[row], int(operations.handle[row])
        category = category_of(kind)
        if category not in _TELLING:
            continue
        nodes = nodes_with.get(handle, []) if handle in mine else []
        names = [graph.text(int(graph.nodes.op[node])) for node in nodes]
        if any(category_of(name) == category for name in names):
            agree += 1
            continue
        differ += 1
        there = names[0] if names else "no such debug handle"
        example = example or f"delegate call {number} runs {kind}, there {there}"
    return Fit(agree, differ, 0, 0, example)
