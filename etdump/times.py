"""Start and end of every event, dense or still in the file.

Memory is what costs: touching fresh pages for two words per event takes
longer than checking that a file repeats itself. So the times of repeated runs
stay in the mapped file until somebody asks for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]

_CHUNK = 1 << 16


class Times:
    """The ticks of all events as two columns, (events,) each, in file order."""

    def __init__(self, start: Words, end: Words) -> None:
        self._start, self._end = start, end

    @property
    def start(self) -> Words:
        """When each event began; 0 for events that have no times."""
        return self._start

    @property
    def end(self) -> Words:
        """When each event ended; 0 for events that have no times."""
        return self._end

    def of_runs(self, runs: Ints, first: Ints, columns: Ints) -> tuple[Words, Words]:
        """(runs, columns) start and end of some events of some runs.

        Args:
            runs: run numbers; all have one shape.
            first: the first event of each of them.
            columns: rows of events, counted from a run's first.
        """
        rows = first[:, None] + columns
        return self.start[rows], self.end[rows]


@dataclass(frozen=True, eq=False)
class Layout:
    """Where the times are in a run image: bytes from its begin, (events,)."""

    start: Ints
    end: Ints


class MappedTimes(Times):
    """Times of runs that repeat a layout, read from the file; the others are dense."""

    def __init__(
        self,
        data: NDArray[np.uint8],
        layouts: list[Layout],
        layout: NDArray[np.int32],
        place: Ints,
        first_event: Ints,
        dense: Times,
    ) -> None:
        """Describe where the times of each run are.

        Args:
            layouts: the layouts met; `layout` has the number of each run's, -1: dense.
            place: the byte where the run's image begins, or its first row in `dense`.
            first_event: (runs + 1,).
        """
        self._data = data
        self._layouts, self._layout, self._place = layouts, layout, place
        self._first_event, self._dense = first_event, dense
        self._words = data[: len(data) & ~7].view("<u8")

    @cached_property
    def _columns(self) -> tuple[Words, Words]:
        total = int(self._first_event[-1])
        start, end = np.zeros(total, np.uint64), np.zeros(total, np.uint64)
        for number in np.unique(self._layout).tolist():
            runs = np.flatnonzero(self._layout == number)
            if number < 0:
                self._put_dense(runs, start, end)
                continue
            events = np.arange(len(self._layouts[number].start))
            step = max(1, _CHUNK // max(len(events), 1))
            for low in range(0, len(runs), step):
                some = runs[low : low + step]
                rows = self._first_event[some][:, None] + events
                start[rows], end[rows] = self.of_runs(some, self._first_event[some], events)
        return start, end

    def _put_dense(self, runs: Ints, start: Words, end: Words) -> None:
        counts = np.diff(self._first_event)[runs]
        within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        rows = np.repeat(self._first_event[runs], counts) + within
        source = np.repeat(self._place[runs], counts) + within
        start[rows], end[rows] = self._dense.start[source], self._dense.end[source]

    @property
    def start(self) -> Words:
        """When each event began; made when first asked for."""
        return self._columns[0]

    @property
    def end(self) -> Words:
        """When each event ended; made when first asked for."""
        return self._columns[1]

    def of_runs(self, runs: Ints, first: Ints, columns: Ints) -> tuple[Words, Words]:
        """As `Times.of_runs`, without making the columns of all events."""
        numbers = self._layout[runs]
        if not len(runs) or (numbers == numbers[0]).all():
            return self._one_layout(int(numbers[0]) if len(runs) else -1, runs, columns)
        shape = (len(runs), len(columns))
        start, end = np.zeros(shape, np.uint64), np.zeros(shape, np.uint64)
        for number in np.unique(numbers).tolist():
            rows = np.flatnonzero(numbers == number)
            start[rows], end[rows] = self._one_layout(number, runs[rows], columns)
        return start, end

    def _one_layout(self, number: int, runs: Ints, columns: Ints) -> tuple[Words, Words]:
        place = self._place[runs]
        if number < 0:
            return self._dense.of_runs(runs, place, columns)
        layout = self._layouts[number]
        return self._read(place, layout.start[columns]), self._read(place, layout.end[columns])

    def _read(self, place: Ints, offset: Ints) -> Words:
        """Words at place + offset. The reader has checked that all of them lie in the file."""
        if not ((place & 7).any() or (offset & 7).any()):
            picked: Words = self._words[(place >> 3)[:, None] + (offset >> 3)]
            return picked
        at = place[:, None] + offset
        out = np.zeros(at.shape, np.uint64)
        for byte in range(8):
            out |= self._data[at + byte].astype(np.uint64) << np.uint64(8 * byte)
        return out
