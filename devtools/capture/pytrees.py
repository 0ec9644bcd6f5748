"""Nested inputs and outputs of a model as the flat ones that a program takes and gives."""

from __future__ import annotations

from collections.abc import Sequence

from torch.export import ExportedProgram
from torch.utils import _pytree as pytree

from etscope.etdump.errors import UsageError


def flat_inputs(
    program: ExportedProgram, method: str, args: tuple[object, ...], kwargs: dict[str, object]
) -> tuple[object, ...]:
    """The leaves of (args, kwargs) in the order of the program; keys may come in any order.

    Raises:
        UsageError: the nesting is not that of the export.
    """
    spec = program.call_spec.in_spec
    if spec is None:
        return (*args, *kwargs.values())
    try:
        return tuple(spec.flatten_up_to((args, kwargs)))
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise UsageError(
            f"method {method!r}: these inputs are nested in another way than those of the "
            f"export: {reason[:300]}"
        ) from error


def nested_outputs(program: ExportedProgram, outputs: Sequence[object]) -> object:
    """Flat outputs in the structure that the model returns."""
    spec = program.call_spec.out_spec
    return tuple(outputs) if spec is None else pytree.tree_unflatten(outputs, spec)
