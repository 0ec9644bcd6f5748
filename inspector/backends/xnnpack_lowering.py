"""Which operators of an edge program end as each kind of XNNPACK node.

Source: the node visitors of ExecuTorch's XNNPACK backend, by what they define.
"""

from __future__ import annotations

import numpy as np

from etscope.etdump.xnnpack import XnnGraph

_OPERATORS = {
    "Abs": "abs",
    "Add": "add",
    "AvgPooling2d": "avg_pool2d",
    "ArgMaxPooling2d": "max_pool2d_with_indices max",
    "BatchMatrixMultiply": "bmm matmul",
    "Ceiling": "ceil",
    "Clamp": "relu hardtanh clamp",
    "Concatenate2": "cat",
    "Concatenate3": "cat",
    "Concatenate4": "cat",
    "Concatenate5": "cat",
    "Conv2d": "convolution conv2d conv1d",
    "ConvTranspose2d": "convolution conv_transpose2d",
    "Convert, quantizing": "quantize_per_tensor quantize_per_channel quantize_affine "
    "quantize_per_token choose_qparams choose_qparams_affine",
    "Convert, dequantizing": "dequantize_per_tensor dequantize_per_channel dequantize_affine "
    "dequantize_per_token _to_copy _to_dim_order_copy",
    "Copy": "clone _clone_dim_order",
    "Cos": "cos",
    "DepthwiseConv2d": "convolution conv2d conv1d",
    "Div": "div",
    "ELU": "elu",
    "Exp": "exp",
    "Floor": "floor",
    "FullyConnected": "linear addmm mm",
    "Gelu": "gelu",
    "GlobalAvgPooling2d": "mean",
    "Hardswish": "hardswish",
    "LeakyReLU": "leaky_relu",
    "Log": "log",
    "MaxPooling2d": "max_pool2d max_pool2d_with_indices",
    "Maximum": "maximum",
    "Minimum": "minimum",
    "Multiply": "mul",
    "Negate": "neg",
    "PReLU": "prelu",
    "ReciprocalSquareRoot": "rsqrt",
    "ScaledDotProductAttention": "scaled_dot_product_attention",
    "Sigmoid": "sigmoid",
    "Sin": "sin",
    "Softmax": "_softmax softmax",
    "Square": "pow square",
    "SquareRoot": "sqrt",
    "StaticConstantPad": "constant_pad_nd",
    "StaticReshape": "view_copy view unsqueeze_copy squeeze_copy reshape",
    "StaticResizeBilinear2D": "upsample_bilinear2d",
    "StaticSlice": "slice_copy",
    "StaticTranspose": "permute_copy transpose_copy t_copy permute",
    "Subtract": "sub",
    "Tanh": "tanh",
}
_SETS = {kind: frozenset(names.split()) for kind, names in _OPERATORS.items()}
_NONE: frozenset[str] = frozenset()


def operators_of(graph: XnnGraph, row: int) -> frozenset[str]:
    """The names, without namespace, of the operators that end as a node."""
    kind = graph.nodes.name(row)
    if kind == "Convert":
        kind += ", quantizing" if gives_quantized(graph, row) else ", dequantizing"
    return _SETS.get(kind, _NONE)


def gives_quantized(graph: XnnGraph, row: int) -> bool:
    """Whether a node gives quantized values."""
    nodes = graph.nodes
    written = nodes.output[nodes.outputs[row] : nodes.outputs[row + 1]]
    return bool(graph.values.quantized[np.isin(graph.values.id, written)].any())
