"""Delegate blobs of XNNPACK made by hand."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

from flatbuffer_builder import Num, Table, Vec, encode

from etscope.etdump import xnnpack_schema as schema

_KINDS = {name: (number, layout) for number, (name, layout) in enumerate(schema.NODE_KINDS, 1)}


def node(
    kind: str,
    inputs: Sequence[int],
    outputs: Sequence[int],
    handle: int = schema.NO_HANDLE,
    *,
    kernel: tuple[int, int] | None = None,
    clamp: tuple[float, float] | None = None,
) -> Table:
    """A node; inputs that are not given (a bias) are left out."""
    number, layout = _KINDS[kind]
    read = [*inputs, *[schema.NO_VALUE] * (len(layout.inputs) - len(inputs))]
    slots = [*zip(layout.inputs, read, strict=True), *zip(layout.outputs, outputs, strict=True)]
    slots += list(zip(layout.kernel or (), kernel or (0, 0), strict=False))
    payload = Table({slot: Num("u4", value) for slot, value in slots})
    fields: dict[int, Any] = {0: Num("u1", number), 1: payload, 2: Num("u4", handle)}
    if clamp is not None:
        fields[3] = Table({0: Num("f4", clamp[0]), 1: Num("f4", clamp[1])})
    return Table(fields)


def value(
    number: int, sizes: Sequence[int] = (1,), *, quantized: bool = False, constant: int = 0
) -> Table:
    # The builder knows no 16-bit numbers; in this byte order a longer one reads the same.
    datatype = Num("i4", 3 if quantized else 1)
    plain = Table({0: datatype, 2: Vec("u4", sizes), 3: Num("u4", constant), 6: Num("u4", number)})
    if not quantized:
        return Table({0: Num("u1", 1), 1: plain})
    return Table({0: Num("u1", 2), 1: Table({0: plain})})


def graph(
    *nodes: Table,
    values: Sequence[Table] | int,
    inputs: Sequence[int] = (0,),
    outputs: Sequence[int] = (),
    header: bool = True,
    constants: Sequence[tuple[int, str]] = (),
) -> bytes:
    """A delegate blob; `values` may be how many plain ones there are.

    `constants` are (bytes, key in the program's named data); the first stands for "none".
    """
    listed = [value(v) for v in range(values)] if isinstance(values, int) else list(values)
    entries = [Table({1: Num("u8", size), 2: key}) for size, key in constants]
    ends = {4: Vec("u4", inputs), 5: Vec("u4", outputs)}
    root = Table({0: "0", 1: list(nodes), 2: listed, 8: entries, **ends})
    plain = encode(root, b"XN01")
    if not header:
        return plain
    start = 32
    head = struct.pack("<4x4sHIIIQ", b"XH00", 30, start, len(plain), start + len(plain), 0)
    return head.ljust(start, b"\0") + plain
