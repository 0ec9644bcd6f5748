"""Do these inputs fit the program? Asked once per input set, so that the run need not ask."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.fx import Node

from etscope.etdump.errors import UsageError


def check_inputs(
    method: str, nodes: Sequence[Node], ranges: Mapping[Any, Any], inputs: Sequence[object]
) -> None:
    """Compare flat inputs with what the program was exported for.

    Args:
        method: name for the message.
        nodes: the placeholders of the user inputs.
        ranges: `ExportedProgram.range_constraints`.
        inputs: one value per placeholder.

    Raises:
        UsageError: count, type, element type, device or shape differ; the text names the input.
    """
    if len(nodes) != len(inputs):
        raise UsageError(
            f"method {method!r} takes {len(nodes)} inputs (nested ones counted singly), "
            f"but {len(inputs)} were given."
        )
    sizes: dict[Any, int] = {}
    for position, (node, value) in enumerate(zip(nodes, inputs, strict=True)):
        expected = node.meta.get("val")
        problem = _problem(expected, value, ranges, sizes)
        if problem:
            raise UsageError(
                f"method {method!r}, input {position} ({node.name}): {problem}. "
                "Give inputs like those of the export, or export with dynamic shapes."
            )


def _problem(expected: Any, value: object, ranges: Mapping[Any, Any], sizes: dict[Any, int]) -> str:
    """What is wrong with one input; empty when nothing is."""
    if isinstance(expected, torch.Tensor):
        if not isinstance(value, torch.Tensor):
            return f"expected a tensor, got {_shown(value)}"
        return _tensor_problem(expected, value, ranges, sizes)
    if isinstance(expected, (torch.SymInt, torch.SymFloat, torch.SymBool)):
        wanted = int if isinstance(expected, torch.SymInt) else (int, float)
        if not isinstance(value, wanted):
            return f"expected a number, got {_shown(value)}"
        if isinstance(value, int) and not _size_fits(expected, value, ranges, sizes):
            return f"{value} is outside of what the program allows ({expected})"
    elif not _same_constant(expected, value):
        return f"the program was exported for the constant {expected!r}, got {_shown(value)}"
    return ""


def _tensor_problem(
    expected: torch.Tensor, value: torch.Tensor, ranges: Mapping[Any, Any], sizes: dict[Any, int]
) -> str:
    fits = (
        expected.dtype == value.dtype
        and expected.device.type == value.device.type
        and expected.dim() == value.dim()
        and all(
            _size_fits(wanted, given, ranges, sizes)
            for wanted, given in zip(expected.shape, value.shape, strict=True)
        )
    )
    return "" if fits else f"expected {_described(expected)}, got {_described(value)}"


def _size_fits(wanted: Any, given: int, ranges: Mapping[Any, Any], sizes: dict[Any, int]) -> bool:
    """Whether a size is the wanted number, or a legal and consistent value of its symbol."""
    if not isinstance(wanted, torch.SymInt):
        return bool(wanted == given)
    formula = wanted.node.expr
    if formula.is_Symbol and formula not in sizes:
        allowed = ranges.get(formula)
        if allowed is not None and not bool(allowed.lower <= given <= allowed.upper):
            return False
        sizes[formula] = given
        return True
    known = formula.xreplace(sizes)
    # A formula of symbols that no plain size has shown yet is left to the operators.
    return not known.is_number or bool(known == given)


def _same_constant(expected: object, value: object) -> bool:
    if expected is not None and not isinstance(expected, (bool, int, float, str)):
        return True  # nothing known that could be compared, a custom object for example
    if isinstance(expected, float) and isinstance(value, float) and math.isnan(expected):
        return math.isnan(value)
    return type(value) is type(expected) and value == expected


def _described(tensor: torch.Tensor) -> str:
    shape = ", ".join(map(str, tensor.shape))
    device = "" if tensor.device.type == "cpu" else f" on {tensor.device.type}"
    return f"{str(tensor.dtype).removeprefix('torch.')} [{shape}]{device}"


def _shown(value: object) -> str:
    if isinstance(value, torch.Tensor):
        return _described(value)
    text = repr(value) if isinstance(value, (bool, int, float, str)) else type(value).__name__
    return text if len(text) <= 60 else text[:57] + "..."
