"""Latency reports of traces built by hand."""

from __future__ import annotations

import traces
from traces import Event, Run, event, inference

from etscope.inspector.latency import MethodLatency
from etscope.inspector.latency_report import LatencyReport, latency_report
from etscope.inspector.methods import methods_of_runs
from etscope.inspector.recording import Recording

_US = 1000  # nanoseconds


def report_of(*runs: Run, source: str = "trace.etdp", notes: tuple[str, ...] = ()) -> LatencyReport:
    """The report of a bare trace with these runs."""
    trace = traces.trace_of_runs(*runs)
    methods = methods_of_runs(trace, None, None, ())
    return latency_report(Recording(source, trace, None, None, methods, notes))


def latency_of(*runs: Run) -> MethodLatency:
    """The latency of the only kind of inference of these runs."""
    (latency,) = report_of(*runs).methods
    return latency


def method(microseconds: int, *inside: Event) -> Run:
    """An inference of so many microseconds. The runtime writes an event when it ends."""
    return inference(*inside, event("Method::execute", 0, microseconds * _US))


def operator(name: str, instruction: int, start: int, end: int) -> tuple[Event, Event]:
    """An operator and its kernel, which takes 1 µs less at either end."""
    kernel = event(
        f"native_call_{name}", (start + 1) * _US, (end - 1) * _US, instruction=instruction
    )
    return kernel, event("OPERATOR_CALL", start * _US, end * _US, instruction=instruction)


def delegate(instruction: int, start: int, end: int, *names: str) -> tuple[Event, ...]:
    """A delegate call that reports these operations, 1 µs each, from its start on."""
    inside = [
        event(
            None, (start + at) * _US, (start + at + 1) * _US, instruction=instruction, delegate=name
        )
        for at, name in enumerate(names)
    ]
    call = event("DELEGATE_CALL", start * _US, end * _US, instruction=instruction)
    return (*inside, call)


def mixed(microseconds: int = 100) -> Run:
    """An inference with two operators, a delegate with two operations, and 20 µs of nothing."""
    return method(
        microseconds,
        *operator("add.out", 0, 0, 10),
        *delegate(1, 10, 60, "conv #1", "conv #2"),
        *operator("mul.out", 2, 60, 80),
    )
