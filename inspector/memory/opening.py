"""What a question about memory stands on: a program, and a run of it where there is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from os import PathLike, fspath
from pathlib import Path

from etscope.etdump.bundle import read_bundle
from etscope.etdump.errors import MissingFile, NotATrace, TraceError
from etscope.etdump.file_kind import FileKind, identify
from etscope.etdump.program import Program, read_program
from etscope.etdump.record import Record, read_record
from etscope.inspector.recording import Recording, open_recording

_BUNDLES = (FileKind.BUNDLE, FileKind.FOLDER)


@dataclass(frozen=True)
class MemoryInput:
    """What was opened. `notes`: what was not used, in sentences."""

    program: Program
    recording: Recording | None  # None: the plan alone is known
    record: Record | None
    notes: tuple[str, ...] = ()


def open_memory_input(
    path: str | PathLike[str],
    *,
    program: str | PathLike[str] | None = None,
    record: str | PathLike[str] | None = None,
    strict: bool = True,
    opened: Callable[[], Recording] | None = None,
) -> MemoryInput:
    """Open a .pte, a .bpte, a bundle folder, or an ETDump with its program.

    A bundle without a trace that can be read is looked at without it, and a note says so;
    so is one whose run is of something else than its program.

    Args:
        program: the .pte that ran, where `path` is a trace; instead of the bundle's.
        record: the ETRecord of the export; instead of the bundle's.
        strict: with False, what is readable of a damaged trace is used.
        opened: opens the trace, where errors have other words; None: `open_recording`.

    Raises:
        MissingFile: there is no program. An ETDump holds no memory plan.
        TraceError: it cannot be read, or it is no run of the program that was given.
    """
    place, kind = Path(path), identify(Path(path))
    if kind is FileKind.ETDUMP and program is None:
        cure = "Give the .pte that ran as program, too."
        message = "an ETDump does not hold the memory plan; that is in the program"
        raise MissingFile(message, path=path, cure=cure)
    if kind not in (*_BUNDLES, FileKind.ETDUMP):
        return _alone(read_program(place), record)
    if kind in _BUNDLES and program is None:
        program = read_bundle(place).program
        if program is None:
            cure = "Record it again with etscope run, or give the .pte itself."
            raise MissingFile("the bundle holds no program", path=path, cure=cure)
        asked = None
    else:
        asked = program
    assert program is not None
    trace = opened or partial(open_recording, path, program=asked, record=record, strict=strict)
    try:
        recording = trace()
    except NotATrace:
        raise
    except TraceError as error:
        if kind not in _BUNDLES or error.path in (str(asked), str(record)):
            raise
        return _alone(read_program(program), record, f"the trace is not used: {error}")
    if recording.program is None and asked is not None:
        raise _apart(path, asked, recording)
    if recording.program is None:
        # What ran is something else: the plan is told, the run is not.
        return MemoryInput(read_program(program), None, recording.record, recording.notes)
    return MemoryInput(recording.program, recording, recording.record)


def _apart(
    path: str | PathLike[str], program: str | PathLike[str], recording: Recording
) -> TraceError:
    """That the two which were given do not belong together, and why."""
    begin = "the program is not used: "
    why = next((n.removeprefix(begin) for n in recording.notes if n.startswith(begin)), "")
    cure = "Give the program alone for its plan, or the run without it."
    message = f"the run is not one of {fspath(program)}" + (f": {why}" if why else "")
    return TraceError(message, path=path, cure=cure)


def _alone(program: Program, record: str | PathLike[str] | None, *notes: str) -> MemoryInput:
    return MemoryInput(program, None, None if record is None else read_record(record), notes)
