"""Which instruction makes the values that another takes, by the program alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from etscope.etdump.errors import TraceError
from etscope.etdump.evalues import EValueKind
from etscope.etdump.instructions import InstructionKind
from etscope.etdump.methods import Method
from etscope.etdump.program import Program
from etscope.inspector.backends import delegate_operations
from etscope.inspector.backends.operations import Operations

_LISTS = (EValueKind.TENSOR_LIST, EValueKind.OPTIONAL_TENSOR_LIST)


@dataclass(frozen=True, eq=False)
class Flow:
    """One entry per instruction of a method, in its order. Values are those of the program."""

    takes: tuple[tuple[int, ...], ...]  # tensor values that it reads
    gives: tuple[tuple[int, ...], ...]  # and writes
    maker: tuple[tuple[int, ...], ...]  # instruction that wrote each value of `takes`; -1: none
    readers: tuple[tuple[int, ...], ...]  # instructions that read what it wrote

    def makers(self, row: int) -> list[int]:
        """The instructions whose values one takes, each once."""
        return list(dict.fromkeys(at for at in self.maker[row] if at >= 0))

    @cached_property
    def users(self) -> dict[tuple[int, int], list[int]]:
        """(maker, value) → the instructions that take it as that maker left it, ascending."""
        found: dict[tuple[int, int], list[int]] = {}
        for row, (values, makers) in enumerate(zip(self.takes, self.maker, strict=True)):
            for value, maker in zip(values, makers, strict=True):
                if maker >= 0:
                    found.setdefault((maker, value), []).append(row)
        return found

    @cached_property
    def passed(self) -> dict[tuple[int, int], list[int]]:
        """(maker, reader) → the values that one takes from the other."""
        found: dict[tuple[int, int], list[int]] = {}
        for (maker, value), rows in self.users.items():
            for row in rows:
                found.setdefault((maker, row), []).append(value)
        return found


def is_constant(plan: Method, value: int) -> bool:
    """Whether a tensor's data is in the program and nothing writes to it."""
    row = int(plan.values.tensor[value])
    tensors = plan.values.tensors
    if row < 0 or tensors.memory_id[row] >= 0:
        return False
    return bool(tensors.buffer[row] > 0 or tensors.external[row])


def flow_of(plan: Method, operations: dict[int, Operations]) -> Flow:
    """Follow the values through a method.

    A value without a maker of its own is a view of another that lies at the same
    place of its arena: the one that was written there last.

    Args:
        operations: of delegate calls by instruction, which say how many values are given to
            each; where there are none, what nothing mentioned before is what it gives back.
    """
    table = plan.instructions
    writer: dict[int, int] = {}
    last_at: dict[tuple[int, int], int] = {}
    seen = set(plan.inputs.tolist())
    takes, gives, makers = [], [], []
    readers: list[list[int]] = [[] for _ in range(len(table))]
    for row in range(len(table)):
        values = _tensors(plan, table.arguments_of(row).tolist())
        written = _written(plan, row, values, seen, operations.get(row))
        # A buffer that is written in place is read as well.
        read = [v for v in dict.fromkeys(values) if v not in written or _is_in_place(plan, row, v)]
        made = [writer.get(v, last_at.get(_place(plan, v), -1)) for v in read]
        for at in dict.fromkeys(made):
            if at >= 0:
                readers[at].append(row)
        for value in written:
            writer[value] = row
            last_at[_place(plan, value)] = row
        last_at.pop((-1, -1), None)
        seen.update(values)
        takes.append(tuple(read))
        gives.append(tuple(written))
        makers.append(tuple(made))
    return Flow(tuple(takes), tuple(gives), tuple(makers), tuple(tuple(r) for r in readers))


def _tensors(plan: Method, arguments: list[int]) -> list[int]:
    """The tensor values among arguments, members of lists one by one."""
    values = plan.values
    found: list[int] = []
    for value in arguments:
        if values.kind[value] == EValueKind.TENSOR:
            found.append(value)
        elif values.kind[value] in _LISTS:
            members = values.item[values.items[value] : values.items[value + 1]].tolist()
            found += [m for m in members if m >= 0 and values.kind[m] == EValueKind.TENSOR]
    return found


def _place(plan: Method, value: int) -> tuple[int, int]:
    row, tensors = int(plan.values.tensor[value]), plan.values.tensors
    return int(tensors.memory_id[row]), int(tensors.memory_offset[row])


def _written(
    plan: Method, row: int, values: list[int], seen: set[int], operations: Operations | None
) -> list[int]:
    """What an instruction gives: a kernel's last argument, a delegate's last ones."""
    kind, arguments = plan.instructions.kind[row], plan.instructions.arguments_of(row).tolist()
    if kind == InstructionKind.KERNEL_CALL:
        return _tensors(plan, arguments[-1:])
    if kind == InstructionKind.MOVE_CALL:
        return values[-1:]
    if kind != InstructionKind.DELEGATE_CALL:
        return []
    if operations is not None and len(operations.delegate_outputs):
        return values[-len(operations.delegate_outputs) :]
    first = len(values)
    while first and values[first - 1] not in seen and not is_constant(plan, values[first - 1]):
        first -= 1
    return values[first:]


def _is_in_place(plan: Method, row: int, value: int) -> bool:
    arguments = plan.instructions.arguments_of(row).tolist()
    is_kernel = plan.instructions.kind[row] == InstructionKind.KERNEL_CALL
    return is_kernel and len(arguments) > 1 and arguments[0] == value == arguments[-1]


def operations_of_calls(program: Program, plan: Method) -> dict[int, Operations]:
    """What each delegate runs, by the instruction that calls it, as far as plug-ins can read it."""
    found: dict[int, Operations] = {}
    for row in range(len(plan.instructions)):
        try:
            operations = delegate_operations(program, plan.name, row)
        except TraceError:
            continue  # the mapping of its events says that it cannot be read
        if operations is not None:
            found[row] = operations
    return found
