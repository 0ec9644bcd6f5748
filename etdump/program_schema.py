"""Where the bytes of a .pte and a .ptd are: slots, types and defaults, as data.

Source: ExecuTorch's `program.fbs`, `scalar_type.fbs` and `flat_tensor.fbs`.
"""

from __future__ import annotations

from etscope.etdump.schema import Offset, Scalar

IDENTIFIER = b"ET12"
HEADER_MAGIC = b"eh00"


class Header:
    """The extended header at byte 8; positions count from its first byte."""

    LENGTH = 4
    PROGRAM_BYTES = 8
    SEGMENT_BASE = 16
    SEGMENT_BYTES = 24


class Program:
    VERSION = Scalar(0, "<u4")
    PLANS = Offset(1)
    CONSTANT_BUFFER = Offset(2)
    DELEGATE_DATA = Offset(3)
    SEGMENTS = Offset(4)
    CONSTANT_SEGMENT = Offset(5)
    STATES = Offset(6)  # mutable_data_segments
    NAMED_DATA = Offset(7)


class Buffer:
    STORAGE = Offset(0)


class Subsegment:
    SEGMENT = Scalar(0, "<u4")
    OFFSETS = Offset(1)


class NamedData:
    KEY = Offset(0)
    SEGMENT = Scalar(1, "<u4")
    LAYOUT = Offset(2)  # only in a .ptd


class Layout:
    SCALAR_TYPE = Scalar(0, "<i1")
    SIZES = Offset(1)
    DIM_ORDER = Offset(2)


class DelegateData:
    DATA = Offset(0)


class Segment:
    OFFSET = Scalar(0, "<u8")
    SIZE = Scalar(1, "<u8")


class Plan:
    NAME = Offset(0)
    CONTAINER = Offset(1)
    VALUES = Offset(2)
    INPUTS = Offset(3)
    OUTPUTS = Offset(4)
    CHAINS = Offset(5)
    OPERATORS = Offset(6)
    DELEGATES = Offset(7)
    ARENA_SIZES = Offset(8)
    ARENA_DEVICES = Offset(9)


class Container:
    INPUTS = Offset(0)
    OUTPUTS = Offset(1)


class ArenaDevice:
    ARENA = Scalar(0, "<i4")
    TYPE = Scalar(1, "<i1")
    INDEX = Scalar(2, "<i1")


class Operator:
    NAME = Offset(0)
    OVERLOAD = Offset(1)


class EValue:
    KIND = Scalar(0, "<u1")
    PAYLOAD = Offset(1)


class Int:
    VALUE = Scalar(0, "<i8")


class Bool:
    VALUE = Scalar(0, "<u1")


class Double:
    VALUE = Scalar(0, "<f8")


class Items:
    """String and all lists: one vector."""

    ITEMS = Offset(0)


class Tensor:
    SCALAR_TYPE = Scalar(0, "<i1")
    STORAGE_OFFSET = Scalar(1, "<i4")
    SIZES = Offset(2)
    DIM_ORDER = Offset(3)
    BUFFER = Scalar(5, "<u4")
    ALLOCATION = Offset(6)
    DYNAMISM = Scalar(8, "<i1")
    EXTRA = Offset(9)


class ExtraInfo:
    STATE_SEGMENT = Scalar(0, "<u8")
    NAME = Offset(1)
    LOCATION = Scalar(2, "<i1")  # 0: in the program, 1: another file
    DEVICE_TYPE = Scalar(3, "<i1")
    DEVICE_INDEX = Scalar(4, "<i1")


class Allocation:
    MEMORY_ID = Scalar(0, "<u4")
    OFFSET_LOW = Scalar(1, "<u4")
    OFFSET_HIGH = Scalar(2, "<u4")


class Chain:
    INSTRUCTIONS = Offset(2)
    STACKS = Offset(3)


class FrameList:
    FRAMES = Offset(0)


class Frame:
    FILE = Offset(0)
    LINE = Scalar(1, "<i4")
    FUNCTION = Offset(2)
    SOURCE = Offset(3)


class Instruction:
    KIND = Scalar(0, "<u1")
    PAYLOAD = Offset(1)


class Call:
    """KernelCall and DelegateCall."""

    CALLEE = Scalar(0, "<i4")
    ARGUMENTS = Offset(1)


class MoveCall:
    SOURCE = Scalar(0, "<i4")
    TARGET = Scalar(1, "<i4")


class JumpFalseCall:
    CONDITION = Scalar(0, "<i4")
    DESTINATION = Scalar(1, "<i4")


class FreeCall:
    VALUE = Scalar(0, "<i4")


class Delegate:
    BACKEND = Offset(0)
    PROCESSED = Offset(1)
    COMPILE_SPECS = Offset(2)


class DataReference:
    LOCATION = Scalar(0, "<i1")  # 0: in the flatbuffer, 1: a segment
    INDEX = Scalar(1, "<u4")


class CompileSpec:
    KEY = Offset(0)
    VALUE = Offset(1)
