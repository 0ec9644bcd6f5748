"""Orders of instructions in which less is alive at once: list scheduling by memory.

The old order is kept but for two rules. An instruction that gives up at least as much
as it makes runs as soon as its operands are there, the one that gives up most first.
One that would reach the peak that is to be lowered waits, if one of the next few would
not. The same is done from the end backwards, which makes values as late as they are
needed. This is a heuristic: a smaller peak may exist where it finds none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from heapq import heappop, heappush

#: Instructions that may be looked at in place of one that reaches the peak.
_LOOK_AHEAD = 8


@dataclass(frozen=True)
class Stretch:
    """Instructions 0..n that may change places, and what they touch."""

    touched: list[list[int]]  # per instruction the blocks
    after: list[list[int]]  # per instruction those that must not run before it
    size_bytes: list[int]  # per block
    begins: list[bool]  # per block whether it begins to live here, with its first use
    ends: list[bool]  # per block whether nothing needs it once its last use here is done
    alive: int  # bytes alive before the first instruction
    alive_behind: int  # and behind the last

    def __len__(self) -> int:
        return len(self.touched)

    def backwards(self) -> Stretch:
        """The same from its end to its beginning."""
        last = len(self) - 1
        after: list[list[int]] = [[] for _ in self.touched]
        for one, others in enumerate(self.after):
            for other in others:
                after[last - other].append(last - one)
        return replace(
            self,
            touched=self.touched[::-1],
            after=after,
            begins=self.ends,
            ends=self.begins,
            alive=self.alive_behind,
            alive_behind=self.alive,
        )

    def in_order(self, order: list[int]) -> Stretch:
        """The same in another order, which is then the old one."""
        place = [0] * len(order)
        for at, one in enumerate(order):
            place[one] = at
        after = [[place[other] for other in self.after[one]] for one in order]
        return replace(self, touched=[self.touched[one] for one in order], after=after)


def forward_order(stretch: Stretch, bound: int) -> list[int]:
    """The instructions in an order that tries to stay below `bound` bytes."""
    return _Scheduler(stretch, bound).order()


def backward_order(stretch: Stretch, bound: int) -> list[int]:
    """The same, found from the end."""
    last = len(stretch) - 1
    return [last - one for one in reversed(_Scheduler(stretch.backwards(), bound).order())]


class _Scheduler:
    """Runs one instruction after another. Each use of a block is looked at a few times at most."""

    def __init__(self, stretch: Stretch, bound: int) -> None:
        self._stretch, self._bound, self._live = stretch, bound, stretch.alive
        self._users: list[list[int]] = [[] for _ in stretch.size_bytes]
        self._makes, self._gives = [0] * len(stretch), [0] * len(stretch)
        for one, blocks in enumerate(stretch.touched):
            for block in blocks:
                self._users[block].append(one)
                self._makes[one] += stretch.size_bytes[block] * stretch.begins[block]
        self._left = [len(users) for users in self._users]
        self._there = [not begins for begins in stretch.begins]
        self._done = [False] * len(stretch)
        for block, left in enumerate(self._left):
            if left == 1:
                self._gives_up(block)
        self._missing = [0] * len(stretch)
        for others in stretch.after:
            for other in others:
                self._missing[other] += 1
        self._offered: list[int | None] = [None] * len(stretch)
        self._ready: list[tuple[int, int]] = []  # (by how much less is alive then, instruction)

    def order(self) -> list[int]:
        for one in range(len(self._done)):
            self._offer(one)
        out: list[int] = []
        while len(out) < len(self._done):
            one = self._choose()
            out.append(one)
            self._run(one)
        return out

    def _offer(self, one: int) -> None:
        """Put an instruction that may run where it now stands among the others."""
        grows = min(self._makes[one] - self._gives[one], 0)
        if not self._done[one] and not self._missing[one] and grows != self._offered[one]:
            self._offered[one] = grows
            heappush(self._ready, (grows, one))

    def _gives_up(self, block: int) -> int:
        """The last instruction that uses a block has its bytes to give up, if nobody else has."""
        one = next(one for one in self._users[block] if not self._done[one])
        if self._stretch.ends[block]:
            self._gives[one] += self._stretch.size_bytes[block]
        return one

    def _choose(self) -> int:
        """The next instruction: the first that stays below the bound, or else the first."""
        seen: list[tuple[int, int]] = []
        chosen = -1
        while self._ready and len(seen) <= _LOOK_AHEAD:
            grows, one = heappop(self._ready)
            if self._done[one] or grows != self._offered[one]:
                continue  # it was offered again since
            if self._live + self._makes[one] < self._bound:
                chosen = one
                break
            seen.append((grows, one))
        if chosen < 0:
            chosen = seen.pop(0)[1]
        for entry in seen:
            heappush(self._ready, entry)
        return chosen

    def _run(self, one: int) -> None:
        stretch = self._stretch
        self._done[one] = True
        self._live += self._makes[one] - self._gives[one]
        changed: set[int] = set()
        for block in stretch.touched[one]:
            self._left[block] -= 1
            if not self._there[block]:
                self._there[block] = True
                for other in self._users[block]:
                    self._makes[other] -= stretch.size_bytes[block]
                changed.update(self._users[block])
            if self._left[block] == 1:
                changed.add(self._gives_up(block))
        for other in stretch.after[one]:
            self._missing[other] -= 1
            changed.add(other)
        for other in changed:
            self._offer(other)
