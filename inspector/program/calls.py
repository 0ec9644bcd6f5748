"""What a method calls: which instruction reads a value or runs a delegate first, and how often."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np

from etscope.etdump.instructions import InstructionKind
from etscope.etdump.methods import Method, is_prim


class OperatorCount(NamedTuple):
    """How often a method's instructions call one operator outside of delegates."""

    op: str
    instructions: int
    prim: bool  # computed by the runtime itself, without a kernel


class Place(NamedTuple):
    """Where an instruction stands: the ids by which ETDump's events name it."""

    chain: int
    instruction: int

    @staticmethod
    def of(method: Method, row: int) -> Place:
        """The place of one row of the method's instructions."""
        table = method.instructions
        return Place(int(table.chain[row]), int(table.instruction[row]))


def first_readers(method: Method) -> dict[int, int]:
    """Value → the first instruction, as a row over all chains, that has it as an argument."""
    table = method.instructions
    values, places = np.unique(table.arguments, return_index=True)
    rows = np.searchsorted(table.args, places, side="right") - 1
    return dict(zip(values.tolist(), rows.tolist(), strict=True))


def delegate_calls(method: Method) -> dict[int, int]:
    """Delegate → the first instruction that calls it, as a row over all chains."""
    table = method.instructions
    rows = np.flatnonzero(table.kind == InstructionKind.DELEGATE_CALL)
    delegates, places = np.unique(table.callee[rows], return_index=True)
    return dict(zip(delegates.tolist(), rows[places].tolist(), strict=True))


def delegate_counts(method: Method) -> Counter[int]:
    """Delegate → how many instructions call it."""
    table = method.instructions
    return Counter(table.callee[table.kind == InstructionKind.DELEGATE_CALL].tolist())


def operator_counts(method: Method) -> list[OperatorCount]:
    """The operators that run outside of delegates, the most frequent first."""
    table = method.instructions
    called = Counter(table.callee[table.kind == InstructionKind.KERNEL_CALL].tolist())
    return sorted(
        (
            OperatorCount(method.operators[number], count, is_prim(method.operators[number]))
            for number, count in called.items()
        ),
        key=lambda counted: (-counted.instructions, counted.op),
    )


def kind_counts(method: Method) -> dict[str, int]:
    """How many instructions of each kind a method has: "kernel", "delegate", "move", ..."""
    counts = Counter(method.instructions.kind.tolist())
    words = {
        InstructionKind.KERNEL_CALL: "kernel",
        InstructionKind.DELEGATE_CALL: "delegate",
        InstructionKind.MOVE_CALL: "move",
        InstructionKind.JUMP_FALSE_CALL: "jump",
        InstructionKind.FREE_CALL: "free",
    }
    found = {word: counts.pop(int(kind), 0) for kind, word in words.items()}
    return found | {"other": sum(counts.values())}
