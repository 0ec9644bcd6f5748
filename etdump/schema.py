"""Where the bytes of an ETDump are: slots, types and defaults, as data.

Source: ExecuTorch's `etdump_schema_flatcc.fbs`. A slot is the field's position
in its table; a union takes two slots. Scalars equal to their default are
usually left out of the file.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

IDENTIFIER = b"ED00"

#: The chain index that the runtime writes in debug events of the framework.
NO_CHAIN = 2**64 - 1

#: One ETDump cannot reach this size: its offsets are signed 32-bit numbers.
SIZE_LIMIT = 2**31


class Kind(IntEnum):
    """Which of the three tables an Event holds."""

    PROFILE = 0
    DEBUG = 1
    ALLOCATION = 2


class ValueKind(IntEnum):
    """ValueType of the ETDump schema."""

    NULL = 0
    INT = 1
    BOOL = 2
    FLOAT = 3
    DOUBLE = 4
    TENSOR = 5
    TENSOR_LIST = 6
    STRING = 7


class Scalar(NamedTuple):
    """A number stored in the table itself."""

    slot: int
    dtype: str
    default: int = 0


class Offset(NamedTuple):
    """A field that points to a string, a vector or another table."""

    slot: int


class ETDump:
    VERSION = Scalar(0, "<u4")
    RUNS = Offset(1)


class RunData:
    NAME = Offset(0)
    BUNDLED_INPUT = Scalar(1, "<i4", -1)
    ALLOCATORS = Offset(2)
    EVENTS = Offset(3)


class Allocator:
    NAME = Offset(0)


class Event:
    PROFILE = Offset(0)
    ALLOCATION = Offset(1)
    DEBUG = Offset(2)


class ProfileEvent:
    NAME = Offset(0)
    CHAIN = Scalar(1, "<i4", 0)
    INSTRUCTION = Scalar(2, "<i4", -1)
    DELEGATE_ID = Scalar(3, "<i4", -1)
    DELEGATE_NAME = Offset(4)
    METADATA = Offset(5)
    START = Scalar(6, "<u8")
    END = Scalar(7, "<u8")


class AllocationEvent:
    ALLOCATOR = Scalar(0, "<i4")
    SIZE = Scalar(1, "<u8")


class DebugEvent:
    CHAIN = Scalar(0, "<u8", 0)
    INSTRUCTION = Scalar(1, "<i4", -1)
    ENTRY = Offset(2)
    DELEGATE_ID = Scalar(3, "<i4", -1)
    DELEGATE_NAME = Offset(4)
    NAME = Offset(5)


class Value:
    KIND = Scalar(0, "<i1")
    TENSOR = Offset(1)
    TENSOR_LIST = Offset(2)
    INT = Offset(3)
    FLOAT = Offset(4)
    DOUBLE = Offset(5)
    BOOL = Offset(6)
    OUTPUT = Offset(7)


class Tensor:
    SCALAR_TYPE = Scalar(0, "<i1")
    SIZES = Offset(1)
    STRIDES = Offset(2)
    OFFSET = Scalar(3, "<i8")


class TensorList:
    TENSORS = Offset(0)


class Int:
    VALUE = Scalar(0, "<i8")


class Bool:
    VALUE = Scalar(0, "<u1")


class Float:
    VALUE = Scalar(0, "<f4")


class Double:
    VALUE = Scalar(0, "<f8")
