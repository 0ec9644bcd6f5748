"""A roll-up as text: verdict, coverage, confidence, then a table or tree for each method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from etscope.devtools.column_fit import print_fitting, room_beside
from etscope.devtools.latency_text import MOST_KINDS, SCREENFUL, coverage_lines
from etscope.devtools.quantities import bar, decimals_for, fixed
from etscope.devtools.rollup_rows import Chosen, Line, calls_of, choose
from etscope.devtools.terminal import Column, is_terminal, paragraph, say
from etscope.etdump.printable import printable
from etscope.inspector.findings import SEVERITIES
from etscope.inspector.latency import MethodLatency
from etscope.inspector.resolution import below_text
from etscope.inspector.rollups.modules import short_name
from etscope.inspector.rollups.report import RollupReport, needs_record
from etscope.inspector.rollups.table import Entry, Rollup
from etscope.inspector.wording import counted, percent

_BAR = 10
#: Names are not cut shorter than this, nor are sentences beside them.
_NAME, _BESIDE = 24, 16
#: Head of the names, and of the words beside them.
_HEADS = {
    "module": ("module", "class"),
    "op": ("operator", "backend", "of the graph"),
    "category": ("category",),
    "source": ("line", "function", "code"),
    "delegate": ("delegate", "what"),
}
#: Left out in this order where a screen is too narrow.
_SPARE = ("class", "function", "backend", "ops", "calls", "")
#: Code says more than a bar.
_SPARE_OF_SOURCE = ("function", "", "calls")
#: Sentences, which get what room is left.
_LONG = ("of the graph", "what", "code")


@dataclass(frozen=True)
class RollupLayout:
    """What of a roll-up to show.

    Attributes:
        sort: one of rollup_rows.SORTS.
        top: entries of a table; 0: all; None: a screenful, or all in a pipe.
        depth: of a tree; None: all.
    """

    sort: str = "time"
    top: int | None = None
    depth: int | None = None

    @property
    def limit(self) -> int:
        """Entries of a table; 0: all."""
        if self.top is None:
            return SCREENFUL if is_terminal() else 0
        return self.top


def print_rollups(found: RollupReport, layout: RollupLayout | None = None) -> None:
    """Write all of a roll-up report to stdout."""
    layout = layout or RollupLayout()
    paragraph(found.verdict, style="bold")
    for line in coverage_lines(found.report):
        paragraph(line, indent="  ")
    for line in _covered(found):
        paragraph(line, indent="  ")
    paragraph(f"confidence in the times: {found.confidence}")
    _print_findings(found)
    pairs = list(zip(found.rollups, found.report.methods, strict=True))
    shown = pairs if layout.top == 0 else pairs[:MOST_KINDS]
    for rollup, latency in shown:
        say()
        _print_rollup(rollup, latency, layout)
    if len(shown) < len(pairs):
        say()
        say(f"… {counted(len(pairs) - len(shown), 'more kind')} of inference: --top 0")


def _covered(found: RollupReport) -> list[str]:
    """How much of each method the entries hold, and what to do where that is nothing."""
    what = {"op": "operators", "category": "categories", "source": "source lines"}
    what["delegate"] = "delegates and operators"
    parts = []
    for rollup in found.rollups[:MOST_KINDS]:
        if rollup.timed:
            parts.append(f"{percent(rollup.named)} of {rollup.method or 'the method'}")
        if rollup.beside:
            parts.append(f"{counted(rollup.beside, 'event')} beside the method not counted")
    text = [f"in {what.get(found.by, f'{found.by}s')}: {', '.join(parts)}"] if parts else []
    if needs_record(found.by) and found.report.recording.record is None:
        unread = found.report.recording.record_unread
        lack = "the ETRecord cannot be read" if unread else "no ETRecord"
        text.append(f"{lack}, so no {found.by}s: --record X.etrecord tells them")
    return text


def _print_findings(found: RollupReport) -> None:
    findings = found.report.findings
    if not findings:
        return
    counts = [(word, sum(one.severity == word for one in findings)) for word in SEVERITIES]
    told = ", ".join(f"{count} {word}" for word, count in counts if count)
    paragraph(f"findings: {told} (without --by they are listed)")


def _print_rollup(rollup: Rollup, latency: MethodLatency, layout: RollupLayout) -> None:
    name = rollup.method or "method not known"
    say(f"{name}: {counted(len(latency.runs), 'inference')}", style="bold")
    if not rollup.entries:
        say("No event of it was timed.")
        return
    if not rollup.timed:
        paragraph("The method as a whole was not timed, so there are no shares of it.")
    chosen = choose(rollup, layout.sort, layout.limit, layout.depth)
    _print_lines(rollup, chosen)
    for line in _left_out(rollup, chosen):
        say(line)


def _print_lines(rollup: Rollup, chosen: Chosen) -> None:
    names = [_name(rollup, line) for line in chosen.lines]
    beside = [_beside(rollup, line.entry) for line in chosen.lines]
    heads, *words = _HEADS[rollup.by]
    told = [at for at in range(len(words)) if any(row[at] for row in beside)]
    numbers, figures = _figures(rollup, chosen)
    columns = [Column(heads), *(Column(words[at]) for at in told), *numbers]
    cells = [
        [name, *(row[at] for at in told), *line]
        for name, row, line in zip(names, beside, figures, strict=True)
    ]
    spare = _SPARE_OF_SOURCE if rollup.by == "source" else _SPARE
    room = room_beside(0, columns, cells, (*spare, *_LONG))
    if room is not None:
        for line in cells:
            # A path is known by its end.
            files = rollup.by == "source" and "/" in (line[0] or "")
            line[0] = _cut(line[0] or "", max(room, _NAME), end=not files)
    gone = [] if room is None else _fit_long(columns, cells, spare[:2])
    print_fitting(columns, cells, (*gone, *spare))


def _fit_long(
    columns: list[Column], cells: list[list[str | None]], without: Sequence[str]
) -> list[str]:
    """Cut sentences to the room that is left; those for which there is none are to go."""
    out = []
    for at, column in enumerate(columns):
        if column.title not in _LONG:
            continue
        room = room_beside(at, columns, cells) or 0
        if room < 2 * _BESIDE:
            room = room_beside(at, columns, cells, without) or 0
        if room < _BESIDE:
            out.append(column.title)
            continue
        for line in cells:
            line[at] = line[at] and _cut(line[at] or "", room)
    return out


def _name(rollup: Rollup, line: Line) -> str:
    """A name behind its guides on a screen; in a pipe whole, so that it can be searched for."""
    if not is_terminal():
        return "  " * (line.entry.level) + line.entry.name
    outer = line.chain[0]
    above = rollup.entries[outer.parent] if outer.parent >= 0 else None
    return line.guide + printable(_short(rollup, line.entry, above))


def _short(rollup: Rollup, entry: Entry, above: Entry | None) -> str:
    """A name without what those above it say already."""
    if entry.remainder:
        return entry.name
    if rollup.by == "module":
        return short_name(entry, above)
    if rollup.by == "source" and above is not None:
        return entry.name.removeprefix(str(above.keys["file"]))
    return entry.name


def _cut(text: str, room: int, *, end: bool = True) -> str:
    if len(text) <= room:
        return text
    return text[: room - 1] + "…" if end else "…" + text[1 - room :]


def _beside(rollup: Rollup, entry: Entry) -> list[str | None]:
    if entry.remainder and rollup.by != "delegate":
        return [""] * (len(_HEADS[rollup.by]) - 1)
    if rollup.by == "op":
        return [entry.keys.get("backend") or "", entry.detail]
    if rollup.by == "source":
        return [entry.keys.get("function") or "", entry.detail]
    return [] if rollup.by == "category" else [entry.detail]


def _figures(rollup: Rollup, chosen: Chosen) -> tuple[list[Column], list[list[str | None]]]:
    unit, tree = rollup.unit, rollup.by == "module"
    entries = [line.entry for line in chosen.lines]
    places = decimals_for(entry.total for entry in entries)
    columns = [Column("calls", right=True)]
    columns += [Column("ops", right=True), Column(f"self ({unit})", right=True)] if tree else []
    title = "total" if tree else "time"
    columns += [Column(f"{title} ({unit})", right=True), Column("share", right=True)]
    columns.append(Column("", style="cyan"))
    cells: list[list[str | None]] = []
    for entry in entries:
        calls = entry.calls if tree else calls_of(entry) or None
        row = [None if calls is None else f"{calls:.6g}"]
        if tree:
            row += [f"{entry.operators:.6g}" if entry.operators else None]
            row.append(_time(entry.own, entry.own_below, places))
        row += [
            _time(entry.total, entry.below, places),
            _share(rollup, entry),
            bar(rollup.share(entry.total), _BAR),
        ]
        cells.append(row)
    return columns, cells


def _time(value: float, below: float | None, places: int) -> str | None:
    return below_text(below) if below else fixed(value, places)


def _share(rollup: Rollup, entry: Entry) -> str | None:
    """A share; what a clock cannot tell from nothing has at most its step's."""
    if entry.below is None:
        return percent(rollup.share(entry.total))
    most = percent(rollup.share(entry.below))
    return most and "<" + most.removeprefix("<")


def _left_out(rollup: Rollup, chosen: Chosen) -> Sequence[str]:
    out = []
    if chosen.cut:
        share = percent(rollup.share(chosen.cut_time))
        took = f", {share} of the time" if share else ""
        out.append(f"… {counted(chosen.cut, 'more row')}{took}: --top 0")
    if chosen.deeper:
        entry = counted(chosen.deeper, "entry", "entries")
        out.append(f"… {entry} deeper, whose time is in those above: a larger --depth")
    return out
