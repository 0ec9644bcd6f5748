"""What kind of work an operator does: the buckets in which people count time."""

from __future__ import annotations

import re
from functools import lru_cache

from etscope.inspector.correlate.operators import parts_of

CATEGORIES = (
    "convolution",
    "matmul",
    "normalization",
    "reduction",
    "elementwise",
    "data movement",
    "quantize/dequantize",
    "control",
    "other",
)

_WORDS = {
    "matmul": "mm bmm addmm linear matmul baddbmm fullyconnected batchmatrixmultiply einsum "
    "scaled_dot_product_attention custom_sdpa sdpa sdpa_with_kv_cache mixed_mm mixed_linear "
    "fast_hadamard_transform dot mv outer baddbmm gemm lstm gru",
    "normalization": "native_batch_norm _native_batch_norm_legit batch_norm native_layer_norm "
    "_native_batch_norm_legit_no_training layer_norm native_group_norm group_norm rms_norm "
    "instance_norm softmax _softmax _log_softmax log_softmax _safe_softmax",
    "reduction": "mean sum amax amin max_dim argmax argmin any all var std prod cumsum "
    "max_pool2d max_pool2d_with_indices max_pool1d avg_pool1d avg_pool2d _adaptive_avg_pool2d "
    "_adaptive_avg_pool2d adaptive_avg_pool2d _adaptive_avg_pool3d adaptive_avg_pool1d "
    "adaptive_max_pool2d globalavgpooling2d globalavgpooling1d globalsumpooling2d "
    "maxpooling2d averagepooling2d argmaxpooling2d staticmean staticreduce topk sort norm "
    "avg_pool3d max_pool3d max_pool2d_with_indices_backward var_mean allclose logsumexp cumprod",
    "data movement": "view view_copy _unsafe_view reshape permute permute_copy transpose "
    "transpose_copy t t_copy clone _clone_dim_order contiguous copy copy_ cat stack slice "
    "slice_copy slice_scatter select select_copy select_scatter split split_copy "
    "split_with_sizes split_with_sizes_copy chunk expand expand_copy repeat squeeze "
    "squeeze_copy unsqueeze unsqueeze_copy gather scatter scatter_add index index_select "
    "index_put index_put_ index_copy index_fill embedding constant_pad_nd pad reflection_pad2d "
    "replication_pad2d flip roll unbind unbind_copy as_strided as_strided_copy alias "
    "alias_copy lift_fresh_copy _to_copy _to_dim_order_copy to empty _empty_dim_order "
    "full full_like zeros zeros_like ones ones_like arange scalar_tensor et_view "
    "et_copy_index pixel_shuffle pixel_unshuffle upsample_nearest2d upsample_bilinear2d "
    "statictranspose staticreshape staticslice staticconstantpad concatenate concatenate2 "
    "concatenate3 concatenate4 concatenate5 evensplit2 evensplit3 evensplit4 staticexpanddims "
    "staticresizebilinear2d depthtospace spacetodepth copy transpose detach_copy "
    "update_cache masked_scatter narrow_copy narrow fill fill_ tril triu diagonal diagonal_copy "
    "unfold unfold_copy nonzero masked_select repeat_interleave reflection_pad1d reflection_pad3d "
    "replication_pad1d replication_pad3d view_as_real view_as_real_copy grid_sampler_2d "
    "_upsample_bilinear2d_aa _h2d_copy _d2h_copy embedding_byte embedding_2bit embedding_4bit "
    "movedim tile meshgrid im2col col2im",
    "quantize/dequantize": "convert quantize_per_tensor dequantize_per_tensor "
    "quantize_per_channel dequantize_per_channel quantize_per_token dequantize_per_token "
    "choose_qparams choose_qparams_per_token_asymmetric choose_qparams_affine quantize_affine "
    "dequantize_affine dequantize_per_channel_group quantize_per_channel_group "
    "fake_quantize_per_tensor_affine",
    "control": "_assert_scalar _assert_async sym_constrain_range_for_size sym_size sym_numel "
    "sym_stride _local_scalar_dense jf_call move_call free_call cond map_impl while_loop scan "
    "item",
    "elementwise": "add sub mul div relu relu_ clamp hardtanh sigmoid tanh gelu silu exp log "
    "sqrt rsqrt pow neg abs where maximum minimum eq ne lt le gt ge logical_and logical_or "
    "logical_not bitwise_and bitwise_or bitwise_not hardswish hardsigmoid leaky_relu prelu elu "
    "sin cos erf floor ceil round trunc masked_fill reciprocal square rsub remainder fmod "
    "floor_divide log1p expm1 isnan isinf sign softplus mish celu selu lerp addcmul addcdiv "
    "add2 subtract multiply2 divide maximum2 minimum2 preluelementwise bankersrounding "
    "squareroot reciprocalsquareroot negate floor ceiling tan atan acos asin atan2 copysign "
    "acosh asinh atanh cosh sinh logical_xor bitwise_xor bitwise_left_shift bitwise_right_shift "
    "dropout native_dropout _conj_physical bitwise_and_ threshold expm1 log_sigmoid relu6 "
    "glu log2 log10 logit sinh cosh squareddifference approxgelu clampmin clampmax",
}
_CATEGORY = {word: category for category, words in _WORDS.items() for word in words.split()}
#: Words in the free text of a backend's event, looked for in this order.
_PATTERNS = (
    (
        "quantize/dequantize",
        # What is quantized is not quantizing: "quantized_linear" is a matrix product.
        re.compile(r"convert|(?<![a-z])(re|de)?quantiz(e(?!d)|ation)|qparams", re.I),
    ),
    ("data movement", re.compile(r"upsampl|resize|interpolat|grid_?sampl", re.I)),
    ("convolution", re.compile(r"conv", re.I)),
    ("matmul", re.compile(r"fully.?connected|matrix.?mul|matmul|gemm|linear|attention|sdpa", re.I)),
    ("normalization", re.compile(r"norm|softmax", re.I)),
    ("reduction", re.compile(r"pool|mean|reduce|sum|arg(min|max)|top_?k", re.I)),
    (
        "data movement",
        re.compile(
            r"transpos|permut|copy|reshape|slice|pad|concat|split|gather|scatter|expand|tile|"
            r"view|constant|embedding|(nchw|nhwc|image|buffer)_to_",
            re.I,
        ),
    ),
    (
        "elementwise",
        re.compile(
            r"add|sub|mul|div|relu|clamp|sigmoid|tanh|elu|swish|exp|log|sqrt|square|abs|neg|max|"
            r"min|round|floor|ceil|sin|cos|power",
            re.I,
        ),
    ),
)
_BY_RULE = frozenset({"convolution", "max", "min"})
#: Two words for one thing where a backend turns a convolution of size 1 into a matrix product.
_HEAVY = frozenset({"convolution", "matmul"})


