"""Archives made to do harm are refused with one sentence, and cost nothing."""

from __future__ import annotations

import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest
import record_builder as make

from etscope.etdump import record_archive
from etscope.etdump.errors import CorruptTrace, EmptyTrace, NotATrace, TraceError, Truncated
from etscope.etdump.record import read_record
from etscope.etdump.record_archive import Archive

MARKER = {"ETRECORD_V0": b""}


def patched(data: bytes, name: str, offset: int, layout: str, value: int) -> bytes:
    """The archive with one field of a member's entry in the directory changed."""
    at = data.rindex(name.encode()) - 46 + offset
    out = bytearray(data)
    assert out[at - offset : at - offset + 4] == b"PK\x01\x02"
    struct.pack_into(layout, out, at, value)
    return bytes(out)


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/etc/passwd",
        "a/../b",
        "a//b",
        "C:/x",
        "a\\b",
        "./a",
        "a/.",
        "line\nbreak",
        "n\0",
    ],
)
def test_names_that_point_elsewhere(name: str) -> None:
    stand_in = "y" * len(name)
    data = make.zipped({**MARKER, stand_in: b"1"}).replace(stand_in.encode(), name.encode())
    with pytest.raises(CorruptTrace, match="its name points out of the archive"):
        Archive(data)


def test_folders_are_passed_over() -> None:
    assert Archive(make.zipped({**MARKER, "folder/": b"", "folder/a": b"12"})).sizes == {
        "folder/a": 2
    }


def test_a_member_that_is_there_twice() -> None:
    data = make.zipped({**MARKER, "one": b"1", "two": b"2"}).replace(b"two", b"one")
    with pytest.raises(CorruptTrace, match="member 'one': it is there twice"):
        Archive(data)


def test_an_encrypted_member() -> None:
    data = patched(make.zipped({**MARKER, "secret": b"1"}), "secret", 8, "<H", 1)
    with pytest.raises(CorruptTrace, match="member 'secret': it is encrypted"):
        Archive(data)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_inflate_without_bounds(method: int) -> None:
    data = make.zipped({**MARKER, "a": b"1" * 100}, method)
    with pytest.raises(CorruptTrace, match=f"compressed by method {method}"):
        Archive(data)


def test_a_zip_bomb_is_not_inflated() -> None:
    archive = Archive(make.zipped({**MARKER, "bomb": bytes(2**24)}, zipfile.ZIP_DEFLATED))
    tracemalloc.start()
    try:
        with pytest.raises(CorruptTrace, match=r"inflate to 16777216 are a zip bomb"):
            archive.read("bomb")
        assert tracemalloc.get_traced_memory()[1] < 2**21
    finally:
        tracemalloc.stop()


def test_weights_that_are_all_zero_are_no_bomb() -> None:
    zeros = {"extra/forward": make.edge_program(), "extra/forward_state_dict": bytes(2**24)}
    record = read_record(make.zipped({**MARKER, **zeros}, zipfile.ZIP_DEFLATED))
    assert record.tensors[0].size_bytes == 2**24
    assert len(record.extra("extra/forward")) == 8


def test_a_bomb_that_declares_less_is_cut_off() -> None:
    data = make.zipped({**MARKER, "bomb": bytes(2**24)}, zipfile.ZIP_DEFLATED)
    data = patched(data, "bomb", 24, "<I", 1000)
    archive = Archive(data)
    tracemalloc.start()
    try:
        with pytest.raises(CorruptTrace, match="member 'bomb': it cannot be inflated"):
            archive.read("bomb")
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()


def test_a_member_that_declares_more_than_it_has() -> None:
    data = make.zipped({**MARKER, "short": b"12" * 9}, zipfile.ZIP_DEFLATED)
    archive = Archive(patched(data, "short", 24, "<I", 99))
    with pytest.raises(CorruptTrace, match="it declares 99 bytes and has 18"):
        archive.read("short")


def test_a_member_larger_than_any_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_archive, "MEMBER_LIMIT", 10)
    archive = Archive(make.zipped({**MARKER, "large": b"1" * 11}))
    with pytest.raises(CorruptTrace, match="member 'large': 11 bytes, more than the 10"):
        archive.read("large")
    monkeypatch.setattr(record_archive, "TOTAL_LIMIT", 10)
    with pytest.raises(CorruptTrace, match="declare more than 10 bytes"):
        Archive(make.zipped({**MARKER, "large": b"1" * 11}))


def test_a_directory_larger_than_any_record() -> None:
    names = {f"{'n' * 2000}{n}": b"" for n in range(600)}
    with pytest.raises(CorruptTrace, match="directory has more than 1048576 bytes"):
        Archive(make.zipped({**MARKER, **names}))


def test_a_wrong_checksum() -> None:
    data = make.zipped({**MARKER, "a": b"12345"}).replace(b"12345", b"12346")
    with pytest.raises(CorruptTrace, match="Bad CRC-32"):
        Archive(data).read("a")


def test_a_member_behind_the_file() -> None:
    data = make.zipped({**MARKER, "a": b"12345"})
    with pytest.raises((CorruptTrace, Truncated)):
        Archive(patched(data, "a", 42, "<I", 2**31)).read("a")


@pytest.mark.parametrize(
    ("data", "kind", "reason"),
    [
        (b"", EmptyTrace, "the file is empty"),
        (b"no zip file at all", NotATrace, "not an ETRecord, which is a zip file"),
        (b"\x80\x02K\x01.", NotATrace, "a pickle"),
        (make.zipped({"data.pkl": b"1"}), NotATrace, "its member ETRECORD_V0 is missing"),
        (make.record()[:-30], Truncated, "cut off or damaged: the directory at the end"),
        (make.record()[:40], Truncated, "missing after 40 bytes"),
        (make.record()[:30] + make.record()[-22:], CorruptTrace, "the zip file cannot be opened"),
    ],
)
def test_what_is_no_record(data: bytes, kind: type[TraceError], reason: str) -> None:
    with pytest.raises(kind, match=reason):
        read_record(data)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="no such file"):
        read_record(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"[" * 200_000, "nested too deeply"),
        (b"1" * 100_000, "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" + b"0," * 400_001 + b"0]", "more than 400000 values"),
    ],
)
def test_json_made_to_do_harm(text: bytes, reason: str) -> None:
    record = read_record(make.record(debug_handle_map=text))
    with pytest.raises(CorruptTrace, match=f"member 'debug_handle_map': .*{reason}"):
        _ = record.debug_handles
