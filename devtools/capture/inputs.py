"""Inputs of inferences: flat lists of values, to files and back, without pickle.

A set of inputs is the leaves of (args, kwargs) in order. Tensors go to a
safetensors file under `method/set/argument`; what is not a tensor goes to JSON.
A layout that is not row-major (channels last) is kept as an order of dimensions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from etscope.etdump.errors import UsageError

if TYPE_CHECKING:
    import torch

Values = tuple[object, ...]
Scalar = int | float | bool | str | None


@dataclass(frozen=True)
class PackedInputs:
    """Input sets of all methods, ready for a safetensors file and a JSON object."""

    tensors: Mapping[str, torch.Tensor]  # key: method/set/argument
    sets: Mapping[str, dict[str, Any]] = field(default_factory=dict)  # key: method/set


def pack(sets: Mapping[str, Values]) -> PackedInputs:
    """Split input sets into tensors and the rest.

    Args:
        sets: `method/set` -> flat values.

    Raises:
        UsageError: a value is neither a tensor nor a number, text or None.
    """
    import torch

    tensors: dict[str, torch.Tensor] = {}
    described: dict[str, dict[str, Any]] = {}
    for key, values in sets.items():
        scalars: dict[str, Scalar] = {}
        orders: dict[str, list[int]] = {}
        for position, value in enumerate(values):
            if isinstance(value, torch.Tensor):
                plain = value.detach().cpu()
                order = _dim_order(plain)
                if order is not None:
                    orders[str(position)] = order
                # Cloned, because safetensors refuses tensors that share memory.
                tensors[f"{key}/{position}"] = plain.contiguous().clone()
            else:
                scalars[str(position)] = _scalar(value, f"{key}/{position}")
        described[key] = {"arguments": len(values), "scalars": scalars, "dim_orders": orders}
    return PackedInputs(tensors, described)


def _dim_order(tensor: torch.Tensor) -> list[int] | None:
    """Dimensions from outermost to innermost in memory; None for the usual order."""
    if tensor.is_contiguous():
        return None
    strides = tensor.stride()
    order = sorted(range(tensor.dim()), key=lambda d: -strides[d])
    return order if order != sorted(order) else None


def _scalar(value: object, key: str) -> Scalar:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        # JSON has no infinity; a text would be told apart from a number on the way back.
        if not math.isfinite(value):
            raise UsageError(f"Input {key} is {value}; give infinite values inside a tensor.")
        return value
    kind = type(value).__name__
    raise UsageError(f"Input {key} is a {kind}; inputs are tensors, numbers, texts or None.")


def unpack(packed: PackedInputs) -> dict[str, Values]:
    """The values of each `method/set` again."""
    return {key: tuple(_values(packed, key, row)) for key, row in packed.sets.items()}


def _values(packed: PackedInputs, key: str, row: dict[str, Any]) -> list[object]:
    values: list[object] = []
    for position in range(int(row["arguments"])):
        name = str(position)
        if name in row["scalars"]:
            values.append(row["scalars"][name])
            continue
        tensor = packed.tensors[f"{key}/{name}"]
        order = row["dim_orders"].get(name)
        if order is not None:
            inverse = sorted(range(len(order)), key=order.__getitem__)
            tensor = tensor.permute(order).contiguous().permute(inverse)
        values.append(tensor)
    return values


def save(packed: PackedInputs, path: Path) -> None:
    """Write the tensors as a safetensors file."""
    from safetensors.torch import save_file

    save_file(dict(packed.tensors), path)


def load(path: Path, sets: Mapping[str, dict[str, Any]]) -> PackedInputs:
    """What `save` wrote, with the descriptions that travelled beside it.

    The tensors are in memory: those of a mapped file would be read by the first inference.
    """
    from safetensors.torch import load_file

    return PackedInputs({key: tensor.clone() for key, tensor in load_file(path).items()}, sets)


def read_input_file(path: Path, methods: Sequence[str]) -> dict[str, list[dict[int, Any]]]:
    """Tensors of a user's .safetensors or .npz file: per method and set, by argument number.

    Keys are `method/set/argument`, `set/argument`, or only the argument: a
    number, or numpy's `arr_0`. The short forms need a program of one method.

    Raises:
        UsageError: the file cannot be read, or a key fits no argument.
    """
    found: dict[str, dict[int, dict[int, Any]]] = {}
    for key, tensor in _tensors_of(path).items():
        method, number, position = _place(key, path, methods)
        found.setdefault(method, {}).setdefault(number, {})[position] = tensor
    for method, sets in found.items():
        if sorted(sets) != list(range(len(sets))):
            raise UsageError(f"{path}: the input sets of {method!r} are not numbered from 0 on.")
    return {method: [sets[n] for n in range(len(sets))] for method, sets in found.items()}


def _tensors_of(path: Path) -> dict[str, torch.Tensor]:
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            return dict(load_file(path))
        with np.load(path, allow_pickle=False) as arrays:
            return {key: torch.from_numpy(np.ascontiguousarray(arrays[key])) for key in arrays}
    except (OSError, ValueError, TypeError, AttributeError, SafetensorError) as why:
        raise UsageError(f"{path}: not a readable .safetensors or .npz file ({why}).") from why


def _place(key: str, path: Path, methods: Sequence[str]) -> tuple[str, int, int]:
    *head, last = key.split("/")
    if len(head) < 2 and len(methods) != 1:
        names = ", ".join(methods)
        raise UsageError(f"{path}: key {key!r} does not say which method it is for ({names}).")
    method = "/".join(head[:-1]) if len(head) > 1 else methods[0]
    number, position = (head[-1] if head else "0"), last.removeprefix("arr_")
    if method not in methods or not (number.isdecimal() and position.isdecimal()):
        raise UsageError(
            f"{path}: key {key!r} fits no input; keys are method/set/argument, "
            f"and the methods here are {', '.join(methods)}."
        )
    return method, int(number), int(position)
