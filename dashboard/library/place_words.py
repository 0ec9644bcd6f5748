"""Errors by the place that a viewer knows, and with what a viewer can do."""

from __future__ import annotations

from pathlib import Path

from etscope.dashboard.library.entry import Entry
from etscope.etdump.errors import TraceError, UnknownTrace

#: The words of a reader for callers of Python, and what a viewer can do instead.
_ANYWAY = ("open it with strict=False to keep what is readable", "open what is readable of it")


def by_its_place(error: TraceError, entry: Entry, path: Path) -> TraceError:
    """The same error about `entry.place`, which is read from `path`."""
    message = error.message.replace(str(path), entry.place)
    where = (error.path or entry.place).replace(str(path), entry.place)
    cure = error.cure.replace(str(path), entry.place).replace(*_ANYWAY)
    return type(error)(message, path=where, offset=error.offset, cure=cure)


def sentence_of(place: str, error: TraceError | OSError) -> str:
    """Why a file could not be listed."""
    if isinstance(error, TraceError):
        return error.text
    return f"{place}: the file cannot be read ({error.strerror or error}). Check the path."


def unknown_trace() -> UnknownTrace:
    """Nothing has the key that was asked for."""
    return UnknownTrace(
        "No opened trace has this key: its file changed or is gone. Choose another from the list."
    )
