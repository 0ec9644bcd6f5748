"""What can be asked of an opened trace by its name: reports as JSON, events as columns."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etscope.dashboard.library.opened import Opened
from etscope.dashboard.server.jobs import Progress
from etscope.dashboard.server.wire import EXACT
from etscope.etdump.bundle import PROGRAM
from etscope.etdump.columns import Kind
from etscope.etdump.errors import TraceError


@dataclass(frozen=True, eq=False)
class Columns:
    """An answer of columns: what they are about, and arrays of one length or of several."""

    head: Mapping[str, Any]
    columns: Mapping[str, NDArray[Any]]


#: Makes an answer; a mapping is sent as JSON. It says how far it is, which may cancel it.
Maker = Callable[[Opened, Progress], Mapping[str, Any] | Columns]


def latency(opened: Opened, progress: Progress) -> Mapping[str, Any]:
    """The latency report; see docs/schemas/latency.json."""
    progress.step(0.1, "joining events with operators")
    report = opened.latency
    progress.step(0.7, "writing the rows")
    return report.to_json()


def program(opened: Opened, progress: Progress) -> Mapping[str, Any]:
    """The report on the program; see docs/schemas/program.json."""
    from etscope.inspector.program.report import program_report

    found = opened.program
    if found is None:
        cure = "Open the .pte itself, or a bundle that has it."
        raise TraceError("no program came with this trace", path=opened.entry.place, cure=cure)
    progress.step(0.1, "looking into the program")
    report = opened.answer("program", lambda: program_report(found))
    name = PROGRAM if opened.recording is not None else opened.entry.name
    digest = hashlib.sha256(found.file.data).hexdigest()
    return report.to_json({"path": opened.entry.place, "sha256": {name: digest}})


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
MAKERS: Mapping[str, Maker] = {"latency": latency, "program": program, "events": events}
