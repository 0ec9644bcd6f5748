"""Programs made by hand, so that tests need neither torch nor executorch."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from flatbuffer_builder import Num, Table, Vec, encode


def null() -> Table:
    return Table({0: Num("u1", 1), 1: Table({})})


def integer(value: int) -> Table:
    return Table({0: Num("u1", 2), 1: Table({0: Num("i8", value)})})


def boolean(value: bool) -> Table:
    return Table({0: Num("u1", 3), 1: Table({0: Num("u1", int(value))})})


def double(value: float) -> Table:
    return Table({0: Num("u1", 4), 1: Table({0: Num("f8", value)})})


def tensor(
    sizes: Sequence[int],
    scalar_type: int = 6,
    *,
    memory: tuple[int, int] | None = None,
    buffer: int = 0,
    dynamism: int = 0,
    dim_order: Sequence[int] | None = None,
) -> Table:
    order = range(len(sizes)) if dim_order is None else dim_order
    fields: dict[int, Any] = {
        0: Num("i1", scalar_type),
        2: Vec("i4", sizes),
        3: Vec("u1", list(order)),
        5: Num("u4", buffer),
        8: Num("i1", dynamism),
    }
    if memory is not None:
        arena, offset = memory
        fields[6] = Table(
            {0: Num("u4", arena), 1: Num("u4", offset % 2**32), 2: Num("u4", offset >> 32)}
        )
    return Table({0: Num("u1", 5), 1: Table(fields)})


def string(text: str) -> Table:
    return Table({0: Num("u1", 6), 1: Table({0: text})})


def listing(kind: int, items: Sequence[float]) -> Table:
    """7 ints (numbers of values), 8 doubles, 9 bools, 10 tensors, 11 optional tensors."""
    dtype = {7: "i8", 8: "f8", 9: "u1", 10: "i4", 11: "i4"}[kind]
    return Table({0: Num("u1", kind), 1: Table({0: Vec(dtype, items)})})


def kernel(operator: int, *arguments: int) -> Table:
    return _instruction(1, Table({0: Num("i4", operator), 1: Vec("i4", arguments)}))


def delegate_call(delegate: int, *arguments: int) -> Table:
    return _instruction(2, Table({0: Num("i4", delegate), 1: Vec("i4", arguments)}))


def move(source: int, target: int) -> Table:
    return _instruction(3, Table({0: Num("i4", source), 1: Num("i4", target)}))


def jump_false(condition: int, destination: int) -> Table:
    return _instruction(4, Table({0: Num("i4", condition), 1: Num("i4", destination)}))


def free(value: int) -> Table:
    return _instruction(5, Table({0: Num("i4", value)}))


def _instruction(kind: int, payload: Table) -> Table:
    return Table({0: Num("u1", kind), 1: payload})


def delegate(
    backend: str, *, location: int = 0, index: int = 0, specs: Sequence[tuple[str, bytes]] = ()
) -> Table:
    return Table(
        {
            0: backend,
            1: Table({0: Num("i1", location), 1: Num("u4", index)}),
            2: [Table({0: key, 1: Vec("u1", value)}) for key, value in specs],
        }
    )


def frames(*rows: tuple[str, int, str, str]) -> Table:
    """The source lines of one instruction: (file, line, function, text)."""
    return Table(
        {0: [Table({0: file, 1: Num("i4", line), 2: f, 3: text}) for file, line, f, text in rows]}
    )


def method(
    name: str = "forward",
    *,
    values: Sequence[Table] = (),
    inputs: Sequence[int] = (),
    outputs: Sequence[int] = (),
    chains: Sequence[Sequence[Table]] = ((),),
    operators: Sequence[tuple[str, str]] = (),
    delegates: Sequence[Table] = (),
    arenas: Sequence[int] = (0,),
    stacks: Sequence[Sequence[Table]] = (),
) -> Table:
    """A method; `stacks` has per chain one `frames` for each of its first instructions."""
    lines = [{3: list(chain)} for chain in stacks] + [{}] * (len(chains) - len(stacks))
    return Table(
        {
            0: name,
            2: list(values),
            3: Vec("i4", inputs),
            4: Vec("i4", outputs),
            5: [Table({2: list(c), **kept}) for c, kept in zip(chains, lines, strict=True)],
            6: [Table({0: n, 1: overload}) for n, overload in operators],
            7: list(delegates),
            8: Vec("i8", arenas),
        }
    )


def program(
    *methods: Table, blobs: Sequence[bytes] = (), segments: Sequence[bytes] = (), version: int = 0
) -> bytes:
    """A .pte; with segments also the extended header."""
    offsets = np.cumsum([0] + [len(s) for s in segments]).tolist()
    root = Table(
        {
            0: Num("u4", version),
            1: list(methods),
            3: [Table({0: Vec("u1", blob)}) for blob in blobs],
            4: [
                Table({0: Num("u8", offset), 1: Num("u8", len(s))})
                for offset, s in zip(offsets, segments, strict=False)
            ],
        }
    )
    plain = encode(root, b"ET12")
    if not segments:
        return plain
    (first,) = struct.unpack_from("<I", plain)
    size = len(plain) + 32
    header = struct.pack("<4sIQQQ", b"eh00", 32, size, size, offsets[-1])
    head = struct.pack("<I", first + 32) + b"ET12" + header
    return head + plain[8:] + b"".join(segments)


def bundled(inner: bytes) -> bytes:
    """A bundled program around a program."""
    return encode(Table({0: Num("u4", 2), 2: Vec("u1", inner)}), b"BP08")