@lru_cache(maxsize=8192)
def category_of(operator: str | None) -> str:
    """The category of an operator in any spelling, or of a backend's event; "other" if unknown."""
    if operator is None:
        return "other"
    namespace, name = parts_of(operator)
    if "::" not in operator and (namespace in _CATEGORY or namespace in _BY_RULE):
        namespace, name = "", namespace  # "addmm.out": a name and its overload
    if name == "convolution" or name.startswith(("conv1d", "conv2d", "conv3d", "conv_transpose")):
        return "convolution"
    if namespace in ("_operator", "executorch_prim") and name not in ("et_view", "et_copy_index"):
        return "control"
    if name in ("max", "min"):
        # Of two tensors, or of all or some elements of one.
        return "elementwise" if ".other" in operator else "reduction"
    known = _CATEGORY.get(name.lower())
    if known is not None:
        return known
    for category, pattern in _PATTERNS:
        if pattern.search(operator):
            return category
    return "other"


def category_of_event(event: str, op: str | None, node_op: str | None) -> str:
    """The category of what an event timed: by its own words, else by its operator or node.

    `op` is the runtime's operator or the backend's event, `node_op` that of the
    graph. What really ran counts: a transpose that the export inserted for a
    convolution moves data. But a convolution stays one where a backend runs it as a
    matrix product.
    """
    for text in (op, event, node_op):
        category = category_of(text)
        if category == "other":
            continue
        meant = category_of(node_op)
        return meant if {category, meant} <= _HEAVY else category
    return "other"
