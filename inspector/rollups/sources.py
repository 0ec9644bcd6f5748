"""Time by source file and line of the user's model."""

from __future__ import annotations

from etscope.etdump.program_graph import Frame
from etscope.inspector.correlate.how import How
from etscope.inspector.correlate.origins import Origins
from etscope.inspector.latency import MethodLatency
from etscope.inspector.rollups.remainders import (
    Remainder,
    breaks_down,
    not_mapped,
    of_delegate_call,
    of_kind,
)
from etscope.inspector.rollups.table import Rollup, Sheet


def by_source(latency: MethodLatency, origins: Origins) -> Rollup:
    """Time by file, and by line under it.

    A line is the user's own, not one of torch that it calls. What a delegate
    call takes outside of its operations belongs to no line; a delegate that says
    nothing of its inside belongs to one where all that it runs comes from it.
    """
    sheet = Sheet("source", latency, origins)
    for row, head in sheet.rows():
        frame = origins[head].source
        rest = _remainder(sheet, head)
        if rest is None and frame is not None:
            _line(sheet, frame).append(row)
        elif rest is not None:
            place = (rest.name,)
            draft = sheet.draft(place, rest.name, remainder=True, detail=rest.detail)
            draft.rows.append(row)
    return sheet.rollup()


def _line(sheet: Sheet, frame: Frame) -> list[int]:
    sheet.draft((frame.file,), frame.file, keys={"file": frame.file})
    # One line may define several functions: a lambda in its own arguments.
    place = (frame.file, (frame.line, frame.function))
    source = f"{frame.file}:{frame.line}"
    keys = {"file": frame.file, "source": source, "function": frame.function}
    return sheet.draft(place, source, detail=frame.source, keys=keys).rows


def _remainder(sheet: Sheet, head: int) -> Remainder | None:
    kind = sheet.latency.rows.kind[head]
    if kind == "control":
        return of_kind(kind)  # the runtime's own steps stand on no line
    frame, how = sheet.origins[head].source, sheet.origins[head].how
    if kind == "delegate" and (breaks_down(sheet.latency, head) or frame is None):
        return of_delegate_call(sheet.latency, head)
    if frame is not None and how != How.NONE:
        return None
    return of_kind(kind) or not_mapped(sheet, head, "source line")
