"""What a measured process left in its folder, worked out."""

from __future__ import annotations

import json
import mmap
from pathlib import Path
from typing import Any

import pytest
from smaps_table import entry

from etscope.devtools.capture import footprint_probe
from etscope.devtools.capture.footprint import read_footprint
from etscope.devtools.capture.footprint_probe import ROWS, TABLES, Probe
from etscope.etdump.footprint import FIRST, LIBRARIES, START, STEADY, Footprint, Mapped

MS = 1_000_000


def library(rss: int, pss: int) -> str:
    text = entry("1000-2000", "r-xp", "/lib/liba.so", rss=rss)
    return text.replace(f"Pss:  {rss * 3 // 4} kB", f"Pss:  {pss} kB")


class Folder:
    """Writes rows and tables as a probe does."""

    def __init__(self, path: Path) -> None:
        self.path, self.tables = path, b""
        self.rows: list[dict[str, Any]] = []

    def _kept(self, text: str) -> list[int]:
        begin = len(self.tables)
        self.tables += text.encode()
        return [begin, len(text.encode())]

    def phase(self, name: str, table: str, *, trimmed: str | None = None) -> None:
        row: dict[str, Any] = {"name": name, "method": None, "heap": [10, 20], "stacks": []}
        row["at_ns"] = len(self.rows) * MS
        row["smaps"] = self._kept(table)
        row["status"] = self._kept("Name:\tpython\nVmHWM:\t      40 kB\nThreads:\t3\n")
        if trimmed is not None:
            row["trimmed"] = self._kept(trimmed)
        self.rows.append(row)

    def read(self, *, peak_reset: bool = True) -> Footprint:
        document = {"rows": self.rows, "peak_reset": peak_reset}
        (self.path / ROWS).write_text(json.dumps(document), encoding="utf-8")
        (self.path / TABLES).write_bytes(self.tables)
        return read_footprint(self.path, "/m.pte", 0, [(MS, 4096), (2 * MS, 8192)])


def test_a_phase_has_sums_peak_and_the_allocators_count(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.phase(START, entry("1000-2000", "rw-p", "[heap]", rss=16) + library(8, 8))

    found = folder.read()

    (phase,) = found.phases
    assert phase.figures == {
        "rss_bytes": 24 * 1024,
        "pss_bytes": 20 * 1024,
        "uss_bytes": 12 * 1024,
        "mapped_file_bytes": 8 * 1024,
        "heap_used_bytes": 10,
        "heap_free_bytes": 20,
        "peak_rss_bytes": 40 * 1024,
        "threads": 3,
    }
    assert (phase.name, phase.at_ms) == (START, 0.0)
    assert found.samples.rss_bytes == (4096, 8192)
    assert (found.peak_from_start, found.notes) == (False, ())


@pytest.mark.parametrize(
    ("rss", "pss", "settled"),
    [
        (8, 4, 8),  # another process began to share
        (8, 8, 8),
        (12, 12, 12),  # a page came
        (12, 10, 10),  # a shared page came
        (12, 6, 8),  # one came, and another process began to share more than that
        (4, 4, 4),  # a page went
        (4, 8, 8),  # one went, and another process ceased to share
    ],
)
def test_pages_that_only_changed_hands_are_settled(
    tmp_path: Path, rss: int, pss: int, settled: int
) -> None:
    folder = Folder(tmp_path)
    folder.phase(LIBRARIES, library(8, 8))
    folder.phase(STEADY, library(rss, pss))

    steady = folder.read().phases[1]

    assert steady.figures["pss_bytes"] == pss * 1024
    assert steady.figures["settled_pss_bytes"] == settled * 1024


def test_libraries_that_grew_are_named(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    other = entry("5000-6000", "r-xp", "/lib/libb.so", rss=4)
    folder.phase(LIBRARIES, library(8, 8) + other)
    folder.phase(STEADY, library(12, 12) + other)

    names = [[(row.kind, row.name) for row in phase.mapped] for phase in folder.read().phases]

    assert names == [[("library", "liba.so"), ("library", None)]] * 2


def test_other_files_are_named_the_largest_first(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    files = [
        entry(f"{at}0000-{at}1000", "r--p", f"/home/me/{at}.bin", rss=4 * at) for at in range(1, 10)
    ]
    folder.phase(LIBRARIES, library(8, 8))
    folder.phase(STEADY, library(8, 8) + "".join(files))

    names = {row.name for row in folder.read().phases[1].mapped if row.kind == "other file"}

    assert names == {None, *(f"{at}.bin" for at in range(2, 10))}


def test_what_the_allocator_gave_back_is_told(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    heaps = [entry("1000-9000", "rw-p", "[heap]", rss=rss) for rss in (16, 12)]
    folder.phase(STEADY, heaps[0], trimmed=heaps[1])

    assert folder.read().phases[0].figures["heap_kept_bytes"] == 4096


def test_what_could_not_be_done_is_noted(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.rows = [
        {"name": name, "method": None, "at_ns": 0, "heap": None, "figures": {"rss_bytes": 5}}
        for name in (LIBRARIES, FIRST)
    ]

    found = folder.read(peak_reset=False)

    assert [phase.figures for phase in found.phases] == [{"rss_bytes": 5}] * 2
    assert [phase.mapped for phase in found.phases] == [(), ()]
    assert found.peak_from_start
    assert [note.split()[0] for note in found.notes] == ["This", "This", "The"]


def test_a_probe_tells_of_its_own_process(tmp_path: Path) -> None:
    probe = Probe(tmp_path)
    probe.settle()
    probe.phase(LIBRARIES)
    # Not from an allocator, which may take pages that it has, or keep those of what is gone.
    block = mmap.mmap(-1, 2**24, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    block[:: mmap.PAGESIZE] = bytes(len(block) // mmap.PAGESIZE)
    probe.phase(STEADY, trim=True)
    probe.write()

    base, steady = read_footprint(tmp_path, "/m.pte", 0, []).phases

    grown = steady.figures["rss_bytes"] - base.figures["rss_bytes"]
    assert grown == pytest.approx(len(block), rel=0.2)
    assert steady.figures["peak_rss_bytes"] >= steady.figures["rss_bytes"] > 0


def test_a_probe_without_tables_tells_what_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(footprint_probe, "_SMAPS", str(tmp_path / "missing"))
    monkeypatch.setattr(footprint_probe, "_c_library", lambda: None)
    probe = Probe(tmp_path)
    probe.settle()
    probe.phase(STEADY, trim=True)
    probe.write()

    (phase,) = read_footprint(tmp_path, "/m.pte", 0, []).phases

    assert phase.figures["rss_bytes"] > 0
    assert "heap_used_bytes" not in phase.figures
    assert phase.mapped == ()


def test_mapped_rows_are_the_largest_first(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.phase(START, library(4, 4) + entry("5000-6000", "rw-p", rss=16))

    kinds = [row.kind for row in folder.read().phases[0].mapped]

    assert kinds == ["anonymous", "library"]
    assert isinstance(folder.read().phases[0].mapped[0], Mapped)
