"""How long events took: start and end ticks → durations in the unit that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints, Words
from etscope.inspector.blocks import Block
from etscope.inspector.statistics import Reals, Statistics, statistics_of
from etscope.inspector.units import TimeScale, ticks_per_unit

#: (event name or id, ticks) -> time, as executorch.devtools takes it.
DelegateConverter = Callable[["int | str", "int | float"], "int | float"]

_RUNS = 256  # runs turned over in one go: both sides of the transposition stay in the cache
_WRAP = 2**32
_SAMPLES = 1 << 20  # turned into statistics in one go


@dataclass(frozen=True)
class Clock:
    """The trace's clock and the unit to show.

    Attributes:
        delegate_converter: for events inside delegates; None: they tick like the rest.
    """

    source: TimeScale = TimeScale.NS
    target: TimeScale = TimeScale.MS
    delegate_converter: DelegateConverter | None = None

    @property
    def scale(self) -> float:
        """Ticks per unit shown."""
        return ticks_per_unit(self.source, self.target)

    def durations(self, start: Words, end: Words, name: str | None) -> Reals:
        """Durations in the target unit, shape of `start`.

        `name` is that of a delegate's event, else None. A 32-bit clock may
        wrap once; where time runs backwards otherwise there is no duration: NaN.
        The same goes for what a converter makes negative or infinite.
        """
        if name is not None and self.delegate_converter is not None:
            return self._converted(start, end, name, self.delegate_converter)
        backwards = start > end
        if name is None:
            out = np.asarray((end - start).astype(np.float64) / self.scale)
        else:
            # Both ends are converted before the difference is taken, as the incumbent does.
            out = np.asarray(end.astype(np.float64) / self.scale)
            out -= start.astype(np.float64) / self.scale
        if backwards.any():
            s, e = start[backwards], end[backwards]
            wrapped = (_WRAP - s.astype(np.float64) + e.astype(np.float64)) / self.scale
            out[backwards] = np.where(_wraps(s, e), wrapped, np.nan)
        return out

    def _converted(self, start: Words, end: Words, name: str, convert: DelegateConverter) -> Reals:
        times = []
        for s, e in zip(start.ravel().tolist(), end.ravel().tolist(), strict=True):
            unwrapped = e + _WRAP if e < s < _WRAP and s - e > _WRAP // 2 else e
            times.append(float(convert(name, unwrapped)) - float(convert(name, s)))
        out = np.array(times, np.float64).reshape(start.shape)
        out[~((out >= 0) & (out < np.inf))] = np.nan
        return out


def _wraps(start: Words, end: Words) -> NDArray[np.bool_]:
    """Where a 32-bit clock has wrapped: it took less than half of its range since then.

    Otherwise an event that ends a little before it began would have taken seconds.
    """
    return np.asarray((start < _WRAP) & (end < start) & (start - end > _WRAP // 2))


def slot_durations(block: Block, slot: int, clock: Clock) -> Reals:
    """All samples of one slot, run after run."""
    return _durations(block, slot, clock, None)


def slot_starts(block: Block, slot: int) -> Words:
    """Start ticks of all samples of one slot, run after run."""
    return _ticks(block, slot, None)[0]


def _durations(block: Block, slot: int, clock: Clock, runs: Ints | None) -> Reals:
    this = block.slots[slot]
    start, end = _ticks(block, slot, runs)
    return clock.durations(start, end, this.name if this.is_delegated else None)


def _ticks(block: Block, slot: int, runs: Ints | None) -> tuple[Words, Words]:
    """Start and end of a slot's samples, run after run; `runs` narrows them down."""
    trace, found = block.trace, []
    for part in block.parts:
        some = part.runs if runs is None else part.runs[np.isin(part.runs, runs)]
        columns = np.array(part.slots[slot].profile, np.int64)
        ticks = trace.times.of_runs(some, trace.runs.first_event[some], columns)
        found.append((np.repeat(some, len(columns)), ticks[0].ravel(), ticks[1].ravel()))
    if len(found) == 1:
        return found[0][1], found[0][2]
    of_run, start, end = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.argsort(of_run, kind="stable")
    return start[order], end[order]


