"""The source view: every line of the user's files with the time that it takes, parts adding up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from etscope.etdump.columns import Ints
from etscope.inspector.backends.operations import Confidence
from etscope.inspector.correlate.ledger import Bucket, Ledger
from etscope.inspector.correlate.origins import Origins
from etscope.inspector.latency import MethodLatency
from etscope.inspector.latency_report import LatencyReport
from etscope.inspector.own_time import OwnTimes, own_times
from etscope.inspector.source_view.line_figures import (
    LineColumn,
    OperatorUse,
    calls_of,
    confidence_shares,
    lowest_confidence,
    operators_behind,
    untold_times,
)
from etscope.inspector.source_view.line_index import LineIndex, call_lines, line_index
from etscope.inspector.statistics import Reals

SELF, TOTAL = "self", "total"


@dataclass(frozen=True, eq=False)
class MethodLines:
    """The lines of one kind of inference. `self` of all lines and the remainder are the method."""

    latency: MethodLatency
    origins: Origins
    ledger: Ledger
    index: LineIndex
    columns: tuple[LineColumn, ...]  # one entry per line of `index`
    calls: Reals  # per line and inference
    times: OwnTimes  # per event, of which those beside the method stand on no line
    untold: Reals  # of `self`, per line: up to so much a clock could not tell; inf: no bound
    untold_total: Reals  # of `total`

    @property
    def name(self) -> str:
        """The method, for a person."""
        return self.latency.method or "the method"

    @property
    def whole_name(self) -> str:
        """What `whole` is, for a person."""
        timed = self.latency.mean == self.latency.mean
        return self.name if timed else f"all timed events of {self.name}"

    @property
    def own(self) -> Reals:
        """Per event its time without what lies inside it; derived."""
        return self.times.own

    @property
    def beside(self) -> int:
        """How many events lie outside of the method, and are not counted."""
        kinds = self.latency.rows.kind
        return int((~self.times.counted).sum()) - kinds[:1].count("method")

    @property
    def whole(self) -> float:
        """What shares are shares of: the method, or all its operators where it was not timed."""
        return self.ledger.whole

    def column(self, name: str) -> LineColumn:
        """One of the columns.

        Raises:
            KeyError: there is none of that name.
        """
        found = {column.name: column for column in self.columns}
        return found[name]

    @property
    def self_time(self) -> Reals:
        """Per line the time of the events that stand on it; derived."""
        return self.column(SELF).values

    @property
    def total_time(self) -> Reals:
        """Per line the time of the events that were called through it, its own included."""
        return self.column(TOTAL).values

    def share(self, time: float) -> float:
        """Derived: a time as a share of the whole; NaN where there is no whole."""
        return time / self.whole if self.whole else float("nan")

    @property
    def remainder(self) -> list[Bucket]:
        """What stands on no line, and why: of the ledger, without what is nothing."""
        return [b for b in self.ledger.buckets if b.kind != "mapped" and (b.time or b.operators)]

    @cached_property
    def confidence_times(self) -> Reals:
        """(lines, 4): the time of each line by Confidence."""
        return confidence_shares(self.index, self.origins, self.own)

    @cached_property
    def lowest(self) -> list[Confidence]:
        """Per line the confidence of the event that is the least sure of it."""
        return lowest_confidence(self.index, self.origins)

    def operators(self, number: int) -> list[OperatorUse]:
        """The operators that stand on a line, the costliest first."""
        some = self.index.rows_of(number)
        return operators_behind(self.latency.rows, self.origins, some, self.own)

    def modules(self, number: int) -> list[str]:
        """The modules whose operators stand on a line, "" for the root, in the order they ran."""
        rows = self.index.rows_of(number).tolist()
        paths = [self.origins.module(row) for row in rows]
        return list(dict.fromkeys(path for path in paths if path is not None))

    def grounds(self, number: int) -> list[str]:
        """How the events of a line were mapped to it, in words, the most frequent first."""
        phrases = [self.origins[row].how.phrase for row in self.index.rows_of(number).tolist()]
        return sorted(set(phrases), key=lambda phrase: -phrases.count(phrase))

    def lines_of(self, file: str) -> Ints:
        """The lines of a file, ascending."""
        if file not in self.index.files:
            return np.zeros(0, np.int64)
        return np.flatnonzero(self.index.file == self.index.files.index(file))

    def file_time(self, file: str) -> float:
        """The time that stands on the lines of a file."""
        return float(self.self_time[self.lines_of(file)].sum())

    @cached_property
    def files(self) -> list[str]:
        """The files, the one with the most time first."""
        return sorted(self.index.files, key=lambda file: (-self.file_time(file), file))

    @property
    def hottest(self) -> Ints:
        """The lines on which events stand, the one with the most time first."""
        own = np.flatnonzero(np.bincount(self._on, minlength=len(self.index)))
        return own[np.argsort(-self.self_time[own], kind="stable")]

    @property
    def _on(self) -> Ints:
        return self.index.of_row[self.index.of_row >= 0]


@dataclass(frozen=True, eq=False)
class SourceView:
    """The lines of every kind of inference of a recording, the most time first."""

    report: LatencyReport
    methods: list[MethodLines]

    @cached_property
    def files(self) -> list[str]:
        """All files; those of the kind of inference with the most time first."""
        return list(dict.fromkeys(file for lines in self.methods for file in lines.files))

    @property
    def notes(self) -> list[str]:
        """What is to be said of the recording and of how it was joined, each once."""
        recording = self.report.recording
        return list(dict.fromkeys([*recording.notes, *recording.correlation.notes]))

    @cached_property
    def snippets(self) -> dict[str, dict[int, str]]:
        """By file and line what the export recorded of its text."""
        out: dict[str, dict[int, str]] = {}
        for lines in self.methods:
            for origin in lines.origins.rows:
                for frame in call_lines(origin):
                    texts = out.setdefault(frame.file, {})
                    texts[frame.line] = texts.get(frame.line) or frame.source
        return out


def source_view(report: LatencyReport) -> SourceView:
    """Put the times of a report beside the lines that they come from."""
    parts = zip(report.methods, report.origins, report.ledgers, strict=True)
    return SourceView(report, [_lines_of(*part) for part in parts])


def _lines_of(latency: MethodLatency, origins: Origins, ledger: Ledger) -> MethodLines:
    rows, times = latency.rows, own_times(latency)
    index, untold = line_index(rows, origins, times.counted), untold_times(rows, latency.unit)
    columns = (
        LineColumn(SELF, latency.unit, "derived", index.own(times.own)),
        LineColumn(TOTAL, latency.unit, "derived", index.through(times.own)),
    )
    return MethodLines(
        latency=latency,
        origins=origins,
        ledger=ledger,
        index=index,
        columns=columns,
        calls=index.own(calls_of(rows)),
        times=times,
        untold=index.own(untold),
        untold_total=index.through(untold),
    )
