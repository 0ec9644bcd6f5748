"""A small program with operators between delegates, made by hand: record, trace and report."""

from __future__ import annotations

from collections.abc import Sequence

import traces
import xnnpack_builder as xnn
from flatbuffer_builder import Table
from joined_models import call, graph, record
from program_builder import delegate, delegate_call, kernel, method, null, program, tensor
from traces import Event, event, inference

from etscope.etdump.program import Program, read_program
from etscope.etdump.record import Record
from etscope.inspector.latency_report import LatencyReport, latency_report
from etscope.inspector.methods import methods_of_runs
from etscope.inspector.recording import Recording

US = 1000
BACKEND = "XnnpackBackend"


def place(number: int) -> tuple[int, int]:
    """A place of its own in the arena."""
    return 1, 4096 * number


def island(
    operator: str = "aten::log1p", scalar_type: int = 6, before: Sequence[Table] = ()
) -> Program:
    """sigmoid, layout change | operator | layout change, sigmoid: two delegates and one between.

    Args:
        before: a chain of the method that precedes that of the delegates.
    """
    first = xnn.graph(
        xnn.node("Sigmoid", [0], [1], 1), xnn.node("StaticTranspose", [1], [2]),
        values=3, outputs=[2],
    )  # fmt: skip
    last = xnn.graph(
        xnn.node("StaticTranspose", [0], [1]), xnn.node("Sigmoid", [1], [2], 3),
        values=3, outputs=[2],
    )  # fmt: skip
    types = (6, scalar_type, scalar_type, 6)
    made = method(
        values=[tensor((4, 8), t, memory=place(n)) for n, t in enumerate(types)],
        inputs=[0],
        outputs=[3],
        chains=[
            *([before] if before else []),
            [delegate_call(0, 0, 1), kernel(0, 1, 2, 2), delegate_call(1, 2, 3)],
        ],
        operators=[(operator, "out")],
        delegates=[delegate(BACKEND, index=0), delegate(BACKEND, index=1)],
        arenas=[0, 65536],
    )
    return read_program(program(made, blobs=[first, last]))


def island_record(operator: str = "aten.log1p.default") -> Record:
    """The record of `island`: lines 3, 4 and 5 of m.py."""
    edge = graph(
        call("first", "aten.sigmoid.default", ["x"], 1, at=3, sizes=(4, 8)),
        call("middle", operator, ["first"], 2, at=4, module="mid", sizes=(4, 8)),
        call("last", "aten.sigmoid.default", ["middle"], 3, at=5, sizes=(4, 8)),
    )
    calls = {at: {"name": BACKEND, "delegate_map": {}} for at in (0, 2)}
    return record({"forward": edge}, {"forward": {0: [1], 1: [2], 2: [3]}}, {"forward": calls})


def island_events(operator: str = "log1p.out", layout: int = 4) -> tuple[Event, ...]:
    """100 us: delegates of 30 and 20 us with 6 outside of their operations, 40 us between."""
    sigmoid, change = "Sigmoid (NC, F32) #1", "Transpose (ND, X32) #1"

    def inside(at: int, name: str, start: int, end: int) -> Event:
        return event(None, start * US, end * US, instruction=at, delegate=name)

    return (
        inside(0, sigmoid, 2, 22),
        inside(0, change, 22, 22 + layout),
        event("DELEGATE_CALL", 0, 30 * US, instruction=0),
        event(f"native_call_{operator}", 31 * US, 69 * US, instruction=1),
        event("OPERATOR_CALL", 30 * US, 70 * US, instruction=1),
        inside(2, change, 71, 75),
        inside(2, sigmoid, 75, 85),
        event("DELEGATE_CALL", 70 * US, 90 * US, instruction=2),
        event("Method::execute", 0, 100 * US),
    )


def report_of(
    found: Program | None, known: Record | None, events: Sequence[Event], runs: int = 10
) -> LatencyReport:
    """The latency report of these files, with the same events in every inference."""
    trace = traces.trace_of_runs(*[inference(*events)] * runs)
    methods = methods_of_runs(trace, found, None, ())
    return latency_report(Recording("made.etdp", trace, None, found, methods, (), known))


def fan(many: int) -> Program:
    """A delegate whose value `many` operators take, and one that changes the layout of theirs."""
    first = xnn.graph(xnn.node("Sigmoid", [0], [1]), values=2, outputs=[1])
    last = xnn.graph(
        *(xnn.node("StaticTranspose", [n], [many + n]) for n in range(many)),
        xnn.node("Concatenate2", [many, many + 1], [2 * many], 1),
        values=2 * many + 1, inputs=range(many), outputs=[2 * many],
    )  # fmt: skip
    middle = [kernel(0, 1, 2 + n, 2 + n) for n in range(many)]
    ends = delegate_call(0, 0, 1), delegate_call(1, *range(2, many + 3))
    made = method(
        values=[tensor((4, 8), memory=place(n)) for n in range(many + 3)],
        inputs=[0],
        outputs=[many + 2],
        chains=[[ends[0], *middle, ends[1]]],
        operators=[("aten::log1p", "out")],
        delegates=[delegate(BACKEND, index=0), delegate(BACKEND, index=1)],
        arenas=[0, 4096 * (many + 3)],
    )
    return read_program(program(made, blobs=[first, last]))


def island_report() -> LatencyReport:
    """The report of `island` as it is."""
    return report_of(island(), island_record(), island_events())


def kernels(
    values: Sequence[Table], *steps: Table, operators: Sequence[str], inputs: Sequence[int] = (0,)
) -> Program:
    """A program of these steps; the last value is null."""
    made = method(
        values=[*values, null()],
        inputs=inputs,
        chains=[steps],
        operators=[tuple(text.rsplit(".", 1)) for text in operators],  # type: ignore[misc]
        delegates=[delegate("Other"), delegate("Other")],
        arenas=[0, 65536],
    )
    return read_program(program(made, blobs=[b"blob"], inline=[b"", bytes(64)]))
