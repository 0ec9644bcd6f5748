"""How often each instruction of a method runs in one inference."""

from __future__ import annotations

import numpy as np

from etscope.etdump.columns import Ints
from etscope.etdump.evalues import EValueKind
from etscope.etdump.instructions import InstructionKind
from etscope.etdump.methods import Method

#: In the array of `repeats`: the instruction is in a loop whose length the file does not say.
UNKNOWN = -1


def repeats(method: Method) -> Ints:
    """At most how often each instruction runs per inference, shape (instructions,).

    The exporter turns `map` into a jump back that is taken until a counter equals
    a bound. The bound is a constant, or the size of an input: then it is exact
    for static shapes and an upper limit for bounded ones. Any other loop: UNKNOWN.
    Both sides of a branch count once.
    """
    table = method.instructions
    times = np.ones(len(table), np.float64)
    unknown = np.zeros(len(table), np.bool_)
    jumps = np.flatnonzero(
        (table.kind == InstructionKind.JUMP_FALSE_CALL) & (table.destination <= table.instruction)
    )
    for jump in jumps.tolist():
        first = jump - int(table.instruction[jump] - table.destination[jump])
        trips = _trips(method, first, jump)
        if trips is None:
            unknown[first : jump + 1] = True
        else:
            times[first : jump + 1] *= trips
    counted = np.minimum(times, 2.0**52).astype(np.int64)
    return np.where(unknown, UNKNOWN, counted)


def _trips(method: Method, first: int, jump: int) -> int | None:
    """Rounds of the loop over rows first..jump; None if its end is not a counter's."""
    condition = int(method.instructions.arguments_of(jump)[0])
    test = _writer(method, condition, range(first, jump))
    if test is None or method.operator_of_instruction[test] != "executorch_prim::eq.Scalar":
        return None
    counter, bound = (int(v) for v in method.instructions.arguments_of(test)[:2])
    last, step = _length(method, bound), _step(method, counter, range(first, jump))
    if last is None or not step or method.values.kind[counter] != EValueKind.INT:
        return None
    rounds = -(-(last - int(method.values.integer[counter])) // step)
    return max(rounds, 1)


def _writer(method: Method, value: int, rows: range) -> int | None:
    """The last of these kernel calls that returns the value (its last argument)."""
    table = method.instructions
    for row in reversed(rows):
        if table.kind[row] == InstructionKind.KERNEL_CALL:
            arguments = table.arguments_of(row)
            if len(arguments) >= 3 and int(arguments[-1]) == value:
                return row
    return None


def _step(method: Method, counter: int, rows: range) -> int | None:
    row = _writer(method, counter, rows)
    if row is None or method.operator_of_instruction[row] != "executorch_prim::add.Scalar":
        return None
    step = int(method.instructions.arguments_of(row)[1])
    return int(method.values.integer[step]) or None


def _length(method: Method, bound: int) -> int | None:
    """The number that ends the loop: a constant, or the size of a tensor."""
    values = method.values
    if values.kind[bound] != EValueKind.INT:
        return None
    row = _writer(method, bound, range(len(method.instructions)))
    if row is None:
        return int(values.integer[bound])
    if method.operator_of_instruction[row] != "aten::sym_size.int":
        return None
    tensor, dimension = (int(v) for v in method.instructions.arguments_of(row)[:2])
    index = int(values.tensor[tensor])
    shape = values.tensors.shape_of(index) if index >= 0 else ()
    at = int(values.integer[dimension])
    return shape[at] if -len(shape) <= at < len(shape) else None
