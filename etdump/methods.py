"""A method of a program: its values, operators, delegates and instructions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from etscope.etdump import program_schema as schema
from etscope.etdump import ragged
from etscope.etdump.columns import Ints
from etscope.etdump.delegates import BlobPlaces, Delegate, read_delegates
from etscope.etdump.evalues import EValueColumns, EValueKind, read_evalues
from etscope.etdump.flatbuffer import FlatBuffer, Positions
from etscope.etdump.instructions import (
    InstructionColumns,
    InstructionKind,
    Limits,
    read_instructions,
)
from etscope.etdump.program_constants import StoredTensors, TensorStorage
from etscope.etdump.program_frames import FrameTable, read_frames
from etscope.etdump.schema import Offset

#: What ETDump calls the events of instructions that are not kernel calls.
_CALL_NAMES = {
    InstructionKind.DELEGATE_CALL: "DELEGATE_CALL",
    InstructionKind.MOVE_CALL: "MOVE_CALL",
    InstructionKind.JUMP_FALSE_CALL: "JF_CALL",
    InstructionKind.FREE_CALL: "FREE_CALL",
}


_LISTS = (EValueKind.TENSOR_LIST, EValueKind.OPTIONAL_TENSOR_LIST)
#: Members of these lists, counted for each argument, may be so many for each that is in the file,
#: and this many in any file.
_SHARING, _SHARED_FREELY = 8, 2**16

_PRIM_OPERATORS = frozenset({"aten::sym_size.int", "aten::_local_scalar_dense", "aten::sym_numel"})


def is_prim(operator: str) -> bool:
    """Whether the runtime computes this operator itself: no kernel event, nothing logged."""
    return operator.startswith("executorch_prim::") or operator in _PRIM_OPERATORS


class ArenaDevice(NamedTuple):
    """An arena that is not, or not just, the CPU's."""

    arena: int
    device_type: int  # 0: CPU, 1: CUDA
    device_index: int


@dataclass(frozen=True, eq=False)
class Method:
    """One execution plan."""

    name: str
    values: EValueColumns
    inputs: Ints  # values
    outputs: Ints
    operators: tuple[str, ...]  # "aten::add.out"
    delegates: tuple[Delegate, ...]
    instructions: InstructionColumns
    arena_bytes: Ints  # size of each memory arena; number 0 is not used
    arena_devices: tuple[ArenaDevice, ...]  # empty: all on the CPU
    storage: TensorStorage  # where the data of each tensor in values.tensors is
    input_tree: str  # how the caller nests its inputs: a pytree as JSON, "" where not written
    output_tree: str
    stacks: FrameTable | None  # source lines per instruction; None: the export kept none

    @cached_property
    def operator_of_instruction(self) -> tuple[str, ...]:
        """Per instruction: "aten::add.out", or the kind of call as ETDump names it."""
        kinds, callees = self.instructions.kind.tolist(), self.instructions.callee.tolist()
        return tuple(
            self.operators[callee]
            if kind == InstructionKind.KERNEL_CALL
            else _CALL_NAMES.get(kind, f"CALL_{kind}")
            for kind, callee in zip(kinds, callees, strict=True)
        )

    @cached_property
    def event_of_instruction(self) -> tuple[str, ...]:
        """Per instruction the name of the event that closes last in ETDump's instruction scope.

        Kernels made by ExecuTorch's generator also emit `native_call_<op>.<overload>` inside.
        """
        return tuple(
            "OPERATOR_CALL" if kind == InstructionKind.KERNEL_CALL else name
            for kind, name in zip(
                self.instructions.kind.tolist(), self.operator_of_instruction, strict=True
            )
        )

    def native_event_of(self, row: int) -> str | None:
        """The inner event of one instruction's kernel; None for prim operators and other calls."""
        if self.instructions.kind[row] != InstructionKind.KERNEL_CALL:
            return None
        name = self.operator_of_instruction[row]
        return None if is_prim(name) else "native_call_" + name.rpartition("::")[2]

    def backend_of(self, row: int) -> str | None:
        """The backend that one instruction calls; None if it is not a delegate call."""
        if self.instructions.kind[row] != InstructionKind.DELEGATE_CALL:
            return None
        return self.delegates[int(self.instructions.callee[row])].backend


