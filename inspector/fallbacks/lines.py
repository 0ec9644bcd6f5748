"""Fallbacks by the line of the user's source that they come from: what a person changes."""

from __future__ import annotations

from dataclasses import dataclass

from etscope.inspector.correlate.operators import parts_of
from etscope.inspector.correlate.origins import Origins
from etscope.inspector.fallbacks.ledger import Fallback, FallbackLedger, falling, sum_known
from etscope.inspector.wording import counted

_NO_CONFIGURATION = " has no configuration for "
#: Reasons of one line that are told.
_MOST = 3


@dataclass(frozen=True)
class FallbackLine:
    """All fallbacks of one source line; of one operator, where no line is known."""

    source: str | None
    module: str | None  # None: not known, or several
    rows: tuple[Fallback, ...]  # the most time first

    @property
    def operators(self) -> tuple[str, ...]:
        """The names of its operators, each once, the most time first."""
        return tuple(dict.fromkeys(parts_of(row.operator)[1] for row in self.rows))

    @property
    def time(self) -> float:
        """Measured, per inference; NaN: none of them was timed."""
        return sum_known(row.time for row in self.rows)

    @property
    def gain(self) -> float:
        """Estimated, per inference; NaN: nothing can be said."""
        return sum_known(row.gain.value for row in self.rows)

    @property
    def at_most(self) -> bool:
        """Whether the gain is an upper bound."""
        return any(row.gain.at_most for row in self.rows)

    @property
    def why(self) -> str:
        """The reasons of its operators in one sentence; alike ones, which end in a name, as one."""
        heads: dict[str, list[str]] = {}
        for text in dict.fromkeys(row.reason.text for row in self.rows):
            head, alike, name = text.partition(_NO_CONFIGURATION)
            heads.setdefault(head + alike, []).append(name)
        told = [head + ", ".join(names) for head, names in heads.items()]
        more = len(told) - _MOST
        return "; ".join(told[:_MOST]) + (
            f"; and {counted(more, 'more reason')}" if more > 0 else ""
        )


def lines_of(ledger: FallbackLedger, origins: Origins) -> list[FallbackLine]:
    """The ledger by source line, the largest gain first, then the most time."""
    found: dict[str, list[Fallback]] = {}
    for row in ledger.rows:
        found.setdefault(origins.source(row.row) or row.operator, []).append(row)
    lines = [_line(rows, origins) for rows in found.values()]
    return sorted(lines, key=lambda line: (falling(line.gain), falling(line.time)))


def _line(rows: list[Fallback], origins: Origins) -> FallbackLine:
    rows.sort(key=lambda row: falling(row.time))
    modules = {origins.module(row.row) for row in rows}
    return FallbackLine(
        source=origins.source(rows[0].row),
        module=next(iter(modules)) if len(modules) == 1 else None,
        rows=tuple(rows),
    )
