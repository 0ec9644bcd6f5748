"""A tensor pass as a trace: the debug events of each operator, then its profile event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from etscope.devtools.capture.recording import LOAD_EVENTS, Load, event_names
from etscope.devtools.capture.tensor_log import TensorLog
from etscope.etdump.columns import Kind, Trace
from etscope.etdump.shapes import trace_of


class LoggedRun(NamedTuple):
    """One inference of a tensor pass."""

    method: str
    readings: tuple[int, ...]  # start and end per instruction, then of the whole run, in ns
    logged: range  # which events of the log are its own


class _Rows(NamedTuple):
    """Consecutive events, one array per column."""

    kind: NDArray[np.int64]
    name: NDArray[np.int64]
    chain: NDArray[np.int64]
    instruction: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]


def tensor_trace(
    loads: Sequence[Load],
    operators: Mapping[str, Sequence[str]],
    runs: Sequence[LoggedRun],
    log: TensorLog,
) -> Trace:
    """Assemble the trace of a tensor pass.

    Args:
        loads: clock readings of the method loads, in order.
        operators: per method the names of its instructions.
        runs: the inferences, in order.
        log: what they logged.
    """
    texts = dict.fromkeys(["Default", *LOAD_EVENTS, "Execute"])
    for names in operators.values():
        texts.update(dict.fromkeys(event_names(names)))
    index = {text: position for position, text in enumerate(texts)}
    named = {
        method: np.array([index[name] for name in event_names(names)])
        for method, names in operators.items()
    }
    blocks = [_load_rows(load, [index[name] for name in LOAD_EVENTS]) for load in loads]
    blocks += [_run_rows(run, named[run.method], log) for run in runs]
    nothing = _Rows(*(np.zeros(0, np.int64) for _ in _Rows._fields))
    columns = _Rows(*map(np.concatenate, zip(nothing, *blocks, strict=True)))
    absent = np.full(len(columns.kind), -1)
    return trace_of(
        list(texts),
        [index["Default"]] * len(loads) + [index["Execute"]] * len(runs),
        [len(block.kind) for block in blocks],
        delegate_id=absent,
        delegate_name=absent,
        values=log.columns(np.flatnonzero(columns.kind == Kind.DEBUG)),
        **columns._asdict(),
    )


def _load_rows(load: Load, names: Sequence[int]) -> _Rows:
    times = np.array(load)
    framework = np.zeros(2, np.int64)
    kind = np.full(2, int(Kind.PROFILE))
    return _Rows(kind, np.array(names), framework - 1, framework, times[:, 0], times[:, 1])


def _run_rows(run: LoggedRun, names: NDArray[np.int64], log: TensorLog) -> _Rows:
    """Profile and debug events of one inference, in the order of a real dump."""
    times = np.array(run.readings).reshape(-1, 2)
    events = log.events[run.logged.start : run.logged.stop]
    of = np.array([event.instruction for event in events], np.int64)
    is_output = np.array([event.is_output for event in events], np.bool_)
    profiled, logged = len(names), len(events)
    zeros = np.zeros(logged, np.int64)
    instruction = np.append(np.arange(profiled), of)
    # An operator's values come before its profile event; outputs come after Method::execute.
    order = np.argsort(
        np.append(2 * np.arange(profiled) + 1, np.where(is_output, 2 * profiled, 2 * of)),
        kind="stable",
    )
    chain = np.append(np.zeros(profiled, np.int64), np.where(is_output, -1, 0))
    chain[profiled - 1] = -1
    instruction[profiled - 1] = 0
    return _Rows(
        kind=np.repeat([int(Kind.PROFILE), int(Kind.DEBUG)], [profiled, logged])[order],
        name=np.append(names, zeros - 1)[order],
        chain=chain[order],
        instruction=instruction[order],
        start=np.append(times[:, 0], zeros)[order],
        end=np.append(times[:, 1], zeros)[order],
    )
