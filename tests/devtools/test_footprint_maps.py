"""Tables of mappings as the system writes them: which pages belong to what."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from smaps_table import entry

from etscope.devtools.capture.footprint_maps import kinds_of, spans_of
from etscope.etdump.footprint import ANONYMOUS, HEAP, LIBRARY, OTHER, PROGRAM_FILE, STACK


def elf(path: Path, memory: int) -> str:
    """A library of one loaded segment that takes so many bytes of memory."""
    head = struct.pack("<6s26xQ14xHH6x", b"\x7fELF\x02\x01", 64, 56, 1)
    path.write_bytes(head + struct.pack("<IIQQQQQQ", 1, 6, 0, 0, 0, 100, memory, 4096))
    return str(path)


def kinds(table: str, program: str = "/m.pte", *stacks: int) -> list[tuple[str, str | None]]:
    return kinds_of(spans_of(table.encode()), program, stacks)


def test_sizes_are_read_in_bytes() -> None:
    table = entry("1000-3000", "r-xp", "/lib/a b.so", offset=4096) + entry("4000-5000", "rw-p")

    first, second = spans_of(table.encode())

    assert first == (0x1000, 0x3000, "r-xp", 4096, "/lib/a b.so", 8192, 6144, 4096)
    assert (second.path, second.is_file) == ("", False)


def test_every_mapping_has_a_kind() -> None:
    table = (
        entry("1000-2000", "r--s", "/m.pte")
        + entry("2000-3000", "r--p", "/lib/liba.so")
        + entry("3000-4000", "r-xp", "/lib/liba.so")
        + entry("5000-6000", "rw-p", "[heap]")
        + entry("7000-8000", "rw-p")
        + entry("9000-a000", "rw-p")
        + entry("b000-c000", "rw-p", "[anon:arena]")
        + entry("d000-e000", "r--p", "/usr/share/locale")
        + entry("e000-f000", "r-xp", "[vdso]")
        + entry("f0000-f1000", "rw-p", "[stack]")
        + entry("f2000-f3000", "r-xp", "/lib/libb.so (deleted)")
    )

    assert kinds(table, "/m.pte", 0x7800) == [
        (PROGRAM_FILE, None),
        (LIBRARY, "liba.so"),
        (LIBRARY, "liba.so"),
        (HEAP, None),
        (STACK, None),
        (ANONYMOUS, None),
        (ANONYMOUS, None),
        (OTHER, "locale"),
        (OTHER, None),
        (STACK, None),
        (LIBRARY, "libb.so"),
    ]


@pytest.mark.parametrize(
    ("memory", "kind"), [(0x3000, (LIBRARY, "a.so")), (0x2800, (LIBRARY, "a.so"))]
)
def test_zeroed_data_belong_to_the_library_whose_file_says_so(
    tmp_path: Path, memory: int, kind: tuple[str, str]
) -> None:
    path = elf(tmp_path / "a.so", memory)
    table = entry("1000-2000", "r-xp", path) + entry("2000-3000", "rw-p", path, offset=4096)

    assert kinds(table + entry("3000-4000", "rw-p"))[2] == kind


def test_memory_that_only_happens_to_lie_behind_a_library_is_not_its_own(tmp_path: Path) -> None:
    path = elf(tmp_path / "a.so", 0x2000)
    broken, gone = tmp_path / "b.so", tmp_path / "c.so"
    broken.write_bytes(b"\x7fELF\x02\x01")
    for library in (path, str(broken), str(gone)):
        table = entry("1000-2000", "r-xp", library) + entry("2000-3000", "rw-p", library)
        assert kinds(table + entry("3000-4000", "rw-p"))[2] == (ANONYMOUS, None)


def test_what_is_not_a_table_has_no_mappings() -> None:
    assert spans_of(b"") == []
    assert spans_of(b"Rss: 4 kB\n\xff\xfe\nnonsense: 5 kB\n") == []
