"""What the scalar type numbers of ETDump, .pte and bundled programs mean.

ETRecord's graphs count differently; these numbers must not be used there.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from etscope.etdump.errors import CorruptTrace, MissingExtra


class ScalarType(NamedTuple):
    """One element type.

    Attributes:
        number: as written in the file.
        name: PyTorch's name of the type.
        item_size: bytes of one stored element.
        storage: how numpy reads it: a dtype string, or `ml_dtypes.NAME`.
        note: what a reader of raw values must know; empty for ordinary numbers.
    """

    number: int
    name: str
    item_size: int
    storage: str
    note: str = ""


_RAW = "the integers as stored; scale and zero point are not in the file"
_PACKED = "each byte holds {} elements, as stored"
_PAIR = "pairs of half-precision numbers, fields 'real' and 'imag'"

SCALAR_TYPES: dict[int, ScalarType] = {
    entry.number: entry
    for entry in (
        ScalarType(0, "uint8", 1, "|u1"),
        ScalarType(1, "int8", 1, "|i1"),
        ScalarType(2, "int16", 2, "<i2"),
        ScalarType(3, "int32", 4, "<i4"),
        ScalarType(4, "int64", 8, "<i8"),
        ScalarType(5, "float16", 2, "<f2"),
        ScalarType(6, "float32", 4, "<f4"),
        ScalarType(7, "float64", 8, "<f8"),
        ScalarType(8, "complex32", 4, "<f2,<f2", _PAIR),
        ScalarType(9, "complex64", 8, "<c8"),
        ScalarType(10, "complex128", 16, "<c16"),
        ScalarType(11, "bool", 1, "|b1"),
        ScalarType(12, "qint8", 1, "|i1", _RAW),
        ScalarType(13, "quint8", 1, "|u1", _RAW),
        ScalarType(14, "qint32", 4, "<i4", _RAW),
        ScalarType(15, "bfloat16", 2, "ml_dtypes.bfloat16"),
        ScalarType(16, "quint4x2", 1, "|u1", _PACKED.format("two 4-bit")),
        ScalarType(17, "quint2x4", 1, "|u1", _PACKED.format("four 2-bit")),
        ScalarType(18, "bits1x8", 1, "|u1", _PACKED.format("eight 1-bit")),
        ScalarType(19, "bits2x4", 1, "|u1", _PACKED.format("four 2-bit")),
        ScalarType(20, "bits4x2", 1, "|u1", _PACKED.format("two 4-bit")),
        ScalarType(21, "bits8", 1, "|u1", "bits without a meaning of their own"),
        ScalarType(22, "bits16", 2, "<u2", "bits without a meaning of their own"),
        ScalarType(23, "float8_e5m2", 1, "ml_dtypes.float8_e5m2"),
        ScalarType(24, "float8_e4m3fn", 1, "ml_dtypes.float8_e4m3fn"),
        ScalarType(25, "float8_e5m2fnuz", 1, "ml_dtypes.float8_e5m2fnuz"),
        ScalarType(26, "float8_e4m3fnuz", 1, "ml_dtypes.float8_e4m3fnuz"),
        ScalarType(27, "uint16", 2, "<u2"),
        ScalarType(28, "uint32", 4, "<u4"),
        ScalarType(29, "uint64", 8, "<u8"),
    )
}

# One entry per value of a signed byte, which is how the files store the number.
_ITEM_SIZES = np.zeros(256, np.int64)
for _entry in SCALAR_TYPES.values():
    _ITEM_SIZES[_entry.number] = _entry.item_size


def scalar_type(number: int) -> ScalarType:
    """The type with that number.

    Raises:
        CorruptTrace: no such number.
    """
    try:
        return SCALAR_TYPES[number]
    except KeyError:
        raise CorruptTrace(
            f"scalar type {number} is unknown",
            cure="Known are 0 to 29. Check the file, or update etscope if its runtime is newer.",
        ) from None


def item_sizes(numbers: ArrayLike) -> NDArray[np.int64]:
    """Bytes per element for an array of scalar type numbers; 0 where the number is unknown."""
    wide = np.asarray(numbers).astype(np.int64)
    known = (wide >= 0) & (wide < len(_ITEM_SIZES))
    return np.where(known, _ITEM_SIZES[np.where(known, wide, 0)], 0)


@cache
def numpy_dtype(number: int) -> np.dtype[Any]:
    """How numpy reads elements of that type.

    Raises:
        CorruptTrace: no such number.
        MissingExtra: bfloat16 and float8 need ml_dtypes, and it is not installed.
    """
    storage = scalar_type(number).storage
    if not storage.startswith("ml_dtypes."):
        if "," in storage:
            return np.dtype([("real", "<f2"), ("imag", "<f2")])
        return np.dtype(storage)
    try:
        module = import_module("ml_dtypes")
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"{scalar_type(number).name} values need ml_dtypes: pip install ml-dtypes"
        ) from error
    dtype: np.dtype[Any] = np.dtype(getattr(module, storage.partition(".")[2]))
    return dtype