def block_statistics(block: Block, clock: Clock, runs: Ints | None = None) -> Statistics:
    """Statistics of every slot of a block; rows as `block.slots`.

    Args:
        runs: only these runs of the block (ascending); None: all.
    """
    slots = np.arange(len(block.slots))
    if block.positions is None:
        series = [_durations(block, slot, clock, runs)[None, :] for slot in slots.tolist()]
        return _stack([statistics_of(samples) for samples in series])
    chosen = block.runs if runs is None else runs
    step = max(1, _SAMPLES // max(len(chosen), 1))
    # One buffer for all: touching fresh memory costs more than the arithmetic.
    buffer = np.empty((min(step, len(slots)), len(chosen)))
    parts = []
    for low in range(0, len(slots), step):
        some = slots[low : low + step]
        matrix = duration_matrix(block, clock, chosen, some, buffer[: len(some)])
        parts.append(statistics_of(matrix))
    return _stack(parts)


def known_mean(durations: Reals) -> Reals:
    """Mean of each row over the runs where it has a duration; NaN: in none. (rows, runs)."""
    mean = durations.mean(axis=1) if durations.shape[1] else np.full(len(durations), np.nan)
    if not np.isnan(mean).any():
        return np.asarray(mean)
    known = ~np.isnan(durations)
    count = known.sum(axis=1)
    sums = np.where(known, durations, 0.0).sum(axis=1)
    return np.where(count > 0, sums / np.maximum(count, 1), np.nan)


def totals(block: Block, clock: Clock, runs: Ints) -> Reals:
    """Mean time of every slot per inference over these runs (ascending); NaN: not timed."""
    if block.positions is not None:
        return known_mean(duration_matrix(block, clock, runs))
    out = np.full(len(block.slots), np.nan)
    for slot in range(len(block.slots)):
        samples = _durations(block, slot, clock, runs)
        known = samples[~np.isnan(samples)]
        if len(known):
            out[slot] = known.sum() / len(runs)
    return out


def _stack(parts: list[Statistics]) -> Statistics:
    parts = parts or [statistics_of(np.empty((0, 0)))]
    names = Statistics.__dataclass_fields__
    return Statistics(*(np.concatenate([getattr(p, n) for p in parts]) for n in names))


def duration_matrix(
    block: Block,
    clock: Clock,
    runs: Ints | None = None,
    slots: Ints | None = None,
    out: Reals | None = None,
) -> Reals:
    """(slots, runs) durations of a block with one sample per run and slot; NaN: not timed.

    Args:
        runs, slots: only these; None: all.
        out: where to put them.
    """
    if block.positions is None:
        raise ValueError("the slots of this block have several samples a run")
    runs = block.runs if runs is None else runs
    slots = np.arange(len(block.slots)) if slots is None else slots
    positions = block.positions[slots]
    out = np.empty((len(slots), len(runs))) if out is None else out
    out[positions < 0] = np.nan
    timed = np.flatnonzero(positions >= 0)
    names = [block.slots[slot].name for slot in slots.tolist()]
    delegated = np.array([block.slots[int(slots[row])].is_delegated for row in timed], np.bool_)
    groups: list[tuple[Ints, str | None]] = [(timed[~delegated], None)]
    inside = timed[delegated]
    if clock.delegate_converter is None:
        groups.append((inside, ""))
    else:
        groups += [(inside[i : i + 1], names[row]) for i, row in enumerate(inside.tolist())]
    for rows, name in groups:
        if len(rows):
            _fill(out, rows, positions[rows], block, clock, runs, name)
    return out


def _fill(
    out: Reals,
    rows: Ints,
    columns: Ints,
    block: Block,
    clock: Clock,
    runs: Ints,
    name: str | None,
) -> None:
    """Durations at these columns of each run, turned from a row per run to a row per slot."""
    trace = block.trace
    whole = len(rows) == len(out)
    for low in range(0, len(runs), _RUNS):
        some = runs[low : low + _RUNS]
        start, end = trace.times.of_runs(some, trace.runs.first_event[some], columns)
        part = clock.durations(start, end, name).T
        if whole:
            out[:, low : low + _RUNS] = part
        else:
            out[rows, low : low + _RUNS] = part
