"""Which entries of a roll-up to show, in which order, and how they hang together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from etscope.inspector.rollups.table import UNEXPLAINED, Entry, Rollup

#: What a roll-up may be sorted by: percentiles of sums do not exist.
SORTS = ("time", "name", "calls")

_Key = Callable[[int], tuple[bool, bool, float | str]]


@dataclass(frozen=True)
class Line:
    """One entry as it is shown. A chain of entries that only pass time on is one line."""

    entry: Entry
    chain: tuple[Entry, ...]  # from the outermost to the entry itself
    above: int  # line; -1: none
    guide: str  # what leads to it in a drawn tree


@dataclass(frozen=True)
class Chosen:
    """The lines to show, and what was left out."""

    lines: list[Line]
    cut: int  # lines behind the limit
    cut_time: float  # their own
    deeper: int  # entries below the depth that was asked for: their time is in those shown


def choose(rollup: Rollup, sort: str = "time", top: int = 0, depth: int | None = None) -> Chosen:
    """Choose `top` entries (0: all); each brings those above it.

    What completes the sum at level 0 is always there. `depth` is that of lines under the first.
    """
    entries = rollup.entries
    under: dict[int, list[int]] = {}
    for row, entry in enumerate(entries):
        under.setdefault(entry.parent, []).append(row)
    walk, deeper = _walk(entries, under, _key(entries, sort), depth)
    ranked = [row for row in walk if not (entries[row].remainder and entries[row].level == 0)]
    if sort == "time":
        ranked.sort(key=lambda row: -entries[row].total)
    elif sort == "calls":
        ranked.sort(key=lambda row: -calls_of(entries[row]))
    wanted = set(ranked[:top]) if top else set(walk)
    wanted |= {row for row in walk if entries[row].remainder and entries[row].level == 0}
    for row in list(wanted):
        while (row := walk[row].above) >= 0 and row not in wanted:
            wanted.add(row)
    cut = [row for row in walk if row not in wanted]
    lines = _lines(entries, [walk[row] for row in walk if row in wanted])
    own = sum(float(sum(entries[r].own for r in walk[row].chain)) for row in cut)
    return Chosen(lines, len(cut), own, deeper)


def calls_of(entry: Entry) -> float:
    """How often it runs; 0 where that is no question."""
    return entry.operators if entry.calls is None else entry.calls


@dataclass(frozen=True)
class _Step:
    """An entry met on the way through the tree."""

    row: int
    chain: tuple[int, ...]
    above: int  # row of the entry that the line above shows
    depth: int


def _walk(
    entries: tuple[Entry, ...], under: dict[int, list[int]], key: _Key, depth: int | None
) -> tuple[dict[int, _Step], int]:
    """The entries that stand for lines, in order; and how many lie too deep."""
    walk: dict[int, _Step] = {}
    deeper = 0
    pending = [(row, -1, 0) for row in sorted(under.get(-1, ()), key=key, reverse=True)]
    while pending:
        row, above, level = pending.pop()
        chain = [row]
        while _passes_on(entries, under, row):
            (row,) = under[row]
            chain.append(row)
        if depth is not None and level > depth:
            deeper += len(chain)
        else:
            walk[row] = _Step(row, tuple(chain), above, level)
        below = sorted(under.get(row, ()), key=key, reverse=True)
        pending += [(child, row, level + 1) for child in below]
    return walk, deeper


def _passes_on(entries: tuple[Entry, ...], under: dict[int, list[int]], row: int) -> bool:
    """Whether an entry is only the way to another that takes the same time."""
    below = under.get(row, ())
    return (
        len(below) == 1
        and entries[row].level > 0
        and entries[row].own == 0
        and not entries[below[0]].remainder
        and not under.get(below[0], ())
    )


def _key(entries: tuple[Entry, ...], sort: str) -> _Key:
    """What siblings are ordered by, ascending."""

    def key(row: int) -> tuple[bool, bool, float | str]:
        entry = entries[row]
        figure: float | str = -entry.total
        if sort == "name":
            figure = entry.name
        elif sort == "calls":
            figure = -calls_of(entry)
        return entry.name == UNEXPLAINED, entry.remainder, figure

    return key


def _lines(entries: tuple[Entry, ...], steps: list[_Step]) -> list[Line]:
    """Lines with their guides. Steps come with those above first."""
    at = {step.row: number for number, step in enumerate(steps)}
    last: dict[int, int] = {}
    for step in steps:
        last[step.above] = step.row
    out: list[Line] = []
    trunk: list[str] = []  # per line: what leads past it to those under it
    for step in steps:
        above = at.get(step.above, -1)
        if above < 0:
            guide, past = "", ""
        else:
            ends = last[step.above] == step.row
            guide = trunk[above] + ("└─ " if ends else "├─ ")
            past = trunk[above] + ("   " if ends else "│  ")
        trunk.append(past)
        chain = tuple(entries[row] for row in step.chain)
        out.append(Line(entries[step.row], chain, above, guide))
    return out
