"""Columns as bytes: what a browser maps is what was packed."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etscope.dashboard.server.wire import pack, unpack


def test_what_is_packed_comes_out() -> None:
    columns = {
        "flag": np.array([True, False, True]),
        "start": np.array([0, 2**40], np.uint64),
        "name": np.array([-1, 5, 7], np.int32),
        "none": np.zeros(0, np.float64),
        "big_endian": np.array([1.5], ">f4"),
        "wide": np.array([-(2**31), 2**31 - 1], np.int64),
        "unsigned": np.array([2**32 - 1], np.uint64),
    }
    head, found = unpack(pack({"unit": "ms"}, columns))
    assert head == {"unit": "ms"}
    assert {name: column.tolist() for name, column in found.items()} == {
        name: column.astype(float).tolist() for name, column in columns.items()
    }
    types = {name: column.dtype.str for name, column in found.items()}
    assert types["start"] == "<f8"
    assert types["wide"] == "<i4"
    assert types["unsigned"] == "<u4"
    assert types["flag"] == "|u1"


def test_every_column_lies_where_a_browser_can_map_it() -> None:
    answer = pack({"strings": ["é", "</script>"]}, {"a": np.ones(3, np.int8), "b": np.ones(2)})
    (size,) = struct.unpack_from("<I", answer, 4)
    rows = json.loads(answer[8 : 8 + size])["columns"]
    assert [row["type"] for row in rows] == ["Int8Array", "Float64Array"]
    assert all((8 + size + row["offset"]) % 8 == 0 for row in rows)


def test_a_number_that_a_browser_would_round_is_marked() -> None:
    def row(number: int) -> dict[str, object]:
        answer = pack({}, {"a": np.array([number], np.uint64)})
        (size,) = struct.unpack_from("<I", answer, 4)
        found: dict[str, object] = json.loads(answer[8 : 8 + size])["columns"][0]
        return found

    assert "rounded" not in row(2**53)
    assert row(2**53 + 1)["rounded"] is True


@given(st.lists(st.integers(-(2**53), 2**53), max_size=20))
def test_exact_integers_stay_so(numbers: list[int]) -> None:
    _, found = unpack(pack({}, {"n": np.array(numbers, np.int64)}))
    assert [int(number) for number in found["n"]] == numbers


@pytest.mark.parametrize("bad", [np.ones((2, 2)), np.array(["a"]), np.array([None])])
def test_only_columns_of_numbers_are_packed(bad: np.ndarray) -> None:
    with pytest.raises(TypeError, match="no column of numbers"):
        pack({}, {"bad": bad})


def test_other_bytes_are_refused() -> None:
    with pytest.raises(ValueError, match="ETSC"):
        unpack(b"<html>")
