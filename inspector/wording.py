"""Figures and counts as they stand in a sentence."""

from __future__ import annotations

import math


def figure(value: float) -> str:
    """Three significant digits, all those before the point: 0.00214, 46.2, 3,508."""
    if not math.isfinite(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def counted(number: int, one: str, several: str | None = None) -> str:
    """`3 operators`, `1 operator`."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


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
