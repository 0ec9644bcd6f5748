"""Which operators of an edge graph an event of XNNPACK may compute, by its name alone."""

from __future__ import annotations

import re

#: What an edge graph calls the operator that an event of XNNPACK computes.
OPERATORS = {
    "Abs": "abs",
    "Add": "add",
    "Batch Matrix Multiply": "bmm|matmul",
    "Ceiling": "ceil",
    "Clamp": "clamp|relu|hardtanh",
    "Constant Pad": "constant_pad_nd",
    "Convert": "(de)?quantize_|choose_qparams",
    "Convolution": "convolution",
    "Copy": "cat|copy|clone|expand",
    "Cosine": "cos",
    "Deconvolution": "convolution",
    "Divide": "div",
    "Exp": "exp",
    "Floor": "floor",
    "Fully Connected": "linear|addmm|mm|convolution",
    "GELU": "gelu",
    "HardSwish": "hardswish",
    "Invalid Unary Op": "hardswish|gelu|leaky_relu|elu|log|rsqrt|sigmoid|tanh",
    "LeakyReLU": "leaky_relu",
    "ELU": "elu",
    "Log": "log",
    "Max Pooling": "max_pool2d",
    "Maximum": "maximum",
    "Mean": "mean|adaptive_avg_pool2d",
    "Minimum": "minimum",
    "Multiply": "mul",
    "Negate": "neg",
    "Reciprocal Square Root": "rsqrt",
    "Resize Bilinear": "upsample_bilinear2d",
    "Sigmoid": "sigmoid",
    "Sine": "sin",
    "Slice": "slice|select|split",
    "Softmax": "softmax",
    "Square": "mul|pow",
    "Square Root": "sqrt",
    "Static Reshape": "view|unsqueeze|squeeze|reshape|expand|flatten",
    "Subtract": "sub",
    "TanH": "tanh",
    "Transpose": "permute|transpose",
}


def fits(event: str, operators: list[str]) -> bool:
    """Whether one of these operators is of the kind that the event names."""
    wanted = OPERATORS[event.partition(" (")[0].partition(" #")[0]]
    return any(re.search(rf"(::|\b_?)({wanted})", operator) for operator in operators)
