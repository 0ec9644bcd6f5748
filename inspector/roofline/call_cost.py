"""The most that a call alone can cost, as the calls of the same method show it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from etscope.inspector.operators import OperatorRows

#: What is called in the same way. A delegate calls its operations, and the runtime the rest.
_SAME_WAY = {"operator": "kernel", "kernel": "kernel", "delegated": "delegated"}


class TimedCall(NamedTuple):
    """One row of a method's events."""

    row: int
    time_s: float | None  # of all calls of an inference; None: not known
    each_s: float | None  # of one call, measured; None: not known
    step_s: float | None  # of its clock; None: finer than any call, NaN: not known


class CallCosts:
    """Bounds from above, per way of calling.

    Whatever a call costs, each call of its kind pays it: so it is no more than the
    fastest of them took, and a step of the clock that read that.
    """

    def __init__(self, rows: OperatorRows, calls: Iterable[TimedCall]) -> None:
        self._rows = rows
        self._most: dict[tuple[str, str | None], float] = {}
        for row, _, each, step in calls:
            key = self._key(row)
            coarse = step if step is not None and math.isfinite(step) else 0.0
            most = math.nan if each is None else max(each, 0.0) + coarse
            if key is not None and most > 0:
                self._most[key] = min(most, self._most.get(key, math.inf))

    def of(self, row: int) -> float | None:
        """Seconds that a call of a row costs at most; None: nothing like it was timed."""
        key = self._key(row)
        return None if key is None else self._most.get(key)

    def _key(self, row: int) -> tuple[str, str | None] | None:
        way = _SAME_WAY.get(self._rows.kind[row])
        if way is None:
            return None
        return way, self._rows.backend[row] if way == "delegated" else None
