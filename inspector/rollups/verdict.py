"""One sentence on a roll-up: what takes the most, as a person would say it."""

from __future__ import annotations

from etscope.inspector.rollups.delegates import OUTSIDE, OVERHEAD
from etscope.inspector.rollups.modules import ROOT
from etscope.inspector.rollups.table import Entry, Rollup
from etscope.inspector.wording import base_name, counted, figure, percent

#: A module is named instead of the one around it where it takes so much of that.
_MOST = 0.6
_WORDS = {
    "module": "a module",
    "source": "a source line",
    "op": "an operator",
    "category": "a category",
    "delegate": "a delegate or operator",
}


def verdict(rollup: Rollup, *, blind: bool = False) -> str:
    """The answer in one sentence; `blind`: what it needs was not there."""
    name = rollup.method or "the method"
    if all(entry.remainder for entry in rollup.entries):
        why = ": there is no ETRecord" if blind else _why(rollup)
        return f"None of the time of {name} can be given to {_WORDS[rollup.by]}{why}."
    if rollup.by == "delegate":
        return _of_delegates(rollup, name)
    row = _of_modules(rollup) if rollup.by == "module" else _largest(rollup)
    entry = rollup.entries[row]
    text = f"{_named(rollup, entry)} takes {_part(rollup, entry)} per inference"
    calls = entry.operators
    if rollup.by != "module" and calls:
        runs = counted(round(calls), "call") if calls == round(calls) else f"{calls:.3g} calls"
        text += f", in {runs}"
    return f"{text} (derived: means of measured times)."


def _named(rollup: Rollup, entry: Entry) -> str:
    """An entry; a line with no more of its path than tells the files apart."""
    if rollup.by != "source":
        return entry.name
    files = [one.name for one in rollup.entries if one.level == 0 and not one.remainder]
    apart = len({base_name(file) for file in files}) == len(files)
    return base_name(entry.name) if apart else entry.name


def _why(rollup: Rollup) -> str:
    rest = [entry for entry in rollup.entries if entry.remainder and entry.parent < 0]
    if not rest or not rest[0].own:
        return ""
    return f": {rest[0].name.strip('()')}"


def _part(rollup: Rollup, entry: Entry) -> str:
    """ "41% of forward: 244 of 595 us"."""
    name = rollup.method or "the method"
    if not rollup.timed:
        return f"{figure(entry.total)} {rollup.unit} (the method was not timed: no shares)"
    share = rollup.share(entry.total)
    times = f"{figure(entry.total)} of {figure(rollup.whole)} {rollup.unit}"
    return f"{share:.0%} of {name}: {times}"


def _largest(rollup: Rollup) -> int:
    """The entry with the most time of its own."""
    some = [row for row, entry in enumerate(rollup.entries) if not entry.remainder]
    if rollup.by == "category":
        some = [row for row in some if rollup.entries[row].level == 0]
        return max(some, key=lambda row: rollup.entries[row].total)
    return max(some, key=lambda row: rollup.entries[row].own)


def _of_modules(rollup: Rollup) -> int:
    """The innermost module that still takes most of the one around it; not the root."""
    entries = rollup.entries
    inside: dict[int, list[int]] = {}
    for row, entry in enumerate(entries):
        if not entry.remainder:
            inside.setdefault(entry.parent, []).append(row)
    row = max(inside[-1], key=lambda one: entries[one].total)
    while row in inside:
        below = max(inside[row], key=lambda one: entries[one].total)
        passes = entries[row].name == ROOT or entries[row].calls is None
        if not passes and entries[below].total < _MOST * entries[row].total:
            break
        if entries[below].total <= entries[row].own and passes:
            break
        row = below
    return row


def _of_delegates(rollup: Rollup, name: str) -> str:
    """How much delegates take, and how much of that outside of their operations."""
    tops = [entry for entry in rollup.entries if entry.level == 0 and not entry.remainder]
    backends = [entry for entry in tops if entry.name != OUTSIDE or "backend" in entry.keys]
    portable = sum(entry.total for entry in tops) - sum(entry.total for entry in backends)
    if not backends:
        return f"No delegate ran in {name}: operators take {_short(rollup, portable)} of it."
    calls = [entry for entry in rollup.entries if entry.level == 1 and "backend" in entry.keys]
    around = sum(e.own for e in rollup.entries if e.name == OVERHEAD and e.level == 2)
    who = ", ".join(entry.name for entry in backends)
    text = (
        f"{who} {'takes' if len(backends) == 1 else 'take'} "
        f"{_short(rollup, sum(e.total for e in backends))} of {name} in "
        f"{counted(len(calls), 'call')}"
    )
    if around:
        text += f", {_short(rollup, around)} as overhead around the operations inside"
    if OUTSIDE not in {entry.name for entry in tops}:
        return f"{text}; no operator ran outside of delegates."
    return f"{text}; operators outside of delegates take {_short(rollup, portable)}."


def _short(rollup: Rollup, time: float) -> str:
    return percent(rollup.share(time)) or f"{figure(time)} {rollup.unit}"
