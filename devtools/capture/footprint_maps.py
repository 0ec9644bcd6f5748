"""The system's table of a process's mappings: which pages belong to what.

The format is that of `/proc/PID/smaps`, described in the manual page proc_pid_smaps(5);
where a library's zeroed data end is told by its ELF program headers, elf(5).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from etscope.etdump.footprint import ANONYMOUS, HEAP, LIBRARY, OTHER, PROGRAM_FILE, STACK

_HEAD = re.compile(rb"([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) \S+ \d+ *(.*)")
_PAGE = 4096


class Span(NamedTuple):
    """One mapping. Bytes."""

    start: int
    end: int
    access: str  # rwxp
    offset: int  # in the file
    path: str  # of the file; "" or in brackets where there is none
    rss: int
    pss: int
    uss: int

    @property
    def is_file(self) -> bool:
        return bool(self.path) and not self.path.startswith("[")


def spans_of(table: bytes) -> list[Span]:
    """The mappings of a table, by address."""
    spans: list[Span] = []
    head: tuple[int, int, str, int, str] | None = None
    sizes: dict[bytes, int] = {}
    for line in [*table.splitlines(), b"0-0 ---p 0 0 0"]:
        found = _HEAD.fullmatch(line)
        if found is None:
            key, _, rest = line.partition(b":")
            words = rest.split()
            if len(words) == 2 and words[1] == b"kB":
                sizes[key] = int(words[0]) * 1024
            continue
        if head is not None:
            own = sizes.get(b"Private_Clean", 0) + sizes.get(b"Private_Dirty", 0)
            spans.append(Span(*head, sizes.get(b"Rss", 0), sizes.get(b"Pss", 0), own))
        start, end, access, offset, path = found.groups()
        name = path.decode("utf-8", "surrogateescape")
        head = (int(start, 16), int(end, 16), access.decode(), int(offset, 16), name)
        sizes = {}
    return spans


def kinds_of(
    spans: Sequence[Span], program: str, stacks: Iterable[int]
) -> list[tuple[str, str | None]]:
    """Per mapping its kind and, for a library or another file, the name of that file.

    Args:
        program: the path of the program that is measured.
        stacks: addresses inside of threads' stacks.
    """
    executed = {span.path for span in spans if span.is_file and "x" in span.access}
    first = {span.path: span for span in reversed(spans)}
    stack_pointers = list(stacks)
    kinds: list[tuple[str, str | None]] = []
    for number, span in enumerate(spans):
        before = spans[number - 1] if number else None
        if span.path == program:
            kinds.append((PROGRAM_FILE, None))
        elif span.path in executed:
            kinds.append((LIBRARY, _name(span.path)))
        elif before is not None and _is_zeroed(span, before, executed, first):
            kinds.append((LIBRARY, _name(before.path)))
        elif span.path.startswith("[stack") or (not span.is_file and _holds(span, stack_pointers)):
            kinds.append((STACK, None))
        elif span.path == "[heap]":
            kinds.append((HEAP, None))
        elif span.is_file:
            kinds.append((OTHER, _name(span.path)))
        elif span.path in ("[vdso]", "[vvar]", "[vvar_vclock]", "[vsyscall]"):
            kinds.append((OTHER, None))
        else:
            kinds.append((ANONYMOUS, None))
    return kinds


def _name(path: str) -> str:
    name = path.removesuffix(" (deleted)").rpartition("/")[2]
    return name.encode("utf-8", "replace").decode("utf-8")


def _holds(span: Span, addresses: list[int]) -> bool:
    return any(span.start <= address < span.end for address in addresses)


def _is_zeroed(span: Span, before: Span, executed: set[str], first: dict[str, Span]) -> bool:
    """Whether it is the zeroed data of the library whose data come right before it."""
    if span.path or before.path not in executed or span.start != before.end:
        return False
    head = first[before.path]
    reach = _image_bytes(before.path)
    return reach is not None and head.offset == 0 and span.end <= head.start + reach


@lru_cache(maxsize=4096)
def _image_bytes(path: str) -> int | None:
    """How far a library reaches in memory from its beginning; None: its file does not say."""
    try:
        with open(path, "rb") as file:
            head = file.read(64)
            if head[:6] != b"\x7fELF\x02\x01":  # 64 bits, little endian
                return None
            (table,) = struct.unpack_from("<Q", head, 32)
            size, count = struct.unpack_from("<HH", head, 54)
            file.seek(table)
            rows = file.read(size * count)
        loads: list[tuple[int, int]] = []
        for begin in range(0, size * count, size):
            kind, _, _, address, _, _, memory, _ = struct.unpack_from("<IIQQQQQQ", rows, begin)
            if kind == 1:  # PT_LOAD
                loads.append((address, address + memory))
    except (OSError, struct.error):
        return None
    if not loads:
        return None
    begin = min(address for address, _ in loads) // _PAGE * _PAGE
    return -(-(max(end for _, end in loads) - begin) // _PAGE) * _PAGE
