"""Inside the measured process: what it uses right now, written down with as little as possible.

Nothing is worked out here: texts of the system go to a file as they are, so that
the probe itself neither allocates nor touches memory that would count as growth.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

#: Left in the job's folder: one row per phase, and the system's tables that they refer to.
ROWS, TABLES = "footprint.json", "footprint.tables"

_SMAPS, _STATUS, _TASKS = "/proc/self/smaps", "/proc/self/status", "/proc/self/task"
_CHUNK = 2**16


class _MallocInfo(ctypes.Structure):
    """What `mallinfo2` of glibc 2.33 and later returns; names are those of its manual."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    )


class Probe:
    """Writes down the state of its own process at the end of each phase."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows: list[dict[str, Any]] = []
        self._buffer = bytearray(_CHUNK)
        self._libc = _c_library()
        self._tables = -1
        if os.path.exists(_SMAPS):
            self._tables = os.open(folder / TABLES, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self._peak_reset = self._reset_peak()

    def settle(self) -> None:
        """Give back what can be given back, and do once whatever the next phases do.

        What the C allocator keeps free would hide what is allocated next: its
        pages are resident already.
        """
        for _ in range(2):
            self.phase("rehearsal")
            self._rows.pop()
        self._trim()

    def phase(self, name: str, method: str | None = None, *, trim: bool = False) -> None:
        """Write down the end of a phase.

        Args:
            trim: let the C allocator give back the pages that it keeps free, and
                write down what is there then, besides what was there before.
        """
        gc.collect()
        row: dict[str, Any] = {"name": name, "method": method, "at_ns": time.monotonic_ns()}
        row["heap"] = self._heap()
        if self._tables >= 0:
            row["smaps"] = self._copy(_SMAPS)
            row["status"] = self._copy(_STATUS)
            row["stacks"] = _stack_pointers()
            if trim and self._trim():
                row["trimmed"] = self._copy(_SMAPS)
        else:
            row["figures"] = _portable_figures()
        self._rows.append(row)
        self._reset_peak()

    def _trim(self) -> bool:
        if not hasattr(self._libc, "malloc_trim"):
            return False
        self._libc.malloc_trim(0)
        return True

    def write(self) -> None:
        """Leave the rows in the folder."""
        text = json.dumps({"rows": self._rows, "peak_reset": self._peak_reset})
        (self._folder / ROWS).write_text(text, encoding="utf-8")
        if self._tables >= 0:
            os.close(self._tables)
            self._tables = -1

    def _heap(self) -> list[int] | None:
        """Bytes of the C allocator: asked for and not given back, and kept for later."""
        if not hasattr(self._libc, "mallinfo2"):
            return None
        self._libc.mallinfo2.restype = _MallocInfo
        info = self._libc.mallinfo2()
        return [info.uordblks + info.hblkhd, info.fordblks]

    def _copy(self, path: str) -> list[int]:
        """Where in the file of tables this one begins now and how long it is."""
        begin = os.lseek(self._tables, 0, os.SEEK_END)
        length = 0
        source = os.open(path, os.O_RDONLY)
        try:
            view = memoryview(self._buffer)
            while count := os.readv(source, [view]):
                os.write(self._tables, view[:count])
                length += count
        finally:
            os.close(source)
        return [begin, length]

    def _reset_peak(self) -> bool:
        """Let the system begin to look for the peak anew; False where it may not be asked."""
        try:
            with open("/proc/self/clear_refs", "wb", buffering=0) as file:
                file.write(b"5")
        except OSError:
            return False
        return True


def _c_library() -> Any:
    try:
        return ctypes.CDLL(None)
    except (OSError, TypeError):  # systems whose C library has no such handle
        return None


def _text(path: str) -> str:
    with open(path, encoding="ascii", errors="replace") as file:
        return file.read()


def _stack_pointers() -> list[int]:
    """Where the stacks of threads that wait in the kernel are; of the others it is not told."""
    found = []
    for task in os.listdir(_TASKS):
        try:
            words = _text(f"{_TASKS}/{task}/syscall").split()
        except OSError:
            continue
        if len(words) >= 3:  # "running" otherwise
            found.append(int(words[-2], 16))
    return found


def _portable_figures() -> dict[str, int]:
    """What psutil can tell where there is no /proc."""
    import psutil

    info = psutil.Process().memory_full_info()._asdict()
    names = {"rss": "rss_bytes", "pss": "pss_bytes", "uss": "uss_bytes"}
    if sys.platform == "win32":
        names["peak_wset"] = "peak_rss_bytes"
    return {key: int(info[name]) for name, key in names.items() if name in info}
