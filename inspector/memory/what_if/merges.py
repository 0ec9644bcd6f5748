"""Values that take the place of others: which of some merges can be done together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from etscope.inspector.memory.replan import Lives
from etscope.inspector.memory.what_if.answer import Baseline
from etscope.inspector.memory.what_if.calls import Calls

#: More values in one place are made by no exporter.
_MOST_TOGETHER = 64


class Merge(NamedTuple):
    """The result of an instruction in the place of a value that the instruction reads."""

    kind: str  # in_place: it writes over the value; view: it shows the value's bytes
    instruction: int
    into: int  # block of the value
    gone: int  # block of the result
    back: int = -1  # the instruction that copies the result back into the value; -1: none


class Merged:
    """Blocks in the course of merging. Merges come in the order of instructions."""

    def __init__(self, base: Baseline, calls: Calls) -> None:
        self._base, self._calls, self._blocks = base, calls, base.blocks
        self._root: dict[int, int] = {}
        self._members: dict[int, list[int]] = {}
        self.done: list[Merge] = []

    def add(self, merge: Merge) -> None:
        """Do one merge, if those done before leave room for it."""
        into, gone = self._find(merge.into), self._find(merge.gone)
        if into == gone:
            return
        ours, theirs = self._members.get(into, [into]), self._members.get(gone, [gone])
        if len(ours) + len(theirs) > _MOST_TOGETHER:
            return
        fits = self._shows if merge.kind == "view" else self._overwrites
        if fits(merge, ours, theirs):
            self._root[gone] = into
            self._members[into] = ours + theirs
            self.done.append(merge)

    def lives(self) -> Lives:
        """One row per block that is left, each alive from its first member on to its last."""
        size, first, last = (column.copy() for column in self._base.lives[1:])
        for root, members in self._members.items():
            if root not in self._root:
                size[root] = self._blocks.size_bytes[members].max()
                first[root] = self._blocks.first[members].min()
                last[root] = self._blocks.last[members].max()
        left = np.ones(len(size), np.bool_)
        left[list(self._root)] = False
        return Lives(self._base.lives.arena[left], size[left], first[left], last[left])

    def _find(self, block: int) -> int:
        while block in self._root:
            block = self._root[block]
        return block

    def _last(self, members: list[int]) -> int:
        return max(self._calls.last[block] for block in members)

    def _overwrites(self, merge: Merge, ours: list[int], theirs: list[int]) -> bool:
        """Whether nothing needs the old bytes once the instruction has run."""
        if merge.back < 0:
            return self._last(ours) <= merge.instruction
        # What the result is copied back into may stay; what shows it must be done with before.
        others = [block for block in ours if block != merge.into]
        return not others or self._last(others) < merge.instruction

    def _shows(self, merge: Merge, ours: list[int], theirs: list[int]) -> bool:
        """Whether nothing is written to either while the other is needed."""
        at, written = merge.instruction, self._calls.written_between
        until, since = self._last(theirs), self._last(ours)
        return not any(written(block, at, until) for block in ours) and not any(
            written(block, at, since) for block in theirs
        )


def done_together(base: Baseline, calls: Calls, merges: list[Merge]) -> Merged:
    """As many of some merges as go together, the earlier instruction first."""
    merged = Merged(base, calls)
    for merge in sorted(merges, key=lambda merge: merge.instruction):
        merged.add(merge)
    return merged
