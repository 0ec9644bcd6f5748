"""The machine that a capture ran on, as far as it may be told: no names, no paths, no addresses."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

_CPU = Path("/sys/devices/system/cpu/cpu0/cpufreq")


def describe_host(threads: int | None = None) -> dict[str, Any]:
    """What may explain a time: processor, cores, threads of the runtime, clock governor.

    What the system does not tell is left out.
    """
    found: dict[str, Any] = {
        "system": platform.system(),
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": threads,
        "governor": _line(_CPU / "scaling_governor"),
        "frequency_khz": _number(_line(_CPU / "scaling_cur_freq")),
    }
    return {key: value for key, value in found.items() if value not in (None, "")}


def describe_tools() -> dict[str, str | None]:
    """Versions of what made a bundle; None: not installed."""
    names = ("etscope", "torch", "executorch")
    return {"python": platform.python_version()} | {name: version_of(name) for name in names}


def version_of(package: str) -> str | None:
    """The installed version of a package, without importing it."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def free_memory_bytes() -> int:
    """Memory that a process can still claim; half of the machine's where only that is known."""
    for line in _text(Path("/proc/meminfo")).splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def _processor() -> str:
    for line in _text(Path("/proc/cpuinfo")).splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.processor()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _line(path: Path) -> str | None:
    return _text(path).strip() or None


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None
