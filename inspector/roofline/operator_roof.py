"""One operator under the roof of its machine: work, bytes, time, and what bounds it."""

from __future__ import annotations

import math
from typing import NamedTuple

from etscope.inspector.roofline.event_work import EventWork


class OperatorRoof(NamedTuple):
    """One operator, operation of a delegate, or call: all that it does in one inference.

    Operations and bytes are estimated, None where they are not known; times are
    measured: means over the middle half of the inferences.
    """

    row: int  # of the latency's rows
    calls: float  # per inference
    work: EventWork  # of one call
    time_s: float | None  # per inference; None: in cycles, or below the step of its clock
    bound: str  # one of BOUNDS
    peak_share: float | None  # the least time that the machine needs, as a share of its time
    reason: str  # why something is not known, or what to know; "": nothing to add

    @property
    def operations(self) -> float | None:
        """Per inference."""
        return _times(self.work.work.operations, self.calls)

    @property
    def read_bytes(self) -> float | None:
        """Per inference."""
        return _times(self.work.moved.read_bytes, self.calls)

    @property
    def written_bytes(self) -> float | None:
        """Per inference."""
        return _times(self.work.moved.written_bytes, self.calls)

    @property
    def total_bytes(self) -> float | None:
        """Read and written, per inference."""
        return _times(self.work.moved.total_bytes, self.calls)

    @property
    def gflops_per_s(self) -> float | None:
        """Achieved: derived. Giga-operations where they are on integers.

        None where the work is only known as an upper bound: the time is that of what ran.
        """
        return None if self.work.upper_bound else _rate(self.operations, self.time_s)

    @property
    def gb_per_s(self) -> float | None:
        """Achieved: derived; None where the bytes are only known as an upper bound."""
        return None if self.work.upper_bound else _rate(self.total_bytes, self.time_s)

    @property
    def intensity(self) -> float | None:
        """Operations per byte, estimated; None where it moves nothing."""
        if self.operations is None or not self.total_bytes:
            return None
        return self.operations / self.total_bytes


def _times(figure: int | None, calls: float) -> float | None:
    return None if figure is None or not math.isfinite(calls) else figure * calls


def _rate(amount: float | None, time_s: float | None) -> float | None:
    return amount / time_s / 1e9 if amount is not None and time_s else None
