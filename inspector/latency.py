"""Where the time of an inference goes, operator by operator.

All times are measured, in the clock's target unit (milliseconds unless asked
otherwise), over the inferences that were no warm-up. Statistics are over all
of those; totals and shares, which add up, are means over the middle half of
them by time. What is computed from measured times is derived, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from etscope.etdump.columns import EventShape, Ints, Words
from etscope.etdump.methods import Method
from etscope.inspector.blocks import Block
from etscope.inspector.durations import Clock, block_statistics, slot_durations, totals
from etscope.inspector.nesting import parents_of, runs_that_nest
from etscope.inspector.operators import METHOD_EVENT, OperatorRows, operator_rows
from etscope.inspector.recording import Recording
from etscope.inspector.statistics import Reals, middle_half

#: Events looked at to check that all runs nest as the chosen one does.
_CHECKED = 1 << 20
#: Runs looked at to find one in which no clock wraps.
_TRIED = 16


@dataclass(frozen=True, eq=False)
class MethodLatency:
    """The inferences of one block: same method, same sequence of events."""

    method: str | None  # None: not known
    how: str  # how the method is known, see MethodsOfRuns
    block: Block
    runs: Ints  # the inferences that were counted
    warmup_runs: int  # and how many were left out
    typical: Ints  # those of `runs` whose time lies between the quartiles: what totals are over
    not_nesting: int  # counted inferences whose events lie differently inside each other
    rows: OperatorRows
    samples: Reals  # of the method, one per counted inference, in the order in which they ran
    unit: str

    @property
    def mean(self) -> float:
        """Mean time of the method over the typical inferences; NaN where it was not timed."""
        timed = len(self.rows) and self.rows.kind[0] == "method"
        return float(self.rows.total[0]) if timed else float("nan")

    @property
    def unexplained(self) -> float:
        """Derived: the method's mean less everything right under it."""
        return self.mean - float(np.nansum(self.rows.total[self.rows.top]))


def latencies(recording: Recording, clock: Clock | None = None) -> list[MethodLatency]:
    """The latency of every kind of inference in a recording, the most time first."""
    clock = clock or Clock()
    inferences = set(recording.inferences.tolist())
    found = [
        _of_block(recording, block, clock)
        for block in recording.blocks
        if int(block.runs[0]) in inferences
    ]
    return sorted(found, key=lambda item: -float(np.nan_to_num(item.mean)) * len(item.runs))


def _of_block(recording: Recording, block: Block, clock: Clock) -> MethodLatency:
    warm = recording.warmup[block.runs]
    # Where everything was warm-up, that is what there is to show.
    runs = block.runs if warm.all() else block.runs[~warm]
    chosen = None if len(runs) == len(block.runs) else runs
    order, parent = _tree(block, runs)
    statistics = block_statistics(block, clock, chosen)
    samples = _method_samples(block, clock, runs)
    typical = runs[middle_half(samples)] if len(samples) == len(runs) else runs
    total = totals(block, clock, typical)
    method = _program_method(recording, block)
    return MethodLatency(
        method=block.method,
        how=recording.methods.how[int(block.runs[0])],
        block=block,
        runs=runs,
        warmup_runs=len(block.runs) - len(runs),
        not_nesting=_not_nesting(block, runs),
        typical=typical,
        rows=operator_rows(block, order, parent, method, statistics, total, len(runs)),
        samples=samples,
        unit=clock.target.value,
    )


def _program_method(recording: Recording, block: Block) -> Method | None:
    if recording.program is None:
        return None
    return next((m for m in recording.program.methods if m.name == block.method), None)


def slots_of_rows(block: Block) -> list[int]:
    """For each row of a block's events its slot: those with timings, the method first."""
    timed = [index for index, slot in enumerate(block.slots) if slot.profile]
    return sorted(timed, key=lambda index: block.slots[index].name != METHOD_EVENT)


def _tree(block: Block, runs: Ints) -> tuple[Ints, Ints]:
    """(slots with timings, the method first; for each the row above it, -1 for none)."""
    part = block.parts[0]
    counted = part.runs[np.isin(part.runs, runs)]
    parents = parents_of(*_events(block, counted if len(counted) else part.runs))
    slot_of = {row: index for index, slot in enumerate(part.slots) for row in slot.profile}
    order = slots_of_rows(block)
    place = {slot: position for position, slot in enumerate(order)} | {-1: -1}
    # The last event of a slot: its parent comes after it, so no slot ends up inside itself.
    above = [slot_of.get(int(parents[part.slots[slot].profile[-1]]), -1) for slot in order]
    return np.array(order, np.int64), np.array([place[slot] for slot in above], np.int64)


def _events(block: Block, runs: Ints) -> tuple[EventShape, Words, Words]:
    """The events of one of these runs, which have one shape: of the first whose clock goes on."""
    trace = block.trace
    shape = trace.shapes[int(trace.runs.shape[runs[0]])]
    start, end = _times(block, runs[:_TRIED], len(shape))
    run = int((start <= end).all(axis=1).argmax())
    return shape, start[run], end[run]


def _times(block: Block, runs: Ints, events: int) -> tuple[Words, Words]:
    """(runs, events) ticks of runs of one shape."""
    first = block.trace.runs.first_event[runs]
    return block.trace.times.of_runs(runs, first, np.arange(events))


def _not_nesting(block: Block, runs: Ints) -> int:
    """How many of the counted runs nest differently, among the first million events of a part."""
    count = 0
    for part in block.parts:
        some = part.runs[np.isin(part.runs, runs)]
        if not len(some):
            continue
        shape, start, end = _events(block, some)
        parents = parents_of(shape, start, end)
        some = some[: max(1, _CHECKED // len(shape))]
        nests = runs_that_nest(shape, parents, *_times(block, some, len(shape)))
        count += int((~nests).sum())
    return count


def _method_samples(block: Block, clock: Clock, runs: Ints) -> Reals:
    """One per run: the time of the method, of all its calls where a run has several."""
    for index, slot in enumerate(block.slots):
        if slot.name == METHOD_EVENT and slot.profile:
            samples = slot_durations(block, index, clock)
            first = block.trace.runs.first_event
            of_run = np.searchsorted(first, block.rows(index), side="right") - 1
            each = np.zeros(len(block.runs))
            np.add.at(each, np.searchsorted(block.runs, of_run), samples)
            return np.asarray(each[np.isin(block.runs, runs)])
    return np.zeros(0)
