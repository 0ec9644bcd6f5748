"""How large a debug buffer the real runtime needs, from the program alone.

With intermediate outputs on, the runtime copies into the buffer: what each
kernel call returns, every argument of each delegate call, and the outputs of
the method. It aborts the process when the buffer is full, so the size must be
known before the run. The logger also knows only some kinds of values; the rest
are named here before they cost a run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints
from etscope.etdump.errors import UsageError
from etscope.etdump.evalues import EValueKind
from etscope.etdump.instructions import InstructionKind
from etscope.etdump.loops import UNKNOWN, repeats
from etscope.etdump.methods import Method, is_prim
from etscope.etdump.program import Program
from etscope.etdump.scalar_types import SCALAR_TYPES

#: The runtime puts each tensor at a multiple of this address, not of this offset.
ALIGNMENT = 64

#: Room for the first alignment, and so that the last tensor never touches the end.
SLACK = 4096

#: Scalar types that the runtime's logger writes; at any other it breaks off and leaves a bad dump.
LOGGABLE_TYPES = frozenset({0, 1, 2, 3, 4, 6, 7, 11, 22, 27})

#: Kinds of values that the logger writes; at any other it aborts the process.
LOGGABLE_KINDS = frozenset(
    {
        EValueKind.INT,
        EValueKind.BOOL,
        EValueKind.DOUBLE,
        EValueKind.TENSOR,
        EValueKind.TENSOR_LIST,
    }
)


class Obstacle(NamedTuple):
    """A value that the runtime would try to log and cannot."""

    method: str
    instruction: int  # row of Method.instructions; -1: an output of the method
    value: int
    aborts: bool  # True: the process dies. False: the dump is broken, its events can be salvaged
    reason: str


def logged_values(method: Method) -> tuple[Ints, Ints]:
    """(instruction row, value) of all that one inference logs, in order; row -1: an output.

    A kernel call's last argument is what it returns: its out tensor again, or
    the list of all of them. Operators that the runtime computes itself log nothing.
    """
    table = method.instructions
    prim = np.array([is_prim(name) for name in method.operators] or [False])
    counts = np.diff(table.args)
    kernel = (table.kind == InstructionKind.KERNEL_CALL) & (counts > 0)
    kernel[kernel] = ~prim[table.callee[kernel]]
    delegate = table.kind == InstructionKind.DELEGATE_CALL
    owner = np.repeat(np.arange(len(table)), counts)
    last = np.zeros(len(owner), np.bool_)
    last[table.args[1:][kernel] - 1] = True
    wanted = last | delegate[owner]
    rows = np.concatenate([owner[wanted], np.full(len(method.outputs), -1)])
    return rows, np.concatenate([table.arguments[wanted], method.outputs])


def debug_buffer_bytes(
    program: Program, runs: Mapping[str, int], *, unknown_rounds: int = 16
) -> int:
    """Bytes of debug buffer for these runs with all intermediate outputs: a planned upper bound.

    Dynamic shapes count at their upper bounds, both sides of a branch count.

    Args:
        runs: inferences per method name.
        unknown_rounds: rounds assumed for loops whose length the program does not say.

    Raises:
        UsageError: the program has no such method, or a count is negative.
    """
    total = 0.0
    for name, count in runs.items():
        if count < 0:
            raise UsageError(f"method {name!r} cannot run {count} times")
        total += count * _bytes_per_inference(_method(program, name), unknown_rounds)
    return int(total) + SLACK


def unloggable(program: Program) -> list[Obstacle]:
    """What would break a run with intermediate outputs on, per method in order of execution."""
    return [found for method in program.methods for found in _obstacles(method)]


def _method(program: Program, name: str) -> Method:
    try:
        return program.method(name)
    except KeyError as error:
        raise UsageError(str(error.args[0])) from error


def _bytes_per_inference(method: Method, unknown_rounds: int) -> float:
    rows, values = logged_values(method)
    times = repeats(method)
    rounds = np.ones(len(rows))
    inner = rows >= 0
    rounds[inner] = np.where(times == UNKNOWN, unknown_rounds, times)[rows[inner]]
    return float((rounds * _bytes_of_values(method)[values]).sum())


def _per_value(method: Method, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum per value of a figure per tensor: the tensor's own, or that of a list's members."""
    values = method.values
    out = np.zeros(len(values))
    own = values.tensor >= 0
    out[own] = weights[values.tensor[own]]
    lists = np.isin(values.kind, (EValueKind.TENSOR_LIST, EValueKind.OPTIONAL_TENSOR_LIST))
    owner = np.repeat(np.arange(len(values)), np.diff(values.items))
    member = lists[owner] & (values.item >= 0)
    member[member] = values.tensor[values.item[member]] >= 0
    rows = values.tensor[values.item[member]]
    return out + np.bincount(owner[member], weights=weights[rows], minlength=len(values))


def _bytes_of_values(method: Method) -> NDArray[np.float64]:
    size = method.values.tensors.size_bytes.astype(np.float64)
    blocks = np.ceil(np.maximum(size, 0.0) / ALIGNMENT) * ALIGNMENT
    return _per_value(method, blocks)


def _obstacles(method: Method) -> list[Obstacle]:
    rows, logged = logged_values(method)
    values = method.values
    good_type = np.isin(values.tensors.scalar_type, list(LOGGABLE_TYPES))
    bad_type = _per_value(method, (~good_type).astype(np.float64)) > 0
    bad_kind = ~np.isin(values.kind, list(LOGGABLE_KINDS))
    where = np.flatnonzero(bad_type[logged] | bad_kind[logged])
    return [
        Obstacle(
            method.name,
            int(rows[at]),
            int(logged[at]),
            bool(bad_kind[logged[at]]),
            _reason(method, int(logged[at]), bool(bad_kind[logged[at]])),
        )
        for at in where
    ]


def _reason(method: Method, value: int, bad_kind: bool) -> str:
    values = method.values
    if bad_kind:
        kind = int(values.kind[value])
        name = "None" if kind == EValueKind.NULL else _kind_name(kind)
        return f"the runtime's logger aborts at a value that is {name}"
    first = next(
        int(values.tensors.scalar_type[row])
        for row in values.tensors_of(value)
        if int(values.tensors.scalar_type[row]) not in LOGGABLE_TYPES
    )
    known = SCALAR_TYPES.get(first)
    name = known.name if known else f"scalar type {first}"
    return f"the runtime's logger cannot write {name} and leaves a broken dump"


def _kind_name(kind: int) -> str:
    known = kind in EValueKind.__members__.values()
    return EValueKind(kind).name.lower().replace("_", " ") if known else f"of unknown kind {kind}"
