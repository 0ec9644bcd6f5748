"""What the names of XNNPACK's events say: "Convolution (NHWC, QC8) IGEMM #2"."""

from __future__ import annotations

import re

_UNARY = (
    "Abs|Ceiling|Clamp|Convert|Cos|ELU|Exp|Floor|Gelu|Hardswish|LeakyReLU|Log|Negate|"
    "ReciprocalSquareRoot|Sigmoid|Sin|Square|SquareRoot|Tanh"
)
_CONCATENATE = "Concatenate2|Concatenate3|Concatenate4|Concatenate5"

#: Operator in an event's name, lower case → the kinds of nodes that may end as it.
_KINDS = {
    "abs": "Abs",
    "add": "Add",
    "approxgelu": "Gelu",
    "argmax pooling": "ArgMaxPooling2d",
    "average pooling": "AvgPooling2d|GlobalAvgPooling2d",
    "batch matrix multiply": "BatchMatrixMultiply|ScaledDotProductAttention",
    "ceiling": "Ceiling",
    "clamp": "Clamp",
    "constant pad": "StaticConstantPad",
    "convert": "Convert",
    "convolution": "Conv2d|DepthwiseConv2d",
    "copy": f"Copy|StaticReshape|{_CONCATENATE}",
    "cosine": "Cos",
    "deconvolution": "ConvTranspose2d",
    "divide": "Div",
    "dynamic fully connected": "FullyConnected",
    "elu": "ELU",
    "exp": "Exp",
    "floor": "Floor",
    "fully connected": "FullyConnected|Conv2d",
    "fuse dims": "StaticReshape",
    "gelu": "Gelu",
    "hardswish": "Hardswish",
    # How the table lookup is called that stands for Convert, any unary node, Convert.
    "invalid unary op": _UNARY,
    "unary elementwise": _UNARY,
    "leakyrelu": "LeakyReLU",
    "log": "Log",
    "max pooling": "MaxPooling2d",
    "maximum": "Maximum",
    "mean": "GlobalAvgPooling2d",
    "minimum": "Minimum",
    "multiply": "Multiply",
    "negate": "Negate",
    "prelu": "PReLU",
    "reciprocal square root": "ReciprocalSquareRoot",
    "resize bilinear": "StaticResizeBilinear2D",
    "sigmoid": "Sigmoid",
    "sine": "Sin",
    "slice": "StaticSlice",
    "softmax": "Softmax",
    "split dims": "StaticReshape",
    "square": "Square|Multiply",
    "square root": "SquareRoot",
    "static expand dims": "StaticReshape",
    "static reshape": "StaticReshape",
    "subtract": "Subtract",
    "sum": "GlobalAvgPooling2d",
    "tanh": "Tanh",
    "transpose": "StaticTranspose",
}
#: Types in an event's name of values that are quantized, and of those that are not.
_QUANTIZED = frozenset({"QS8", "QU8", "QC8", "QDU8", "QD8", "S8", "U8", "X8"})
_PLAIN = frozenset({"F32", "F16", "X32", "X16"})


def kinds_of(family: str) -> frozenset[str]:
    """The kinds of nodes that may end as an operator; `family` is its name in lower case."""
    return frozenset(_KINDS.get(family, "").split("|"))


def says_quantized(operator: str) -> bool | None:
    """Whether an event's types are quantized, "(NHWC, QC8)", or not; None: it says neither."""
    types = set(re.findall(r"[A-Z]+\d+W?", operator.partition("(")[2].partition(")")[0]))
    small, wide = types & _QUANTIZED, types & _PLAIN
    return bool(small) if bool(small) != bool(wide) else None
