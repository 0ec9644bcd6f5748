"""Bytes in use as counters of a Chrome trace, beside the operators that change them.

The format is the JSON object form of the Trace Event Format: `C` events are counters,
`X` complete events, `M` metadata; `ts` and `dur` are microseconds. Perfetto opens it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from etscope.etdump.columns import Ints
from etscope.inspector.memory.method_memory import MethodMemory
from etscope.inspector.memory.plan import Role
from etscope.inspector.memory.report import MemoryReport

#: Each step takes so long where no run was timed.
_STEP_US = 1.0


def counter_trace(report: MemoryReport) -> dict[str, Any]:
    """One process per method: its instructions as slices, and counters per arena and role.

    Without a timed run a step takes a microsecond; `otherData.time` says which.
    """
    events: list[dict[str, Any]] = []
    for pid, memory in enumerate(report.methods, start=1):
        events += _method_events(memory, pid)
    return {
        "traceEvents": events,
        "displayTimeUnit": "ns",
        "otherData": {
            "schema": "etscope.memory_counters",
            "bytes": "planned",
            "time": {memory.name: "steps: 1 us per instruction" for memory in report.methods},
        },
    }


def _method_events(memory: MethodMemory, pid: int) -> list[dict[str, Any]]:
    plan = memory.plan
    edges = (np.arange(plan.instructions + 3) - 1) * _STEP_US
    edges -= edges[0]
    starts = edges.tolist()
    events: list[dict[str, Any]] = [
        _named("process_name", pid, f"{memory.name}: planned memory"),
        _named("thread_name", pid, "instructions"),
    ]
    for step, op in enumerate(plan.method.operator_of_instruction):
        begin = starts[step + 1]
        events.append(
            {
                "ph": "X",
                "name": op,
                "cat": "instruction",
                "pid": pid,
                "tid": 1,
                "ts": begin,
                "dur": starts[step + 2] - begin,
                "args": _arguments(memory, step),
            }
        )
    for use in plan.arenas:
        series = {"live_bytes": use.live_bytes}
        events += _counter(f"arena {use.arena}: bytes in use", pid, starts, series)
    events += _counter("bytes alive by role", pid, starts, bytes_by_role(memory))
    return events


def _named(what: str, pid: int, name: str) -> dict[str, Any]:
    return {"ph": "M", "name": what, "pid": pid, "tid": 1, "ts": 0.0, "args": {"name": name}}


def _arguments(memory: MethodMemory, step: int) -> dict[str, Any]:
    traffic = memory.traffic
    figures = {name: int(column[step]) for name, column in traffic._asdict().items()}
    place = {key: text for key, text in memory.place_of_step(step).items() if text}
    return {"instruction": memory.number_text(step), **place, **figures}


def _counter(
    name: str, pid: int, starts: list[float], series: dict[str, Ints]
) -> list[dict[str, Any]]:
    """An event where any of the series changes, and one at the end."""
    columns = np.stack(list(series.values()), 1)
    changed = np.ones(len(columns), np.bool_)
    changed[1:] = (columns[1:] != columns[:-1]).any(1)
    changed[-1] = True
    return [
        {
            "ph": "C",
            "name": name,
            "pid": pid,
            "tid": 0,
            "ts": starts[step],
            "args": dict(zip(series, columns[step].tolist(), strict=True)),
        }
        for step in np.flatnonzero(changed).tolist()
    ]


def bytes_by_role(memory: MethodMemory) -> dict[str, Ints]:
    """Bytes alive per step by role, each value for itself but views; (instructions + 2,).

    Where values overlap on purpose the sum is more than the bytes in use.
    """
    plan = memory.plan
    own = (plan.shows == np.arange(len(plan))) & (plan.first <= plan.last)
    out = {}
    for role in Role:
        rows = np.flatnonzero(own & (plan.role == role) & (plan.size_bytes > 0))
        if not len(rows):
            continue
        change = np.zeros(plan.instructions + 3, np.int64)
        np.add.at(change, plan.first[rows] + 1, plan.size_bytes[rows])
        np.add.at(change, plan.last[rows] + 2, -plan.size_bytes[rows])
        out[role.name.lower()] = np.cumsum(change[:-1])
    return out or {"live_bytes": plan.live_bytes}
