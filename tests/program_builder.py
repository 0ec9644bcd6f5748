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
    extra: Table | None = None,
) -> Table:
    order = range(len(sizes)) if dim_order is None else dim_order
    fields: dict[int, Any] = {
        0: Num("i1", scalar_type),
        2: Vec("i4", sizes),
        3: Vec("u1", list(order)),
        5: Num("u4", buffer),
        8: Num("i1", dynamism),
    }
    if extra is not None:
        fields[9] = extra
    if memory is not None:
        arena, offset = memory
        fields[6] = Table(
            {0: Num("u4", arena), 1: Num("u4", offset % 2**32), 2: Num("u4", offset >> 32)}
        )
    return Table({0: Num("u1", 5), 1: Table(fields)})


def extra_info(
    name: str = "", *, external: bool = False, state: int = 0, device: tuple[int, int] = (0, 0)
) -> Table:
    """What only some tensors have; `state` is the number of the mutable data segment."""
    fields: dict[int, Any] = {
        0: Num("u8", state),
        2: Num("i1", int(external)),
        3: Num("i1", device[0]),
        4: Num("i1", device[1]),
    }
    return Table(fields | ({1: name} if name else {}))


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
    trees: tuple[str, str] | None = None,
    devices: Sequence[tuple[int, int, int]] = (),
) -> Table:
    """A method; `stacks` has per chain one `frames` for each of its first instructions."""
    lines = [{3: list(chain)} for chain in stacks] + [{}] * (len(chains) - len(stacks))
    fields: dict[int, Any] = {} if trees is None else {1: Table({0: trees[0], 1: trees[1]})}
    return Table(
        fields
        | {
            0: name,
            2: list(values),
            3: Vec("i4", inputs),
            4: Vec("i4", outputs),
            5: [Table({2: list(c), **kept}) for c, kept in zip(chains, lines, strict=True)],
            6: [Table({0: n, 1: overload}) for n, overload in operators],
            7: list(delegates),
            8: Vec("i8", arenas),
            9: [
                Table({0: Num("i4", arena), 1: Num("i1", kind), 2: Num("i1", index)})
                for arena, kind, index in devices
            ],
        }
    )


def program(
    *methods: Table,
    blobs: Sequence[bytes] = (),
    segments: Sequence[bytes] = (),
    version: int = 0,
    inline: Sequence[bytes] = (),
    constants: tuple[int, Sequence[int]] | None = None,
    states: Sequence[tuple[int, Sequence[int]]] = (),
    named: Sequence[tuple[str, int]] = (),
) -> bytes:
    """A .pte; with segments also the extended header.

    `constants` and each of `states` are the number of a segment and the offsets in it;
    `inline` are constants in the flatbuffer, of which tensors count the first as 0.
    """
    places: dict[int, Any] = {} if constants is None else {5: _subsegment(*constants)}
    offsets = np.cumsum([0] + [len(s) for s in segments]).tolist()
    root = Table(
        {
            0: Num("u4", version),
            1: list(methods),
            2: [Table({0: Vec("u1", data)}) for data in inline],
            3: [Table({0: Vec("u1", blob)}) for blob in blobs],
            4: [
                Table({0: Num("u8", offset), 1: Num("u8", len(s))})
                for offset, s in zip(offsets, segments, strict=False)
            ],
            6: [_subsegment(*state) for state in states],
            7: [Table({0: key, 1: Num("u4", segment)}) for key, segment in named],
        }
        | places
    )
    plain = encode(root, b"ET12")
    if not segments:
        return plain
    (first,) = struct.unpack_from("<I", plain)
    size = len(plain) + 32
    header = struct.pack("<4sIQQQ", b"eh00", 32, size, size, offsets[-1])
    head = struct.pack("<I", first + 32) + b"ET12" + header
    return head + plain[8:] + b"".join(segments)


def _subsegment(segment: int, offsets: Sequence[int]) -> Table:
    return Table({0: Num("u4", segment), 1: Vec("u8", offsets)})


def case_tensor(sizes: Sequence[int], data: bytes, scalar_type: int = 6) -> Table:
    """A tensor of a test case."""
    fields: dict[int, Any] = {
        0: Num("i1", scalar_type),
        1: Vec("i4", sizes),
        2: Vec("u1", data),
        3: Vec("u1", list(range(len(sizes)))),
    }
    return Table({0: Num("u1", 1), 1: Table(fields)})


def case_number(value: float) -> Table:
    """An int, a bool or a float of a test case."""
    kind, dtype = {int: (2, "i8"), bool: (3, "u1"), float: (4, "f8")}[type(value)]
    return Table({0: Num("u1", kind), 1: Table({0: Num(dtype, value)})})


def suite(method: str, *cases: tuple[Sequence[Table], Sequence[Table]]) -> Table:
    """The test cases of a method, each of inputs and expected outputs."""
    return Table({0: method, 1: [Table({0: list(i), 1: list(o)}) for i, o in cases]})


def bundled(inner: bytes, *suites: Table) -> bytes:
    """A bundled program around a program."""
    return encode(Table({0: Num("u4", 2), 1: list(suites), 2: Vec("u1", inner)}), b"BP08")


def tensor_data(
    *named: tuple[str, int, Sequence[int] | None], segments: Sequence[bytes] = (b"",)
) -> bytes:
    """A .ptd of float32 tensors: (name, segment, sizes, or None for bytes without a layout)."""
    entries = []
    for key, segment, sizes in named:
        fields: dict[int, Any] = {0: key, 1: Num("u4", segment)}
        if sizes is not None:
            fields[2] = Table({0: Num("i1", 6), 1: Vec("i4", sizes)})
        entries.append(Table(fields))
    offsets = np.cumsum([0] + [len(s) for s in segments]).tolist()
    places = [
        Table({0: Num("u8", offset), 1: Num("u8", len(s))})
        for offset, s in zip(offsets, segments, strict=False)
    ]
    plain = encode(Table({0: Num("u4", 0), 1: places, 2: entries}), b"FT01")
    (first,) = struct.unpack_from("<I", plain)
    size = len(plain) + 40
    header = struct.pack("<4sIQQQQ", b"FH01", 40, 40, size - 40, size, offsets[-1])
    return struct.pack("<I", first + 40) + b"FT01" + header + plain[8:] + b"".join(segments)
