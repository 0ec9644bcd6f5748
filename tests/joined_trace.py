"""A trace that fits the record of record_builder: a kernel, and a delegate with three ids."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from record_builder import record
from traces import event, inference, method_load, trace_of_runs

from etscope.etdump.writer import write_etdump
from etscope.inspector import Event, Inspector

RUN = (
    event("native_call_convolution.out", 1000, 3000, instruction=0),
    event("OPERATOR_CALL", 1000, 4000, instruction=0),
    event(None, 5000, 6000, instruction=2, delegate=0),
    event(None, 6000, 7000, instruction=2, delegate="sub"),
    event(None, 7000, 7500, instruction=2, delegate="sub #10"),
    event("DELEGATE_CALL", 5000, 8000, instruction=2),
    event("Method::execute", 0, 9000),
)
TRACE = trace_of_runs(method_load(event("Method::init", 0, 500)), inference(*RUN), inference(*RUN))


def opened(folder: Path, etrecord: Any = None, **options: Any) -> Inspector:
    """The trace with a record; None: the whole record of record_builder."""
    write_etdump(TRACE, folder / "x.etdp")
    given = record() if etrecord is None else etrecord
    return Inspector(folder / "x.etdp", etrecord=given, **options)


def events_of(inspector: Inspector) -> dict[str, Event]:
    """The events of the inferences by name."""
    (block,) = [block for block in inspector.event_blocks if block.name == "Execute"]
    return {event.name: event for event in block.events}
