"""Ways to break a file: what disks, transfers and attackers do to FlatBuffers and JSON."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from random import Random

Mutation = Callable[[bytearray, Random], None]


def mutations(seed: bytes, rng: Random, count: int) -> Iterator[tuple[str, bytes]]:
    """`count` broken copies of `seed`, each with the names of what was done to it.

    One to three mutations each; the same `rng` state gives the same copies.
    """
    names = list(MUTATIONS)
    for _ in range(count):
        data = bytearray(seed)
        done = rng.choices(names, k=rng.choice((1, 1, 1, 2, 3)))
        for name in done:
            MUTATIONS[name](data, rng)
        yield "+".join(done), bytes(data)


def _flip_bits(data: bytearray, rng: Random) -> None:
    for _ in range(rng.choice((1, 1, 2, 8))):
        if data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _set_bytes(data: bytearray, rng: Random) -> None:
    start, end = _range(data, rng, 4)
    data[start:end] = rng.randbytes(end - start)


def _truncate(data: bytearray, rng: Random) -> None:
    size = len(data)
    keep = rng.choice((rng.randint(0, size), size - rng.randint(0, 32), rng.randint(0, 64)))
    del data[max(0, min(keep, size)) :]


def _splice_offset(data: bytearray, rng: Random) -> None:
    """A plausible offset, count or number at an aligned place."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        if len(data) < 8:
            return
        at = rng.randrange(len(data) // 4) * 4
        struct.pack_into("<I", data, at, _plausible(len(data), at, rng) % 2**32)


def _splice_short(data: bytearray, rng: Random) -> None:
    """A vtable entry or a vtable's size."""
    if len(data) >= 8:
        at = rng.randrange(len(data) // 2) * 2
        value = rng.choice((0, 2, 4, 5, 6, 8, 12, 64, 0x7FFF, 0xFFFF, rng.randrange(2**16)))
        struct.pack_into("<H", data, at, value)


def _splice_long(data: bytearray, rng: Random) -> None:
    """A 64-bit number: a time, a size, a stride, a place in the debug buffer."""
    if len(data) >= 16:
        at = rng.randrange(len(data) // 8) * 8
        value = rng.choice((0, -1, -8, 2**31, 2**32, 2**40, 2**62, 2**63 - 1, -(2**63), len(data)))
        struct.pack_into("<q", data, at, value)


def _zero(data: bytearray, rng: Random) -> None:
    start, end = _range(data, rng, 64)
    data[start:end] = bytes(end - start)


def _overwrite(data: bytearray, rng: Random) -> None:
    """A range copied over another one, aligned more often than not."""
    start, end = _range(data, rng, 128)
    step = rng.choice((1, 4, 4, 4))
    start, end = start // step * step, end // step * step
    target = rng.randrange(len(data) + 1) // step * step
    end = min(end, start + len(data) - target)
    if end > start:
        data[target : target + end - start] = data[start:end]


def _insert(data: bytearray, rng: Random) -> None:
    """A range a second time: everything behind it moves."""
    start, end = _range(data, rng, 64)
    data[end:end] = data[start:end]


def _remove(data: bytearray, rng: Random) -> None:
    start, end = _range(data, rng, 16)
    del data[start:end]


def _extend(data: bytearray, rng: Random) -> None:
    size = rng.choice((1, 4, 64, 4096))
    data += rng.choice((bytes(size), b"\xff" * size, rng.randbytes(size)))


def _range(data: bytearray, rng: Random, longest: int) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.randint(1, longest))


def _plausible(size: int, at: int, rng: Random) -> int:
    target = rng.randrange(size // 4) * 4
    return rng.choice(
        (
            *(0, 1, 2, 3, 4, 8, 16, 64, 255, 1000, 65535),
            *(2**24, 2**30, 2**31 - 1, 2**31, 2**32 - 1, 2**32 - 4),
            *(-1, -4, -8, -at, size, size - at, size - at - 4, size // 4, size // 8),
            *(target - at,) * 6,  # a reference to another place, forward or backward
            *(at - target,) * 2,  # a table whose vtable is elsewhere
            rng.randrange(2**32),
            rng.randrange(max(1, size)),
        )
    )


#: Name → what it does; offsets come more often, because they do the most harm.
MUTATIONS: dict[str, Mutation] = {
    "flip bits": _flip_bits,
    "set bytes": _set_bytes,
    "truncate": _truncate,
    "splice an offset": _splice_offset,
    "splice offsets": _splice_offset,
    "splice a short": _splice_short,
    "splice a long": _splice_long,
    "zero": _zero,
    "overwrite": _overwrite,
    "insert": _insert,
    "remove": _remove,
    "extend": _extend,
}
