"""The samples of one event, and what all events of a trace share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from etscope.etdump.tensors import DebugBuffer
from etscope.inspector.durations import Clock
from etscope.inspector.samples import Samples
from etscope.inspector.statistics import Statistics

#: Parses the metadata that a delegate attached to an event, one item per sample.
MetadataParser = Callable[[list[bytes]], "list[str] | dict[str, Any]"]


class PerfData:
    """The samples of one event and their statistics, in the unit of the block."""

    def __init__(self, raw: Sequence[float]) -> None:
        self._samples = raw
        self._row: tuple[Statistics, int] | None = None

    @staticmethod
    def of(samples: Samples, statistics: Statistics, row: int) -> PerfData:
        """Samples whose statistics are already known."""
        made = PerfData(samples)
        made._row = (statistics, row)
        return made

    @property
    def raw(self) -> list[float]:
        """Every sample, in the order in which it was taken."""
        return list(self._samples)

    def _known(self, name: str, percent: int) -> float:
        if self._row is None:
            return float(np.percentile(self.raw, percent))
        return float(getattr(self._row[0], name)[self._row[1]])

    @property
    def p10(self) -> float:
        return self._known("p10", 10)

    @property
    def p50(self) -> float:
        return self._known("p50", 50)

    @property
    def p90(self) -> float:
        return self._known("p90", 90)

    @property
    def p99(self) -> float:
        return self._known("p99", 99)

    @property
    def min(self) -> float:
        return self._known("min", 0)

    @property
    def max(self) -> float:
        return self._known("max", 100)

    @property
    def avg(self) -> float:
        if self._row is None:
            return float(np.mean(self.raw))
        return float(self._row[0].mean[self._row[1]])

    @property
    def count(self) -> int:
        """Samples that have a duration."""
        return len(self._samples) if self._row is None else int(self._row[0].count[self._row[1]])

    def __repr__(self) -> str:
        return f"PerfData(p50={self.p50!r}, min={self.min!r}, max={self.max!r}, n={self.count})"


class Source:
    """What the views of one trace share: clock, debug buffer, delegate parser."""

    def __init__(
        self, clock: Clock, buffer: DebugBuffer | None, parser: MetadataParser | None
    ) -> None:
        self.clock, self.buffer, self.parser = clock, buffer, parser
