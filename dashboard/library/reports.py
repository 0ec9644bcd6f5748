"""The reports on an opened trace: those of the API and the command line, worked out once each."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from etscope.dashboard.library.entry import About
from etscope.dashboard.library.opened import Opened
from etscope.dashboard.library.place_words import by_its_place
from etscope.etdump.bundle import PROGRAM
from etscope.etdump.errors import MissingFile, TraceError
from etscope.etdump.file_kind import FileKind
from etscope.etdump.program import Program

if TYPE_CHECKING:
    from etscope.inspector.latency_report import LatencyReport
    from etscope.inspector.memory.report import MemoryReport
    from etscope.inspector.program.report import ProgramReport

#: The verdict of more events than these is given when somebody asks for the report.
_CHEAP_EVENTS = 200_000


def latency_of(opened: Opened) -> LatencyReport:
    """Where the time goes, as `etscope inspect` says it.

    Raises:
        TraceError: a program by itself has no times.
    """
    from etscope.inspector.latency_report import latency_report

    recording = opened.recording
    if recording is None:
        cure = "Record a run of it: etscope run"
        raise TraceError("a program has no times", path=opened.entry.place, cure=cure)
    return opened.answer("latency", lambda: latency_report(recording))


def program_of(opened: Opened) -> ProgramReport:
    """What the program holds, as `etscope program` says it.

    Raises:
        TraceError: there is no program, or its test cases are damaged.
    """
    from etscope.inspector.program.report import program_report

    program = opened.program
    if program is None:
        raise _no_program(opened)
    return opened.answer("program", lambda: program_report(program))


def memory_of(opened: Opened) -> MemoryReport:
    """What holds the memory, as `etscope memory` says it.

    Raises:
        TraceError: there is no program, or what it plans cannot be.
    """
    return opened.answer("memory", lambda: _memory(opened))


def _memory(opened: Opened) -> MemoryReport:
    from etscope.inspector.memory.opening import MemoryInput, open_memory_input
    from etscope.inspector.memory.report import memory_report

    recording = opened.recording
    if opened.entry.kind is FileKind.ETDUMP:
        raise _no_program(opened)
    try:
        if recording is not None:
            # Which also knows what to do where something else than the program ran.
            found = open_memory_input(opened.path, opened=lambda: recording)
        elif opened.program is not None:
            found = MemoryInput(opened.program, None, None)
        else:
            raise _no_program(opened)
        return memory_report(found.program, found.recording, record=found.record, notes=found.notes)
    except TraceError as error:
        raise by_its_place(error, opened.entry, opened.path) from error


def source_of(opened: Opened, program: Program) -> dict[str, Any]:
    """Place of a trace and hashes of its files, as documents on its program name them."""
    recording = opened.recording
    manifest = recording.bundle.manifest if recording and recording.bundle else None
    hashes = {} if manifest is None else {name: e.sha256 for name, e in manifest.files.items()}
    name = PROGRAM if recording is not None else opened.entry.name
    digest = hashlib.sha256(program.file.data).hexdigest()
    return {"path": opened.entry.place, "sha256": hashes | {name: digest}}


def about(opened: Opened) -> About:
    """Counts and, where it does not take long, the verdict."""
    recording = opened.recording
    if recording is None:
        try:
            verdict = program_of(opened).verdict
        except TraceError:  # damaged test cases, which the program itself does not need
            verdict = None
        return About(len(opened.program.methods) if opened.program else None, None, verdict)
    known = {name for name in recording.methods.method if name is not None}
    cheap = len(recording.trace) <= _CHEAP_EVENTS or opened.has("latency")
    verdict = latency_of(opened).verdict if cheap else None
    return About(len(known) or None, len(recording.inferences), verdict)


def _no_program(opened: Opened) -> MissingFile:
    cure = "Open the bundle of the run, or the .pte that ran."
    return MissingFile("no program came with this trace", path=opened.entry.place, cure=cure)
