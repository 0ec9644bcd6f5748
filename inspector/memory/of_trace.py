"""The memory of what an Inspector has open."""

from __future__ import annotations

from os import PathLike, fspath

from etscope.etdump.errors import UsageError
from etscope.etdump.record import Record
from etscope.inspector.memory.frames import Memory
from etscope.inspector.memory.report import memory_report
from etscope.inspector.methods import methods_of_runs
from etscope.inspector.opened_trace import OpenedTrace
from etscope.inspector.recording import Recording


class NoProgram(UsageError, ValueError):
    """A trace alone has no memory plan; a ValueError, too."""


def memory_of_trace(
    opened: OpenedTrace, record: Record | None, source: str | PathLike[str] | bytes
) -> Memory:
    """The memory report on a trace and its program.

    Raises:
        NoProgram: there is no program that fits the trace.
        CorruptTrace: a value is planned outside of its arena.
    """
    program, bundle = opened.program, opened.bundle
    if program is None:
        why = f" ({'; '.join(opened.notes)})" if opened.notes else ""
        raise NoProgram(
            f"the memory plan is in the program, and there is none{why}: "
            "pass program='MODEL.pte' to Inspector, or look at the .pte alone with "
            "etscope.inspector.memory.frames.open_memory('MODEL.pte')"
        )
    schedule = None if bundle is None else bundle.inferences
    names = () if bundle is None else bundle.manifest.methods
    methods = methods_of_runs(opened.trace, program, schedule, names)
    place = "bytes" if isinstance(source, bytes) else fspath(source)
    recording = Recording(place, opened.trace, bundle, program, methods, opened.notes, record)
    return Memory(memory_report(program, recording))
