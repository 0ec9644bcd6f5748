"""Which operators may write over what they read, show it, or be run twice.

By name without the overload. Only what holds of every kernel that computes the
operator by its definition is in these tables; what is not in them is not asked about.
"""

from __future__ import annotations

#: Each element of the result depends on the elements in the same place alone.
ELEMENTWISE = frozenset(
    "aten::" + name
    for name in (
        "abs", "acos", "acosh", "add", "asin", "asinh", "atan", "atan2", "atanh", "bitwise_and",
        "bitwise_not", "bitwise_or", "bitwise_xor", "ceil", "clamp", "cos", "cosh", "div", "elu",
        "eq", "erf", "exp", "expm1", "fill", "floor", "floor_divide", "fmod", "ge", "gelu", "gt",
        "hardsigmoid", "hardswish", "hardtanh", "le", "leaky_relu", "log", "log10", "log1p", "log2",
        "logical_and", "logical_not", "logical_or", "logical_xor", "logit", "lt", "masked_fill",
        "maximum", "minimum", "mul", "ne", "neg", "pow", "reciprocal", "relu", "remainder",
        "round", "rsqrt", "rsub", "sigmoid", "sign", "silu", "sin", "sinh", "softplus", "sqrt",
        "square", "sub", "tan", "tanh", "threshold", "trunc", "where",
    )
)  # fmt: skip

#: The result is the first argument but for some elements.
PARTIAL = frozenset(
    "aten::" + name
    for name in (
        "index_add", "index_copy", "index_fill", "index_put", "masked_scatter", "scatter",
        "scatter_add", "select_scatter", "slice_scatter",
    )
)  # fmt: skip

#: The result has the elements of the first argument in the same order.
RESHAPES = frozenset(
    {
        "aten::_reshape_alias_copy", "aten::_to_copy", "aten::_unsafe_view", "aten::alias_copy",
        "aten::clone", "aten::detach_copy", "aten::expand_copy", "aten::flatten",
        "aten::lift_fresh_copy", "aten::reshape", "aten::squeeze_copy", "aten::unsqueeze_copy",
        "aten::view_copy", "dim_order_ops::_clone_dim_order",
        "dim_order_ops::_to_dim_order_copy",
    }
)  # fmt: skip

#: The result needs no tensor.
MADE_OF_NOTHING = frozenset(
    {"aten::arange", "aten::full", "aten::ones", "aten::scalar_tensor", "aten::zeros"}
)

#: The result is a part along one dimension, the second argument.
PARTS = frozenset(
    {"aten::select_copy", "aten::slice_copy", "aten::split_copy", "aten::split_with_sizes_copy"}
)

#: Writes what it reads into a tensor that was there before.
WRITES_BACK = "aten::copy_"

#: What gives other numbers each time, or is not told by its arguments.
_UNLIKE = (
    "rand", "normal", "dropout", "bernoulli", "multinomial", "uniform", "exponential", "poisson",
    "binomial", "cauchy", "geometric", "gamma", "dirichlet", "empty",
)  # fmt: skip


def name_of(operator: str) -> str:
    """`aten::relu` of `aten::relu.out`."""
    name, _, _ = operator.rpartition(".")
    return name or operator


def repeats(operator: str) -> bool:
    """Whether an operator gives the same whenever it runs, as far as its name says."""
    return not any(part in operator for part in _UNLIKE)
