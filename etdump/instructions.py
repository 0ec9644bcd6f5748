"""The instructions of a method, over all its chains, as columns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from etscope.etdump import program_schema as schema
from etscope.etdump import ragged
from etscope.etdump.columns import Ints, Ints32
from etscope.etdump.flatbuffer import FlatBuffer, Positions


class InstructionKind(IntEnum):
    """What an instruction does. Numbers above the last are kept, without arguments."""

    NONE = 0
    KERNEL_CALL = 1
    DELEGATE_CALL = 2
    MOVE_CALL = 3
    JUMP_FALSE_CALL = 4
    FREE_CALL = 5


@dataclass(frozen=True, eq=False)
class InstructionColumns:
    """One row per instruction. Row i owns arguments[args[i]:args[i + 1]].

    Arguments are numbers of values: all of a call, (from, to) of a move, the
    condition of a jump, the value of a free.
    """

    chain: Ints32
    instruction: Ints32  # within its chain: the instruction_id of ETDump
    kind: NDArray[np.uint8]  # InstructionKind
    callee: Ints32  # operator of a kernel call, delegate of a delegate call, else -1
    destination: Ints32  # instruction in the same chain that a jump goes to, else -1
    args: Ints  # (instructions + 1,)
    arguments: Ints

    def __len__(self) -> int:
        return len(self.kind)

    def arguments_of(self, row: int) -> Ints:
        """The values that one instruction touches."""
        return self.arguments[self.args[row] : self.args[row + 1]]


@dataclass(frozen=True)
class Limits:
    """How many of each there are, so that numbers can be checked."""

    values: int
    operators: int
    delegates: int


def read_instructions(buffer: FlatBuffer, chains: Positions, limits: Limits) -> InstructionColumns:
    """The instructions of these Chain tables.

    Raises:
        TraceError: something lies outside the file, or names what is not there.
    """
    vectors = buffer.references(chains, schema.Chain.INSTRUCTIONS)
    tables, counts = buffer.tables_of(vectors, "the instructions of a chain")
    kind = buffer.scalars(tables, schema.Instruction.KIND)
    payload = buffer.references(tables, schema.Instruction.PAYLOAD)
    missing = (kind > InstructionKind.NONE) & (kind <= max(InstructionKind)) & (payload < 0)
    if missing.any():
        raise buffer.corrupt("an instruction without content", int(tables[missing.argmax()]))
    callee = np.full(len(kind), -1, np.int32)
    for which, count, what in (
        (InstructionKind.KERNEL_CALL, limits.operators, "a kernel call's operator"),
        (InstructionKind.DELEGATE_CALL, limits.delegates, "a delegate call's delegate"),
    ):
        rows = np.flatnonzero(kind == which)
        callee[rows] = buffer.scalars(payload[rows], schema.Call.CALLEE)
        ragged.check_indices(buffer, callee[rows], count, what)
    args, arguments = _arguments(buffer, kind, payload)
    ragged.check_indices(buffer, arguments, limits.values, "an instruction's argument")
    first = ragged.edges_of(counts)[:-1]
    return InstructionColumns(
        chain=np.repeat(np.arange(len(counts), dtype=np.int32), counts),
        instruction=(np.arange(len(kind)) - np.repeat(first, counts)).astype(np.int32),
        kind=kind,
        callee=callee,
        destination=_destinations(buffer, kind, payload, np.repeat(counts, counts)),
        args=args,
        arguments=arguments,
    )


_OWN_ARGUMENTS = {
    InstructionKind.MOVE_CALL: (schema.MoveCall.SOURCE, schema.MoveCall.TARGET),
    InstructionKind.JUMP_FALSE_CALL: (schema.JumpFalseCall.CONDITION,),
    InstructionKind.FREE_CALL: (schema.FreeCall.VALUE,),
}


def _arguments(
    buffer: FlatBuffer, kind: NDArray[np.uint8], payload: Positions
) -> tuple[Ints, Ints]:
    calls = np.flatnonzero(
        (kind == InstructionKind.KERNEL_CALL) | (kind == InstructionKind.DELEGATE_CALL)
    )
    vectors = buffer.references(payload[calls], schema.Call.ARGUMENTS)
    edges, values = ragged.numbers(buffer, vectors, "<i4", "the arguments of a call")
    counts = np.zeros(len(kind), np.int64)
    counts[calls] = np.diff(edges)
    for which, fields in _OWN_ARGUMENTS.items():
        counts[kind == which] = len(fields)
    args = ragged.edges_of(counts)
    arguments = np.zeros(args[-1], np.int64)
    arguments[ragged.spread(args, calls, counts[calls])] = values
    for which, fields in _OWN_ARGUMENTS.items():
        rows = np.flatnonzero(kind == which)
        for place, field in enumerate(fields):
            arguments[args[rows] + place] = buffer.scalars(payload[rows], field)
    return args, arguments


def _destinations(
    buffer: FlatBuffer, kind: NDArray[np.uint8], payload: Positions, chain_length: Positions
) -> Ints32:
    destination = np.full(len(kind), -1, np.int32)
    rows = np.flatnonzero(kind == InstructionKind.JUMP_FALSE_CALL)
    destination[rows] = buffer.scalars(payload[rows], schema.JumpFalseCall.DESTINATION)
    wrong = (destination[rows] < 0) | (destination[rows] > chain_length[rows])
    if wrong.any():
        raise buffer.corrupt("a jump out of its chain", int(payload[rows][wrong.argmax()]))
    return destination
