"""Operations of quantizing and dequantizing, per element."""

from __future__ import annotations

from collections.abc import Callable

from etscope.inspector.roofline.elementwise import per_element
from etscope.inspector.roofline.operands import Call

#: Divide by the scale, round, add the zero point, and two comparisons to stay in range.
_QUANTIZE = (
    "quantize_per_tensor quantize_per_channel quantize_per_token quantize_affine "
    "quantize_per_channel_group"
)
#: Subtract the zero point, multiply by the scale.
_DEQUANTIZE = (
    "dequantize_per_tensor dequantize_per_channel dequantize_per_token dequantize_affine "
    "dequantize_per_channel_group"
)
#: The smallest and the largest element.
_CHOOSE = "choose_qparams choose_qparams_per_token_asymmetric choose_qparams_affine"

QUANTIZE = frozenset(_QUANTIZE.split())
DEQUANTIZE = frozenset(_DEQUANTIZE.split())


def _choose(call: Call, name: str) -> int | str:
    if not call.inputs:
        return "it has no tensor to count the elements of"
    return 2 * call.inputs[0].elements


RULES: dict[str, Callable[[Call, str], int | str]] = {
    **dict.fromkeys(QUANTIZE, per_element(5)),
    **dict.fromkeys(DEQUANTIZE, per_element(2)),
    **dict.fromkeys(_CHOOSE.split(), _choose),
}
