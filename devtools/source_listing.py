"""A user's file as text with the figures of its lines: drawn on a screen, aligned in a pipe."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etscope.dashboard.python_spans import coloured
from etscope.devtools import terminal
from etscope.devtools.quantities import bar, decimals_for, fixed
from etscope.devtools.terminal import Column
from etscope.etdump.printable import printable
from etscope.inspector.source_view.file_text import FileText, shown_lines
from etscope.inspector.source_view.view import MethodLines
from etscope.inspector.wording import percent

if TYPE_CHECKING:
    from rich.text import Text

GAP = "⋮"
#: Characters of a line of source in a pipe, which may have lines of any length.
_LONGEST = 160
#: A screen this wide has room for operators beside the source.
_WIDE = 110
_OPERATORS = 24
#: A line of source takes at most so many of the screen.
_FOLDS = 3
_HANG = 4
#: Which of the figures before a line is its bar.
_BAR = 3
_STYLES = {
    "comment": "dim italic",
    "string": "green",
    "keyword": "magenta",
    "number": "cyan",
    "definition": "bold blue",
    "decorator": "blue",
}
#: From which part of the hottest line's time on a line is how hot.
_HEAT = ((0.5, "bold red"), (0.2, "yellow"), (0.0, "cyan"))


@dataclass(frozen=True)
class ListedLine:
    """One line of a listing, as text; `line` None is a gap."""

    line: int | None
    source: str = ""
    time: str = ""
    share: str = ""
    total: str = ""  # time of everything called through the line
    total_share: str = ""
    heat: float = 0.0  # of the hottest line's time
    operators: str = ""


def listing(lines: MethodLines, text: FileText, context: int | None) -> list[ListedLine]:
    """The lines of a file to show, with their figures.

    Args:
        context: as `shown_lines`.
    """
    index = lines.index
    numbers = {int(index.line[n]): n for n in lines.lines_of(text.file).tolist()}
    hottest = max((float(lines.self_time[n]) for n in numbers.values()), default=0.0)
    own = [float(lines.self_time[n]) for n in numbers.values()]
    places = decimals_for([*own, lines.whole])
    out = []
    for line in shown_lines(text, numbers, context):
        if line is None:
            out.append(ListedLine(None))
            continue
        source = text.lines.get(line, "")
        if line not in numbers:
            out.append(ListedLine(line, source))
        else:
            out.append(_figures(lines, numbers[line], line, source, places, hottest))
    return out


def _figures(
    lines: MethodLines, number: int, line: int, source: str, places: int, hottest: float
) -> ListedLine:
    own, total = float(lines.self_time[number]), float(lines.total_time[number])
    below = float(lines.untold_total[number])
    stands = bool(len(lines.index.rows_of(number)))
    return ListedLine(
        line=line,
        source=source,
        time=time_text(own, float(lines.untold[number]), places) if stands else "",
        share=(percent(lines.share(own)) or "") if stands and own else "",
        total=time_text(total, below, places) if total or below else "",
        total_share=percent(lines.share(total)) or "" if total else "",
        heat=own / hottest if hottest else 0.0,
        operators=", ".join(use.brief for use in lines.operators(number)),
    )


def time_text(value: float, untold: float, places: int) -> str:
    """A time; what a clock could not tell from nothing is below its step, not 0.

    A dash where that step is not known.
    """
    if not value and untold:
        return f"<{untold:.6g}" if math.isfinite(untold) else "-"
    return fixed(value, places) or ""


def print_listing(rows: list[ListedLine], unit: str) -> None:
    """Write a listing to stdout."""
    width = terminal.screen_width()
    if width is None:
        _print_plain(rows, unit)
    else:
        _Drawing(rows, unit, width).draw()


def _print_plain(rows: list[ListedLine], unit: str) -> None:
    columns = [
        Column(f"self ({unit})", right=True),
        Column("share", right=True),
        Column(f"total ({unit})", right=True),
        Column("share", right=True),
        Column("line", right=True),
        Column("source"),
        Column("operators"),
    ]
    cells = [
        (r.time, r.share, r.total, r.total_share, "" if r.line is None else r.line)
        + (GAP if r.line is None else r.source.expandtabs(4)[:_LONGEST], r.operators)
        for r in rows
    ]
    terminal.table(columns, cells)


class _Drawing:
    """A listing in the width of a screen."""

    def __init__(self, rows: list[ListedLine], unit: str, width: int) -> None:
        wide = width >= _WIDE
        self.rows = rows
        self.heads = (unit, "self", "total", "", "line")
        self.cells = [
            (r.time, r.share, r.total_share, "", "" if r.line is None else str(r.line))
            for r in rows
        ]
        self.widths = [
            max(len(head), *(len(line[at]) for line in self.cells))
            for at, head in enumerate(self.heads)
        ]
        self.widths[_BAR] = self.bar = 8 if wide else 4
        self.texts = _sources(rows)
        left = width - sum(self.widths) - len(self.widths) - 1
        longest = max(text.cell_len for text in self.texts)
        self.operators = min(max(_OPERATORS, left - longest - 2), 2 * _OPERATORS) if wide else 0
        self.source = max(left - (self.operators + 2 if wide else 0), 20)

    def draw(self) -> None:
        """Write it."""
        from rich.text import Text

        screen = terminal.console()
        head = " ".join(h.rjust(w) for h, w in zip(self.heads, self.widths, strict=True))
        screen.print(Text(f"{head}  source", style="bold"), no_wrap=True, crop=True)
        for at, row in enumerate(self.rows):
            # Where the time is, the whole line is worth reading.
            whole = self.texts[at]
            parts = self._folded(whole) if row.time or row.total else [whole.copy()]
            for number, part in enumerate(parts):
                line = self._figures(at) if number == 0 else Text(" " * (sum(self.widths) + 5))
                line.append(" ")
                part.truncate(self.source, overflow="ellipsis", pad=bool(self.operators))
                line.append_text(part)
                if number == 0 and self.operators:
                    line.append_text(self._operators(row))
                screen.print(line, no_wrap=True, crop=True, overflow="ellipsis")

    def _folded(self, source: Text) -> list[Text]:
        """A line of source in as many lines as it takes, those below indented further."""
        from rich.text import Text

        indent = len(source.plain) - len(source.plain.lstrip())
        if source.cell_len <= self.source or indent + _HANG + 10 > self.source:
            return [source.copy()]
        console, room = terminal.console(), self.source - indent - _HANG
        lines = source[indent:].wrap(console, room)
        out = []
        for number, line in enumerate(lines[:_FOLDS]):
            line.rstrip()
            if number == _FOLDS - 1 and len(lines) > _FOLDS:
                line.append(" …")
            space = indent + (_HANG if number else 0)
            out.append(Text(" " * space).append_text(line))
        return out

    def _figures(self, at: int) -> Text:
        from rich.text import Text

        row, out = self.rows[at], Text()
        hot = next(style for limit, style in _HEAT if row.heat >= limit) if row.heat else "dim"
        calls = "" if row.total_share != row.share else "dim"
        drawn = (hot, hot, calls, hot, "dim")
        for place, (cell, width) in enumerate(zip(self.cells[at], self.widths, strict=True)):
            text = bar(row.heat, self.bar).ljust(width) if place == _BAR else cell.rjust(width)
            out.append(text + " ", drawn[place])
        return out

    def _operators(self, row: ListedLine) -> Text:
        from rich.text import Text

        cut = Text(printable(row.operators), style="dim")
        cut.truncate(self.operators, overflow="ellipsis")
        return Text("  ").append_text(cut)


def _sources(rows: list[ListedLine]) -> list[Text]:
    """The source of each row, coloured, without the indent that all have."""
    from rich.text import Text

    plain = [printable(row.source.expandtabs(4)) for row in rows]
    indent = min((len(line) - len(line.lstrip()) for line in plain if line.strip()), default=0)
    out = []
    for row, parts in zip(rows, coloured([line[indent:] for line in plain]), strict=True):
        text = Text(GAP if row.line is None else "", style="dim" if row.line is None else "")
        for part, kind in parts:
            text.append(part, _STYLES.get(kind))
        out.append(text)
    return out
