"""What `etscope memory` was given: a program, and a run of it where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from etscope.devtools.program_input import open_program
from etscope.devtools.trace_input import open_trace
from etscope.etdump.bundle import sha256
from etscope.etdump.errors import MissingFile, NotATrace, TraceError, UsageError
from etscope.etdump.file_kind import FileKind, identify
from etscope.etdump.program import Program
from etscope.etdump.record import Record, read_record
from etscope.inspector.memory.report import MemoryReport, memory_report
from etscope.inspector.recording import Recording

_TRACES = (FileKind.BUNDLE, FileKind.FOLDER, FileKind.ETDUMP)


@dataclass(frozen=True)
class MemoryInput:
    """What was opened, and what could not be."""

    program: Program
    recording: Recording | None
    record: Record | None
    files: tuple[Path, ...]  # that were read for the plan
    notes: tuple[str, ...] = ()

    def report(self, methods: Sequence[str]) -> MemoryReport:
        """The report on all methods, or on those that were asked for.

        Raises:
            UsageError: the program has no such method.
        """
        known = [method.name for method in self.program.methods]
        for name in methods:
            if name not in known:
                there = ", ".join(known) or "none"
                raise UsageError(f"the program has no method {name!r}; it has: {there}.")
        return memory_report(
            self.program,
            self.recording,
            record=self.record,
            methods=methods or None,
            notes=self.notes,
        )

    def source(self, path: Path) -> dict[str, object]:
        """Path as given and hashes of the files, for machines."""
        return {"path": str(path), "sha256": {file.name: sha256(file) for file in self.files}}


def open_memory_input(
    path: Path, *, program: Path | None, record: Path | None, salvage: bool
) -> MemoryInput:
    """Open a .pte, a .bpte, a bundle, or an ETDump with its program.

    A bundle whose trace cannot be read is looked at without it, and a note says so.

    Raises:
        TraceError: it cannot be read, or is something else; the text says what and what to do.
    """
    kind = identify(path)
    if kind is FileKind.ETDUMP and program is None:
        cure = f"Give the .pte that ran: etscope memory {path} --program MODEL.pte"
        message = "an ETDump does not hold the memory plan; that is in the program"
        raise MissingFile(message, path=path, cure=cure)
    if kind not in _TRACES:
        if program is not None:
            raise UsageError("--program is for an ETDump; give one program only.")
        return _program_alone(path, record)
    if kind is not FileKind.ETDUMP:
        bundled = program or _path_of(open_program(path), path)
        try:
            recording = open_trace(path, program=program, record=record, salvage=salvage)
        except NotATrace:
            raise
        except TraceError as error:
            alone = _program_alone(bundled, record)
            note = f"the trace is not used: {error}"
            return MemoryInput(alone.program, None, alone.record, alone.files, (note,))
    else:
        recording = open_trace(path, program=program, record=record, salvage=salvage)
    found = recording.program
    if found is None:
        # The program is there, but is not what ran: its plan is told, the run is not.
        asked = open_program(program or path)
        return MemoryInput(asked, None, recording.record, _files(asked, path), recording.notes)
    return MemoryInput(found, recording, recording.record, _files(found, path))


def _program_alone(path: Path, record: Path | None) -> MemoryInput:
    program = open_program(path)
    known = None if record is None else read_record(record)
    files = _files(program, path) + (() if record is None else (record,))
    return MemoryInput(program, None, known, files)


def _path_of(program: Program, path: Path) -> Path:
    return Path(program.path or path)


def _files(program: Program, path: Path) -> tuple[Path, ...]:
    return (_path_of(program, path),)
