"""One answer to what would need less memory, and what all answers are measured against."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from etscope.etdump.columns import Ints
from etscope.inspector.memory.blocks import Blocks, blocks_of
from etscope.inspector.memory.plan import MemoryPlan
from etscope.inspector.memory.replan import (
    ALIGNMENT,
    Lives,
    Placement,
    is_sound,
    live_bytes_of,
    replanned,
)
from etscope.inspector.memory.what_if.ways import Effort, Way
from etscope.inspector.wording import size_text

#: What saves less than this share of the arenas is not an answer.
LEAST = 0.005


@dataclass(frozen=True)
class WhatIf:
    """What a method would need if one thing were done otherwise. All of it is estimated.

    What happens inside delegates is not seen, so nothing is said of it.
    """

    kind: str  # in_place, view, constants, recompute, reorder, alignment, placement or together
    rows: tuple[int, ...]  # of the plan: the values whose place or time would change
    instruction: int | None  # where, if it is in one place
    message: str  # one sentence
    condition: str  # what must hold, which the program does not prove
    peak_bytes: int  # live bytes at the peak then
    planned_bytes: int  # of all arenas, planned again
    saves_peak_bytes: int
    #: Less than the program's arenas, or than these planned again if that needs less: what
    #: better places alone would save is not in it. Below 0 where arenas would grow.
    saves_planned_bytes: int
    verified: bool  # planned again, and no two values that are alive at once share a byte
    way: Way  # how to do it, and how far away that is
    #: Instructions that stand one behind another, in their new order, where the order changes.
    order: tuple[int, ...] = ()
    #: By how much the program's constants would grow; None: they are not touched.
    adds_constant_bytes: int | None = None

    @property
    def effort(self) -> Effort:
        """What it asks of the user."""
        return self.way.effort

    @property
    def advice(self) -> str:
        """What to do."""
        return self.way.advice


class Change(NamedTuple):
    """What would be done otherwise, before anything is known of its effect."""

    kind: str
    rows: tuple[int, ...]
    instruction: int | None
    what: str  # the sentence up to its effect
    condition: str
    way: Way
    order: tuple[int, ...] = ()
    adds_constant_bytes: int | None = None


@dataclass(frozen=True, eq=False)
class Baseline:
    """A method as it is, and as it would be if it were planned again."""

    plan: MemoryPlan
    blocks: Blocks
    lives: Lives  # a row per block
    placement: Placement

    @property
    def steps(self) -> int:
        """How many steps a curve has."""
        return self.plan.instructions + 2

    @cached_property
    def live_bytes(self) -> Ints:
        """Bytes alive per step over all arenas, values that overlap counted for themselves."""
        return live_bytes_of(self.lives, self.steps)

    @cached_property
    def peak_bytes(self) -> int:
        """The most of them in one step."""
        return int(self.live_bytes.max())

    @cached_property
    def peak_steps(self) -> Ints:
        """The steps that have as much."""
        return np.flatnonzero(self.live_bytes == self.peak_bytes) - 1

    @cached_property
    def planned_again(self) -> int:
        """The arenas of the same order and values, planned again."""
        return self.arena_bytes(self.placement)

    def arena_bytes(self, placement: Placement) -> int:
        """All arenas of a placement, with what no value of theirs explains.

        That is the room that the exporter adds at the end of an arena (for XNNPACK 64
        bytes), and arenas in which nothing is ever alive.
        """
        return sum(
            max(placement.arena_bytes.get(arena, 0), least) + spare
            for arena, least, spare in self._ends
        )

    @cached_property
    def _ends(self) -> list[tuple[int, int, int]]:
        """(arena, the least that it must hold, bytes behind its last value) of each."""
        plan, out = self.plan, []
        reach = plan.offset + plan.size_bytes
        never = plan.first > plan.last
        for use in plan.arenas:
            mine = plan.arena == use.arena
            end = int(reach[mine].max(initial=0))
            spare = max(use.size_bytes - -(-end // ALIGNMENT) * ALIGNMENT, 0)
            out.append((use.arena, int(plan.size_bytes[mine & never].max(initial=0)), spare))
        return out

    def measured(self, lives: Lives, alignment: int = ALIGNMENT) -> tuple[int, int] | None:
        """(live bytes at the peak, bytes of all arenas) of other lives.

        None: they save nothing, or it could not be verified that they do.
        """
        peak = int(live_bytes_of(lives, int(lives.last.max(initial=-1)) + 2).max())
        # No arenas are smaller than what is alive at once, and what stands behind it.
        least = peak + sum(spare for _, _, spare in self._ends)
        if not self._is_less(peak, least):
            return None
        placement = replanned(lives, alignment)
        if placement is None or not is_sound(lives, placement):
            return None
        planned = self.arena_bytes(placement)
        return (peak, planned) if self._is_less(peak, planned) else None

    def _is_less(self, peak: int, planned: int) -> bool:
        saved = max(self.peak_bytes - peak, self.before - planned)
        return saved > 0 and saved >= LEAST * self.before

    @cached_property
    def before(self) -> int:
        """Bytes of all arenas as the program has them, or planned again if that needs less."""
        return min(self.plan.planned_bytes, self.planned_again)

    def answer(self, change: Change, lives: Lives, alignment: int = ALIGNMENT) -> WhatIf | None:
        """The answer of a change that leads to these lives; None as for `measured`."""
        found = self.measured(lives, alignment)
        if found is None:
            return None
        peak, planned = found
        return WhatIf(
            kind=change.kind,
            rows=change.rows,
            instruction=change.instruction,
            message=f"{change.what}, {self._effect(peak, planned)}",
            condition=change.condition,
            peak_bytes=peak,
            planned_bytes=planned,
            saves_peak_bytes=self.peak_bytes - peak,
            saves_planned_bytes=self.before - planned,
            verified=True,
            way=change.way,
            order=change.order,
            adds_constant_bytes=change.adds_constant_bytes,
        )

    def _effect(self, peak: int, planned: int) -> str:
        """What becomes of the arenas, or of the peak where they stay, in a sentence."""
        # Better places alone are an answer of their own: here both sides have them.
        both = "" if self.before == self.plan.planned_bytes else ", both planned anew"
        if planned != self.before:
            needs = f"{size_text(planned)} instead of {size_text(self.before)}"
            return f"the arenas would need {needs}{both}"
        lower = f"{size_text(peak)} instead of {size_text(self.peak_bytes)}"
        return f"the peak would be {lower}, and the arenas as large as before{both}"

    def operator(self, instruction: int) -> str:
        """An instruction in a sentence: "aten::relu.out (instruction 12)"."""
        name = self.plan.method.operator_of_instruction[instruction]
        return f"{name} (instruction {instruction})"


def baseline_of(plan: MemoryPlan) -> Baseline | None:
    """What answers about a plan are measured against; None: it is too large to plan again."""
    blocks = blocks_of(plan)
    lives = Lives(blocks.arena, blocks.size_bytes, blocks.first, blocks.last)
    placement = replanned(lives)
    if placement is None or not is_sound(lives, placement):
        return None
    return Baseline(plan, blocks, lives, placement)
