"""The slices of a whole trace: every run, every event with a time."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from etscope.dashboard.timeline.depths import depths_of
from etscope.dashboard.timeline.keys import Keys, keys_of_rows, keys_of_slots
from etscope.dashboard.timeline.lanes import DELEGATE, RUNTIME, Lanes
from etscope.dashboard.timeline.slices import Slices, joined, shallow
from etscope.dashboard.timeline.ticks import RunClock, on_the_clock_of_calls
from etscope.etdump.columns import EventShape, Ints, Words
from etscope.inspector.blocks import Block, Part
from etscope.inspector.durations import Clock
from etscope.inspector.latency_report import LatencyReport
from etscope.inspector.nesting import is_delegated, parents_of
from etscope.inspector.statistics import Reals
from etscope.inspector.units import TimeScale, ticks_per_unit

#: Runs times events turned over in one go.
_CHUNK = 1 << 20


@dataclass(eq=False)
class Gathered:
    """What a trace holds, not yet in rows. `untimed`: events whose clock ran backwards."""

    slices: Slices
    keys: Keys
    lanes: Lanes
    untimed: int


@dataclass(eq=False)
class _Gathering:
    report: LatencyReport
    source: TimeScale
    clock: RunClock
    keys: Keys = field(default_factory=Keys)
    lanes: Lanes = field(default_factory=Lanes)
    parts: list[Slices] = field(default_factory=list)
    untimed: int = 0

    @property
    def slack(self) -> int:
        """Ticks of a microsecond: clocks of backends are often that coarse. In cycles: none."""
        cycles = self.source is TimeScale.CYCLES
        return 0 if cycles else max(1, round(ticks_per_unit(self.source, TimeScale.US)))


def gathered(report: LatencyReport, source: TimeScale = TimeScale.NS) -> Gathered:
    """Every event with a time of the recording that a report is about.

    Args:
        source: the unit of the trace's clock; durations are in its ticks.
    """
    recording = report.recording
    work = _Gathering(report, source, RunClock.of(recording.trace))
    numbers = {id(item.block): number for number, item in enumerate(report.methods)}
    for block in recording.blocks:
        number = numbers.get(id(block))
        if number is None:
            key_of_slot = keys_of_slots(work.keys, block)
        else:
            key_of_slot = keys_of_rows(work.keys, report, number, source)
        for part in block.parts:
            _add_part(work, block, part, key_of_slot, number)
    return Gathered(joined(work.parts), work.keys, work.lanes, work.untimed)


def _add_part(
    work: _Gathering, block: Block, part: Part, key_of_slot: list[int], number: int | None
) -> None:
    """The runs of one shape, so many at a time."""
    shape = block.trace.shapes[int(block.trace.runs.shape[part.runs[0]])]
    key = np.full(len(shape), -1, np.int64)
    for slot, place in enumerate(part.slots):
        key[list(place.profile)] = key_of_slot[slot]
    step = max(1, _CHUNK // max(len(shape), 1))
    start, end = _times(block, part.runs[:step], len(shape))
    typical = int((start <= end).all(axis=1).argmax())
    parents = parents_of(shape, start[typical], end[typical])
    depth = depths_of(shape, parents, start[typical], end[typical])
    lane = _lane_of_events(work, block, shape, key_of_slot, part, number)
    for low in range(0, len(part.runs), step):
        runs = part.runs[low : low + step]
        _add_runs(work, block, shape, runs, parents, (key, lane, depth))


def _times(block: Block, runs: Ints, events: int) -> tuple[Words, Words]:
    first = block.trace.runs.first_event[runs]
    return block.trace.times.of_runs(runs, first, np.arange(events))


def _lane_of_events(
    work: _Gathering,
    block: Block,
    shape: EventShape,
    key_of_slot: list[int],
    part: Part,
    number: int | None,
) -> Ints:
    """Per event of a shape the number of its lane."""
    method = block.method
    lane = np.full(len(shape), work.lanes.index(method, RUNTIME), np.int64)
    for slot, place in enumerate(part.slots):
        if not place.is_delegated or not place.profile:
            continue
        backend = None
        if number is not None:
            backend = work.report.methods[number].rows.backend[work.keys.row[key_of_slot[slot]]]
        lane[list(place.profile)] = work.lanes.index(method, DELEGATE, backend)
    return lane


def _add_runs(
    work: _Gathering,
    block: Block,
    shape: EventShape,
    runs: Ints,
    parents: Ints,
    columns: tuple[Ints, Ints, Ints],
) -> None:
    key, lane, depth = columns
    start, end = _times(block, runs, len(shape))
    duration = Clock(work.source, work.source).durations(start, end, None)
    inside = is_delegated(shape)
    begins = work.clock.unwrapped(start, runs)
    if inside.any():
        begins, moved = on_the_clock_of_calls(begins, duration, parents, inside, work.slack)
        for number in np.unique(lane[inside]).tolist():
            work.lanes.found[number].moved += int(moved[inside & (lane == number)].sum())
    timed = key >= 0
    known = np.isfinite(duration[:, timed])
    work.untimed += int((~known).sum())
    made = _flat(begins[:, timed], duration[:, timed], runs, key[timed], lane[timed], depth[timed])
    work.parts.append(made.take(known.ravel()) if not known.all() else made)


def _flat(start: Words, duration: Reals, runs: Ints, key: Ints, lane: Ints, depth: Ints) -> Slices:
    """One row per event, run after run."""
    count = len(runs)
    return Slices(
        start=start.ravel(),
        duration=duration.ravel(),
        key=np.tile(key.astype(np.uint32), count),
        run=np.repeat(runs.astype(np.uint32), len(key)),
        lane=np.tile(lane.astype(np.uint32), count),
        depth=np.tile(shallow(depth), count),
    )
