"""What a program stores, as text: the largest pieces, and the segments."""

from __future__ import annotations

from typing import Any

from etscope.devtools.column_fit import print_fitting
from etscope.devtools.terminal import Column, say
from etscope.inspector.program.holders import Part
from etscope.inspector.program.report import ProgramReport
from etscope.inspector.wording import counted, percent, size_text

#: Characters of a name.
_LONGEST = 24
_HELD = (Part.CONSTANTS, Part.STATES, Part.NAMED_DATA, Part.UNUSED, Part.TEST_CASES)


def print_stored(report: ProgramReport, limit: int) -> None:
    """Write the largest tensors and data, at most `limit` (0: all). Delegates are no part of it."""
    names = {part.value for part in _HELD}
    rows = [row for row in report.rows if row["part"] in names]
    if not rows:
        return
    say()
    say("stored data, the largest first", style="bold")
    shown = rows[: limit or None]
    columns = (
        Column("data"),
        Column("size (bytes)", right=True),
        Column("share", right=True),
        Column("type"),
        Column("part"),
        Column("first read by"),
    )
    cells = [
        [
            _shortened(row["label"]),
            f"{row['size_bytes']:,}",
            percent(row["share"]),
            row["scalar_type"],
            row["part"],
            _reader(report, row),
        ]
        for row in shown
    ]
    print_fitting(columns, cells, ("type", "part", "first read by"))
    rest = sum(row["size_bytes"] for row in rows[len(shown) :])
    say_cut(len(rows) - len(shown), "piece", f", {size_text(rest)}")


def _reader(report: ProgramReport, row: dict[str, Any]) -> str | None:
    if row["reader"] is not None:
        return f"{row['reader']} of delegate {row['delegate']}"
    if row["instruction"] is None:
        return None
    place = place_text(row["chain"], row["instruction"])
    several = len(report.program.methods) > 1
    return f"{row['method'] + ' ' if several else ''}{place} {row['op'] or ''}".rstrip()


def _shortened(label: str) -> str:
    """A label without the middle of a long key, which as a rule is a hash; JSON has all of it."""
    key, space, rest = label.partition(" ")
    if len(key) > _LONGEST:
        key = f"{key[: _LONGEST - 4]}…{key[-3:]}"
    return key + space + rest


def place_text(chain: int, instruction: int) -> str:
    """An instruction as people write it; chains beyond the first are named."""
    return f"{chain}:{instruction}" if chain else str(instruction)


def print_segments(report: ProgramReport, limit: int) -> None:
    """Write where each segment begins and what it holds, at most `limit` (0: all)."""
    rows = report.segments
    if not rows:
        return
    say()
    say("segments", style="bold")
    shown = rows[: limit or None]
    columns = (
        Column("segment", right=True),
        Column("first byte", right=True),
        Column("size (bytes)", right=True),
        Column("holds"),
    )
    print_fitting(
        columns,
        [
            [
                str(row["segment"]),
                f"{row['start_byte']:,}",
                f"{row['size_bytes']:,}",
                ", ".join(row["holds"]) or None,
            ]
            for row in shown
        ],
        (),
    )
    say_cut(len(rows) - len(shown), "segment")


def say_cut(count: int, what: str, more: str = "") -> None:
    """Say how many rows a table left out, if any."""
    if count > 0:
        say(f"… {counted(count, 'more ' + what)}{more}: --top 0")
