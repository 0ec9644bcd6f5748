"""Which events stand on which line of source, and which lines they were called through."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints
from etscope.etdump.program_graph import Frame
from etscope.inspector.correlate.origins import Origin, Origins
from etscope.inspector.correlate.sources import is_generated, is_library
from etscope.inspector.operators import OperatorRows
from etscope.inspector.statistics import Reals

_ON_LINES = frozenset({"operator", "kernel", "delegated"})


@dataclass(frozen=True, eq=False)
class LineIndex:
    """The lines of source behind one kind of inference, by file and line, and their events.

    `of_row` has one entry per event, the other columns one per line, but for
    `through_line` and `through_row`: those are pairs of a line and an event whose call
    stack goes through it, its own line included.
    """

    files: tuple[str, ...]  # as the export recorded them
    file: Ints  # index into `files`
    line: Ints
    function: tuple[str, ...]
    of_row: Ints  # the line that an event stands on; -1: none
    through_line: Ints
    through_row: Ints

    def __len__(self) -> int:
        return len(self.line)

    def place(self, number: int) -> str:
        """ "file:line" of a line."""
        return f"{self.files[int(self.file[number])]}:{int(self.line[number])}"

    def rows_of(self, number: int) -> Ints:
        """The events that stand on a line, ascending."""
        rows, edges = self._standing
        return rows[edges[number] : edges[number + 1]]

    @cached_property
    def _standing(self) -> tuple[Ints, Ints]:
        """(events by line, where the events of each line begin)."""
        rows = np.argsort(self.of_row, kind="stable")
        edges = np.searchsorted(self.of_row[rows], np.arange(len(self) + 1))
        return rows, edges.astype(np.int64)

    def own(self, values: Reals) -> Reals:
        """Sum a value per event over the events that stand on each line; NaN counts nothing."""
        on = self.of_row >= 0
        return self._sums(self.of_row[on], values[on])

    def through(self, values: Reals) -> Reals:
        """Sum a value per event over the events that were called through each line."""
        return self._sums(self.through_line, values[self.through_row])

    def _sums(self, lines: Ints, values: Reals) -> Reals:
        told = np.where(np.isnan(values), 0.0, values)
        return np.bincount(lines, told, len(self)).astype(np.float64)


def line_index(rows: OperatorRows, origins: Origins, counted: NDArray[np.bool_]) -> LineIndex:
    """Find the lines of one kind of inference.

    An event stands on the innermost line of the user's own code. The time that a
    delegate call takes beside its operations stands on none.

    Args:
        counted: the rows that lie in the method; the others stand on no line.
    """
    parents = {int(parent) for parent in rows.parent.tolist()}
    stands: list[tuple[str, int] | None] = []
    pairs: list[tuple[tuple[str, int], int]] = []
    function: dict[tuple[str, int], str] = {}
    for row, origin in enumerate(origins.rows):
        leaf = rows.kind[row] == "delegate" and row not in parents
        here = counted[row] and (leaf or rows.kind[row] in _ON_LINES)
        if origin.source is None or not here:
            stands.append(None)
            continue
        stands.append((origin.source.file, origin.source.line))
        for frame in call_lines(origin):
            place = (frame.file, frame.line)
            if not function.get(place):
                function[place] = frame.function
            pairs.append((place, row))
    pairs = list(dict.fromkeys(pairs))  # a line that calls itself counts once
    places = sorted(function)
    number = {place: at for at, place in enumerate(places)}
    files = tuple(sorted({file for file, _ in places}))
    place_of = {file: at for at, file in enumerate(files)}
    return LineIndex(
        files=files,
        file=np.array([place_of[file] for file, _ in places], np.int64),
        line=np.array([line for _, line in places], np.int64),
        function=tuple(function[place] for place in places),
        of_row=np.array([-1 if place is None else number[place] for place in stands], np.int64),
        through_line=np.array([number[place] for place, _ in pairs], np.int64),
        through_row=np.array([row for _, row in pairs], np.int64),
    )


def call_lines(origin: Origin) -> list[Frame]:
    """The user's lines that an event was called through, its own among them.

    Of an event that is a library's through and through, the library's lines.
    """
    files = [frame for frame in origin.frames if frame.file and not is_generated(frame.file)]
    own = [frame for frame in files if not is_library(frame.file)] or files
    if origin.source is not None and origin.source not in own:
        own.append(origin.source)
    return own
