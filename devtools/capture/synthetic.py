"""Inputs made up from what a program says about them, where nobody gave any.

They have the right shapes and types and nothing else: operators whose time
depends on the values (embeddings, loops, sparsity) may behave otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etscope.devtools.capture.inputs import Values
from etscope.etdump.errors import UsageError
from etscope.etdump.evalues import EValueColumns, EValueKind
from etscope.etdump.methods import Method
from etscope.etdump.scalar_types import scalar_type

if TYPE_CHECKING:
    import torch
    from torch.export import ExportedProgram

#: A shape in a hostile program must not claim all memory.
SIZE_LIMIT = 2**31


def inputs_of_method(method: Method, seed: int) -> Values:
    """One input set for a method of a .pte: normal floats, integers of 0 and 1.

    Integers are often indices, and 0 and 1 are valid for nearly every table.
    A bounded dynamic size takes its upper bound.

    Raises:
        UsageError: an input is of a kind that cannot be made up.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    return tuple(_value(method, int(number), generator) for number in method.inputs)


def _value(method: Method, number: int, generator: torch.Generator) -> object:
    values = method.values
    kind = int(values.kind[number])
    if kind == EValueKind.INT:
        return int(values.integer[number])
    if kind == EValueKind.BOOL:
        return bool(values.integer[number])
    if kind == EValueKind.DOUBLE:
        return float(values.real[number])
    if kind in (EValueKind.NONE, EValueKind.NULL):
        return None
    if kind == EValueKind.TENSOR:
        return _planned_tensor(method.name, values, number, generator)
    raise UsageError(
        f"Input value {number} of method {method.name!r} cannot be made up; give an input file."
    )


def _planned_tensor(
    method: str, values: EValueColumns, number: int, generator: torch.Generator
) -> torch.Tensor:
    import torch

    row = int(values.tensor[number])
    specs = values.tensors
    if not 0 <= int(specs.size_bytes[row]) < SIZE_LIMIT:
        raise UsageError(f"Input value {number} of method {method!r} is too large to be made up.")
    shape = specs.shape_of(row)
    dtype = getattr(torch, scalar_type(int(specs.scalar_type[row])).name)
    tensor = _tensor(shape, dtype, generator)
    order = specs.dim_order[int(specs.dims[row]) : int(specs.dims[row + 1])].tolist()
    if sorted(order) != list(range(len(shape))) or order == sorted(order):
        return tensor
    inverse = np.argsort(order).tolist()
    return tensor.permute(order).contiguous().permute(inverse)


def _tensor(shape: Any, dtype: torch.dtype, generator: torch.Generator) -> torch.Tensor:
    import torch

    if dtype.is_floating_point or dtype.is_complex:
        plain = torch.randn(shape, generator=generator)
    else:
        plain = torch.randint(0, 2, shape, generator=generator)
    return plain.to(dtype)


def inputs_of_exported(program: ExportedProgram, seed: int) -> Values:
    """One input set for an exported program without example inputs, as `inputs_of_method`.

    Raises:
        UsageError: an input is of a kind that cannot be made up.
    """
    import torch
    from torch.export.graph_signature import ConstantArgument, InputKind

    generator = torch.Generator().manual_seed(seed)
    fakes = {node.name: node.meta.get("val") for node in program.graph.nodes}
    values: list[object] = []
    for spec in program.graph_signature.input_specs:
        if spec.kind != InputKind.USER_INPUT:
            continue
        fake = fakes.get(spec.arg.name)
        if isinstance(spec.arg, ConstantArgument):
            values.append(spec.arg.value)
        elif isinstance(fake, torch.Tensor):
            # int() of a symbolic size is the size that the program was exported with.
            values.append(_tensor([int(size) for size in fake.shape], fake.dtype, generator))
        else:
            raise UsageError(f"Input {spec.arg.name!r} cannot be made up; give an input file.")
    return tuple(values)
