"""The rules of XNNPACK's partitioner, on calls made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from etscope.inspector.backends import backend_of
from etscope.inspector.backends.placement import Call, TensorFacts, refusal_of
from etscope.inspector.backends.xnnpack_takes import refusal


def facts(
    dtype: str = "float32", shape: tuple[int, ...] = (1, 2, 4, 8), **more: Any
) -> TensorFacts:
    given: dict[str, Any] = {
        "dynamic": False,
        "constant": False,
        "rank_order": tuple(range(len(shape))),
    } | more
    return TensorFacts(dtype, shape, **given)


F32, WEIGHT = facts(), facts(constant=True)


def call(name: str, *arguments: Any, overload: str | None = None, out: TensorFacts = F32) -> Call:
    given = tuple(one for one in arguments if isinstance(one, TensorFacts))
    return Call("aten", name, overload, given, (out,), (*arguments, out, out))


@pytest.mark.parametrize(
    "taken",
    [
        call("add", F32, F32, 1),
        call("add", facts("float16"), facts("float16"), 1, out=facts("float16")),
        call("_softmax", F32, -1, False),
        call("_softmax", F32, 3, False),
        call("mean", F32, (2, 3), True),
        call("mean", F32, (-1, -2), True, overload="dim"),
        call("pow", F32, 2),
        call("slice_copy", F32, 1, 0, 9, 1),
        call("unsqueeze_copy", F32, 4),
        call("convolution", F32, WEIGHT, WEIGHT, (1, 1)),
        call("addmm", WEIGHT, F32, WEIGHT),
        call("max", F32, 3, False, overload="dim", out=F32),
        call("max_pool2d_with_indices", F32, (2, 2))._replace(outputs=(F32, facts("int64"))),
        call("quantize_per_tensor", F32, 0.1, 0, out=facts("int8")),
        call("_to_dim_order_copy", F32, None),
        call("view_copy", F32, (1, -1)),
    ],
    ids=lambda made: made.title,
)
def test_what_it_takes(taken: Call) -> None:
    assert refusal(taken) is None


@pytest.mark.parametrize(
    ("left", "kind", "text"),
    [
        (call("log1p", F32), "operator", "no configuration for log1p"),
        (call("mul", F32, 2, overload="Scalar"), "operator", "takes mul as Tensor, not Scalar"),
        (call("add", facts("int64"), facts("int64"), 1), "dtype", "not int64"),
        (call("add", F32, facts("float16"), 1), "dtype", "different types: float16, float32"),
        (call("add", facts(shape=(0, 2)), F32, 1), "shape", "without elements"),
        (call("_softmax", F32, 1, False), "argument", "not over 1"),
        (call("mean", facts(shape=(2, 3)), (0,), True), "shape", "rank 4, not 2"),
        (call("mean", F32, (1,), True), "argument", "last two dimensions"),
        (call("mean", F32, (2, 3), False), "argument", "keepdim"),
        (call("cat", F32, 1), "argument", "not one with itself"),
        (call("pow", F32, 3), "argument", "not 3"),
        (call("slice_copy", F32, 1, 0, 9, 2), "argument", "not 2"),
        (call("slice_copy", facts(dynamic=True), 1, 0, 9, 1), "shape", "fixed shapes"),
        (call("view_copy", facts(dynamic=True), (1, -1)), "shape", "fixed shapes"),
        (call("unsqueeze_copy", F32, 0), "argument", "not at 0"),
        (call("constant_pad_nd", F32, (-1, 0), 0.0), "argument", "negative"),
        (call("convolution", F32, F32, WEIGHT), "weights", "computes its own"),
        (call("convolution", F32, facts(shape=(1,) * 5, constant=True)), "shape", "not three"),
        (call("mm", F32, F32), "weights", "mm with constant weights"),
        (call("max", facts(shape=(2, 3)), 1, False, overload="dim"), "shape", "rank 4"),
        (call("gelu", facts("float16"), "none", out=facts("float16")), "dtype", "gelu of float32"),
        (call("clone", facts(rank_order=(0, 2, 3, 1))), "argument", "memory order"),
        (call("_to_dim_order_copy", F32, out=facts("float16")), "dtype", "float32 to float16"),
    ],
    ids=lambda made: made.title if isinstance(made, Call) else None,
)  # fmt: skip
def test_what_it_leaves_out(left: Call, kind: str, text: str) -> None:
    found = refusal(left)
    assert found is not None
    assert (found.kind, text in found.text) == (kind, True), found.text


def test_the_plug_in_offers_its_rules_and_others_need_not() -> None:
    left = call("log1p", F32)
    assert refusal_of(backend_of("XnnpackBackend"), left) == (True, refusal(left))
    assert refusal_of(object(), left) == (False, None)
    assert refusal_of(None, left) == (False, None)
