"""The samples of one event, and what all events of a trace share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from etscope.inspector.durations import Clock
from etscope.inspector.samples import Samples
from etscope.inspector.statistics import Statistics, statistics_of

if TYPE_CHECKING:
    from etscope.inspector.graph_source import GraphSource
    from etscope.inspector.tensor_values import TensorSource

#: Parses the metadata that a delegate attached to an event, one item per sample.
MetadataParser = Callable[[list[bytes]], "list[str] | dict[str, Any]"]


class PerfData:
    """The samples of one event and their statistics, in the unit of the block."""

    def __init__(self, raw: Sequence[float]) -> None:
        self._samples = raw
        self._known: tuple[Statistics, int] | None = None

    @staticmethod
    def of(samples: Samples, statistics: Statistics, row: int) -> PerfData:
        """Samples whose statistics are already known."""
        made = PerfData(samples)
        made._known = (statistics, row)
        return made

    @property
    def raw(self) -> list[float]:
        """Every sample, in the order in which it was taken."""
        return list(self._samples)

    def _figure(self, name: str) -> float:
        if self._known is None:
            self._known = statistics_of(np.array([self.raw], np.float64)), 0
        statistics, row = self._known
        return float(getattr(statistics, name)[row])

    @property
    def p10(self) -> float:
        return self._figure("p10")

    @property
    def p50(self) -> float:
        return self._figure("p50")

    @property
    def p90(self) -> float:
        return self._figure("p90")

    @property
    def p99(self) -> float:
        return self._figure("p99")

    @property
    def min(self) -> float:
        return self._figure("min")

    @property
    def max(self) -> float:
        return self._figure("max")

    @property
    def avg(self) -> float:
        return self._figure("mean")

    @property
    def count(self) -> int:
        """Samples that have a duration."""
        return int(self._figure("count"))

    def __repr__(self) -> str:
        return f"PerfData(p50={self.p50!r}, min={self.min!r}, max={self.max!r}, n={self.count})"


class Source:
    """What the views of one trace share: clock, logged tensors, delegate parser, graphs."""

    def __init__(
        self,
        clock: Clock,
        tensors: TensorSource,
        parser: MetadataParser | None,
        graphs: GraphSource,
    ) -> None:
        self.clock, self.tensors, self.parser, self.graphs = clock, tensors, parser, graphs
