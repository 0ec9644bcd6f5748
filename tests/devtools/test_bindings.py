"""Every short cut to a kernel reaches the overload that the program names."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from etscope.devtools.capture.bindings import FUNCTIONS, METHODS, binding_of

X = torch.randn(4, 6)
Y = torch.randn(4, 6)
B = X > 0
PLACES = torch.tensor([[0, 1], [1, 2]])
IMAGE = torch.randn(2, 4, 8, 8)
W = torch.randn(4)

_UNARY = """abs cos erf exp log neg reciprocal relu rsqrt sigmoid sin sqrt tanh silu hardswish
    hardsigmoid t detach logical_not relu_"""

#: Operator -> the calls to try: positional arguments, and keywords as a dictionary at the end.
CALLS: dict[str, list[tuple[Any, ...]]] = {
    **{f"{name}.default": [(X.abs() + 0.1,)] for name in _UNARY.split()},
    **{
        f"{name}.Tensor": [(X, Y), (X, 2), (X, 2.5)]
        for name in ("add", "sub", "mul", "div", "add_", "sub_", "mul_", "div_")
    },
    **{f"{name}.Scalar": [(X, 2), (X, 0.5)] for name in ("eq", "ne", "lt", "le", "gt", "ge")},
    **{f"{name}.Tensor": [(X, Y)] for name in ("eq", "ne", "lt", "le", "gt", "ge")},
    "gelu.default": [(X,), (X, {"approximate": "tanh"})],
    "hardtanh.default": [(X,), (X, 0.0, 6.0)],
    "leaky_relu.default": [(X,), (X, 0.2)],
    "elu.default": [(X,), (X, 1.5, 1, 1)],
    "clamp.default": [(X, 0), (X, None, 1), (X, -0.5, 0.5), (X, {"min": 0})],
    "pow.Tensor_Scalar": [(X, 2), (X, 2.0)],
    "maximum.default": [(X, Y)],
    "minimum.default": [(X, Y)],
    "logical_and.default": [(B, X)],
    "logical_or.default": [(B, X)],
    "bitwise_not.default": [(B,)],
    "where.self": [(B, X, Y)],
    "masked_fill.Scalar": [(X, B, 0), (X, B, float("-inf"))],
    "linear.default": [(X, Y), (X, Y, W), (X, Y, None)],
    "matmul.default": [(X, Y.t())],
    "mm.default": [(X, Y.t())],
    "bmm.default": [(IMAGE[:, 0], IMAGE[:, 1])],
    "addmm.default": [(W, X, Y.t()), (W, X, Y.t(), {"beta": 1, "alpha": 2})],
    "baddbmm.default": [(IMAGE[:, 0], IMAGE[:, 1], IMAGE[:, 2], {"beta": 0.5})],
    "conv1d.default": [
        (IMAGE[:, 0], torch.randn(3, 8, 3)),
        (IMAGE[:, 0], torch.randn(3, 8, 3), None, (2,), (1,), (1,), 1),
    ],
    "conv2d.default": [
        (IMAGE, torch.randn(3, 4, 3, 3)),
        (IMAGE, torch.randn(4, 1, 3, 3), W, (1, 1), (1, 1), (1, 1), 4),
    ],
    "convolution.default": [
        (IMAGE, torch.randn(3, 4, 3, 3), None, (1, 1), (0, 0), (1, 1), False, (0, 0), 1)
    ],
    "embedding.default": [(X, PLACES), (X, PLACES, -1, False, False)],
    "scaled_dot_product_attention.default": [
        (IMAGE, IMAGE, IMAGE),
        (IMAGE, IMAGE, IMAGE, None, 0.0, True, {"scale": 0.5, "enable_gqa": False}),
    ],
    "layer_norm.default": [(X, (6,)), (X, (6,), X[0], None, 1e-5, False)],
    "native_layer_norm.default": [(X, (6,), X[0], X[1], 1e-5)],
    "batch_norm.default": [(IMAGE, W, W, W, W.abs() + 1, False, 0.1, 1e-5, False)],
    "group_norm.default": [(IMAGE, 2), (IMAGE, 2, W, W, 1e-5, False)],
    "softmax.int": [(X, -1), (X, 1, torch.float64)],
    "_softmax.default": [(X, -1, False)],
    "log_softmax.int": [(X, -1), (X, 1, torch.float64)],
    "_log_softmax.default": [(X, -1, False)],
    "dropout.default": [(X, 0.5, False)],
    "max_pool2d.default": [(IMAGE, (2, 2)), (IMAGE, (3, 3), (2, 2), (1, 1), (1, 1), True)],
    "avg_pool2d.default": [(IMAGE, (2, 2)), (IMAGE, (3, 3), (2, 2), (1, 1), False, False, 3)],
    "adaptive_avg_pool2d.default": [(IMAGE, (1, 1))],
    "sum.default": [(X,), (X, {"dtype": torch.float64})],
    "sum.dim_IntList": [(X, (1,)), (X, (0, 1), True, {"dtype": torch.float64})],
    "mean.default": [(X,)],
    "mean.dim": [(X, (1,)), (X, (-1,), True)],
    "amax.default": [(X,), (X, (1,), True)],
    "amin.default": [(X,), (X, (1,), True)],
    "argmax.default": [(X,), (X, 1, True), (X, None)],
    "max.dim": [(X, 1), (X, 1, True)],
    "topk.default": [(X, 2), (X, 2, 0, False, False)],
    "cumsum.default": [(X, 1), (X, 0, {"dtype": torch.float64})],
    "var.correction": [(X, (1,), {"correction": 1, "keepdim": True}), (X, None, {"correction": 0})],
    "reshape.default": [(X, (6, 4)), (X, (-1,)), (X[:1, :1], ())],
    "view.default": [(X, (6, 4)), (X, (-1,)), (X[:1, :1], ())],
    "expand.default": [(X, (2, 4, 6)), (X, (-1, 6), {"implicit": False}), (W.sum(), ())],
    "permute.default": [(X, (1, 0))],
    "transpose.int": [(X, 0, 1)],
    "unsqueeze.default": [(X, -1)],
    "squeeze.dim": [(X[:1], 0)],
    "squeeze.dims": [(X[:1], (0, 1))],
    "flatten.using_ints": [(IMAGE,), (IMAGE, 1, -1)],
    "select.int": [(X, 0, 1)],
    "unbind.int": [(X,), (X, 1)],
    "split_with_sizes.default": [(X, (1, 3)), (X, (1, 5), 1)],
    "chunk.default": [(X, 2), (X, 3, 1)],
    "cat.default": [((X, Y),), ([X, Y], -1)],
    "stack.default": [((X, Y),), ([X, Y], -1)],
    "clone.default": [(X,), (X, {"memory_format": torch.contiguous_format})],
    "gather.default": [(X, 0, PLACES), (X, 0, PLACES, {"sparse_grad": False})],
    "index_select.default": [(X, 1, PLACES[0])],
    "contiguous.default": [(X.t(),), (IMAGE, {"memory_format": torch.channels_last})],
    "copy_.default": [(X, Y), (X, Y, True)],
}

Call = tuple[tuple[Any, ...], dict[str, Any]]


def calls(key: str) -> list[Call]:
    """Each call as (args, kwargs), with tensors of its own: some operators write to them."""
    made = []
    for call in CALLS[key]:
        kwargs = call[-1] if isinstance(call[-1], dict) else {}
        args = call[:-1] if kwargs else call
        made.append((tuple(a.clone() if isinstance(a, Tensor) else a for a in args), kwargs))
    return made


def overload(key: str) -> Any:
    name, _, variant = key.partition(".")
    return getattr(getattr(torch.ops.aten, name), variant)


def through_binding(key: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    binding = binding_of(overload(key), args, kwargs)
    if binding.method:
        rest = tuple(args[1]) if binding.spreads else args[1:]
        return getattr(args[0], binding.method)(*rest, **kwargs)
    assert binding.function is not None
    assert binding.function is not overload(key)._op, f"{key} takes no short cut"
    return binding.function(*args, **kwargs)


def test_every_short_cut_is_tried() -> None:
    assert set(CALLS) == FUNCTIONS | METHODS


@pytest.mark.parametrize("key", sorted(FUNCTIONS | METHODS))
def test_short_cut_gives_what_the_operator_gives(key: str) -> None:
    for (args, kwargs), (again, _) in zip(calls(key), calls(key), strict=True):
        ours, theirs = through_binding(key, args, kwargs), overload(key)(*again, **kwargs)
        several = isinstance(theirs, (tuple, list))
        for mine, other in zip(*((ours, theirs) if several else ([ours], [theirs])), strict=True):
            assert mine.dtype == other.dtype
            assert mine.stride() == other.stride()
            assert torch.equal(mine, other)


def test_short_cuts_call_the_same_overload() -> None:
    from torch._C._profiler import _ExperimentalConfig

    tried = [(key, number) for key in sorted(CALLS) for number in range(len(CALLS[key]))]
    with torch.profiler.profile(
        activities=[torch.profiler.ProfilerActivity.CPU],
        experimental_config=_ExperimentalConfig(capture_overload_names=True),
    ) as profile:
        for key, number in tried:
            args, kwargs = calls(key)[number]
            with torch.profiler.record_function(f"{key}/{number}"):
                through_binding(key, args, kwargs)
    first = {
        event.name: event.cpu_children[0]
        for event in profile.events()
        if "/" in event.name and event.cpu_children
    }
    for key, number in tried:
        child = first[f"{key}/{number}"]
        seen = f"{child.name.partition('::')[2]}.{child.overload_name or 'default'}"
        assert seen == key, f"call {number} of {key} ends in {seen}"


@pytest.mark.parametrize(
    ("key", "args", "kwargs"),
    [
        ("add.Tensor", (2, X), {}),
        ("add.Tensor", (X, True), {}),
        ("maximum.default", (X, 2), {}),
        ("neg.default", (), {"self": X}),
        ("add.Scalar", (X, 2), {}),
    ],
)
def test_unusual_arguments_take_the_sure_way(
    key: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    binding = binding_of(overload(key), args, kwargs)
    assert (binding.function, binding.method) == (overload(key)._op, "")
