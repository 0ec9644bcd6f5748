"""Traces that many tests start from."""

from __future__ import annotations

from traces import (
    Run,
    allocation,
    event,
    inference,
    logged,
    method_load,
    tensor,
    trace_of_runs,
    value,
)

from etscope.etdump.columns import Trace, ValueKind

ADD = event("native_call_aten::add.out", 10, 20, instruction=0)
EXECUTE = event("Method::execute", 0, 30)


def everything() -> Trace:
    """One trace with every kind of event, value and name."""
    operators = (
        logged(tensor(2, 3, offset=64), instruction=0),
        ADD,
        event("DELEGATE_CALL", 20, 25, instruction=1),
        event(None, 20, 22, instruction=1, delegate=0, metadata=b"kernel 7"),
        event(None, 22, 24, instruction=1, delegate="conv #1", metadata=b"\0" * 5),
        logged([tensor(), tensor(0, 4, offset=-1)], instruction=1, delegate="conv #1"),
        logged(value(0.5, ValueKind.FLOAT), name="half", instruction=2, delegate=3),
        logged(True, instruction=3),
        logged(-(2**40), instruction=4),
        logged(1e300, instruction=5),
        logged(None, instruction=6),
        EXECUTE,
        logged(tensor(2, 3, strides=(1, 2)), is_output=True),
    )
    load = method_load(
        event("Method::init", 0, 1), allocation(1, 2**40), allocators=("planned", "temporary")
    )
    empty = Run((), name=None, bundled_input=4)
    return trace_of_runs(load, inference(*operators), empty, inference(*operators), inference(ADD))
