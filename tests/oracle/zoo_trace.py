"""A trace of a program that no runtime here can run: the events that one would write."""

from __future__ import annotations

from traces import Event, Run, allocation, event, inference, method_load, trace_of_runs

from etscope.etdump.columns import Trace
from etscope.etdump.methods import Method
from etscope.etdump.program import Program

#: Ticks of one step of a kernel or a delegate.
STEP = 1000
_AROUND = 100


def made_trace(program: Program, methods: list[str], allocated: tuple[int, ...] = ()) -> Trace:
    """One load and one inference after another of these methods, in the order of the runtime.

    Blobs of delegates list their ids; numbers are logged as numbers. Step s of a method takes
    s + 1 times STEP.

    Args:
        allocated: bytes that each inference takes from an allocator, one event for each.
    """
    runs = []
    loaded: set[str] = set()
    for name in methods:
        if name not in loaded:
            runs.append(
                method_load(event("Method::init", 0, 50), event("Program::load_method", 0, 60))
            )
            loaded.add(name)
        runs.append(_inference(program, program.method(name), allocated))
    return trace_of_runs(*runs)


def _inference(program: Program, method: Method, allocated: tuple[int, ...]) -> Run:
    events: list[Event] = []
    now, step = _AROUND, 0
    for row, name in enumerate(method.event_of_instruction):
        start, inner = now, now + _AROUND
        number = int(method.instructions.instruction[row])
        inside: list[int | str] = [""]
        if name == "DELEGATE_CALL":
            blob = program.blob(method.delegates[int(method.instructions.callee[row])])
            names = blob.tobytes().decode().split(",")
            inside = [int(text) if text.isdecimal() else text for text in names]
        for delegate in inside:
            step += 1
            native = method.native_event_of(row)
            if name == "DELEGATE_CALL":
                events.append(
                    event(None, inner, inner + STEP * step, instruction=number, delegate=delegate)
                )
            elif native is not None:
                events.append(event(native, inner, inner + STEP * step, instruction=number))
            inner += STEP * step
        now = inner + _AROUND
        events.append(event(name, start, now, instruction=number))
    events.append(event("Method::execute", 0, now + _AROUND))
    events += [allocation(0, size) for size in allocated]
    return inference(*events, allocators=("heap",) if allocated else ())
