"""Where the bytes of an XNNPACK delegate blob are: header, slots and kinds of nodes, as data.

Source: ExecuTorch's `backends/xnnpack/serialization/runtime_schema.fbs` and its XNNHeader.
"""

from __future__ import annotations

from typing import NamedTuple

from etscope.etdump.schema import Offset, Scalar

HEADER_MAGIC = b"XH00"
#: XN00 where constants lie in the flatbuffer, XN01 where they lie behind it.
IDENTIFIERS = (b"XN00", b"XN01")

#: What the exporter writes for nodes that it made itself, such as layout changes.
NO_HANDLE = 65535
#: A value that is left out, such as the bias of a convolution without one.
NO_VALUE = 2**32 - 1


class Header:
    """Byte positions in the blob."""

    MAGIC = 4
    FLATBUFFER_START = 10  # u4
    FLATBUFFER_BYTES = 14  # u4
    BYTES = 30


class Graph:
    VERSION = Offset(0)
    NODES = Offset(1)
    VALUES = Offset(2)
    INPUTS = Offset(4)
    OUTPUTS = Offset(5)
    CONSTANTS = Offset(8)


class Constant:
    SIZE = Scalar(1, "<u8")
    KEY = Offset(2)


class Node:
    KIND = Scalar(0, "<u1")
    PAYLOAD = Offset(1)
    HANDLE = Scalar(2, "<u4")
    RANGE = Offset(3)


class Range:
    LOW = Scalar(0, "<f4")
    HIGH = Scalar(1, "<f4")


class Value:
    KIND = Scalar(0, "<u1")  # 1: tensor, 2: quantized tensor
    PAYLOAD = Offset(1)


class QuantizedTensor:
    TENSOR = Offset(0)


class Tensor:
    TYPE = Scalar(0, "<i2")
    DIMS = Offset(2)
    CONSTANT = Scalar(3, "<u4")
    ID = Scalar(6, "<u4")


class Layout(NamedTuple):
    """Which slots of a node's table hold numbers of values."""

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    kernel: tuple[int, int] | None = None  # height, width


_ONE = Layout((0,), (1,))
_TWO = Layout((0, 1), (2,))
_ALPHA = Layout((1,), (2,))
_SHAPED = Layout((2,), (3,))
_POOL = Layout((10,), (11,), (4, 5))
_CONV = Layout((15, 16, 17), (18,), (4, 5))

#: The members of XNodeUnion in order, beginning with number 1.
NODE_KINDS: tuple[tuple[str, Layout], ...] = (
    ("Add", _TWO),
    ("FullyConnected", Layout((0, 1, 2), (3,))),
    ("Softmax", _ONE),
    ("Sigmoid", _ONE),
    ("StaticTranspose", _SHAPED),
    ("Clamp", _ONE),
    ("Conv2d", _CONV),
    ("Div", _TWO),
    ("StaticResizeBilinear2D", _SHAPED),
    ("StaticConstantPad", Layout((3,), (4,))),
    ("AvgPooling2d", _POOL),
    ("Minimum", _TWO),
    ("DepthwiseConv2d", _CONV),
    ("MaxPooling2d", _POOL),
    ("Multiply", _TWO),
    ("Subtract", _TWO),
    ("Floor", _ONE),
    ("Convert", _ONE),
    ("GlobalAvgPooling2d", _ONE),
    ("StaticReshape", _SHAPED),
    ("ArgMaxPooling2d", Layout((6,), (7, 8), (4, 5))),
    ("SquareRoot", _ONE),
    ("Ceiling", _ONE),
    ("Hardswish", _ONE),
    ("LeakyReLU", _ALPHA),
    ("Maximum", _TWO),
    ("Negate", _ONE),
    ("Square", _ONE),
    ("ELU", _ALPHA),
    ("Abs", _ONE),
    ("PReLU", _TWO),
    ("Concatenate2", Layout((1, 2), (5,))),
    ("Concatenate3", Layout((1, 2, 3), (5,))),
    ("Concatenate4", Layout((1, 2, 3, 4), (5,))),
    ("StaticSlice", Layout((3,), (4,))),
    ("ScaledDotProductAttention", Layout((0, 1, 2, 3, 4), (5,))),
    ("BatchMatrixMultiply", _TWO),
    ("Concatenate5", Layout((1, 2, 3, 4, 7), (5,))),
    ("ConvTranspose2d", _CONV),
    ("ReciprocalSquareRoot", _ONE),
    ("Log", _ONE),
    ("Gelu", _ONE),
    ("Tanh", _ONE),
    ("Exp", _ONE),
    ("Sin", _ONE),
    ("Copy", _ONE),
    ("Cos", _ONE),
)
