"""What sets the peak: who is alive in it, why, and how far it would fall without each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

import numpy as np

from etscope.etdump.columns import Ints
from etscope.inspector.memory.blocks import Blocks, blocks_of
from etscope.inspector.memory.own_bytes import own_bytes
from etscope.inspector.memory.plan import MemoryPlan


class Held(Enum):
    """Why a value is alive at the peak; the value is the reason in words."""

    USED = "used by the instruction at the peak"
    WAITING = "waits for a later instruction"
    OUTPUT = "waits for the caller, who reads it at the end"
    BUFFER = "keeps its bytes between inferences"
    CONTROL = "a loop or a branch may need it again"


@dataclass(frozen=True)
class Holder:
    """A value that is alive in the first step of a peak, with all that show its bytes."""

    row: int  # of the plan
    size_bytes: int
    share: float  # of the peak; shares of values that overlap add up to more than 1
    held: Held
    next_step: int | None  # the next instruction behind the peak that uses it; None: none does
    next_operator: str | None
    #: How much lower the peak of live bytes would be if this value, and no other, held
    #: bytes only in steps that use it: an instruction, or the caller before the first and
    #: behind the last. 0 where the peak uses it, or is as high where it is not alive.
    saves_bytes: int
    #: The same if it held no bytes at all.
    absent_saves_bytes: int


@dataclass(frozen=True)
class Peak:
    """The most bytes in use at once. Sizes of holders less `shared_bytes` add up to it."""

    peak_bytes: int  # planned; each byte counted once
    step: int  # the first of `steps`; -1: before the first instruction
    steps: tuple[int, ...]  # all with as much in use
    holders: tuple[Holder, ...]  # the largest first; values without bytes are left out
    shared_bytes: int  # counted more than once in the sizes of holders that overlap


def peak_of(plan: MemoryPlan) -> Peak:
    """What is alive at the peak of a method, over all arenas.

    Savings are derived from planned lifetimes. In an arena whose values overlap while
    they are alive, bytes that others share with a holder do not count as saved,
    so that there a saving is what it is at least.
    """
    blocks, curve = blocks_of(plan), _Curve(plan.live_bytes)
    found = np.flatnonzero(np.isin(blocks.row, plan.alive_at(curve.step)) & (blocks.size_bytes > 0))
    found = found[np.argsort(-blocks.size_bytes[found], kind="stable")]
    overlap = any((use.live_bytes != use.summed_bytes).any() for use in plan.arenas)
    own = (own_bytes(blocks, curve.step) if overlap else blocks.size_bytes)[found].tolist()
    holders = tuple(
        _holder(plan, blocks, block, curve, alone)
        for block, alone in zip(found.tolist(), own, strict=True)
    )
    return Peak(
        peak_bytes=curve.peak,
        step=curve.step,
        steps=tuple(curve.steps.tolist()),
        holders=holders,
        shared_bytes=sum(holder.size_bytes for holder in holders) - curve.peak,
    )


class _Curve:
    """Live bytes per step, the first of step -1, and how high they are before and behind each."""

    def __init__(self, live: Ints) -> None:
        self.live = live
        self.peak = int(live.max())
        self.steps = np.flatnonzero(live == self.peak) - 1
        self.step = int(self.steps[0])
        self._before = np.maximum.accumulate(live)
        self._behind = np.maximum.accumulate(live[::-1])[::-1]
        self._gaps: dict[tuple[int, int], int] = {}  # there are no more than branches

    def outside(self, spans: list[tuple[int, int]]) -> int:
        """The most bytes in a step that is in none of some spans, which ascend."""
        first, last = spans[0][0], spans[-1][1]
        before = int(self._before[first]) if first >= 0 else 0
        behind = int(self._behind[last + 2]) if last + 2 < len(self.live) else 0
        gaps = [(end + 1, begin) for (_, end), (begin, _) in pairwise(spans)]
        return max(before, behind, *(self._within(gap) for gap in gaps))

    def _within(self, gap: tuple[int, int]) -> int:
        if gap not in self._gaps:
            self._gaps[gap] = int(self.live[gap[0] + 1 : gap[1] + 1].max(initial=0))
        return self._gaps[gap]


def _holder(plan: MemoryPlan, blocks: Blocks, block: int, curve: _Curve, own: int) -> Holder:
    """One value at the peak.

    Args:
        own: how many of its bytes no other value has while it lives.
    """
    row, size = int(blocks.row[block]), int(blocks.size_bytes[block])
    # Its life has the peak in it, so that without it the peak is what is left there.
    outside, left = curve.outside(plan.present.spans_of(row)), curve.peak - own
    used = blocks.step[blocks.uses(block)]
    elsewhere = max(outside, int(curve.live[used + 1].max(initial=0)))
    later = used[np.searchsorted(used, curve.step, side="right") :]
    following = int(later[0]) if len(later) and later[0] < plan.instructions else None
    return Holder(
        row=row,
        size_bytes=size,
        share=size / curve.peak,
        held=_held(blocks, block, curve.step, len(later) > 0, following),
        next_step=following,
        next_operator=_operator(plan, following),
        saves_bytes=curve.peak - max(elsewhere, left),
        absent_saves_bytes=curve.peak - max(outside, left),
    )


def _held(blocks: Blocks, block: int, step: int, used_later: bool, following: int | None) -> Held:
    if (blocks.step[blocks.uses(block)] == step).any():
        return Held.USED
    if blocks.lasting[block]:
        return Held.BUFFER
    if following is not None:
        return Held.WAITING
    return Held.OUTPUT if used_later else Held.CONTROL


def _operator(plan: MemoryPlan, step: int | None) -> str | None:
    if step is None or not 0 <= step < plan.instructions:
        return None
    return plan.method.operator_of_instruction[step]
