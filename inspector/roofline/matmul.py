"""Operations of matrix products: a multiplication and an addition per product of two elements."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from etscope.inspector.roofline.operands import Call

#: Operators whose first factor stands behind what is added to the product.
_ADDED_TO = frozenset({"addmm", "addmv", "baddbmm"})
_STRANGE = "its operands are not those of a matrix product"


def matrix_product(call: Call, name: str) -> int | str:
    """2 · elements of the result · length of the sums; what is added to it is not counted."""
    first = 1 if name in _ADDED_TO else 0
    if len(call.inputs) < first + 2 or not call.outputs or not call.inputs[first].shape:
        return _STRANGE
    return 2 * call.outputs[0].elements * call.inputs[first].shape[-1]


def _sum_of_products(call: Call, name: str) -> int | str:
    """addbmm: the products of all batches are added up."""
    if len(call.inputs) < 3 or not call.inputs[2].shape:
        return _STRANGE
    return 2 * prod(call.inputs[1].shape) * call.inputs[2].shape[-1]


def _outer(call: Call, name: str) -> int | str:
    return call.outputs[0].elements if call.outputs else _STRANGE


RULES: dict[str, Callable[[Call, str], int | str]] = {
    **dict.fromkeys(
        ("mm", "bmm", "matmul", "linear", "mv", "dot", "vdot", "inner", *_ADDED_TO), matrix_product
    ),
    **dict.fromkeys(("_scaled_mm", "_int_mm", "mixed_mm", "mixed_linear"), matrix_product),
    "addbmm": _sum_of_products,
    **dict.fromkeys(("outer", "ger"), _outer),
}
