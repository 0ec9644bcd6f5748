"""What can be asked of an opened trace by its name: reports as JSON, events as columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etscope.dashboard.library.opened import Opened
from etscope.dashboard.library.reports import latency_of, memory_of, program_of, source_of
from etscope.dashboard.server.jobs import Progress
from etscope.dashboard.server.wire import EXACT
from etscope.etdump.columns import Kind
from etscope.etdump.errors import TraceError


@dataclass(frozen=True, eq=False)
class Columns:
    """An answer of columns: what they are about, and arrays of one length or of several."""

    head: Mapping[str, Any]
    columns: Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Framed:
    """An answer whose columns are packed already: a head of JSON in ASCII, and their bytes."""

    head: str
    data: bytes


#: Makes an answer; a mapping is sent as JSON. It says how far it is, which may cancel it.
Maker = Callable[[Opened, Progress], Mapping[str, Any] | Columns | Framed]


def latency(opened: Opened, progress: Progress) -> Mapping[str, Any]:
    """The latency report; see docs/schemas/latency.json."""
    progress.step(0.1, "joining events with operators")
    report = latency_of(opened)
    progress.step(0.7, "writing the rows")
    return report.to_json()


def program(opened: Opened, progress: Progress) -> Mapping[str, Any]:
    """The report on the program; see docs/schemas/program.json."""
    progress.step(0.1, "looking into the program")
    report = program_of(opened)
    return report.to_json(source_of(opened, report.program))


def memory(opened: Opened, progress: Progress) -> Mapping[str, Any]:
    """The report on memory; see docs/schemas/memory.json."""
    progress.step(0.1, "laying out the memory plan")
    report = memory_of(opened)
    progress.step(0.7, "writing the rows")
    return report.to_json(source_of(opened, report.program))


def timeline(opened: Opened, progress: Progress) -> Framed:
    """The slices that the canvas of the timeline draws: header and columns of their own format."""
    from etscope.dashboard.timeline.columns import timeline_of

    progress.step(0.1, "joining events with operators")
    report = latency_of(opened)
    progress.step(0.4, "laying out the slices")
    found = timeline_of(report)
    return Framed(found.header_json, found.data)


def events(opened: Opened, progress: Progress) -> Columns:
    """Every event in file order.

    `start` and `end` count ticks from `origin_ticks`; `name` and `delegate_name`
    are places in `strings`, -1 where there is none.
    """
    if opened.recording is None:
        raise TraceError(
            "a program has no events", path=opened.entry.place, cure="Record a run of it."
        )
    trace = opened.recording.trace
    progress.step(0.1, "reading the events")
    rows = trace.events
    timed = rows.kind == Kind.PROFILE
    origin = np.uint64(rows.start[timed].min() if timed.any() else 0)
    progress.step(0.5, "packing the columns")
    # A clock that went back gives a negative distance, not one of 2^64.
    start, end = (
        np.where(timed, (times - origin).view(np.int64), 0) for times in (rows.start, rows.end)
    )
    columns: dict[str, NDArray[Any]] = {
        "run": rows.run,
        "kind": rows.kind,
        "name": rows.name,
        "chain": rows.chain,
        "instruction": rows.instruction,
        "delegate_id": rows.delegate_id,
        "delegate_name": rows.delegate_name,
        "start": start,
        "end": end,
    }
    head = {
        "strings": list(trace.strings),
        "origin_ticks": str(origin),  # as text: it may pass what JSON numbers hold
        "exact_below": EXACT,
        "runs": {"name": trace.runs.name.tolist(), "first_event": trace.runs.first_event.tolist()},
    }
    return Columns(head, columns)


#: The answers that every dashboard gives.
MAKERS: Mapping[str, Maker] = {
    "latency": latency,
    "memory": memory,
    "program": program,
    "timeline": timeline,
    "events": events,
}
