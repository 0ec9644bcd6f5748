"""The table of a roll-up: entries with their own and total time, which add up to the method."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from etscope.inspector.backends.operations import Confidence
from etscope.inspector.correlate.origins import Origins
from etscope.inspector.latency import MethodLatency
from etscope.inspector.own_time import OwnTimes, own_times
from etscope.inspector.resolution import clock_step

UNEXPLAINED = "(unexplained)"

#: What identifies an entry: a name for each level from the top.
Place = tuple[Hashable, ...]


@dataclass(frozen=True)
class Entry:
    """One line of a roll-up. Times are per inference, derived from measured ones.

    A remainder is what belongs to no entry that was asked for: its name says why,
    in parentheses.
    """

    name: str
    parent: int  # the entry above; -1: none
    level: int
    own: float
    total: float  # its own and that of all entries under it
    calls: float | None  # per inference; of a module: how often the model calls it; None: never
    operators: float  # operators and operations of delegates that ran, per inference
    untimed: int  # events in it that have no time
    below: float | None  # where total is 0: the clock could not tell it from up to this much
    own_below: float | None  # where own is 0 and there are events: likewise
    remainder: bool
    detail: str  # what else there is to say about it
    keys: Mapping[str, Any]  # what it joins by: module, source, op, …


@dataclass(frozen=True, eq=False)
class Rollup:
    """The time of one kind of inference, summed by something.

    Entries come with parents before children and siblings from the most time to
    the least, remainders last. The own times of all entries sum to `whole`, and so
    do the totals of those at level 0.
    """

    by: str
    method: str | None
    unit: str
    entries: tuple[Entry, ...]
    whole: float
    timed: bool  # whether the method was timed: without it there are no shares
    sure: Mapping[str, float]  # of what is mapped: time by "exact", "aligned", "guessed"
    beside: int  # events that lie outside of the method, and are not counted

    def share(self, time: float) -> float:
        """Derived: a time as a share of the method's; NaN where that was not timed."""
        return time / self.whole if self.timed and self.whole else float("nan")

    @property
    def named(self) -> float:
        """Derived: the share of the method that lies in entries that are no remainder."""
        return self.share(sum(entry.own for entry in self.entries if not entry.remainder))


@dataclass
class Draft:
    """An entry while it is filled."""

    name: str
    remainder: bool = False
    detail: str = ""
    keys: dict[str, Any] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)  # whose own time is this entry's own
    calls: float | None = None  # None: as many as operators


class Sheet:
    """Collects rows of a method's events into drafts, and adds them up."""

    def __init__(self, by: str, latency: MethodLatency, origins: Origins) -> None:
        self.by, self.latency, self.origins = by, latency, origins
        self.times: OwnTimes = own_times(latency)
        self.drafts: dict[Place, Draft] = {}

    def rows(self) -> Iterable[tuple[int, int]]:
        """(row, the row that it counts as) of everything in the method."""
        for row in np.flatnonzero(self.times.counted).tolist():
            yield row, int(self.times.leader[row])

    def draft(self, place: Place, name: str, **more: Any) -> Draft:
        """The draft at a place; the first to ask says what it is. Those above must be there."""
        if place not in self.drafts:
            self.drafts[place] = Draft(name, **more)
        return self.drafts[place]

    def rollup(self) -> Rollup:
        """The table, with what no event explains at its end."""
        latency, times = self.latency, self.times
        order = self._order()
        at = {place: number for number, place in enumerate(order)}
        entries = [self._entry(place, at) for place in order]
        if times.timed:
            entries.append(_unexplained(times.unexplained))
        entries = _with_totals(entries)
        return Rollup(
            by=self.by,
            method=latency.method,
            unit=latency.unit,
            entries=tuple(entries),
            whole=times.whole,
            timed=times.timed,
            sure=self._sure(),
            beside=int((~times.counted).sum()) - latency.rows.kind[:1].count("method"),
        )

    def _order(self) -> list[Place]:
        """Places, parents first, siblings by their totals, remainders behind the others."""
        total = {
            place: float(self.times.own[draft.rows].sum()) for place, draft in self.drafts.items()
        }
        # Places know those above them, so the deepest first brings each total up in one pass.
        for place in sorted(self.drafts, key=len, reverse=True):
            if len(place) > 1:
                total[place[:-1]] += total[place]
        under: dict[Place, list[Place]] = {}
        for place in self.drafts:
            under.setdefault(place[:-1], []).append(place)
        out: list[Place] = []
        pending: list[Place] = [()]
        while pending:
            place = pending.pop()
            if place:
                out.append(place)
            below = under.get(place, [])
            below.sort(key=lambda one: (self.drafts[one].remainder, -total[one]))
            pending += reversed(below)
        return out

    def _entry(self, place: Place, at: Mapping[Place, int]) -> Entry:
        draft = self.drafts[place]
        own, below = float(self.times.own[draft.rows].sum()), self._below(draft.rows)
        return Entry(
            name=draft.name,
            parent=at.get(place[:-1], -1),
            level=len(place) - 1,
            own=own,
            total=0.0,
            calls=draft.calls,
            operators=self._operators(draft.rows),
            untimed=int(self.times.untimed[draft.rows].sum()),
            below=below,
            own_below=below if own == 0 and below else None,
            remainder=draft.remainder,
            detail=draft.detail,
            keys=draft.keys,
        )

    def _operators(self, some: list[int]) -> float:
        """How many operators and operations of delegates ran, per inference."""
        rows = self.latency.rows
        led = self.times.leader
        heads = [r for r in some if led[r] == r and rows.kind[r] in ("operator", "delegated")]
        return float(rows.calls[heads].sum())

    def _below(self, some: list[int]) -> float:
        """What the clocks of these rows could not tell from nothing."""
        rows, out = self.latency.rows, 0.0
        for row in some:
            if rows.kind[row] == "delegated" and rows.total[row] == 0:
                step = clock_step(rows, row, self.latency.unit)
                out += (step or 0.0) * float(rows.calls[row])
        return out

    def _sure(self) -> dict[str, float]:
        """Time by how sure its mapping is, surest first."""
        out = {word.word: 0.0 for word in sorted(Confidence, reverse=True) if word.value}
        for draft in self.drafts.values():
            for row in draft.rows if not draft.remainder else ():
                word = Confidence(self.origins.confidence[self.times.leader[row]]).word
                if word in out:
                    out[word] += float(self.times.own[row])
        return out


def _unexplained(own: float) -> Entry:
    detail = "between the events, and whatever has none"
    return Entry(
        name=UNEXPLAINED,
        parent=-1,
        level=0,
        own=own,
        total=own,
        calls=None,
        operators=0.0,
        untimed=0,
        below=None,
        own_below=None,
        remainder=True,
        detail=detail,
        keys={},
    )


def _with_totals(entries: list[Entry]) -> list[Entry]:
    """Entries with the totals, operators and doubts of those under them added."""
    total = [entry.own for entry in entries]
    operators = [entry.operators for entry in entries]
    untimed = [entry.untimed for entry in entries]
    below = [entry.below or 0.0 for entry in entries]
    for row in range(len(entries) - 1, -1, -1):
        above = entries[row].parent
        if above >= 0:
            for series in (total, operators, below):
                series[above] += series[row]
            untimed[above] += untimed[row]
    return [
        replace(
            entry,
            total=total[row],
            operators=operators[row],
            untimed=untimed[row],
            below=below[row] if total[row] == 0 and below[row] else None,
        )
        for row, entry in enumerate(entries)
    ]
