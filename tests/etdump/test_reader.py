"""Both framings are read, and what is no ETDump is told what it is."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import program_builder
import pytest
from differences import difference
from dump_builder import dump, profile, run
from examples import everything
from flatbuffer_builder import Table, encode
from project import ROOT

from etscope.etdump.errors import EmptyTrace, NotATrace, TraceError, Truncated
from etscope.etdump.reader import read_etdump
from etscope.etdump.writer import etdump_bytes

SAMPLES = sorted((ROOT / "sample_traces").glob("*.etscope/*.etdp"))


def plain() -> bytes:
    return dump(run(profile("add", 1, 2)), prefix=False)


def prefixed(size: int) -> bytes:
    return size.to_bytes(4, "little") + plain()


@pytest.mark.parametrize("size_prefix", [True, False])
def test_both_framings(size_prefix: bool) -> None:
    raw = bytes(etdump_bytes(everything(), size_prefix=size_prefix))

    assert difference(read_etdump(raw), everything()) is None


def test_a_path_of_any_suffix_bytes_or_an_array(tmp_path: Path) -> None:
    path = tmp_path / "trace.anything"
    path.write_bytes(plain())
    traces = [
        read_etdump(given) for given in (path, str(path), plain(), np.frombuffer(plain(), np.uint8))
    ]

    assert [trace.path for trace in traces] == [str(path), str(path), None, None]
    assert all(difference(traces[0], trace) is None for trace in traces)


@pytest.mark.parametrize("size", [0, len(plain()) - 4])
@pytest.mark.parametrize("behind", [b"", b"\xff" * 33])
def test_a_size_prefix_that_is_too_small_and_bytes_behind_the_dump(
    size: int, behind: bytes
) -> None:
    """The real reader takes both, and every offset is checked against the file anyway."""
    assert difference(read_etdump(prefixed(size) + behind), read_etdump(plain())) is None


def test_a_size_prefix_that_is_too_large() -> None:
    size = len(plain())

    with pytest.raises(Truncated, match=f"prefix says {size + 9} bytes, the file has {size + 4}"):
        read_etdump(prefixed(size + 5))
    trace = read_etdump(prefixed(size + 5), strict=False)
    assert len(trace) == 1
    assert "size prefix" in trace.losses[0].what


ZIP = b"PK\x03\x04" + bytes(40)
OTHERS = {
    "nothing": (b"", EmptyTrace, "the file is empty: the runtime wrote no dump"),
    "zeros": (bytes(5000), EmptyTrace, "only zero bytes: this is a debug buffer"),
    "a few bytes": (b"\x08\0\0\0ED0", Truncated, "only 7 bytes, too few for an ETDump"),
    "a program": (
        program_builder.program(program_builder.method()),
        NotATrace,
        r"it is an ExecuTorch program \(.pte\)",
    ),
    "a zip": (ZIP, NotATrace, "it is a zip archive, perhaps an ETRecord"),
    "text": (b"epoch,loss\n1,0.5\n", NotATrace, "the identifier ED00 is missing at byte 8"),
    "mostly zeros": (bytes(1 << 21) + b"x", NotATrace, "the identifier ED00 is missing"),
    "no runs": (dump(), EmptyTrace, "the dump holds no runs"),
    "no run vector": (encode(Table({}), b"ED00"), EmptyTrace, "the dump holds no runs"),
    "no events": (dump(run(), run()), EmptyTrace, "the dump holds 2 runs but no events"),
}


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(("data", "kind", "words"), OTHERS.values(), ids=OTHERS.keys())
def test_what_is_no_dump_is_explained(
    data: bytes, kind: type[TraceError], words: str, strict: bool, tmp_path: Path
) -> None:
    path = tmp_path / "given.bin"
    path.write_bytes(data)
    with pytest.raises(kind, match=words) as caught:
        read_etdump(path, strict=strict)

    assert str(caught.value).startswith(str(path))
    if strict:
        assert str(caught.value).endswith(kind.default_cure)
    if kind is EmptyTrace:
        assert "EXECUTORCH_ENABLE_EVENT_TRACER=ON" in str(caught.value)


@pytest.mark.parametrize(
    ("data", "offset"), [(ZIP, 4), (b"\x08\0\0\0ED0", 0), (prefixed(999), len(plain()) + 4)]
)
def test_the_byte_is_named(data: bytes, offset: int) -> None:
    with pytest.raises(TraceError) as caught:
        read_etdump(data)

    assert caught.value.offset == offset
    assert f"byte {offset}: " in str(caught.value)


def test_a_reference_out_of_the_file_is_named_by_where_it_stands() -> None:
    raw = bytearray(plain())
    raw[0:4] = (4096).to_bytes(4, "little")
    with pytest.raises(Truncated, match=r"byte 4096: a table ends behind the last byte"):
        read_etdump(bytes(raw))

    raw = bytearray(dump(run(profile("add", 1, 2))))
    slot = raw.index(b"\1\0\0\0") + 4  # the vector of runs has one item
    raw[slot : slot + 4] = b"\xff\xff\xff\x7f"
    with pytest.raises(Truncated, match=rf"byte {slot}: the target of a reference"):
        read_etdump(bytes(raw))


def test_a_folder_or_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, text in (("", "a folder"), ("pipe", "a pipe or a device")):
        with pytest.raises(TraceError, match=text):
            read_etdump(tmp_path / name)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=r"gone\.etdp: there is no such file"):
        read_etdump(tmp_path / "gone.etdp")


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.stem}/{path.stem}")
def test_dumps_of_the_real_runtime(path: Path) -> None:
    """Written anew and read again they say the same; strict=False changes nothing."""
    trace = read_etdump(path)

    assert trace.runs.name.tolist()
    assert trace.text(int(trace.runs.name[0])) == "Default"
    assert trace.text(int(trace.runs.name[-1])) == "Execute"
    assert not read_etdump(path, strict=False).losses
    assert difference(read_etdump(bytes(etdump_bytes(trace))), trace) is None


def test_there_are_dumps_of_the_real_runtime() -> None:
    assert len(SAMPLES) >= 6
