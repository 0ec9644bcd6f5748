"""Operations of convolutions: every weight meets every place of the smaller side once per batch."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from etscope.inspector.roofline.operands import Call


def convolution(call: Call, name: str) -> int | str:
    """2 · batch · places · elements of the weight; the bias is not counted.

    Places are those of the output, of a transposed convolution those of the
    input. Groups and dilation are in the shape of the weight and of the output.
    """
    if len(call.inputs) < 2 or not call.outputs:
        return "its operands are not those of a convolution"
    given, weight, made = call.inputs[0].shape, call.inputs[1].shape, call.outputs[0].shape
    if len(given) != len(weight) or len(made) != len(weight) or len(weight) < 3:
        return "its operands are not those of a convolution"
    transposed = "transpose" in name or call.transposed
    if transposed is None:
        transposed = _looks_transposed(given, weight, made)
    places = given[2:] if transposed else made[2:]
    return 2 * given[0] * prod(places) * prod(weight)


def _looks_transposed(
    given: tuple[int, ...], weight: tuple[int, ...], made: tuple[int, ...]
) -> bool:
    """Whether the shapes are those of a transposed convolution, where nobody says so.

    The first size of a weight is the channels of the output, of a transposed
    convolution those of the input. Where both are equal, an output tells that is
    larger than any padding by less than a kernel would make it.
    """
    if given[1] != made[1]:
        return weight[0] != made[1]
    sizes = zip(given[2:], weight[2:], made[2:], strict=True)
    return any(after > before + kernel - 1 for before, kernel, after in sizes)


RULES: dict[str, Callable[[Call, str], int | str]] = dict.fromkeys(
    (
        *("convolution", "_convolution", "convolution_overrideable", "_slow_conv2d_forward"),
        *("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
    ),
    convolution,
)
