"""What only moves data, and what computes a little while it does."""

from __future__ import annotations

from collections.abc import Callable

from etscope.inspector.categories import category_of
from etscope.inspector.correlate.operators import parts_of
from etscope.inspector.roofline.elementwise import per_element
from etscope.inspector.roofline.operands import Call

#: Whose operators are called as they are called everywhere; a name of another may mean anything.
_KNOWN = frozenset({"", "aten", "torch", "prims", "dim_order_ops", "executorch_prim", "_operator"})


def _per_last_input(call: Call, name: str) -> int | str:
    return call.inputs[-1].elements if call.inputs else "it has no tensor to count the elements of"


def _not_counted(reason: str) -> Callable[[Call, str], int | str]:
    return lambda call, name: reason


RULES: dict[str, Callable[[Call, str], int | str]] = {
    # One addition per element that is put somewhere.
    **dict.fromkeys(("scatter_add", "index_add", "scatter_reduce", "col2im"), _per_last_input),
    # Three times between two values: subtract, multiply, add.
    **dict.fromkeys(("upsample_bilinear2d", "_upsample_bilinear2d_aa"), per_element(9)),
    **dict.fromkeys(
        ("upsample_bicubic2d", "grid_sampler_2d", "grid_sampler_3d", "_embedding_bag"),
        _not_counted("there is no rule for how much it computes"),
    ),
    **dict.fromkeys(
        ("topk", "sort", "median", "mode", "unique"),
        _not_counted("how often it compares depends on the values"),
    ),
}


def only_moves(op: str) -> bool:
    """Whether an operator moves data, or decides what runs, and does no arithmetic on tensors."""
    return parts_of(op)[0] in _KNOWN and category_of(op) in ("data movement", "control")
