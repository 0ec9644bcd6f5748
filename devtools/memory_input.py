"""What `etscope memory` was given, opened with errors in the words of the command."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from etscope.devtools.program_input import open_program
from etscope.devtools.trace_input import open_trace
from etscope.etdump.bundle import sha256
from etscope.etdump.errors import MissingFile, UsageError
from etscope.etdump.file_kind import FileKind, identify
from etscope.inspector.memory.opening import MemoryInput, open_memory_input
from etscope.inspector.memory.report import MemoryReport, memory_report

_TRACES = (FileKind.BUNDLE, FileKind.FOLDER, FileKind.ETDUMP)


def open_input(
    path: Path, *, program: Path | None, record: Path | None, salvage: bool
) -> MemoryInput:
    """Open a .pte, a .bpte, a bundle, or an ETDump with its program.

    Raises:
        TraceError: it cannot be read, or is something else; the text says what and what to do.
        UsageError: two programs were given.
    """
    kind = identify(path)
    if kind is FileKind.ETDUMP and program is None:
        message = "an ETDump does not hold the memory plan; that is in the program"
        cure = f"Give the .pte that ran: etscope memory {path} --program MODEL.pte"
        raise MissingFile(message, path=path, cure=cure)
    if kind not in _TRACES:
        if program is not None:
            raise UsageError(f"{path} is no run, so --program has no use: give one program.")
        open_program(path)  # for its words on what is no program
    trace = partial(open_trace, path, program=program, record=record, salvage=salvage)
    return open_memory_input(path, program=program, record=record, opened=trace)


def report_on(opened: MemoryInput, methods: Sequence[str]) -> MemoryReport:
    """The report on all methods, or on those that were asked for.

    Raises:
        UsageError: the program has no such method.
    """
    known = [method.name for method in opened.program.methods]
    for name in methods:
        if name not in known:
            there = ", ".join(known) or "none"
            raise UsageError(f"the program has no method {name!r}; it has: {there}.")
    return memory_report(
        opened.program,
        opened.recording,
        record=opened.record,
        methods=methods or None,
        notes=opened.notes,
    )


def source_of(opened: MemoryInput, path: Path) -> dict[str, object]:
    """Path as given and hashes of the files, for machines."""
    manifest = None
    if opened.recording is not None and opened.recording.bundle is not None:
        manifest = opened.recording.bundle.manifest
    hashes = {} if manifest is None else {n: e.sha256 for n, e in manifest.files.items()}
    file = Path(opened.program.path or path)
    return {"path": str(path), "sha256": hashes | {file.name: sha256(file)}}
