"""Which columns of a table a screen has room for."""

from __future__ import annotations

from collections.abc import Sequence

from etscope.devtools import terminal
from etscope.devtools.terminal import ABSENT, Column
from etscope.etdump.printable import printable

#: What rich puts between columns.
_GAP = 3

Cells = Sequence[Sequence[str | None]]


def print_fitting(columns: Sequence[Column], cells: Cells, spare: Sequence[str]) -> None:
    """Write a table; where a screen is too narrow, columns of `spare` are left out.

    Args:
        spare: titles (up to their unit, "p50" for "p50 (ms)"), the first to go first.
            A pipe gets every column, but for those without a title, which are drawings.
    """
    keep = _fitting(columns, cells, spare)
    terminal.table([columns[i] for i in keep], [[line[i] for i in keep] for line in cells])


def _fitting(columns: Sequence[Column], cells: Cells, spare: Sequence[str]) -> list[int]:
    keep = list(range(len(columns)))
    screen = terminal.screen_width()
    if screen is None:
        return [i for i in keep if columns[i].title]
    widths = _widths(columns, cells)
    for title in spare:
        if sum(widths[i] + _GAP for i in keep) <= screen:
            break
        keep = [i for i in keep if _bare(columns[i]) != title]
    return keep


def room_beside(
    number: int, columns: Sequence[Column], cells: Cells, without: Sequence[str] = ()
) -> int | None:
    """Characters that a screen has for one column, beside the others; None in a pipe.

    Args:
        without: titles of columns that may be left out for it.
    """
    screen = terminal.screen_width()
    if screen is None:
        return None
    widths = _widths(columns, cells)
    others = [i for i in range(len(columns)) if i != number and _bare(columns[i]) not in without]
    return screen - sum(widths[i] + _GAP for i in others) - _GAP


def _widths(columns: Sequence[Column], cells: Cells) -> list[int]:
    return [
        max(len(text) for text in (column.title, *(printable(line[i] or ABSENT) for line in cells)))
        for i, column in enumerate(columns)
    ]


def _bare(column: Column) -> str:
    return column.title.partition(" (")[0]
