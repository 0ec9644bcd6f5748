"""Figures, counts and names as they stand in a sentence, and figures as they stand in JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence


def figure(value: float) -> str:
    """Three significant digits, all those before the point: 0.00214, 46.2, 3,508."""
    if not math.isfinite(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def counted(number: int, one: str, several: str | None = None) -> str:
    """`3 operators`, `1 operator`."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def listed(names: Sequence[str], most: int) -> str:
    """`a, b and 3 more`: so many names, and how many there are besides."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def base_name(path: str) -> str:
    """The last part of a path of any system, or of a place in it: `models.py:56`."""
    return path.replace("\\", "/").rpartition("/")[2] or path


def finite(value: float) -> float | None:
    """A figure for JSON, which has no NaN: None where there is none."""
    return float(value) if math.isfinite(value) else None


def percent(share: float) -> str | None:
    """A share as 12.3%; None where there is none. Something is never written as nothing."""
    if not math.isfinite(share):
        return None
    return "<0.1%" if 0 < share < 0.0005 else f"{share:.1%}"


def size_text(size_bytes: int) -> str:
    """Bytes as they stand in a sentence: 812 bytes, 5.04 kB, 3.52 MB (powers of 1000)."""
    if size_bytes < 1000:
        return counted(size_bytes, "byte")
    for power, unit in enumerate(("kB", "MB"), start=1):
        if size_bytes < 999.5 * 1000**power:
            return f"{size_bytes / 1000**power:.3g} {unit}"
    return f"{figure(size_bytes / 1e9)} GB"
