"""Header, segments and named data of a program; what a method says beside its values."""

from __future__ import annotations

import struct

import program_builder as make
import pytest

from etscope.etdump.errors import CorruptTrace
from etscope.etdump.program import read_program
from etscope.etdump.program_segments import NamedData


def test_the_extended_header_as_written() -> None:
    data = make.program(make.method(), segments=[b"12345678"])
    header = read_program(data).header
    assert header is not None
    assert (header.start, header.length, header.segment_data_bytes) == (8, 32, 8)
    assert header.program_bytes == header.segment_base == len(data) - 8


def test_an_old_header_does_not_say_how_much_follows() -> None:
    data = bytearray(make.program(make.method(), segments=[b"12345678"]))
    struct.pack_into("<I", data, 12, 24)
    header = read_program(bytes(data)).header
    assert header is not None
    assert (header.length, header.segment_data_bytes) == (24, None)


def test_a_program_without_segments_has_no_header() -> None:
    assert read_program(make.program(make.method())).header is None


def test_a_header_beyond_any_file_is_refused() -> None:
    data = bytearray(make.program(make.method(), segments=[b"12345678"]))
    struct.pack_into("<Q", data, 16, 2**63)
    with pytest.raises(CorruptTrace, match="beyond any file"):
        read_program(bytes(data))


def test_named_data_and_what_their_segments_hold() -> None:
    named = [("weight", 1), ("same weight", 1), ("bias", 0)]
    program = read_program(make.program(make.method(), segments=[b"b", b"www"], named=named))
    assert program.named_data == tuple(NamedData(*entry) for entry in named)
    found = [program.segment(data.segment).tobytes() for data in program.named_data]
    assert found == [b"www", b"www", b"b"]


def test_nesting_and_devices_of_a_method() -> None:
    plan = make.method(trees=("[in]", "[out]"), devices=[(1, 1, 0), (2, 1, 3)], arenas=[0, 8, 8])
    method = read_program(make.program(plan)).methods[0]
    assert (method.input_tree, method.output_tree) == ("[in]", "[out]")
    assert method.arena_devices == ((1, 1, 0), (2, 1, 3))
    bare = read_program(make.program(make.method())).methods[0]
    assert (bare.input_tree, bare.arena_devices) == ("", ())
