"""How generated code calls an operator: the quickest way that reaches the same kernel."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import torch


class Binding(NamedTuple):
    """A way to write the call. Exactly one of the two is set, or neither for `x[i]`."""

    function: Callable[..., object] | None = None  # f(x, ...)
    method: str = ""  # x.method(...)
    dispatcher: bool = False  # the dispatcher converts the arguments; a list may be a tuple


_SIZES = {
    "aten::sym_size": "size",
    "aten::sym_stride": "stride",
    "aten::sym_numel": "numel",
    "aten::sym_storage_offset": "storage_offset",
}


def binding_of(target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Binding:
    """How to call a graph node's target with these arguments."""
    if target is operator.getitem:
        return Binding()
    if isinstance(target, torch._ops.OpOverload):
        if target._schema.name in _SIZES:
            return Binding(method=_SIZES[target._schema.name])
        if type(target) is torch._ops.OpOverload:
            # The dispatcher's own entry: spares the Python frame of OpOverload.__call__.
            return Binding(function=target._op, dispatcher=True)
    return Binding(function=target)
