"""The trace that a command was given: opened, or one sentence on what it is instead."""

from __future__ import annotations

from pathlib import Path

from etscope.etdump.errors import NotATrace, TraceError, Truncated
from etscope.etdump.file_kind import FileKind, identify
from etscope.inspector.recording import Recording, open_recording

_RUN = "Give the ETDump of a run"

#: What to do with a file that is something else.
_CURES = {
    FileKind.PROGRAM: f"{_RUN} of it and this file as --program, or run it: etscope run {{path}}",
    FileKind.BUNDLED_PROGRAM: f"{_RUN} of it, and this file as --program.",
    FileKind.TENSOR_DATA: f"{_RUN}; weights have no times.",
    FileKind.ETRECORD: f"{_RUN}; the record tells about the export, not about a run.",
    FileKind.EXPORTED_PROGRAM: "Run it: etscope run {path}",
    FileKind.UNKNOWN: f"{_RUN}; if this is the debug buffer of one, the ETDump lies beside it.",
    FileKind.ETDUMP_TEXT: "Decode it first: base64 -d {path} > trace.etdp",
    FileKind.ETDUMP_SHIFTED: "Cut off what comes before it; more says: etscope doctor {path}",
}


def open_trace(
    path: Path,
    *,
    program: Path | None = None,
    record: Path | None = None,
    salvage: bool = False,
) -> Recording:
    """Open a bundle or a bare ETDump as a command does, with cures in the words of the command.

    Raises:
        TraceError: it cannot be read, or is something else; the text says what and what to do.
    """
    try:
        return open_recording(path, program=program, record=record, strict=not salvage)
    except TraceError as error:
        if record is not None and error.path == str(record):
            cure = "Give the ETRecord of the export of what ran, or leave --record out."
            # What was cut off is the right file: its own cure is to copy it again.
            whole = not isinstance(error, Truncated)
            raise _again(error, cure if whole else error.cure) from error
        raise _in_words_of_the_command(error, path, program) from error


def _in_words_of_the_command(error: TraceError, path: Path, program: Path | None) -> TraceError:
    if program is not None and error.path == str(program):
        return _again(error, "Give the .pte that the run was made with, or leave --program out.")
    kind = identify(path)
    if kind in _CURES:
        words = f"this is no ETDump but {_with_article(kind.value)}"
        return NotATrace(words, path=path, cure=_CURES[kind].format(path=path))
    return _again(error, error.cure.replace("open it with strict=False", "add --salvage"))


def _with_article(noun: str) -> str:
    if noun[0] == "b" and noun.startswith("bytes"):
        return noun
    return f"{'an' if noun[0] in 'aeioAEIO' else 'a'} {noun}"


def _again(error: TraceError, cure: str) -> TraceError:
    return type(error)(error.message, path=error.path, offset=error.offset, cure=cure)
