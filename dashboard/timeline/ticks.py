"""Times of events on one axis: a clock that wraps goes on, another clock's are moved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints, Kind, Trace, Words
from etscope.inspector.nesting import is_delegated

_WRAP, _HALF = 1 << 32, 1 << 31


@dataclass(frozen=True, eq=False)
class RunClock:
    """How far a 32-bit clock has come at each run of a trace; (runs,) each."""

    first: Words  # the start of the first timing that the runtime wrote
    before: Words  # by how many ticks the clock has wrapped until then

    @staticmethod
    def of(trace: Trace) -> RunClock:
        """Read off where the first time of a run lies far before that of the run before it."""
        first = _first_ticks(trace)
        before = np.zeros(len(first), np.uint64)
        if len(first) and int(first.max()) < _WRAP:
            back = first[:-1].astype(np.int64) - first[1:].astype(np.int64) > _HALF
            before[1:] = np.cumsum(back).astype(np.uint64) * np.uint64(_WRAP)
        return RunClock(first, before)

    def unwrapped(self, start: Words, runs: Ints) -> Words:
        """Starts (runs, events) of these runs on one axis; the clock may wrap within a run."""
        if not self.before.any():
            return start
        reference, before = self.first[runs][:, None], self.before[runs][:, None]
        small = start < _WRAP
        after = small & (start < reference) & (reference - start > _HALF)
        earlier = small & (start > reference) & (start - reference > _HALF) & (before > 0)
        out = np.asarray(start + before, np.uint64)
        out[after] += np.uint64(_WRAP)
        out[earlier] -= np.uint64(_WRAP)
        return out


def _first_ticks(trace: Trace) -> Words:
    """A run without a timing of the runtime counts as the one before it."""
    out = np.zeros(len(trace.runs), np.uint64)
    known = np.zeros(len(out), np.bool_)
    for shape, runs in zip(trace.shapes, trace.runs_of_shape, strict=True):
        own = np.flatnonzero((shape.kind == Kind.PROFILE) & ~is_delegated(shape))
        if len(own) and len(runs):
            start, _ = trace.times.of_runs(runs, trace.runs.first_event[runs], own[:1])
            out[runs] = start[:, 0]
            known[runs] = True
    last = np.maximum.accumulate(np.where(known, np.arange(len(out)), -1))
    return np.where(last >= 0, out[last], np.uint64(0)).astype(np.uint64)


def on_the_clock_of_calls(
    start: Words, duration: NDArray[np.float64], calls: Ints, inside: NDArray[np.bool_], slack: int
) -> tuple[Words, Ints]:
    """Events of delegates whose clock is another, moved to the start of their call.

    A call's events are moved together, and only where all of them lie beside it.

    Args:
        start, duration: (runs, events).
        calls: (events,) the column of the call that each belongs to; -1: none.
        inside: (events,) whether it comes from inside a delegate.
        slack: ticks by which a coarser reading of the same clock may be beside the call.

    Returns:
        The starts, and per event how many calls were moved of which it is the first.
    """
    out, moved = start.copy(), np.zeros(start.shape[1], np.int64)
    for call in np.unique(calls[inside & (calls >= 0)]).tolist():
        own = np.flatnonzero(inside & (calls == call))
        began = start[:, call].astype(np.float64)
        length = np.nan_to_num(duration[:, call])
        room = np.maximum(length, slack)
        first = start[:, own].min(axis=1)
        last = (start[:, own].astype(np.float64) + np.nan_to_num(duration[:, own])).max(axis=1)
        away = (first.astype(np.float64) > began + length + room) | (last < began - room)
        rows = np.flatnonzero(away)
        # Unsigned words wrap around, so that this is exact wherever the other clock stands.
        by = (start[rows, call] - first[rows])[:, None]
        out[rows[:, None], own] += by
        moved[own[0]] = len(rows)
    return out, moved
