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
        leaves = spec.flatten_up_to((args, kwargs))
    except ValueError as error:
        raise _misfit(method, " ".join(str(error).split())[:300]) from error
    for position, leaf in enumerate(leaves):
        if not pytree.tree_structure(leaf).is_leaf():
            raise _misfit(method, f"input {position} is a {type(leaf).__name__}")
    return tuple(leaves)


def _misfit(method: str, reason: str) -> UsageError:
    return UsageError(
        f"method {method!r}: these inputs are nested in another way than those of the export: "
        f"{reason}"
    )


def nested_outputs(program: ExportedProgram, outputs: Sequence[object]) -> object:
    """Flat outputs in the structure that the model returns."""
    spec = program.call_spec.out_spec
    return tuple(outputs) if spec is None else pytree.tree_unflatten(outputs, spec)
