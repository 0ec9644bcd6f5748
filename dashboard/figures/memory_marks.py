"""Which values of an arena are drawn on its map, and how: as bars, as outlines, or not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from etscope.dashboard.figures.layout import MARK_LIMIT
from etscope.dashboard.memory_values import ByteScale
from etscope.etdump.columns import Ints
from etscope.inspector.memory.arenas import ArenaUse
from etscope.inspector.memory.plan import MemoryPlan
from etscope.inspector.wording import counted, size_text

#: Values drawn without a hover box of their own, besides MARK_LIMIT with one.
OUTLINED = 20_000
#: Holders of the peak that have a hover box whatever their lifetime.
_HOLDERS = 100


def span(plan: MemoryPlan, use: ArenaUse, around: int | None) -> tuple[int, int]:
    """The first and the last step that are drawn."""
    if around is None:
        return -1, plan.instructions
    peak = use.peak_step
    return max(peak - around, -1), min(peak + around, plan.instructions)


def split(plan: MemoryPlan, use: ArenaUse, rows: Ints) -> tuple[Ints, Ints, Ints]:
    """Rows with a hover box, rows drawn without, and rows not drawn at all.

    Those with the most bytes × steps come first, and the largest holders of the peak.
    """
    area = plan.size_bytes[rows] * (plan.last[rows] - plan.first[rows] + 1.0)
    area[np.isin(rows, plan.alive_at(use.peak_step, use.arena)[:_HOLDERS])] = np.inf
    ranked = rows[np.argsort(-area, kind="stable")]
    end = MARK_LIMIT + OUTLINED
    return ranked[:MARK_LIMIT], ranked[MARK_LIMIT:end], ranked[end:]


def undrawn(plan: MemoryPlan, use: ArenaUse) -> str:
    """A sentence on what the figure leaves out; "" where that is nothing."""
    _, outlined, left = split(plan, use, alive(plan, use, -1, plan.instructions))
    said = ""
    if len(outlined):
        said = f" The {MARK_LIMIT:,} largest by bytes × steps can be pointed at."
    if len(left):
        size = size_text(sum(plan.size_bytes[left].tolist()))
        said += f" {counted(len(left), 'smaller value')} of {size} together are not drawn."
    unused = (plan.arena == use.arena) & (plan.first > plan.last)
    if unused.any():
        size = size_text(sum(plan.size_bytes[unused].tolist()))
        count = counted(int(unused.sum()), "planned value")
        said += f" {count} of {size} that nothing touches are not drawn."
    return said


def drawable(plan: MemoryPlan, use: ArenaUse, left: int, right: int) -> NDArray[np.bool_]:
    """Per row whether it has a rectangle in the arena between two steps."""
    lives = (plan.first <= plan.last) & (plan.first <= right) & (plan.last >= left)
    return np.asarray(lives & (plan.arena == use.arena) & (plan.size_bytes > 0))


def alive(plan: MemoryPlan, use: ArenaUse, left: int, right: int) -> Ints:
    """Those with bytes of their own."""
    return np.flatnonzero(drawable(plan, use, left, right) & (plan.shows == np.arange(len(plan))))


def rectangles(
    plan: MemoryPlan, rows: Ints, scale: ByteScale
) -> tuple[list[float | None], list[float | None]]:
    """The corners of each value, closed, with a gap after each."""
    left, right = plan.first[rows] - 0.5, plan.last[rows] + 0.5
    low = plan.offset[rows] * scale.factor
    high = (plan.offset[rows] + plan.size_bytes[rows]) * scale.factor
    gap = np.full(len(rows), np.nan)
    x = np.stack([left, right, right, left, left, gap], 1).reshape(-1).tolist()
    y = np.stack([low, low, high, high, low, gap], 1).reshape(-1).tolist()
    return _without_nan(x), _without_nan(y)


def _without_nan(series: list[float]) -> list[float | None]:
    return [None if value != value else value for value in series]
