"""Operations of sums, pooling and normalisation: so many per element that goes in."""

from __future__ import annotations

from collections.abc import Callable

from etscope.inspector.roofline.operands import Call

_NO_OPERAND = "it has no tensor to count the elements of"

#: Operations per element of the input.
_PER_ELEMENT = {
    # One addition, multiplication or comparison.
    1: "sum mean amax amin max min argmax argmin any all prod cumsum cumprod cummax cummin "
    "nansum max_dim min_dim aminmax adaptive_avg_pool1d _adaptive_avg_pool2d "
    "adaptive_avg_pool2d _adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d "
    "adaptive_max_pool3d trace count_nonzero",
    2: "norm linalg_vector_norm",  # square, add
    3: "logsumexp",  # subtract the largest, exponential, add
    # For the mean: add. For the variance: subtract, square, add.
    4: "var std var_mean std_mean",
    # The largest; subtract it; exponential; add; divide (of the logarithm: subtract).
    5: "_softmax softmax _safe_softmax _log_softmax log_softmax",
}

#: Operations per element without a weight; each weight or bias takes one more.
_NORMS = {
    # Square, add, multiply.
    3: "rms_norm _fused_rms_norm",
    # As the variance; multiply the difference.
    5: "native_layer_norm layer_norm native_group_norm group_norm instance_norm "
    "_native_batch_norm_legit native_batch_norm batch_norm",
}

#: One comparison or addition per element of each window.
_POOLS = (
    "max_pool1d max_pool2d max_pool3d max_pool2d_with_indices max_pool3d_with_indices "
    "avg_pool1d avg_pool2d avg_pool3d"
)


def _per_element(each: int) -> Callable[[Call, str], int | str]:
    def rule(call: Call, name: str) -> int | str:
        return each * call.inputs[0].elements if call.inputs else _NO_OPERAND

    return rule


def _normalisation(each: int) -> Callable[[Call, str], int | str]:
    def rule(call: Call, name: str) -> int | str:
        if not call.inputs:
            return _NO_OPERAND
        weights = min(len(call.inputs) - 1, 2)
        return (each + weights) * call.inputs[0].elements

    return rule


def _batch_norm(call: Call, name: str) -> int | str:
    """A multiplication and an addition: scale and shift of a channel are known beforehand."""
    return 2 * call.inputs[0].elements if call.inputs else _NO_OPERAND


def _pooling(call: Call, name: str) -> int | str:
    """Elements of the result · elements of a window; without a window, those that go in once."""
    if not call.inputs or not call.outputs:
        return _NO_OPERAND
    if call.window is None:
        return max(call.inputs[0].elements, call.outputs[0].elements)
    return call.window * call.outputs[0].elements


RULES: dict[str, Callable[[Call, str], int | str]] = {
    **{n: _per_element(each) for each, names in _PER_ELEMENT.items() for n in names.split()},
    **{n: _normalisation(each) for each, names in _NORMS.items() for n in names.split()},
    "_native_batch_norm_legit_no_training": _batch_norm,
    **dict.fromkeys(_POOLS.split(), _pooling),
}

POOLS = frozenset(_POOLS.split())
