"""Text for people: the one room that writes to a screen or a pipe.

On a terminal tables are drawn and coloured by rich. In a pipe they are plain
aligned text at full width, and rich is not even imported. Text that comes out
of a file is escaped: a trace cannot move the cursor.
"""

from __future__ import annotations

import json
import os
import sys
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from etscope.etdump.printable import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

#: Printed where a value was not looked at or does not exist; never 0.
ABSENT = "-"


@dataclass(frozen=True)
class Column:
    """One column of a table: its heading, its side, and its style on a terminal."""

    title: str
    right: bool = False
    style: str | None = None


def is_terminal(stream: TextIO | None = None) -> bool:
    """Whether `stream` (default: stdout) is a screen that understands colours and frames."""
    target = sys.stdout if stream is None else stream
    return target.isatty() and os.environ.get("TERM", "") != "dumb"


def screen_width(stream: TextIO | None = None) -> int | None:
    """Characters in a line of the screen; None in a pipe, where lines have no end."""
    return console(stream).width if is_terminal(stream) else None


def console(stream: TextIO | None = None) -> Console:
    """A rich console on `stream` (default: stdout), for progress bars and the like."""
    from rich.console import Console

    target = sys.stdout if stream is None else stream
    return Console(file=target, highlight=False, markup=False, emoji=False)


def say(text: str = "", *, style: str | None = None, stream: TextIO | None = None) -> None:
    """One paragraph on its own line; `style` (rich's words) shows only on a terminal."""
    target = sys.stdout if stream is None else stream
    if style is not None and is_terminal(target):
        console(target).print(_styled(text, style), soft_wrap=True)
    else:
        target.write(printable(text, lines=True) + "\n")


def paragraph(
    text: str, lead: str = "", indent: str | None = None, *, style: str | None = None
) -> None:
    """Text that folds under itself on a screen, and is one line in a pipe.

    Newlines in it, from names in files, are written as escapes: they cannot begin a line.
    """
    text = printable(text)
    width = screen_width()
    if width is None:
        say(lead + text, style=style)
        return
    hang = lead if indent is None else indent
    lines = textwrap.wrap(text, max(width, 40), initial_indent=lead, subsequent_indent=hang)
    say("\n".join(lines), style=style)


def complain(text: str) -> None:
    """One sentence on stderr."""
    say(text, style="red", stream=sys.stderr)


def say_json(value: object) -> None:
    """`value` as one JSON object on stdout. NaN is not JSON and raises ValueError."""
    sys.stdout.write(json.dumps(value, indent=2, allow_nan=False) + "\n")


def table(
    columns: Sequence[Column | str],
    rows: Iterable[Sequence[object]],
    *,
    title: str | None = None,
    stream: TextIO | None = None,
) -> None:
    """Write `rows` under the headings of `columns`; a cell is str() of its value, None is "-".

    Raises:
        ValueError: a row is longer or shorter than `columns`.
    """
    heads = [Column(column) if isinstance(column, str) else column for column in columns]
    cells = [_cells(row, len(heads)) for row in rows]
    target = sys.stdout if stream is None else stream
    if is_terminal(target):
        _draw(heads, cells, title, target)
    else:
        target.write(_plain(heads, cells, title))


def _cells(row: Sequence[object], width: int) -> list[str]:
    if len(row) != width:
        raise ValueError(f"a row of {len(row)} cells in a table of {width} columns")
    return [ABSENT if value is None else printable(str(value)) for value in row]


def _plain(heads: Sequence[Column], rows: Sequence[Sequence[str]], title: str | None) -> str:
    lines = [[head.title for head in heads], *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
    text = "" if title is None else f"{title}\n"
    for line in lines:
        cells = [
            cell.rjust(width) if head.right else cell.ljust(width)
            for cell, width, head in zip(line, widths, heads, strict=True)
        ]
        text += "  ".join(cells).rstrip() + "\n"
    return text


def _draw(
    heads: Sequence[Column], rows: Sequence[Sequence[str]], title: str | None, stream: TextIO
) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for head in heads:
        drawn.add_column(
            Text(head.title),
            justify="right" if head.right else "left",
            style=head.style,
            # Figures are useless when cut; names and sentences may fold.
            no_wrap=head.right,
            overflow="fold",
        )
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    console(stream).print(drawn)


def _styled(text: str, style: str) -> Text:
    from rich.text import Text

    return Text(printable(text, lines=True), style=style)
