"""Uploads: in pieces, within limits, taken in whole or not at all."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from opened_traces import bundle, dump_bytes, keys, opened_library, program_bytes, states

from etscope.dashboard.library.library import Library
from etscope.dashboard.library.uploads import UploadLimits, Uploads
from etscope.etdump.errors import TraceError, UploadRefused

LIMITS = UploadLimits(trace_bytes=20_000, kept_bytes=30_000, files=8, unfinished=3)


class Clock:
    """A clock that stands until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def library() -> Iterator[Library]:
    made = Library()
    yield made
    made.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def uploads(library: Library, clock: Clock) -> Iterator[Uploads]:
    made = Uploads(library, LIMITS, clock)
    yield made
    made.close()


def send(uploads: Uploads, content: bytes, name: str = "a.etdp") -> str:
    upload = uploads.begin(name)
    uploads.write(upload, name, 0, io.BytesIO(content))
    return uploads.finish(upload)


def files_of(library: Library) -> list[str]:
    """The files in its private folder; opened uploads are read where they lie."""
    return sorted(path.name for path in library.folder.path.rglob("*") if path.is_file())


def test_a_trace_in_pieces_is_taken_in(uploads: Uploads, library: Library) -> None:
    content = dump_bytes()
    upload = uploads.begin("a.etdp")
    for start in range(0, len(content), 100):
        kept = uploads.write(upload, "a.etdp", start, io.BytesIO(content[start : start + 100]))
    assert kept == len(content)
    assert keys(library) == {}
    key = uploads.finish(upload)
    assert key == hashlib.sha256(content).hexdigest()
    assert library.opened(key).recording is not None
    library.refresh()
    assert states(library) == {"a.etdp": "ready"}


def test_the_files_of_a_bundle_become_one(
    uploads: Uploads, library: Library, tmp_path: Path
) -> None:
    folder = bundle(tmp_path)
    upload = uploads.begin("mine.etscope")
    for path in folder.iterdir():
        uploads.write(upload, path.name, 0, io.BytesIO(path.read_bytes()))
    uploads.write(upload, "beside.html", 0, io.BytesIO(b"<p>"))
    key = uploads.finish(upload)
    assert key == keys(opened_library(folder))["made.etscope"]
    opened = library.opened(key)
    assert opened.program is not None
    assert opened.entry.name == "mine.etscope"


def test_the_same_content_is_kept_once(uploads: Uploads, library: Library) -> None:
    first, second = send(uploads, dump_bytes()), send(uploads, dump_bytes(), "b.etdp")
    assert first == second
    assert list(keys(library)) == ["a.etdp"]
    assert files_of(library) == ["a.etdp"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (dump_bytes()[:-80], "Truncated|ends|size prefix"),
        (b"", "empty file"),
        (b"\x80\x04K\x01.", "no trace but: Python pickle"),
        (program_bytes()[:200], "file"),
        (b"hello\n", "no trace but: text"),
    ],
)
def test_what_cannot_be_read_is_not_kept(
    uploads: Uploads, library: Library, content: bytes, words: str
) -> None:
    with pytest.raises(TraceError, match=words) as caught:
        send(uploads, content)
    assert str(library.folder.path) not in str(caught.value)
    assert states(library) == {}
    assert files_of(library) == []


def test_a_trace_that_is_too_large_is_dropped_at_the_limit(
    uploads: Uploads, library: Library
) -> None:
    upload = uploads.begin("a.etdp")
    uploads.write(upload, "a.etdp", 0, io.BytesIO(bytes(15_000)))
    with pytest.raises(UploadRefused, match="larger than") as caught:
        uploads.write(upload, "a.etdp", 15_000, io.BytesIO(bytes(15_000)))
    assert caught.value.too_large
    assert files_of(library) == []
    with pytest.raises(UploadRefused, match="is over"):
        uploads.write(upload, "a.etdp", 15_000, io.BytesIO(b"x"))


