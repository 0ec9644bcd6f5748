"""Tensor data beside a program."""

from __future__ import annotations

import struct

import program_builder as make
import pytest

from etscope.etdump.errors import CorruptTrace, NotATrace, Truncated
from etscope.etdump.tensor_data import read_tensor_data

WHOLE = make.tensor_data(
    ("weight", 1, [1, 2]), ("tied", 1, [2]), ("blob", 0, None), segments=[b"raw", b"12345678"]
)


def test_names_layouts_and_bytes() -> None:
    data = read_tensor_data(WHOLE)
    assert [named.key for named in data.named] == ["weight", "tied", "blob"]
    assert data.scalar_type.tolist() == [6, 6, -1]
    assert [data.shape_of(row) for row in range(len(data))] == [(1, 2), (2,), ()]
    assert [data.bytes_of(row).tobytes() for row in range(3)] == [b"12345678"] * 2 + [b"raw"]


def test_another_file_is_refused() -> None:
    with pytest.raises(NotATrace, match="no tensor data"):
        read_tensor_data(make.program(make.method()))


def test_a_cut_file_is_noticed() -> None:
    with pytest.raises(Truncated, match="segment 1 ends at byte"):
        read_tensor_data(WHOLE[:-1])


def test_segments_without_a_header() -> None:
    with pytest.raises(CorruptTrace, match="no header"):
        read_tensor_data(WHOLE.replace(b"FH01", b"FH99"))


def test_what_cannot_be_true_is_refused() -> None:
    with pytest.raises(CorruptTrace, match="negative size"):
        read_tensor_data(make.tensor_data(("w", 0, [-1])))
    with pytest.raises(CorruptTrace, match="names number 3 of 1"):
        read_tensor_data(make.tensor_data(("w", 3, [1])))
    far = bytearray(WHOLE)
    struct.pack_into("<Q", far, 32, 2**62)
    with pytest.raises(CorruptTrace, match="beyond any file"):
        read_tensor_data(bytes(far))
