"""Which tensors each instruction of a method reads and writes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from etscope.etdump import ragged
from etscope.etdump.columns import Ints
from etscope.etdump.errors import TraceError
from etscope.etdump.evalues import EValueKind
from etscope.etdump.instructions import InstructionKind
from etscope.etdump.methods import Method
from etscope.etdump.program import Program
from etscope.inspector.backends import delegate_operations

_LISTS = (EValueKind.TENSOR_LIST, EValueKind.OPTIONAL_TENSOR_LIST)
_CALLS = (InstructionKind.KERNEL_CALL, InstructionKind.DELEGATE_CALL)
_VIEW = "executorch_prim::et_view.default"
_COPY = "aten::copy_"
_COPY_INDEX = "executorch_prim::et_copy_index.tensor"


@dataclass(frozen=True, eq=False)
class Touches:
    """One row per tensor among the arguments of an instruction, in the order of the program.

    Lists count as their members. An operator in its out form has its results
    among its arguments; those are written, not read.
    """

    row: Ints  # instruction
    tensor: Ints  # row in TensorSpecs
    reads: NDArray[np.bool_]
    writes: NDArray[np.bool_]
    carries: NDArray[np.bool_]  # whether data pass; not where a shape changes, a value is moved
    views: Ints  # (views, 2): tensor, and the tensor that it is another shape of (`et_view`)
    moves: Ints  # (moves, 3): instruction, tensor from, tensor to
    guessed: Ints  # instructions: calls of delegates for which no plug-in tells what they write

    def __len__(self) -> int:
        return len(self.row)


def touches_of(program: Program, method: Method) -> Touches:
    """Follow the arguments of every instruction.

    What a kernel call writes is its last argument. How many of its last
    arguments a delegate writes is asked of its backend's plug-in; where none can
    tell, it writes those at the end that nothing has mentioned before.
    """
    table = method.instructions
    owner = np.repeat(np.arange(len(table)), np.diff(table.args))
    argument, tensor = _tensors(method)
    row = owner[argument]
    written = _written_arguments(method, owner)
    known = _delegate_outputs(program, method)
    writes = written[argument] | _delegate_writes(method, row, tensor, argument, known)
    views, is_view = _views(method)
    writes &= ~is_view[row]
    # An out argument stands twice in a call. In place, what is written comes first: it is read,
    # but where a copy replaces it.
    key = row * max(len(method.values.tensors), 1) + tensor
    repeated = np.isin(key, key[writes])
    in_place = (argument == table.args[row]) & (table.kind[row] == InstructionKind.KERNEL_CALL)
    reads = ~writes & ~repeated
    reads |= ~writes & repeated & in_place & ~_overwrites(method, row, tensor, reads)
    carries = ~is_view & np.isin(table.kind, _CALLS)
    delegates = table.kind == InstructionKind.DELEGATE_CALL
    guessed = np.flatnonzero(delegates & ~np.isin(table.callee, list(known)))
    return Touches(row, tensor, reads, writes, carries[row], views, _moves(method), guessed)


def _tensors(method: Method) -> tuple[Ints, Ints]:
    """(place in the flat arguments, tensor) of each tensor in them, members of lists one by one."""
    values, arguments = method.values, method.instructions.arguments
    kind = values.kind[arguments]
    lists = np.isin(kind, _LISTS)
    counts = np.where(lists, np.diff(values.items)[arguments], (kind == EValueKind.TENSOR) * 1)
    place = np.repeat(np.arange(len(arguments)), counts)
    edges = ragged.edges_of(counts)
    member = arguments[place]
    inside = lists[place]
    within = np.arange(len(place)) - edges[place]
    member[inside] = values.item[(values.items[member] + within)[inside]]
    tensor = np.where(member >= 0, values.tensor[member], -1).astype(np.int64)
    return place[tensor >= 0], tensor[tensor >= 0]


def _written_arguments(method: Method, owner: Ints) -> NDArray[np.bool_]:
    """Per flat argument whether a kernel call or a move writes it."""
    table = method.instructions
    counts = np.diff(table.args)
    out = np.zeros(len(owner), np.bool_)
    last = (table.kind == InstructionKind.KERNEL_CALL) | (table.kind == InstructionKind.MOVE_CALL)
    first = _calls(method, _COPY_INDEX) & (counts > 0)
    last &= (counts > 0) & ~first
    out[table.args[1:][last] - 1] = True
    out[table.args[:-1][first]] = True
    return out


def _calls(method: Method, operator: str) -> NDArray[np.bool_]:
    """Per instruction whether it is a kernel call of that operator."""
    table = method.instructions
    numbers = [i for i, name in enumerate(method.operators) if name == operator]
    found: NDArray[np.bool_] = np.isin(table.callee, numbers)
    found &= table.kind == InstructionKind.KERNEL_CALL
    return found


def _overwrites(
    method: Method, row: Ints, tensor: Ints, reads: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Per touch whether a copy takes the place of what was there, for others to read.

    So the state of a loop begins. A copy that nothing reads in this inference writes
    a buffer back, for the next one.
    """
    last = np.full(len(method.values.tensors), -1, np.int64)
    np.maximum.at(last, tensor[reads], row[reads])
    return _calls(method, _COPY)[row] & (last[tensor] > row)


