"""What kind of file is this? Told by its first bytes and, in an archive, by its members."""

from __future__ import annotations

import base64
import binascii
import os
import re
import stat
import struct
import zipfile
from enum import Enum
from pathlib import Path

_HEAD_BYTES = 4096

#: The list of members of an archive is read as a whole; a larger one is none of ours.
_DIRECTORY_LIMIT = 2**24


class FileKind(Enum):
    """Kinds of files that meet etscope; the value is the name for people."""

    EMPTY = "empty file"
    ETDUMP = "ETDump"
    ETDUMP_TEXT = "ETDump as base64 text"
    ETDUMP_SHIFTED = "ETDump behind something else"
    PROGRAM = "ExecuTorch program (.pte)"
    BUNDLED_PROGRAM = "bundled program (.bpte)"
    TENSOR_DATA = "tensor data of a program (.ptd)"
    ETRECORD = "ETRecord"
    EXPORTED_PROGRAM = "exported program (.pt2)"
    TORCH_SAVE = "file of torch.save"
    ARCHIVE = "zip archive of another kind"
    PICKLE = "Python pickle"
    TEXT = "text"
    UNKNOWN = "bytes without an identifier"
    BUNDLE = "bundle"
    FOLDER = "folder of another kind"
    DEVICE = "pipe or device"


#: FlatBuffers identifiers at byte 4; digits stand for the version of the format.
_IDENTIFIERS = (
    (re.compile(rb"ED00"), FileKind.ETDUMP),
    (re.compile(rb"ET\d\d"), FileKind.PROGRAM),
    (re.compile(rb"BP\d\d"), FileKind.BUNDLED_PROGRAM),
    (re.compile(rb"FT\d\d"), FileKind.TENSOR_DATA),
)


def identify(path: Path) -> FileKind:
    """Tell the kind of a file or folder from its content, never from its name.

    Raises:
        OSError: it cannot be read.
    """
    if path.is_dir():
        return FileKind.BUNDLE if (path / "manifest.json").is_file() else FileKind.FOLDER
    if not stat.S_ISREG(path.stat().st_mode):  # opening one could wait forever
        return FileKind.DEVICE
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if not head:
        return FileKind.EMPTY
    if head[8:12] == b"ED00":  # with its size prefix
        return FileKind.ETDUMP
    for pattern, kind in _IDENTIFIERS:
        if pattern.fullmatch(head[4:8]):
            return kind
    if head[:4] == b"PK\x03\x04":
        return _archive(path)
    return _without_identifier(head)


def _without_identifier(head: bytes) -> FileKind:
    if b"ED00" in head:
        return FileKind.ETDUMP_SHIFTED
    if _is_base64_etdump(head):
        return FileKind.ETDUMP_TEXT
    if re.match(rb"\x80[\x02-\x05]", head):
        return FileKind.PICKLE
    try:
        # The last character may be cut.
        text = (head if len(head) < _HEAD_BYTES else head[:-4]).decode("utf-8")
    except UnicodeDecodeError:
        return FileKind.UNKNOWN
    readable = sum(char.isprintable() or char.isspace() for char in text)
    return FileKind.TEXT if text and readable == len(text) else FileKind.UNKNOWN


def _is_base64_etdump(head: bytes) -> bool:
    letters = b"".join(head.split())
    try:
        decoded = base64.b64decode(letters[: len(letters) // 4 * 4], validate=True)
    except binascii.Error:
        return False
    return b"ED00" in decoded[4:12]


def _archive(path: Path) -> FileKind:
    if not _directory_is_small(path):
        return FileKind.ARCHIVE
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError):
        return FileKind.ARCHIVE
    members = {name.rpartition("/")[2] for name in names}
    if any(name.startswith("ETRECORD_V") for name in names):
        return FileKind.ETRECORD
    if "archive_format" in members or "serialized_exported_program.json" in members:
        return FileKind.EXPORTED_PROGRAM
    return FileKind.TORCH_SAVE if "data.pkl" in members else FileKind.ARCHIVE


def _directory_is_small(path: Path) -> bool:
    """Look at the size of the member list before anything reads it into memory."""
    with path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - 2**16 - 22))
        tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + 22 > len(tail):
        return False
    return bool(struct.unpack_from("<I", tail, at + 12)[0] <= _DIRECTORY_LIMIT)
