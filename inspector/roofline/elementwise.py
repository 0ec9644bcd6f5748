"""Operations of what is done element by element: so many per element of the result.

An exponential, a root, a sine and their like count as one operation each, though
a processor takes several instructions for them.
"""

from __future__ import annotations

from collections.abc import Callable

from etscope.inspector.roofline.operands import Call

#: Operations per element of the result.
_PER_ELEMENT = {
    1: "add sub mul div neg abs relu maximum minimum eq ne lt le gt ge logical_and logical_or "
    "logical_not logical_xor bitwise_and bitwise_or bitwise_not bitwise_xor "
    "bitwise_left_shift bitwise_right_shift where masked_fill exp exp2 log log2 log10 sqrt "
    "pow sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh atan2 erf erfc floor ceil "
    "round trunc sign reciprocal square remainder fmod floor_divide isnan isinf isfinite "
    "threshold copysign mul_ add_ sub_ div_ relu_ max min fmax fmin clamp_min clamp_max",
    # Two comparisons; a root and a reciprocal; the exponential or logarithm and a one; ...
    2: "clamp hardtanh hardtanh_ clamp_ relu6 rsqrt expm1 log1p leaky_relu prelu rsub "
    "squared_difference softshrink hardshrink dropout",
    3: "elu celu addcmul addcdiv lerp selu softplus",
    # Negate, exponential, add, divide; or add, two comparisons, divide.
    4: "sigmoid hardsigmoid hardsigmoid_ logit log_sigmoid",
    # The same and a product; or scale, error function, add, two products.
    5: "silu silu_ hardswish hardswish_ gelu glu mish",
}


def per_element(each: int) -> Callable[[Call, str], int | str]:
    """The rule of so many operations per element of the first result."""

    def rule(call: Call, name: str) -> int | str:
        if not call.outputs:
            return "it has no result to count the elements of"
        return each * call.outputs[0].elements

    return rule


RULES: dict[str, Callable[[Call, str], int | str]] = {
    n: per_element(each) for each, names in _PER_ELEMENT.items() for n in names.split()
}
