"""What a found file or folder is: its kind and key, worked out once for each of its states."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

from etscope.dashboard.library.content import (
    Part,
    Stamp,
    bundle_parts,
    hash_part,
    key_of,
    part_at,
)
from etscope.dashboard.library.entry import OPENED, Entry
from etscope.dashboard.library.roots import Found
from etscope.etdump.bundle import MANIFEST
from etscope.etdump.errors import TraceError
from etscope.etdump.file_kind import FileKind, identify
from etscope.etdump.manifest import read_manifest

#: Kinds that a folder is searched for: traces, and traces that need a hand.
_SEARCHED = (*OPENED, FileKind.ETDUMP_TEXT, FileKind.ETDUMP_SHIFTED)


class Listing:
    """Remembers the kind and hash of every file that it saw, until the file changes."""

    def __init__(self) -> None:
        self._kinds: dict[tuple[Path, Stamp], FileKind] = {}
        self._hashes: dict[tuple[Path, Stamp], str] = {}

    def entry_of(self, found: Found) -> Entry | None:
        """The entry; None for what a folder holds besides traces.

        Raises:
            TraceError, OSError: it cannot be read.
        """
        kind = FileKind.BUNDLE if found.is_bundle else self._kind(found.parts[0])
        if not found.given and kind not in _SEARCHED:
            return None
        key = key_of([(part.name, self._hash(part)) for part in found.parts])
        when = _when(found.path, kind, found.parts)
        return Entry(key, kind, found.place, found.path, found.parts, when)

    def is_trace(self, found: Found) -> bool:
        """Whether this looks like a trace already, though it may still be written to.

        Raises:
            OSError: it cannot be read.
        """
        return found.is_bundle or self._kind(found.parts[0]) in _SEARCHED

    def keep_only(self, found: list[Found]) -> None:
        """Forget the files that are not there any more."""
        there = {(part.path, part.stamp) for item in found for part in item.parts}
        self._kinds = {at: kind for at, kind in self._kinds.items() if at in there}
        self._hashes = {at: digest for at, digest in self._hashes.items() if at in there}

    def _kind(self, part: Part) -> FileKind:
        at = (part.path, part.stamp)
        if at not in self._kinds:
            self._kinds[at] = identify(part.path)
        return self._kinds[at]

    def _hash(self, part: Part) -> str:
        at = (part.path, part.stamp)
        if at not in self._hashes:
            self._hashes[at] = hash_part(part)
        return self._hashes[at]


def entry_of_file(place: str, path: Path, sha256: str) -> Entry:
    """The entry of one file that was hashed while it came in, and is nobody else's.

    Raises:
        OSError: it cannot be read.
    """
    part = part_at(path)
    parts = () if part is None else (part,)
    kind = identify(path)
    return Entry(sha256, kind, place, path, parts, _when(path, kind, parts), private=True)


def entry_of_bundle(place: str, folder: Path, hashes: Mapping[str, str]) -> Entry:
    """The entry of a bundle whose files were hashed while they came in; likewise.

    Raises:
        OSError: it cannot be read.
    """
    parts = bundle_parts(folder)
    key = key_of((part.name, hashes[part.name]) for part in parts)
    when = _when(folder, FileKind.BUNDLE, parts)
    return Entry(key, FileKind.BUNDLE, place, folder, parts, when, private=True)


def _when(path: Path, kind: FileKind, parts: tuple[Part, ...]) -> str:
    """When it was recorded, as a bundle's manifest says, or else written last."""
    if kind is FileKind.BUNDLE:
        try:
            return read_manifest(path / MANIFEST).created
        except (TraceError, OSError):  # opening it will say what is wrong with it
            pass
    seconds = max((part.stamp.modified_ns for part in parts), default=0) / 1e9
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):  # a file system may hold any date
        return datetime.fromtimestamp(0, timezone.utc).isoformat(timespec="seconds")