def test_all_uploads_together_are_bounded(uploads: Uploads) -> None:
    first = uploads.begin("a")
    uploads.write(first, "a", 0, io.BytesIO(bytes(19_000)))
    second = uploads.begin("b")
    with pytest.raises(UploadRefused, match="larger than"):
        uploads.write(second, "b", 0, io.BytesIO(bytes(12_000)))
    uploads.cancel(first)
    third = uploads.begin("c")
    assert uploads.write(third, "c", 0, io.BytesIO(bytes(12_000))) == 12_000


def test_a_removed_upload_makes_room(uploads: Uploads, library: Library) -> None:
    key = send(uploads, dump_bytes())
    uploads.remove(key)
    assert keys(library) == {}
    assert files_of(library) == []
    with pytest.raises(UploadRefused, match="was not uploaded"):
        uploads.remove(key)


def test_a_piece_out_of_order_says_where_to_go_on(uploads: Uploads) -> None:
    upload = uploads.begin("a")
    uploads.write(upload, "a", 0, io.BytesIO(b"12345"))
    with pytest.raises(UploadRefused, match="5 bytes") as caught:
        uploads.write(upload, "a", 9, io.BytesIO(b"67"))
    assert caught.value.kept == 5


class Gone(io.BytesIO):
    """A sender who goes away after some bytes."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise OSError("gone")
        return super().read(size)


def test_a_piece_that_breaks_off_leaves_nothing(uploads: Uploads) -> None:
    content = dump_bytes()
    upload = uploads.begin("a.etdp")
    uploads.write(upload, "a.etdp", 0, io.BytesIO(content[:50]))
    with pytest.raises(OSError, match="gone"):
        uploads.write(upload, "a.etdp", 50, Gone(content[50:90]))
    uploads.write(upload, "a.etdp", 50, io.BytesIO(content[50:]))
    assert uploads.finish(upload) == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../a", "a/b", "a\\b", "c:d", "a\0b", "a\nb", "/etc/passwd", "x" * 300]
)
def test_names_cannot_lead_elsewhere(uploads: Uploads, library: Library, name: str) -> None:
    with pytest.raises(UploadRefused, match="plain file name"):
        uploads.begin(name)
    upload = uploads.begin("fine")
    with pytest.raises(UploadRefused, match="plain file name"):
        uploads.write(upload, name, 0, io.BytesIO(b"x"))
    assert files_of(library) == []


def test_several_files_need_a_manifest(uploads: Uploads) -> None:
    upload = uploads.begin("both")
    for name in ("a.etdp", "b.etdp"):
        uploads.write(upload, name, 0, io.BytesIO(dump_bytes()))
    with pytest.raises(UploadRefused, match=r"without a manifest\.json"):
        uploads.finish(upload)


def test_there_are_not_too_many_files(uploads: Uploads) -> None:
    upload = uploads.begin("many")
    for number in range(8):
        uploads.write(upload, str(number), 0, io.BytesIO(b"x"))
    with pytest.raises(UploadRefused, match="no more than 8"):
        uploads.write(upload, "9", 0, io.BytesIO(b"x"))


def test_an_idle_upload_makes_way(uploads: Uploads, clock: Clock) -> None:
    idle = uploads.begin("idle")
    uploads.begin("b")
    uploads.begin("c")
    with pytest.raises(UploadRefused, match="3 uploads are unfinished"):
        uploads.begin("d")
    clock.now = 601.0
    assert uploads.begin("d")
    with pytest.raises(UploadRefused, match="is over"):
        uploads.finish(idle)


def test_closing_drops_what_is_unfinished(uploads: Uploads, library: Library) -> None:
    upload = uploads.begin("a")
    uploads.write(upload, "a", 0, io.BytesIO(b"12345"))
    uploads.close()
    assert files_of(library) == []
    with pytest.raises(UploadRefused, match="closing"):
        uploads.begin("b")
