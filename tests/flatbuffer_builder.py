"""FlatBuffers made by hand: tables as {slot: field}.

A field is a number with its type, a text, a vector, a table or a list of tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import flatbuffers
import numpy as np
from flatbuffers import number_types


class Num(NamedTuple):
    """A number; left out of the file when it is `default`, never when that is None."""

    dtype: str
    value: float
    default: float | None = 0


class Vec(NamedTuple):
    dtype: str
    items: Sequence[float] | bytes


class Table(NamedTuple):
    fields: dict[int, Num | Vec | Table | list[Table] | str]


_FLAGS = {
    "i1": number_types.Int8Flags,
    "u1": number_types.Uint8Flags,
    "i4": number_types.Int32Flags,
    "u4": number_types.Uint32Flags,
    "i8": number_types.Int64Flags,
    "u8": number_types.Uint64Flags,
    "f4": number_types.Float32Flags,
    "f8": number_types.Float64Flags,
}


def _child(builder: Any, field: Any) -> int:
    if isinstance(field, str):
        return int(builder.CreateString(field))
    if isinstance(field, Table):
        return _table(builder, field)
    if isinstance(field, Vec):
        items = list(field.items)
        size = np.dtype(field.dtype).itemsize
        builder.StartVector(size, len(items), size)
        for item in reversed(items):
            builder.Prepend(_FLAGS[field.dtype], item)
        return int(builder.EndVector())
    members = [_table(builder, member) for member in field]
    builder.StartVector(4, len(members), 4)
    for member in reversed(members):
        builder.PrependUOffsetTRelative(member)
    return int(builder.EndVector())


def _table(builder: Any, table: Table) -> int:
    children = {
        slot: _child(builder, field)
        for slot, field in table.fields.items()
        if not isinstance(field, Num)
    }
    builder.StartObject(max(table.fields, default=-1) + 1)
    for slot, field in table.fields.items():
        if isinstance(field, Num):
            builder.PrependSlot(_FLAGS[field.dtype], slot, field.value, field.default)
        else:
            builder.PrependUOffsetTRelativeSlot(slot, children[slot], 0)
    return int(builder.EndObject())


def encode(root: Table, identifier: bytes) -> bytes:
    builder = flatbuffers.Builder(0)
    builder.Finish(_table(builder, root), file_identifier=identifier)
    return bytes(builder.Output())
