"""Source views made by hand: an inference, and which lines its instructions come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from latency_reports import report_of
from traces import Run

from etscope.etdump.program_graph import Frame, Module
from etscope.inspector.backends.operations import Confidence
from etscope.inspector.correlate.how import How
from etscope.inspector.correlate.ledger import ledger_of
from etscope.inspector.correlate.origins import Origin, Origins, origins_of
from etscope.inspector.latency import MethodLatency
from etscope.inspector.source_view.view import SourceView, source_view

#: What stands on no line.
LOST = Origin(How.NONE, Confidence.NONE, "nothing tells where it is from")
AROUND = Origin(How.NO_OPERATOR, Confidence.NONE, "around the instructions")


def frame(line: int, text: str = "", file: str = "model.py", function: str = "forward") -> Frame:
    """A line of the user's file."""
    return Frame(file, line, function, text or f"y{line} = f{line}(x)")


def origin(
    *frames: Frame,
    sure: Confidence = Confidence.EXACT,
    modules: Sequence[str] = (),
    how: How = How.HANDLE,
) -> Origin:
    """An event whose innermost line is the last of these, called through the others."""
    stack = tuple(Module(path, "m.Part", 0) for path in modules)
    return Origin(how, sure, "", modules=stack, frames=frames, source=frames[-1])


Places = Mapping[int | str, Origin]


def view_of(*runs: Run, places: Places, source: str = "trace.etdp") -> SourceView:
    """The view of inferences.

    Args:
        places: the origin of each instruction, or by name of an operation inside a delegate.
    """
    made = report_of(*runs, source=source)
    origins = [_origins(latency, places) for latency in made.methods]
    ledgers = [ledger_of(*pair) for pair in zip(made.methods, origins, strict=True)]
    return source_view(replace(made, origins=origins, ledgers=ledgers))


def _origins(latency: MethodLatency, places: Places) -> Origins:
    rows, found = latency.rows, []
    for row in range(len(rows)):
        if rows.kind[row] == "delegated":
            found.append(places.get(str(rows.delegate_id[row]), LOST))
        elif rows.chain[row] < 0:
            found.append(AROUND)
        else:
            found.append(places.get(int(rows.instruction[row]), LOST))
    return origins_of(found, None)
