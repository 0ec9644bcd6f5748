"""Columns as bytes: one answer that a browser maps as typed arrays, without parsing a number.

    "ETSC"  uint32: bytes of the head  head (JSON, padded with spaces)  columns

All numbers are little-endian. The head is {"head": what the columns are about,
"columns": [{"name", "type", "length", "offset"}]}; an offset counts from the end
of the head, and is a multiple of 8, as the end of the head is. In a browser:

    const text = new TextDecoder().decode(new Uint8Array(answer, 8, size))
    new Float64Array(answer, 8 + size + column.offset, column.length)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"ETSC"
MIMETYPE = "application/vnd.etscope.columns"
_ALIGNED = 8

#: Types that have an array of their own in a browser; the others are turned into one of them.
_TYPES = {
    "i1": "Int8Array",
    "u1": "Uint8Array",
    "i2": "Int16Array",
    "u2": "Uint16Array",
    "i4": "Int32Array",
    "u4": "Uint32Array",
    "f4": "Float32Array",
    "f8": "Float64Array",
}

#: Integers up to here are the same as 64-bit floating-point numbers.
EXACT = 2**53


def for_browser(column: NDArray[Any]) -> tuple[NDArray[Any], bool]:
    """(the column in a type that browsers count fast in, whether every number is the same).

    Integers of 64 bits become 32-bit ones where they fit, else floating-point
    numbers, which are exact up to 2^53.

    Raises:
        TypeError: it is no one-dimensional column of numbers.
    """
    if column.ndim != 1 or column.dtype.kind not in "iufb":
        raise TypeError(f"no column of numbers: {column.dtype}, {column.ndim} dimensions")
    if column.dtype.kind == "b":
        return column.astype("u1"), True
    if column.dtype.kind == "f":
        return column.astype("<f4" if column.dtype.itemsize <= 4 else "<f8"), True
    if column.dtype.itemsize <= 4:
        return column.astype(column.dtype.newbyteorder("<")), True
    low, high = (int(column.min()), int(column.max())) if len(column) else (0, 0)
    for name, limits in (("<i4", np.iinfo(np.int32)), ("<u4", np.iinfo(np.uint32))):
        if limits.min <= low and high <= limits.max:
            return column.astype(name), True
    return column.astype("<f8"), max(-low, high) <= EXACT


def pack(head: Mapping[str, Any], columns: Mapping[str, NDArray[Any]]) -> bytes:
    """The answer.

    Raises:
        TypeError: a column is no one-dimensional array of numbers.
        ValueError: the head holds what JSON has no word for.
    """
    rows, pieces, offset = [], [], 0
    for name, column in columns.items():
        array, exact = for_browser(column)
        row = {"name": name, "type": _TYPES[array.dtype.str[1:]], "length": len(array)}
        rows.append(row | {"offset": offset} | ({} if exact else {"rounded": True}))
        data = array.tobytes()
        pieces += [data, bytes(-len(data) % _ALIGNED)]
        offset += len(data) + -len(data) % _ALIGNED
    return framed(json.dumps({"head": head, "columns": rows}, allow_nan=False), *pieces)


def framed(head: str, *data: bytes) -> bytes:
    """A head of JSON in ASCII and bytes behind it, which begin at a multiple of 8."""
    text = head.encode("ascii")
    text += b" " * (-len(text) % _ALIGNED)
    return b"".join((MAGIC, len(text).to_bytes(4, "little"), text, *data))


def unpack(answer: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """(head, columns) of an answer, for scripts and tests.

    Raises:
        ValueError: it is none.
    """
    whole, begin = head_of(answer)
    types = {name: np.dtype(f"<{code}") for code, name in _TYPES.items()}
    columns = {
        row["name"]: np.frombuffer(answer, types[row["type"]], row["length"], begin + row["offset"])
        for row in whole["columns"]
    }
    return whole["head"], columns


def head_of(answer: bytes) -> tuple[Any, int]:
    """(the head of an answer, where its bytes begin).

    Raises:
        ValueError: it is none.
    """
    if answer[:4] != MAGIC:
        raise ValueError("this is no answer of columns: it does not begin with ETSC")
    begin = 8 + int.from_bytes(answer[4:8], "little")
    return json.loads(answer[8:begin]), begin
