"""The content of a file or bundle: which bytes belong to it, when they changed, what names them."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

from etscope.etdump.bundle import (
    DEBUG_BUFFER,
    DEBUG_TRACE,
    INPUTS,
    MANIFEST,
    PROGRAM,
    RECORD,
    TRACE,
)
from etscope.etdump.errors import NotATrace

PIECE = 2**20

#: What a bundle's readers open; its manifest may list more.
_MEMBERS = frozenset((MANIFEST, TRACE, DEBUG_TRACE, DEBUG_BUFFER, PROGRAM, RECORD, INPUTS))

#: A longer manifest is read by nobody here; its bundle keeps the members of every bundle.
_MANIFEST_BYTES = 2**24

#: No capture lists more files.
_MOST_LISTED = 64


class Stamp(NamedTuple):
    """What changes when a file does; times in nanoseconds since 1970."""

    device: int
    inode: int
    size_bytes: int
    modified_ns: int


class Part(NamedTuple):
    """One file of a trace. `name` is its name inside of a bundle, empty for a file by itself."""

    name: str
    path: Path
    stamp: Stamp


def stamp_of(status: os.stat_result) -> Stamp:
    """The stamp of a file that was looked at."""
    return Stamp(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def part_at(path: Path, name: str = "") -> Part | None:
    """The file at a path; None where there is none, or a link, pipe or device in its place."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return Part(name, path, stamp_of(status)) if stat.S_ISREG(status.st_mode) else None


def bundle_parts(folder: Path) -> tuple[Part, ...]:
    """The files of a bundle folder, by name. Links are left out: they may lead anywhere."""
    names = sorted(_MEMBERS | _listed(part_at(folder / MANIFEST)))
    found = (part_at(folder / name, name) for name in names)
    return tuple(part for part in found if part is not None)


def is_plain_name(name: str) -> bool:
    """Whether a text is the name of a file, and cannot be a path to another place."""
    return (
        name not in ("", ".", "..")
        and not set(name) & set("/\\:")
        and name.isprintable()
        and len(name.encode("utf-8", "replace")) <= 200
    )


@lru_cache(maxsize=1024)  # the folders are looked at again and again
def _listed(manifest: Part | None) -> frozenset[str]:
    """The names that a manifest lists; it is believed no further than that."""
    if manifest is None or manifest.stamp.size_bytes > _MANIFEST_BYTES:
        return frozenset()
    try:
        with open_plain(manifest.path) as stream:
            whole = json.loads(stream.read(_MANIFEST_BYTES))
    except (OSError, NotATrace, ValueError, RecursionError):
        return frozenset()
    files = whole.get("files") if isinstance(whole, dict) else None
    names = islice(files if isinstance(files, dict) else (), _MOST_LISTED)
    return frozenset(name for name in names if is_plain_name(name))


def open_plain(path: Path) -> BinaryIO:
    """Open a regular file for reading; never a link, and never waiting for a pipe.

    Raises:
        NotATrace: something else is there.
        OSError: it cannot be opened.
    """
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    handle = os.open(path, flags)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise NotATrace("this is not a plain file", path=path)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def hash_part(part: Part, copy: BinaryIO | None = None) -> str:
    """The hexadecimal SHA-256 of a file, which is copied on the way if `copy` is given.

    Raises:
        NotATrace, OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    with open_plain(part.path) as stream:
        while piece := stream.read(PIECE):
            digest.update(piece)
            if copy is not None:
                copy.write(piece)
    return digest.hexdigest()


def key_of(hashes: Iterable[tuple[str, str]]) -> str:
    """The key of a trace, 64 hexadecimal digits: of a bundle, the hash of its files' hashes.

    Args:
        hashes: (name, SHA-256) of each file; one file by itself has an empty name.
    """
    rows = sorted(hashes)
    if len(rows) == 1 and not rows[0][0]:
        return rows[0][1]
    text = "".join(f"{digest} {name}\n" for name, digest in rows)
    return hashlib.sha256(b"etscope.bundle\n" + text.encode("utf-8", "surrogateescape")).hexdigest()


def size_of(parts: Sequence[Part]) -> int:
    """Bytes of all files together."""
    return sum(part.stamp.size_bytes for part in parts)
