"""Operations per operator from shapes: one of each family, and what is not known."""

from __future__ import annotations

import pytest

from etscope.inspector.roofline.flops import Work, flops_of
from etscope.inspector.roofline.operands import Call, Operand

FLOAT, INT8, INT64 = 6, 1, 4


def call(op: str, *inputs: tuple[int, ...], out: tuple[int, ...], dtype: int = FLOAT) -> Call:
    return Call(op, tuple(Operand(s, dtype) for s in inputs), (Operand(out, dtype),))


@pytest.mark.parametrize(
    ("op", "inputs", "out", "operations"),
    [
        ("aten::addmm.out", [(10,), (2, 16), (16, 10)], (2, 10), 640),
        ("aten.linear.default", [(2, 16), (10, 16)], (2, 10), 640),
        ("native_call_bmm.out", [(3, 4, 5), (3, 5, 6)], (3, 4, 6), 720),
        ("aten.addbmm.default", [(4, 6), (3, 4, 5), (3, 5, 6)], (4, 6), 720),
        ("aten.mv.default", [(4, 5), (5,)], (4,), 40),
        ("aten::convolution.out", [(1, 3, 8, 8), (4, 3, 3, 3)], (1, 4, 6, 6), 7776),
        ("aten.conv_transpose1d.default", [(1, 2, 5), (2, 3, 4)], (1, 3, 8), 240),
        ("llama::custom_sdpa.out", [(1, 2, 4, 8), (1, 6, 4, 8), (1, 6, 4, 8)], (1, 2, 4, 8), 1536),
        ("aten::add.out", [(4, 1), (3,)], (4, 3), 12),
        ("aten::relu_", [(5,)], (5,), 5),
        ("aten::max.other", [(5,), (5,)], (5,), 5),
        ("aten::max.unary_out", [(5, 2)], (), 10),
        ("aten::_softmax.out", [(2, 5)], (2, 5), 50),
        ("aten::native_layer_norm.out", [(2, 8), (8,), (8,)], (2, 8), 112),
        ("aten::mean.out", [(2, 8)], (2,), 16),
        ("aten::permute_copy.out", [(2, 8)], (8, 2), 0),
        ("executorch_prim::et_view.default", [(2, 8)], (16,), 0),
        ("quantized_decomposed::dequantize_per_tensor.out", [(4,)], (4,), 8),
    ],
)
def test_a_rule_of_each_family(
    op: str, inputs: list[tuple[int, ...]], out: tuple[int, ...], operations: int
) -> None:
    assert flops_of(call(op, *inputs, out=out)).operations == operations


def test_a_transposed_convolution_is_told_by_its_argument_before_its_shapes() -> None:
    same = call("aten.convolution.default", (1, 4, 8, 8), (4, 4, 3, 3), out=(1, 4, 17, 17))
    assert flops_of(same).operations == 2 * 64 * 144
    assert flops_of(same._replace(transposed=False)).operations == 2 * 289 * 144


def test_pooling_counts_windows_where_they_are_known() -> None:
    pool = call("aten::max_pool2d_with_indices.out", (1, 2, 8, 8), out=(1, 2, 6, 6))
    assert flops_of(pool).operations == 128
    assert flops_of(pool._replace(window=9)).operations == 648


def test_integers_are_labelled_and_numbers_beside_them_are_not() -> None:
    assert flops_of(call("aten::add.out", (4,), (4,), out=(4,), dtype=INT64)) == Work(4, True)
    compared = Call("aten::le.out", (Operand((4,), FLOAT),) * 2, (Operand((4,), 11),))
    assert flops_of(compared) == Work(4, False)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (call("my::concat_and_add", (4,), out=(4,)), "there is no rule for my::concat_and_add"),
        (call("aten::topk.values", (9,), out=(2,)), "how often it compares depends on the values"),
        (call("aten::add.out", (-1,), out=(-1,)), "a size of its tensors is not known"),
        (call("aten::add.out", (2**40, 2**40), out=(1,)), "a size of its tensors is not known"),
        (call("aten::add.out", (2**62,) * 200_000, out=(1,)), "a size of its tensors is not known"),
        (call("aten::addmm.out", (4,), out=(4,)), "its operands are not those of a matrix product"),
    ],
)
def test_what_is_not_known_is_none_with_a_reason_and_never_zero(given: Call, reason: str) -> None:
    assert flops_of(given) == Work(None, reason=reason)


def test_no_operands_at_all_raise_nothing() -> None:
    from etscope.inspector.roofline.flops import RULES

    for name in RULES:
        bare = flops_of(Call(f"aten::{name}", (), ()))
        assert bare.operations is None, name
        assert bare.reason
        scalar = Operand((), FLOAT)
        flops_of(Call(f"aten::{name}", (scalar,) * 3, (scalar,)))
