"""The events of a block of inferences as a tree of operators, delegates and what is around them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from etscope.etdump.columns import Ints
from etscope.etdump.methods import Method
from etscope.inspector.blocks import Block
from etscope.inspector.event_names import CONTROL, DELEGATE_CALL, OPERATOR_CALL
from etscope.inspector.signatures import Slot
from etscope.inspector.statistics import Reals, Statistics

METHOD_EVENT = "Method::execute"
_NATIVE = "native_call_"


@dataclass(frozen=True, eq=False)
class OperatorRows:
    """The events of one block of inferences as a tree, row for row. Row 0 is the method itself.

    `kind` is method, operator (with what it takes to call it), kernel (inside
    an operator), delegate, delegated (inside a delegate), control or other.
    """

    event: list[str]  # the event's name in the trace
    op: list[str | None]  # the operator, or the operation inside a delegate; None: unknown
    kind: list[str]
    backend: list[str | None]
    chain: Ints
    instruction: Ints
    delegate_id: list[int | str | None]
    parent: Ints  # row; -1: beside the method
    calls: Reals  # per inference
    statistics: Statistics  # of one call
    total: Reals  # per inference, mean over the middle half of the inferences
    inner: Reals  # derived: what the children of this row take of its total

    def __len__(self) -> int:
        return len(self.event)

    @property
    def share(self) -> Reals:
        """Derived: total as a share of the method's (NaN where the method was not timed)."""
        whole = self.total[0] if len(self) and self.kind[0] == "method" else np.nan
        return np.asarray(self.total / whole if whole else np.full(len(self), np.nan))

    @property
    def top(self) -> Ints:
        """The rows right under the method: together with `unexplained` they are all of it.

        Where the method itself was not timed, the rows that lie in no other.
        """
        timed = len(self) > 0 and self.kind[0] == "method"
        return np.flatnonzero(self.parent == (0 if timed else -1))

    def children(self, row: int) -> Ints:
        """The rows right under one row."""
        order, parents = self._by_parent
        start, end = np.searchsorted(parents, (row, row + 1))
        return order[start:end]

    @cached_property
    def _by_parent(self) -> tuple[Ints, Ints]:
        """The rows in the order of those above them, and those."""
        order = np.argsort(self.parent, kind="stable")
        return order, self.parent[order]


class TreeLabels:
    """Names the rows of a tree: what kind each is, which operator, which backend."""

    def __init__(self, block: Block, order: Ints, parent: Ints, method: Method | None) -> None:
        """`order` lists the slots that become rows, `parent` the row above each."""
        self.slots: list[Slot] = [block.slots[index] for index in order.tolist()]
        self.parent = parent.tolist()
        self.method = method
        self.kinds = [self._kind(row) for row in range(len(self.slots))]
        self._kernel: dict[int, str] = {}  # of an operator, the name of the first
        for row, above in enumerate(self.parent):
            if self.kinds[row] == "kernel":
                self._kernel.setdefault(above, self.slots[row].name)
        self._rows: dict[tuple[int, int], int] = {}
        if method is not None:
            table = method.instructions
            pairs = zip(table.chain.tolist(), table.instruction.tolist(), strict=True)
            self._rows = {pair: row for row, pair in enumerate(pairs)}

    def _kind(self, row: int) -> str:
        slot = self.slots[row]
        if slot.is_delegated:
            return "delegated"
        if slot.name == METHOD_EVENT:
            return "method"
        if slot.name in (OPERATOR_CALL, DELEGATE_CALL):
            return "operator" if slot.name == OPERATOR_CALL else "delegate"
        if slot.name in CONTROL:
            return "control"
        if slot.signature.chain < 0:
            return "other"
        above = self.parent[row]
        inside = above >= 0 and self.slots[above].name == OPERATOR_CALL
        return "kernel" if inside else "operator"

    def _instruction(self, row: int) -> int | None:
        """The row of the program's instructions that this event belongs to."""
        chain, number = self.slots[row].signature.chain, self.slots[row].signature.instruction
        return self._rows.get((chain, number))

    def op(self, row: int) -> str | None:
        """The operator of a row: from the program, else from the kernel's event; None: unknown."""
        kind, name = self.kinds[row], self.slots[row].name
        if kind == "delegated":
            return name
        if kind == "delegate":
            return DELEGATE_CALL
        if kind not in ("operator", "kernel"):
            return None
        instruction = self._instruction(row)
        if instruction is not None and self.method is not None:
            return self.method.operator_of_instruction[instruction]
        if name != OPERATOR_CALL:
            return name.removeprefix(_NATIVE)
        kernel = self._kernel.get(row)
        return None if kernel is None else kernel.removeprefix(_NATIVE)

    def backend(self, row: int) -> str | None:
        """The backend of a delegate call or of an operation inside one; None: not known."""
        instruction = self._instruction(row)
        if instruction is None or self.method is None:
            return None
        return self.method.backend_of(instruction)


def operator_rows(
    block: Block,
    order: Ints,
    parent: Ints,
    method: Method | None,
    statistics: Statistics,
    total: Reals,
    runs: int,
) -> OperatorRows:
    """Put a block's slots, in tree order, together with their figures.

    Args:
        order: the slots that become rows, the method first.
        parent: for each row the row above it, -1 for none.
        statistics: of the block's slots over the counted runs.
        total: of the block's slots, per inference.
        runs: how many runs were counted.
    """
    labels = TreeLabels(block, order, parent, method)
    rows = range(len(order))
    figures = statistics.take(order)
    total = total[order]
    inner = np.zeros(len(order))
    np.add.at(inner, parent[parent >= 0], total[parent >= 0])
    signatures = [slot.signature for slot in labels.slots]
    return OperatorRows(
        event=[slot.name for slot in labels.slots],
        op=[labels.op(row) for row in rows],
        kind=labels.kinds,
        backend=[labels.backend(row) for row in rows],
        chain=np.array([signature.chain for signature in signatures], np.int64),
        instruction=np.array([signature.instruction for signature in signatures], np.int64),
        delegate_id=[signature.delegate for signature in signatures],
        parent=parent,
        calls=figures.count / max(runs, 1),
        statistics=figures,
        total=total,
        inner=inner,
    )
