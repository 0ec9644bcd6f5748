"""Which columns of a table a screen has room for."""

from __future__ import annotations

from collections.abc import Sequence

from etscope.devtools import terminal
from etscope.devtools.terminal import ABSENT, Column, printable

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
    widths = [
        max(len(text) for text in (column.title, *(printable(line[i] or ABSENT) for line in cells)))
        for i, column in enumerate(columns)
    ]
    for title in spare:
        if sum(widths[i] + _GAP for i in keep) <= screen:
            break
        keep = [i for i in keep if columns[i].title.partition(" (")[0] != title]
    return keep
