"""Figures as text: as many decimals as a column needs, shares, bars."""

from __future__ import annotations

import math
from collections.abc import Iterable

_MOST_DECIMALS = 12
_BLOCKS = " ▏▎▍▌▋▊▉█"


def decimals_for(values: Iterable[float]) -> int:
    """Decimals that show the largest of the values with five digits, and the small ones at all."""
    sizes = [abs(value) for value in values if math.isfinite(value)]
    largest = max(sizes, default=1.0) or 1.0
    if largest >= 10:
        return 0 if largest >= 10_000 else 2 if largest >= 100 else 3
    return min(4 - math.floor(math.log10(largest)), _MOST_DECIMALS)


def fixed(value: float, decimals: int) -> str | None:
    """`value` with that many decimals; None where there is none, <0.001 where all would be 0."""
    if not math.isfinite(value):
        return None
    smallest = 10.0**-decimals
    if 0 < abs(value) < smallest / 2:
        return f"{'<' if value > 0 else '>-'}{smallest:.{decimals}f}"
    return f"{value:.{decimals}f}"


def bar(share: float, width: int) -> str:
    """A bar of at most `width` characters, in eighths of one."""
    if not math.isfinite(share) or share <= 0:
        return ""
    eighths = round(min(share, 1.0) * width * 8)
    return _BLOCKS[8] * (eighths // 8) + _BLOCKS[eighths % 8].strip()
