"""Tables, vtables, vectors and references are found, and checked before they are followed."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from etscope.etdump.errors import CorruptTrace, TraceError, Truncated
from etscope.etdump.flatbuffer import FlatBuffer, Positions
from etscope.etdump.schema import Offset, Scalar

FIRST = Scalar(0, "<i4", -1)
SECOND = Scalar(1, "<u2", 9)
THIRD = Scalar(2, "<i8", -7)


def buffer_of(data: bytes) -> FlatBuffer:
    return FlatBuffer(np.frombuffer(data, np.uint8), path="x.bin")


def at(*positions: int) -> Positions:
    return np.array(positions, np.int64)


def vtable(*offsets: int, size: int = 16) -> bytes:
    return struct.pack(f"<{2 + len(offsets)}H", 4 + 2 * len(offsets), size, *offsets)


@pytest.mark.parametrize("gap", range(4))
@pytest.mark.parametrize("vtable_first", [True, False])
def test_a_vtable_may_lie_on_either_side_and_anywhere(vtable_first: bool, gap: int) -> None:
    fields = vtable(4, 8)
    place = gap + len(fields) if vtable_first else gap
    offset = len(fields) if vtable_first else -10
    table = struct.pack("<iiH", offset, 123456, 65000)
    parts = [fields, table] if vtable_first else [table, fields]
    buffer = buffer_of(bytes(gap) + b"".join(parts) + bytes(4))

    assert buffer.scalars(at(place), FIRST).tolist() == [123456]
    assert buffer.scalars(at(place, place), SECOND).tolist() == [65000, 65000]


def test_absent_fields_have_the_default_of_the_schema() -> None:
    """Field 0 is left out, field 1 is there, and the vtable is too short for field 2."""
    buffer = buffer_of(vtable(0, 4) + struct.pack("<iHH", 8, 5, 0))

    columns = [buffer.scalars(at(8), field) for field in (FIRST, SECOND, THIRD)]

    assert [column.tolist() for column in columns] == [[-1], [5], [-7]]
    assert [column.dtype.str for column in columns] == ["<i4", "<u2", "<i8"]
    assert buffer.references(at(8), Offset(2)).tolist() == [-1]


def test_tables_of_different_age_in_one_column() -> None:
    old = vtable() + struct.pack("<i", 4)
    new = vtable(0, 0, 8) + struct.pack("<iiq", 10, 0, 2**62)

    assert buffer_of(old + new).scalars(at(4, 18), THIRD).tolist() == [-7, 2**62]


@pytest.mark.parametrize("dtype", ["<u1", "<i1", "<u2", "<i4", "<u4", "<i8", "<u8", "<f4", "<f8"])
@pytest.mark.parametrize("step", [1, 8])
def test_numbers_wherever_they_are(dtype: str, step: int) -> None:
    data = np.random.default_rng(0).integers(0, 255, 100).astype(np.uint8)
    places = np.arange(0, 93, step)

    got = FlatBuffer(data).gather(places, dtype)

    expected = b"".join(data[p : p + np.dtype(dtype).itemsize].tobytes() for p in places)
    assert got.tobytes() == expected
    assert got.dtype == np.dtype(dtype)


@pytest.mark.parametrize("dtype", ["<u1", "<u2", "<u4", "<u8"])
def test_the_last_number_is_read_and_the_one_behind_it_is_not(dtype: str) -> None:
    data, size = bytes(range(17)), np.dtype(dtype).itemsize
    buffer = buffer_of(data)

    assert buffer.gather(at(17 - size), dtype).tobytes() == data[-size:]
    with pytest.raises(Truncated, match=rf"x\.bin, byte {18 - size}: .*\(17 bytes\)"):
        buffer.gather(at(0, 18 - size), dtype)


def test_nothing_is_read_before_the_file() -> None:
    """numpy would count from the end."""
    with pytest.raises(CorruptTrace, match="begin 4 bytes before the file"):
        buffer_of(bytes(32)).gather(at(0, -4), "<u4")


TABLES = {
    "vtable before the file": (struct.pack("<i", 1), CorruptTrace, "a vtable would begin"),
    "vtable behind the file": (struct.pack("<i", -1), Truncated, "a vtable ends behind"),
    "vtable of 2 bytes": (struct.pack("<iHH", -4, 2, 0), CorruptTrace, "a vtable of 2 bytes"),
    "vtable of 7 bytes": (struct.pack("<iHHI", -4, 7, 0, 0), CorruptTrace, "a vtable of 7 bytes"),
    "vtable that is cut": (struct.pack("<iHH", -4, 6, 0), Truncated, "a vtable ends behind"),
    "field behind the file": (struct.pack("<iHHH", -4, 6, 4, 60000), Truncated, "a field ends"),
}


@pytest.mark.parametrize(("data", "kind", "words"), TABLES.values(), ids=TABLES.keys())
def test_tables_that_cannot_be(data: bytes, kind: type[TraceError], words: str) -> None:
    with pytest.raises(kind, match=words):
        buffer_of(data).scalars(at(0), FIRST)


def test_references() -> None:
    data = struct.pack("<6I", 8, 4, 0, 0xFFFFFFFF, 5, 0)
    buffer = buffer_of(data)

    assert buffer.follow(at(0, -1, 4)).tolist() == [8, -1, 8]
    assert buffer.follow(at(-1, -1)).tolist() == [-1, -1]
    assert buffer.follow(at()).tolist() == []
    with pytest.raises(CorruptTrace, match=r"byte 8: a reference to itself"):
        buffer.follow(at(0, 8))
    for behind in (12, 16):  # the second one's target begins inside, but does not end there
        with pytest.raises(Truncated, match="target of a reference"):
            buffer.follow(at(behind))


def test_vectors() -> None:
    data = struct.pack("<I3II2I", 3, 7, 8, 9, 2, 5, 6)
    buffer = buffer_of(data)

    starts, counts = buffer.vectors(at(0, -1, 16), 4, "a list")

    assert (starts.tolist(), counts.tolist()) == ([4, 0, 20], [3, 0, 2])
    items = buffer.items(starts, counts, 4, "a list")
    assert buffer.gather(items, "<u4").tolist() == [7, 8, 9, 5, 6]
    with pytest.raises(Truncated, match="a list ends behind"):
        buffer.vectors(at(4), 4, "a list")


def test_a_vector_of_tables() -> None:
    buffer = buffer_of(struct.pack("<5I", 2, 8, 4, 0, 0))

    tables, counts = buffer.tables_of(at(0), "tables")

    assert (tables.tolist(), counts.tolist()) == ([12, 12], [2])


def test_vectors_that_overlap_cannot_claim_more_than_there_is() -> None:
    """A million vectors at one place: refused by arithmetic, not by running out of memory."""
    count = 10**6
    buffer = buffer_of(struct.pack("<I", count) + bytes(4 * count))
    starts, counts = buffer.vectors(np.zeros(count, np.int64), 4, "lists")

    with pytest.raises(CorruptTrace, match="lists overlap"):
        buffer.items(starts, counts, 4, "lists")


def test_what_was_granted_adds_up() -> None:
    buffer = buffer_of(bytes(1000))
    buffer.take(1000, 8, "some")

    with pytest.raises(CorruptTrace, match="more overlap"):
        buffer.take(100, 8, "more")
