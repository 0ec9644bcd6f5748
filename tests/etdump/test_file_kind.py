"""The kind of a file: by content, and without waiting for what is no file."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from etscope.etdump.file_kind import FileKind, identify


def zipped(folder: Path, *members: str) -> Path:
    path = folder / "given.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for member in members:
            archive.writestr(member, b"")
    return path


@pytest.mark.parametrize(
    ("member", "kind"),
    [
        ("ETRECORD_V0", FileKind.ETRECORD),
        ("model/archive_format", FileKind.EXPORTED_PROGRAM),
        ("weights/data.pkl", FileKind.TORCH_SAVE),
        ("photo.jpg", FileKind.ARCHIVE),
    ],
)
def test_archives_are_told_by_their_members(tmp_path: Path, member: str, kind: FileKind) -> None:
    assert identify(zipped(tmp_path, "readme", member)) is kind


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"", FileKind.EMPTY),
        (bytes(8) + b"ED00" + bytes(8), FileKind.ETDUMP),
        (bytes(4) + b"ED00" + bytes(8), FileKind.ETDUMP),
        (bytes(4) + b"ET12" + bytes(8), FileKind.PROGRAM),
        (bytes(40), FileKind.UNKNOWN),
    ],
)
def test_identifiers_count_not_suffixes(tmp_path: Path, head: bytes, kind: FileKind) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(head)
    assert identify(path) is kind


def test_a_pipe_is_told_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "trace.etdp")
    assert identify(tmp_path / "trace.etdp") is FileKind.DEVICE
