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
            out[backwards] = np.where((s < _WRAP) & (e < _WRAP), wrapped, np.nan)
        return out

    def _converted(self, start: Words, end: Words, name: str, convert: DelegateConverter) -> Reals:
        pairs = zip(start.ravel().tolist(), end.ravel().tolist(), strict=True)
        times = [float(convert(name, e)) - float(convert(name, s)) for s, e in pairs]
        return np.array(times, np.float64).reshape(start.shape)


def slot_durations(block: Block, slot: int, clock: Clock) -> Reals:
    """All samples of one slot, run after run."""
    rows = block.rows(slot)
    this = block.slots[slot]
    name = this.name if this.is_delegated else None
    return clock.durations(block.trace.start[rows], block.trace.end[rows], name)


def block_statistics(block: Block, clock: Clock, runs: Ints | None = None) -> Statistics:
    """Statistics of every slot of a block; rows as `block.slots`.

    Args:
        runs: only these runs of the block (ascending); None: all. Only for
            blocks with one sample per run and slot are they narrowed down.
    """
    if block.positions is not None:
        return statistics_of(duration_matrix(block, clock, runs))
    chosen = [_of_runs(block, slot, runs) for slot in range(len(block.slots))]
    parts = []
    for slot, rows in enumerate(chosen):
        this = block.slots[slot]
        name = this.name if this.is_delegated else None
        start, end = block.trace.start[rows], block.trace.end[rows]
        parts.append(statistics_of(clock.durations(start, end, name)[None, :]))
    return _stack(parts)


def totals(block: Block, clock: Clock, runs: Ints) -> Reals:
    """Mean time of every slot per inference over these runs (ascending); NaN: not timed."""
    if block.positions is not None:
        return np.asarray(duration_matrix(block, clock, runs).mean(axis=1))
    out = np.full(len(block.slots), np.nan)
    for slot, this in enumerate(block.slots):
        rows = _of_runs(block, slot, runs)
        name = this.name if this.is_delegated else None
        times = clock.durations(block.trace.start[rows], block.trace.end[rows], name)
        if len(rows):
            out[slot] = times.sum() / len(runs)
    return out


def _of_runs(block: Block, slot: int, runs: Ints | None) -> Ints:
    rows = block.rows(slot)
    if runs is None:
        return rows
    of_run = np.searchsorted(block.trace.runs.first_event, rows, side="right") - 1
    return rows[np.isin(of_run, runs)]


def _stack(parts: list[Statistics]) -> Statistics:
    names = Statistics.__dataclass_fields__
    return Statistics(*(np.concatenate([getattr(p, n) for p in parts]) for n in names))


def duration_matrix(block: Block, clock: Clock, runs: Ints | None = None) -> Reals:
    """(slots, runs) durations of a block with one sample per run and slot; NaN: not timed."""
    positions = block.positions
    if positions is None:
        raise ValueError("the slots of this block have several samples a run")
    runs = block.runs if runs is None else runs
    out = np.full((len(positions), len(runs)), np.nan)
    timed = np.flatnonzero(positions >= 0)
    columns = positions[timed]
    names = [block.slots[row].name if block.slots[row].is_delegated else None for row in timed]
    delegated = np.array([name is not None for name in names], np.bool_)
    for low in range(0, len(runs), _RUNS):
        start, end = _gather(block, runs[low : low + _RUNS], columns)
        part = np.empty(start.shape)
        part[:, ~delegated] = clock.durations(start[:, ~delegated], end[:, ~delegated], None)
        if clock.delegate_converter is None:
            part[:, delegated] = clock.durations(start[:, delegated], end[:, delegated], "")
        else:
            for column in np.flatnonzero(delegated).tolist():
                name = names[column]
                part[:, column] = clock.durations(start[:, column], end[:, column], name)
        out[timed, low : low + _RUNS] = part.T
    return out


def _gather(block: Block, runs: Ints, columns: Ints) -> tuple[Words, Words]:
    """(runs, columns) start and end ticks."""
    trace = block.trace
    first = trace.runs.first_event[runs]
    steps = np.diff(first)
    if len(steps) and (steps == steps[0]).all() and runs[-1] - runs[0] == len(runs) - 1:
        # Runs that follow each other are one block of memory.
        span = slice(int(first[0]), int(first[0] + steps[0] * len(runs)))
        shape = (len(runs), int(steps[0]))
        whole = (trace.start[span].reshape(shape), trace.end[span].reshape(shape))
        if len(columns) == shape[1] and (np.diff(columns) == 1).all():
            return whole
        return whole[0][:, columns], whole[1][:, columns]
    rows = first[:, None] + columns
    return trace.start[rows], trace.end[rows]


def raw_ticks(block: Block, slot: int) -> NDArray[np.uint64]:
    """Start ticks of all samples of one slot, run after run."""
    return block.trace.start[block.rows(slot)]
