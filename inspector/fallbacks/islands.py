"""Groups of operators outside of delegates that would have to move inside together."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, product

from etscope.etdump.instructions import InstructionKind
from etscope.etdump.methods import Method
from etscope.inspector.fallbacks.dataflow import Flow

#: Pairs of delegates looked at for one island, so that no program costs more than its size.
_PAIRS = 10_000


@dataclass(frozen=True)
class Island:
    """Operators between delegates that give each other values, or lie between the same two."""

    members: tuple[int, ...]  # rows of the plan's instructions, ascending
    before: tuple[int, ...]  # delegate calls whose values they take
    after: tuple[int, ...]  # delegate calls that take theirs
    calls_saved: int  # derived: delegate calls less if all members were inside, at most


def islands_of(plan: Method, flow: Flow) -> list[Island]:
    """The islands of a method, in the order of their first instruction.

    Merging saves one call less than the delegates that it joins; what one island
    has joined is not saved again by another.
    """
    kinds = plan.instructions.kind.tolist()
    kernels = [row for row, kind in enumerate(kinds) if kind == InstructionKind.KERNEL_CALL]
    delegates = {row for row, kind in enumerate(kinds) if kind == InstructionKind.DELEGATE_CALL}
    groups = _Groups()
    for row in kernels:
        groups.find(row)
        for maker in flow.makers(row):
            if kinds[maker] == InstructionKind.KERNEL_CALL:
                groups.join(row, maker)
    between: dict[tuple[int, int], int] = {}
    for members in groups.sets():
        before, after = _neighbours(flow, members, delegates)
        for pair in islice(product(before, after), _PAIRS):
            groups.join(between.setdefault(pair, members[0]), members[0])
    joined = _Groups()
    out = []
    for members in groups.sets():
        before, after = _neighbours(flow, members, delegates)
        ends = [*before, *after] if before and after else []
        saved = sum(joined.join(ends[0], other) for other in ends[1:])
        out.append(Island(tuple(members), tuple(before), tuple(after), saved))
    return out


def _neighbours(flow: Flow, members: list[int], delegates: set[int]) -> tuple[list[int], list[int]]:
    before = {m for row in members for m in flow.makers(row) if m in delegates}
    after = {r for row in members for r in flow.readers[row] if r in delegates}
    return sorted(before), sorted(after)


class _Groups:
    """Numbers that belong together."""

    def __init__(self) -> None:
        self._above: dict[int, int] = {}

    def find(self, one: int) -> int:
        """The least number of the group."""
        self._above.setdefault(one, one)
        while self._above[one] != one:
            self._above[one] = self._above[self._above[one]]
            one = self._above[one]
        return one

    def join(self, one: int, other: int) -> bool:
        """Put two groups together; whether they were apart."""
        a, b = self.find(one), self.find(other)
        self._above[max(a, b)] = min(a, b)
        return a != b

    def sets(self) -> list[list[int]]:
        """The groups, each in order, by their least number."""
        found: dict[int, list[int]] = {}
        for one in sorted(self._above):
            found.setdefault(self.find(one), []).append(one)
        return list(found.values())
