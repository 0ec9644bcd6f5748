"""Every spelling of an operator falls into the bucket in which people count its time."""

from __future__ import annotations

import pytest

from etscope.inspector.categories import CATEGORIES, category_of, category_of_event

#: As programs, graphs, kernels' events and backends spell them; seen in real exports.
SPELLINGS = {
    "convolution": [
        "aten::convolution.out",
        "native_call_convolution.out",
        "convolution.out",
        "aten.conv2d.default",
        "Convolution (NHWC, QC8) DWConv #2",
        "DepthwiseConv2d",
        "conv2d_dw_output_tile_3x3_float",
        "cadence::quantized_conv.out",
    ],
    "matmul": [
        "aten::addmm.out",
        "addmm.out",
        "aten.linear.default",
        "aten::bmm.out",
        "Fully Connected (NC, QDU8, F32, QC8W) GEMM #1",
        "BatchMatrixMultiply",
        "llama::sdpa_with_kv_cache.out",
        "cortex_m::quantized_linear.out",
    ],
    "normalization": [
        "aten::native_layer_norm.out",
        "Softmax (NC, F32) #1",
        "aten._softmax.default",
    ],
    "reduction": [
        "aten::mean.out",
        "Mean (ND) Reduce2",
        "Max Pooling (NHWC, S8)",
        "aten::max.dim_max",
        "aten.amax.default",
        "aten::topk.values",
    ],
    "elementwise": [
        "aten::add.out",
        "add.out",
        "aten::max.other",
        "Maximum (ND)",
        "HardSwish (NC)",
        "TanH (NC)",
        "aten.where.self",
        "cortex_m::quantized_add.out",
        "aten.native_dropout.default",
    ],
    "data movement": [
        "aten::permute_copy.out",
        "permute_copy.out",
        "Transpose (ND, X8) #2",
        "dim_order_ops::_to_dim_order_copy.out",
        "executorch_prim::et_view.default",
        "aten._upsample_bilinear2d_aa.out",
        "StaticResizeBilinear2D",
        "aten.embedding.default",
        "nchw_to_image",
    ],
    "quantize/dequantize": [
        "quantized_decomposed.quantize_per_tensor.default",
        "quantized_decomposed::dequantize_per_channel.out",
        "quantized_decomposed.choose_qparams.tensor",
        "Convert (NC, F32, QDU8) #1",
        "Requantize",
    ],
    "control": [
        "executorch_prim::add.Scalar",
        "_operator.lt",
        "aten::sym_size.int",
        "JF_CALL",
        "higher_order.map_impl",
    ],
    "other": ["zoo::squash.out", "DELEGATE_CALL", "Invalid Unary Op", ""],
}


@pytest.mark.parametrize(
    ("spelling", "category"),
    [(spelling, category) for category, some in SPELLINGS.items() for spelling in some],
)
def test_an_operator_has_a_category(spelling: str, category: str) -> None:
    assert category_of(spelling) == category


def test_every_category_is_one_that_is_listed() -> None:
    assert set(SPELLINGS) == set(CATEGORIES)
    assert category_of(None) == "other"


@pytest.mark.parametrize(
    ("event", "op", "node_op", "category"),
    [
        ("Transpose (ND, X32) #1", None, "aten.convolution.default", "data movement"),
        ("Fully Connected (NC, F32) GEMM", None, "aten.convolution.default", "convolution"),
        ("Fully Connected (NC, F32) GEMM", None, "aten.linear.default", "matmul"),
        ("Invalid Unary Op #1", None, "aten.log.default", "elementwise"),
        ("node_17", None, None, "other"),
        ("OPERATOR_CALL", "aten::mul.out", None, "elementwise"),
    ],
)
def test_what_ran_counts_before_what_was_meant(
    event: str, op: str | None, node_op: str | None, category: str
) -> None:
    assert category_of_event(event, op, node_op) == category
