"""How much an operator computes, from the shapes of its tensors alone: estimated.

A multiplication with an addition is two operations. Matrix products, convolutions
and attention count as torch counts them (torch.utils.flop_counter); the other rules
are etscope's own and stand beside their numbers.
"""

from __future__ import annotations

from typing import NamedTuple

from etscope.inspector.correlate.operators import parts_of
from etscope.inspector.roofline import (
    attention,
    convolution,
    elementwise,
    matmul,
    movement,
    quantization,
    reductions,
)
from etscope.inspector.roofline.operands import Call

RULES = {
    **matmul.RULES,
    **convolution.RULES,
    **attention.RULES,
    **reductions.RULES,
    **elementwise.RULES,
    **quantization.RULES,
    **movement.RULES,
}
_BETWEEN_TWO = frozenset({"max", "min"})  # of two tensors, or of the elements of one


class Work(NamedTuple):
    """The operations of one call, or why they are not known."""

    operations: int | None  # FLOPs, or of integers; None: not known
    integer: bool = False  # whether they are done on integers
    reason: str = ""  # why they are not known, or what to know about them


def flops_of(call: Call) -> Work:
    """The operations of one call: of floating-point numbers, or of integers and then labelled."""
    name = parts_of(call.op)[1]
    if not all(operand.is_known for operand in (*call.inputs, *call.outputs)):
        return Work(None, reason="a size of its tensors is not known")
    rule = RULES.get(name) or RULES.get(name.rstrip("_"))
    if name in _BETWEEN_TWO:
        rules = elementwise.RULES if len(call.inputs) == 2 else reductions.RULES
        rule = rules[name]
    if rule is None:
        moves = movement.only_moves(call.op)
        return Work(0) if moves else Work(None, reason=f"there is no rule for {call.op}")
    found = rule(call, name)
    if isinstance(found, str):
        return Work(None, reason=found)
    floating = any(operand.is_floating for operand in (*call.inputs, *call.outputs))
    return Work(found, integer=not floating)