def _delegate_outputs(program: Program, method: Method) -> dict[int, int]:
    """Delegate → how many of the last arguments it writes, as far as plug-ins can tell."""
    table = method.instructions
    rows = np.flatnonzero(table.kind == InstructionKind.DELEGATE_CALL)
    delegates, places = np.unique(table.callee[rows], return_index=True)
    known: dict[int, int] = {}
    for delegate, row in zip(delegates.tolist(), rows[places].tolist(), strict=True):
        try:
            operations = delegate_operations(program, method.name, row)
        except TraceError:
            continue  # damaged blobs are told by the report on the program
        if operations is not None and len(operations.delegate_outputs):
            known[delegate] = len(operations.delegate_outputs)
    return known


def _delegate_writes(
    method: Method, row: Ints, tensor: Ints, argument: Ints, known: dict[int, int]
) -> NDArray[np.bool_]:
    """Per touch whether a delegate writes it."""
    table, values = method.instructions, method.values
    out = np.zeros(len(row), np.bool_)
    mine = np.flatnonzero(table.kind[row] == InstructionKind.DELEGATE_CALL)
    if not len(mine):
        return out
    count = np.full(max(len(method.delegates), 1), -1, np.int64)
    for delegate, outputs in known.items():
        count[delegate] = outputs
    told = count[table.callee[row[mine]]]
    out[mine] = argument[mine] >= table.args[row[mine] + 1] - told
    # Not told: what comes after the last argument that was there before the call.
    first = np.full(len(values.tensors), len(table), np.int64)
    np.minimum.at(first, tensor, row)
    given = values.tensor[method.inputs]
    first[given[given >= 0]] = -1
    first[(values.tensors.buffer > 0) | values.tensors.external] = -1
    seen = mine[first[tensor[mine]] < row[mine]]
    border = table.args[:-1].copy() - 1
    np.maximum.at(border, row[seen], argument[seen])
    out[mine] = np.where(told < 0, argument[mine] > border[row[mine]], out[mine])
    return out


def _views(method: Method) -> tuple[Ints, NDArray[np.bool_]]:
    """(tensor, its base) of each call of `et_view`, and per instruction whether it is one."""
    table = method.instructions
    is_view = _calls(method, _VIEW) & (np.diff(table.args) >= 2)
    tensors = method.values.tensor[table.arguments].astype(np.int64)
    rows = np.flatnonzero(is_view)
    pairs = np.stack([tensors[table.args[1:][rows] - 1], tensors[table.args[:-1][rows]]], 1)
    return pairs[(pairs >= 0).all(1)].reshape(-1, 2), is_view


def _moves(method: Method) -> Ints:
    table = method.instructions
    rows = np.flatnonzero(table.kind == InstructionKind.MOVE_CALL)
    tensors = method.values.tensor[table.arguments].astype(np.int64)
    found = np.stack([rows, tensors[table.args[rows]], tensors[table.args[rows] + 1]], 1)
    return found[(found[:, 1:] >= 0).all(1)].reshape(-1, 3)
