"""From an entry to the trace: a private copy, checked against the key, then the readers.

The copy is what makes an opened trace immutable. A mapped file that somebody
shortens would end the whole process at the next look into it, too.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from etscope.dashboard.library.content import (
    Part,
    bundle_parts,
    hash_part,
    key_of,
    part_at,
)
from etscope.dashboard.library.entry import OPENED, Entry
from etscope.dashboard.library.opened import Opened
from etscope.dashboard.library.place_words import by_its_place
from etscope.dashboard.library.private_folder import PrivateFolder, remove_with
from etscope.etdump.errors import ChangedTrace, NotATrace, TraceError
from etscope.etdump.file_kind import FileKind
from etscope.etdump.program import Program, read_program
from etscope.inspector.recording import Recording, open_recording

#: A larger trace is read where it lies, after a look at whether it changed.
COPY_LIMIT = 2**28

#: What to do with a file that is something else.
_CURES = {
    FileKind.EMPTY: "Record it again; a runtime without event tracing writes nothing.",
    FileKind.ETDUMP_TEXT: "Decode it first: base64 -d FILE > trace.etdp",
    FileKind.ETDUMP_SHIFTED: "Cut off what comes before it; etscope doctor says where it begins.",
    FileKind.TENSOR_DATA: "Open the .pte beside it, or the ETDump of a run.",
    FileKind.ETRECORD: "It tells about an export: open the bundle, or the ETDump of a run.",
    FileKind.EXPORTED_PROGRAM: "Run it first: etscope run",
}
_OTHER = "Give a bundle, the ETDump of a run, or a program (.pte, .bpte)."


def open_entry(
    entry: Entry,
    folder: PrivateFolder,
    *,
    salvage: bool = False,
    copy_limit: int = COPY_LIMIT,
    on_growth: Callable[[Opened], None] = lambda opened: None,
) -> Opened:
    """Open a trace.

    Args:
        folder: where the private copy is made.
        salvage: of a damaged ETDump, read what is readable.
        copy_limit: bytes above which a trace is read where it lies.

    Raises:
        ChangedTrace: the files are not those that were listed.
        TraceError: it cannot be read; the text names it by `entry.place`.
        OSError: there is no room for the copy.
    """
    if entry.kind not in OPENED:
        words = f"this is no trace but: {entry.kind.value}"
        raise NotATrace(words, path=entry.place, cure=_CURES.get(entry.kind, _OTHER))
    if entry.private or entry.size_bytes > copy_limit:
        opened = _read(entry, entry.path, salvage, on_growth)
        _check_unchanged(entry)
        return opened
    room = folder.room("trace")
    try:
        path = _copied(entry, room)
        opened = replace(_read(entry, path, salvage, on_growth), copied_bytes=entry.size_bytes)
    except BaseException:
        shutil.rmtree(room, ignore_errors=True)
        raise
    # Whoever holds one of these may still open a file of the bundle.
    remove_with(opened.recording or opened.program or opened, room)
    return opened


def _copied(entry: Entry, room: Path) -> Path:
    """The copy of an entry's files, once it is known to be what the key says."""
    top = room / (entry.path.name or "trace")
    if entry.kind is FileKind.BUNDLE:
        top.mkdir()
    hashes = []
    try:
        for part in entry.parts:
            with (top / part.name if part.name else top).open("xb") as copy:
                hashes.append((part.name, hash_part(part, copy)))
    except (FileNotFoundError, NotATrace) as error:
        raise ChangedTrace("a file of it is gone", path=entry.place) from error
    if key_of(hashes) != entry.key:
        raise ChangedTrace("the content changed after it was listed", path=entry.place)
    return top


def _check_unchanged(entry: Entry) -> None:
    is_bundle = entry.kind is FileKind.BUNDLE
    now = bundle_parts(entry.path) if is_bundle else _alone(entry.path)
    if now != entry.parts:
        raise ChangedTrace("the content changed after it was listed", path=entry.place)


def _alone(path: Path) -> tuple[Part, ...]:
    part = part_at(path)
    return () if part is None else (part,)


def _read(entry: Entry, path: Path, salvage: bool, on_growth: Callable[[Opened], None]) -> Opened:
    try:
        if entry.kind in (FileKind.PROGRAM, FileKind.BUNDLED_PROGRAM):
            program = replace(read_program(path), path=entry.place)
            return Opened(entry, path, None, program, on_growth=on_growth)
        recording = _named(open_recording(path, strict=not salvage), entry, path)
        return Opened(entry, path, recording, recording.program, salvage, on_growth=on_growth)
    except TraceError as error:
        raise by_its_place(error, entry, path) from error


def _named(recording: Recording, entry: Entry, path: Path) -> Recording:
    """The recording under the name that its viewers know, not that of the copy."""
    program: Program | None = recording.program
    return replace(
        recording,
        source=entry.place,
        trace=replace(recording.trace, path=entry.place),
        program=program and replace(program, path=entry.place),
        notes=tuple(note.replace(str(path), entry.place) for note in recording.notes),
    )
