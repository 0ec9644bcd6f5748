"""Which lane of the timeline each event lies in: the runtime of a method, or a backend."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from etscope.dashboard.wording import plain

#: What a lane holds.
RUNTIME, DELEGATE, OVERLAPPING = "runtime", "delegate", "overlapping"
_WORDS = 60


@dataclass(eq=False)
class Lane:
    """Events that are drawn together, one row per depth.

    `moved` is how many calls of a delegate were moved to the start of their call,
    because the delegate reads another clock than the runtime.
    """

    method: str | None
    kind: str
    backend: str | None = None
    moved: int = 0

    @property
    def name(self) -> str:
        """What a person calls it; a text from a file."""
        method = plain(self.method or "inferences", _WORDS)
        if self.kind == RUNTIME:
            return method
        if self.kind == DELEGATE:
            return f"{method}: inside {plain(self.backend or 'delegates', _WORDS)}"
        within = f" inside {plain(self.backend, _WORDS)}" if self.backend else ""
        return f"{method}: events that overlap{within}"

    @property
    def clock(self) -> str:
        """Which clock its times are of, in words."""
        if self.moved:
            return "own clock, moved to the start of each call"
        return "clock of the runtime"

    def to_json(self) -> dict[str, Any]:
        """As the header of the columns lists it."""
        return {
            "name": self.name,
            "kind": self.kind,
            "method": None if self.method is None else plain(self.method, _WORDS),
            "backend": None if self.backend is None else plain(self.backend, _WORDS),
            "clock": self.clock,
            "moved": self.moved,
        }


@dataclass(eq=False)
class Lanes:
    """The lanes met so far, by number."""

    found: list[Lane] = field(default_factory=list)
    number: dict[tuple[str | None, str, str | None], int] = field(default_factory=dict)

    def index(self, method: str | None, kind: str, backend: str | None = None) -> int:
        """The number of a lane, which is made when it is first asked for."""
        key = (method, kind, backend)
        if key not in self.number:
            self.number[key] = len(self.found)
            self.found.append(Lane(*key))
        return self.number[key]

    def overlapping(self, lane: int) -> int:
        """The lane for what does not nest in another."""
        of = self.found[lane]
        return self.index(of.method, OVERLAPPING, of.backend)

    def order(self) -> list[int]:
        """The numbers in the order of the screen: by method, the runtime first."""
        first: dict[str | None, int] = {}
        for lane in self.found:
            first.setdefault(lane.method, len(first))
        rank = (RUNTIME, DELEGATE, OVERLAPPING)
        return sorted(
            range(len(self.found)),
            key=lambda one: (first[self.found[one].method], rank.index(self.found[one].kind), one),
        )

    def __iter__(self) -> Iterator[Lane]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)
