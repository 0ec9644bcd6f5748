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