def read_method(
    buffer: FlatBuffer, plan: Positions, blobs: BlobPlaces, stored: StoredTensors
) -> Method:
    """One method from its execution plan.

    Raises:
        TraceError: something lies outside the file, or names what is not there.
    """

    def tables(field: Offset, what: str) -> Positions:
        return buffer.tables_of(buffer.references(plan, field), what)[0]

    values = read_evalues(buffer, tables(schema.Plan.VALUES, "the values"))
    operators = _operators(buffer, tables(schema.Plan.OPERATORS, "the operators"))
    delegates = read_delegates(buffer, tables(schema.Plan.DELEGATES, "the delegates"), blobs)
    limits = Limits(len(values), len(operators), len(delegates))
    ends = []
    for field, what in (
        (schema.Plan.INPUTS, "a method's inputs"),
        (schema.Plan.OUTPUTS, "a method's outputs"),
    ):
        _, numbers = ragged.numbers(buffer, buffer.references(plan, field), "<i4", what)
        ragged.check_indices(buffer, numbers, len(values), what)
        ends.append(numbers.astype(np.int64))
    arenas = buffer.references(plan, schema.Plan.ARENA_SIZES)
    chains = tables(schema.Plan.CHAINS, "the chains")
    instructions = read_instructions(buffer, chains, limits)
    _check_lists(buffer, values, instructions, int(plan[0]))
    container = buffer.references(plan, schema.Plan.CONTAINER)
    return Method(
        name=_text(buffer, plan, schema.Plan.NAME, "a method's name"),
        values=values,
        inputs=ends[0],
        outputs=ends[1],
        operators=operators,
        delegates=delegates,
        instructions=instructions,
        arena_bytes=ragged.numbers(buffer, arenas, "<i8", "the arena sizes")[1].astype(np.int64),
        arena_devices=_arena_devices(buffer, tables(schema.Plan.ARENA_DEVICES, "the devices")),
        storage=stored.of(values.tensors),
        input_tree=_text(buffer, container, schema.Container.INPUTS, "the inputs' nesting"),
        output_tree=_text(buffer, container, schema.Container.OUTPUTS, "the outputs' nesting"),
        stacks=read_frames(buffer, chains),
    )


def _check_lists(
    buffer: FlatBuffer, values: EValueColumns, instructions: InstructionColumns, at: int
) -> None:
    """Refuse long lists of tensors that many instructions share: exporters write one for each."""
    length = np.where(np.isin(values.kind, _LISTS), np.diff(values.items), 0)
    members = int(length[instructions.arguments].sum())
    if members > _SHARING * (len(values.item) + len(instructions.arguments)) + _SHARED_FREELY:
        raise buffer.corrupt("lists of tensors that far too many instructions share", at)


def _text(buffer: FlatBuffer, table: Positions, field: Offset, what: str) -> str:
    if table[0] < 0:
        return ""
    return ragged.texts(buffer, buffer.references(table, field), what)[0] or ""


def _arena_devices(buffer: FlatBuffer, tables: Positions) -> tuple[ArenaDevice, ...]:
    columns = (
        buffer.scalars(tables, field).tolist()
        for field in (
            schema.ArenaDevice.ARENA,
            schema.ArenaDevice.TYPE,
            schema.ArenaDevice.INDEX,
        )
    )
    return tuple(ArenaDevice(*row) for row in zip(*columns, strict=True))


def _operators(buffer: FlatBuffer, tables: Positions) -> tuple[str, ...]:
    names = ragged.texts(buffer, buffer.references(tables, schema.Operator.NAME), "an operator")
    overloads = ragged.texts(
        buffer, buffer.references(tables, schema.Operator.OVERLOAD), "an overload"
    )
    return tuple(
        f"{name or ''}.{overload}" if overload else name or ""
        for name, overload in zip(names, overloads, strict=True)
    )
