"""The unit in which the times of a trace read best, and the one that its clock ticks in."""

from __future__ import annotations

import numpy as np

from etscope.etdump.errors import UsageError
from etscope.inspector.blocks import Block
from etscope.inspector.durations import Clock, slot_durations
from etscope.inspector.operators import METHOD_EVENT
from etscope.inspector.recording import Recording
from etscope.inspector.units import TimeScale

#: A method that takes less nanoseconds than this is shown in the unit beside it.
_FITTING = ((1e3, TimeScale.NS), (1e6, TimeScale.US), (1e9, TimeScale.MS), (np.inf, TimeScale.S))


def source_unit(recording: Recording, asked: str | None) -> TimeScale:
    """What a tick of the trace is: as asked, else as a bundle says, else nanoseconds.

    Raises:
        UsageError: the bundle names a unit that is none.
    """
    if asked is not None:
        return TimeScale(asked)
    told = recording.bundle.manifest.clock.get("unit", "ns") if recording.bundle else "ns"
    known = {scale.value: scale for scale in TimeScale}
    if told not in known:
        raise UsageError(
            f"the bundle's clock ticks in {told!r}, which is none of {', '.join(known)}: "
            "say what a tick is with --source-unit."
        )
    return known[told]


def fitting_unit(recording: Recording, source: TimeScale) -> TimeScale:
    """The unit in which the slowest method's median reads as a number between 1 and 1000."""
    if source is TimeScale.CYCLES:
        return source
    inferences = set(recording.inferences.tolist())
    blocks = [block for block in recording.blocks if int(block.runs[0]) in inferences]
    clock = Clock(source, TimeScale.NS)
    slowest = max((_nanoseconds(block, clock) for block in blocks), default=0.0)
    if slowest <= 0:
        return TimeScale.MS
    return next(scale for limit, scale in _FITTING if slowest < limit)


def _nanoseconds(block: Block, clock: Clock) -> float:
    """Median of the method, or of the slowest event where the method was not timed."""
    timed = [index for index, slot in enumerate(block.slots) if slot.profile]
    method = [index for index in timed if block.slots[index].name == METHOD_EVENT]
    medians = []
    for index in method or timed:
        samples = slot_durations(block, index, clock)
        samples = samples[~np.isnan(samples)]
        medians.append(float(np.median(samples)) if len(samples) else 0.0)
    return max(medians, default=0.0)


def clock_for(recording: Recording, source: str | None, shown: str | None) -> Clock:
    """The clock of a recording; without `shown` its unit is milliseconds, or cycles for cycles.

    Raises:
        UsageError: as `source_unit`, or cycles on one side only.
    """
    ticks = source_unit(recording, source)
    if shown is not None:
        clock = Clock(ticks, TimeScale(shown))
    else:
        clock = Clock(ticks, ticks if ticks is TimeScale.CYCLES else TimeScale.MS)
    assert clock.scale > 0  # raises ClockMismatch here rather than half-way through a report
    return clock
