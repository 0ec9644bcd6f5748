"""Two spellings of one operator."""

from __future__ import annotations

import pytest

from etscope.inspector.correlate.operators import parts_of, same_operator, spellings


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("aten::addmm.out", ("aten", "addmm")),
        ("aten.addmm.default", ("aten", "addmm")),
        ("native_call_addmm.out", ("", "addmm")),
        ("_operator.mul", ("_operator", "mul")),
        ("my::op", ("my", "op")),
        ("plain", ("", "plain")),
    ],
)
def test_parts(text: str, parts: tuple[str, str]) -> None:
    assert parts_of(text) == parts


@pytest.mark.parametrize(
    ("instruction", "node"),
    [
        ("aten::add.out", "aten.add.Tensor"),
        ("native_call_add.out", "aten.add.Tensor"),
        ("executorch_prim::mul.Scalar", "_operator.mul"),
        ("executorch_prim::et_view.default", "aten.view_copy.default"),
        ("dim_order_ops::_to_dim_order_copy.out", "aten._to_copy.default"),
        ("my::op.out", "my.op.default"),
        ("my::op.out", "higher_order.auto_functionalized_v2"),
        ("aten::sym_size.int", "torch.sym_size.int"),
    ],
)
def test_the_same(instruction: str, node: str) -> None:
    assert same_operator(instruction, node)
    assert parts_of(node)[1] in spellings(instruction)


@pytest.mark.parametrize(
    ("instruction", "node"),
    [
        ("aten::add.out", "aten.addmm.default"),
        ("aten::add.out", "_operator.add"),
        ("executorch_prim::add.Scalar", "aten.add.Tensor"),
        ("my::op.out", "your.op.default"),
        ("aten::add.out", "higher_order.auto_functionalized_v2"),
        ("executorch_prim::et_view.default", "aten.add.Tensor"),
    ],
)
def test_others(instruction: str, node: str) -> None:
    assert not same_operator(instruction, node)
