"""What a benchmark says: one row per promise, and the rows as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """One promise, measured."""

    what: str
    ours: str  # our figure with its unit
    peer: str  # the same of what we compare with
    ratio: float  # as the bound means it
    bound: str  # the promise: "at least 300x", "at most 1.25x"
    ok: bool


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned plain text, one line each."""
    head = ("what", "ours", "peer", "ratio", "bound", "")
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    right = (False, True, True, True, False, False)
    return "\n".join(
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


def _cells(row: Row) -> tuple[str, ...]:
    verdict = "holds" if row.ok else "MISSED"
    return (row.what, row.ours, row.peer, f"{row.ratio:.3g}", row.bound, verdict)
