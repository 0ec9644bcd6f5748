"""What a method's instructions are, from the program or from what a trace shows of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from etscope.etdump.columns import Ints
from etscope.etdump.instructions import InstructionKind
from etscope.etdump.methods import Method
from etscope.inspector.event_names import CONTROL, DELEGATE_CALL, OPERATOR_CALL
from etscope.inspector.signatures import Slot


@dataclass(frozen=True, eq=False)
class Steps:
    """One row per instruction, in the order of the method."""

    chain: Ints
    number: Ints  # the instruction id
    operator: tuple[str | None, ...]  # "aten::addmm.out"; None: a delegate, or not known
    kind: tuple[str, ...]  # operator, delegate or control
    backend: tuple[str | None, ...]
    plan: Method | None  # where the program is known; row for row

    def __len__(self) -> int:
        return len(self.number)

    @property
    def rows(self) -> dict[tuple[int, int], int]:
        """(chain, instruction id) → row."""
        pairs = zip(self.chain.tolist(), self.number.tolist(), strict=True)
        return {pair: row for row, pair in enumerate(pairs)}


def steps_of_plan(method: Method) -> Steps:
    """The instructions of a program's method."""
    kinds = method.instructions.kind.tolist()
    calls = (InstructionKind.KERNEL_CALL, InstructionKind.DELEGATE_CALL)
    word = {calls[0]: "operator", calls[1]: "delegate"}
    names = method.operator_of_instruction
    return Steps(
        chain=method.instructions.chain.astype(np.int64),
        number=method.instructions.instruction.astype(np.int64),
        operator=tuple(
            name if kind == calls[0] else None for name, kind in zip(names, kinds, strict=True)
        ),
        kind=tuple(word.get(kind, "control") for kind in kinds),
        backend=tuple(method.backend_of(row) for row in range(len(kinds))),
        plan=method,
    )


def steps_of_slots(slots: Iterable[Slot]) -> Steps:
    """The instructions that a trace met, as far as their events tell."""
    found: dict[tuple[int, int], tuple[str, str | None]] = {}
    for slot in slots:
        signature = slot.signature
        if signature.chain < 0 or signature.instruction < 0:
            continue
        place = (signature.chain, signature.instruction)
        kind, operator = found.get(place, ("operator", None))
        if slot.is_delegated or slot.name == DELEGATE_CALL:
            kind = "delegate"
        elif slot.name in CONTROL:
            kind = "control"
        elif slot.name != OPERATOR_CALL and signature.is_profile:
            operator = signature.name
        found[place] = kind, None if kind == "delegate" else operator
    places = sorted(found)
    return Steps(
        chain=np.array([chain for chain, _ in places], np.int64),
        number=np.array([number for _, number in places], np.int64),
        operator=tuple(found[place][1] for place in places),
        kind=tuple(found[place][0] for place in places),
        backend=(None,) * len(places),
        plan=None,
    )
