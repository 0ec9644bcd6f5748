"""The fallback ledger: every operator that ran outside of delegates, and what that costs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from etscope.inspector.fallbacks.around import Around
from etscope.inspector.fallbacks.gain import Gain
from etscope.inspector.fallbacks.islands import Island
from etscope.inspector.fallbacks.reasons import Reason


class Fallback(NamedTuple):
    """One operator that ran outside of every delegate. Times are per inference, in the unit."""

    row: int  # of the tree of events
    instruction: int  # row of the plan's instructions; -1: not known
    operator: str  # "aten::mean.out"
    time: float  # measured; NaN: not timed
    share: float  # derived: of the method's time
    types: tuple[str, ...]  # element types that it takes and gives; (): not known
    reason: Reason
    around: tuple[Around, ...]  # conversions at its values, outside and in the delegates beside it
    island: int  # index of FallbackLedger.islands; -1: none
    gain: Gain
    takers: tuple[str, ...] = ()  # where there is no delegate at all: backends that take it


@dataclass(frozen=True)
class FallbackLedger:
    """All fallbacks of one kind of inference, the largest gain first."""

    rows: tuple[Fallback, ...]
    islands: tuple[Island, ...]
    backends: tuple[str, ...]  # of the delegates that ran or that the program has
    delegate_calls: int  # in the tree of events
    has_program: bool
    whole: float  # of the method, per inference; NaN: not timed
    unit: str

    @cached_property
    def time(self) -> float:
        """Measured: all operators outside of delegates; NaN: none of them was timed."""
        return sum_known(row.time for row in self.rows)

    @property
    def share(self) -> float:
        """Derived: their share of the method; NaN where it was not timed."""
        return self.time / self.whole if self.whole else float("nan")

    @property
    def conversions(self) -> tuple[Around, ...]:
        """Everything around the fallbacks, each once."""
        return tuple(dict.fromkeys(one for row in self.rows for one in row.around))

    @property
    def gain(self) -> float:
        """Estimated: what moving all of them inside would save, at most the whole method.

        NaN: nothing can be said of any of them.
        """
        gain = sum_known(row.gain.value for row in self.rows)
        return min(gain, self.whole) if math.isfinite(self.whole) else gain


def sum_known(values: Iterable[float]) -> float:
    """The sum of what is known; NaN where there is something and nothing of it is known."""
    every = list(values)
    known = [value for value in every if math.isfinite(value)]
    return math.nan if every and not known else float(sum(known))


def falling(value: float) -> float:
    """A key that sorts the largest first, and what is not known as nothing."""
    return -value if math.isfinite(value) else 0.0
