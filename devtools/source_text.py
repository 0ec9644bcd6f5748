"""The user's files: found on this machine, and shown only if they are what was exported.

A record is a file from anywhere, and it names the files. So nothing is read that is no
Python source, or not a regular file, or large; and nothing is shown of a file but
where every line that the record has of it is that line of the file.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from etscope.inspector.source_view.file_text import FileText, recorded_text

#: Bytes of a source file. The largest in the standard library has 0.4 MB.
LARGEST = 2_000_000
_SUFFIXES = (".py", ".pyi")
#: Folders of a recorded path that are looked for below a root.
_DEPTH = 24
_DRIVE = re.compile(r"[A-Za-z]:")


def read_source(
    file: str, snippets: Mapping[int, str], roots: Sequence[Path], named: Path | None = None
) -> FileText:
    """The text of a file that a record names: as it is on this machine, else as recorded.

    Args:
        file: as the export recorded it, on this machine or another.
        snippets: by line what the export recorded of its text; the file must agree.
        roots: folders to look below for the end of the recorded path.
        named: a file that the user says it is.
    """
    if not any(text.strip() for text in snippets.values()):
        why = "the record has no text of its lines, so no file can be told to be it"
        return recorded_text(file, snippets, why)
    if not file.lower().endswith(_SUFFIXES):
        why = "only files of Python source are read"
        return recorded_text(file, snippets, why)
    changed = None
    for place in candidates(file, roots, named):
        lines = _lines_of(place)
        if lines is None:
            continue
        wrong = _first_difference(lines, snippets)
        if wrong is None:
            return FileText(file, dict(enumerate(lines, 1)), True, f"read from {_told(place)}")
        changed = changed or (place, wrong)
    if changed is not None:
        place, line = changed
        why = (
            f"{_told(place)} changed since the export (line {line}): only recorded lines are shown"
        )
        return recorded_text(file, snippets, why)
    why = "the file is not on this machine (--root DIR), so only recorded lines are shown"
    return recorded_text(file, snippets, why)


def _told(place: Path) -> Path:
    """A path as short as it can be said here: a page may be sent to others."""
    with contextlib.suppress(ValueError):
        return place.absolute().relative_to(Path.cwd())
    return place


def candidates(file: str, roots: Sequence[Path], named: Path | None) -> Iterator[Path]:
    """Where a recorded file may lie, the likeliest first; none is looked at yet."""
    if named is not None:
        yield named
    parts = _parts_of(file)
    if _is_absolute_here(file):
        yield Path(file)
    for root in roots:
        for start in range(len(parts)):
            yield root.joinpath(*parts[start:])


def _is_absolute_here(file: str) -> bool:
    return os.path.isabs(file) and ".." not in re.split(r"[/\\]", file)


def _parts_of(file: str) -> list[str]:
    """The parts of a path of any system that may be looked for below a root."""
    parts = [part for part in re.split(r"[/\\]", file) if part not in ("", ".")]
    if ".." in parts:
        parts = parts[len(parts) - parts[::-1].index("..") :]
    if parts and _DRIVE.fullmatch(parts[0]):
        parts = parts[1:]
    return parts[-_DEPTH:]


def _lines_of(place: Path) -> list[str] | None:
    """The lines of a file; None: it is not there, or nothing to show."""
    try:
        # A link may have any name: what counts is where it leads.
        if not os.path.realpath(place).lower().endswith(_SUFFIXES):
            return None
        # Not blocking: a named pipe would wait for a writer.
        handle = os.open(place, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError):
        return None
    try:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST:
            return None
        with os.fdopen(handle, "rb", closefd=False) as stream:
            content = stream.read(LARGEST + 1)
    except OSError:
        return None
    finally:
        os.close(handle)
    if len(content) > LARGEST or b"\0" in content:
        return None
    text = content.decode("utf-8-sig", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")


def _first_difference(lines: list[str], snippets: Mapping[int, str]) -> int | None:
    """The first recorded line that the file does not have there, whitespace aside."""
    for line in sorted(snippets):
        recorded = snippets[line].split()
        if recorded and (not 0 < line <= len(lines) or lines[line - 1].split() != recorded):
            return line
    return None
