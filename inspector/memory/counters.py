"""Bytes in use as counters of a Chrome trace, beside the operators that change them.

The format is the JSON object form of the Trace Event Format: `C` events are counters,
`X` complete events, `M` metadata; `ts` and `dur` are microseconds. Perfetto opens it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from etscope.etdump.columns import Ints
from etscope.inspector.latency import MethodLatency
from etscope.inspector.memory.method_memory import MethodMemory
from etscope.inspector.memory.plan import Role
from etscope.inspector.memory.report import MemoryReport
from etscope.inspector.statistics import Reals
from etscope.inspector.units import TimeScale, ticks_per_unit

#: Each step takes so long where no run was timed.
_STEP_US = 1.0
_STEPS = "steps: 1 us per instruction"
_MEASURED = "measured: mean time of each instruction per inference, one behind the other"


def counter_trace(report: MemoryReport) -> dict[str, Any]:
    """One process per method: its instructions as slices, and counters per arena and role.

    Where the method was timed, slices are as long as their instructions took; else a
    step is a microsecond long. `otherData.time` says which.
    """
    events: list[dict[str, Any]] = []
    times: dict[str, str] = {}
    for pid, memory in enumerate(report.methods, start=1):
        timed = next((one for one in report.timed if one.method == memory.name), None)
        taken = None if timed is None else _measured_us(memory, timed)
        times[memory.name] = _STEPS if taken is None else _MEASURED
        if taken is None:
            taken = np.full(memory.plan.instructions, _STEP_US)
        events += _method_events(memory, pid, taken)
    return {
        "traceEvents": events,
        "displayTimeUnit": "ns",
        "otherData": {"schema": "etscope.memory_counters", "bytes": "planned", "time": times},
    }


def _measured_us(memory: MethodMemory, timed: MethodLatency) -> Reals | None:
    """Microseconds of each instruction per inference, 0 where not timed; None: in cycles."""
    scale, rows = TimeScale(timed.unit), timed.rows
    if scale is TimeScale.CYCLES:
        return None
    table = memory.plan.method.instructions
    places = zip(table.chain.tolist(), table.instruction.tolist(), strict=True)
    step_of = {place: step for step, place in enumerate(places)}
    out = np.zeros(memory.plan.instructions)
    keys = zip(rows.chain.tolist(), rows.instruction.tolist(), strict=True)
    for row, place in enumerate(keys):
        step = step_of.get(place)
        # A kernel's event lies inside that of its instruction, which is the longer one.
        if step is not None and rows.delegate_id[row] is None and rows.total[row] > out[step]:
            out[step] = rows.total[row]
    return out * ticks_per_unit(TimeScale.US, scale)


def _method_events(memory: MethodMemory, pid: int, taken: Reals) -> list[dict[str, Any]]:
    """The events of one method; before the first instruction and behind the last is a step."""
    plan = memory.plan
    starts = np.concatenate([[0.0, _STEP_US], _STEP_US + np.cumsum(taken)]).tolist()
    events: list[dict[str, Any]] = [
        _named("process_name", pid, f"{memory.name}: planned memory"),
        _named("thread_name", pid, "instructions"),
    ]
    for step in range(plan.instructions):
        events.append(
            {
                "ph": "X",
                "name": memory.operator_text(step),
                "cat": "instruction",
                "pid": pid,
                "tid": 1,
                "ts": starts[step + 1],
                "dur": float(taken[step]),
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
    row, first, last = plan.present
    own = (plan.shows[row] == row) & (plan.size_bytes[row] > 0)
    out: dict[str, Ints] = {}
    for role in Role:
        spans = np.flatnonzero(own & (plan.role[row] == role))
        if not len(spans):
            continue
        change = np.zeros(plan.instructions + 3, np.int64)
        np.add.at(change, first[spans] + 1, plan.size_bytes[row[spans]])
        np.add.at(change, last[spans] + 2, -plan.size_bytes[row[spans]])
        out[role.name.lower()] = np.cumsum(change[:-1])
    return out or {"live_bytes": plan.live_bytes}
