"""ETDumps made by hand with flatbuffers' own builder: any field may be left out.

Unlike our writer it puts strings beside the tables that use them, and shares vtables
that lie behind most of their tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flatbuffer_builder import Num, Table, Vec, encode

NO_CHAIN = 2**64 - 1


def _given(fields: dict[int, Any]) -> dict[int, Any]:
    return {slot: field for slot, field in fields.items() if field is not None}


def _number(dtype: str, value: int | None) -> Num | None:
    return None if value is None else Num(dtype, value, None)


def profile(
    name: str | None = None,
    start: int | None = None,
    end: int | None = None,
    *,
    chain: int | None = None,
    instruction: int | None = None,
    delegate: int | str | None = None,
    metadata: bytes | None = None,
) -> Table:
    """A profile event; what is None is not in the file at all."""
    fields = {
        0: name,
        1: _number("i4", chain),
        2: _number("i4", instruction),
        3: _number("i4", delegate) if isinstance(delegate, int) else None,
        4: delegate if isinstance(delegate, str) else None,
        5: None if metadata is None else Vec("u1", metadata),
        6: _number("u8", start),
        7: _number("u8", end),
    }
    return Table({0: Table(_given(fields))})


def debug(
    entry: Table | None = None,
    *,
    name: str | None = None,
    chain: int | None = None,
    instruction: int | None = None,
    delegate: int | str | None = None,
) -> Table:
    """A debug event."""
    fields = {
        0: _number("u8", chain),
        1: _number("i4", instruction),
        2: entry,
        3: _number("i4", delegate) if isinstance(delegate, int) else None,
        4: delegate if isinstance(delegate, str) else None,
        5: name,
    }
    return Table({2: Table(_given(fields))})


def allocation(allocator: int | None = None, size: int | None = None) -> Table:
    """An allocation event."""
    return Table({1: Table(_given({0: _number("i4", allocator), 1: _number("u8", size)}))})


def tensor(
    sizes: Sequence[int] | None = None,
    strides: Sequence[int] | None = None,
    *,
    scalar_type: int | None = None,
    offset: int | None = None,
) -> Table:
    """A Tensor table."""
    fields = {
        0: _number("i1", scalar_type),
        1: None if sizes is None else Vec("i8", sizes),
        2: None if strides is None else Vec("i8", strides),
        3: _number("i8", offset),
    }
    return Table(_given(fields))


def value(kind: int | None, fields: dict[int, Any] | None = None) -> Table:
    """A Value table of this kind, with these fields besides."""
    return Table(_given({0: _number("i1", kind)}) | (fields or {}))


def run(
    *events: Table,
    name: str | None = "Execute",
    bundled_input: int | None = None,
    allocators: Sequence[str] | None = None,
) -> Table:
    """A block of events."""
    made = None if allocators is None else [Table({0: text}) for text in allocators]
    fields = {0: name, 1: _number("i4", bundled_input), 2: made, 3: list(events)}
    return Table(_given(fields))


def dump(*runs: Table, prefix: bool = True, version: int | None = None) -> bytes:
    """The file of these runs."""
    root = Table(_given({0: _number("u4", version), 1: list(runs)}))
    plain = encode(root, b"ED00")
    return len(plain).to_bytes(4, "little") + plain if prefix else plain
