"""Views into a debug buffer: every element type, every layout, every lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from etscope.etdump.columns import RunColumns, TensorColumns, Trace, ValueColumns, ValueKind
from etscope.etdump.errors import CorruptTrace, Truncated
from etscope.etdump.scalar_types import SCALAR_TYPES, item_sizes, numpy_dtype, scalar_type
from etscope.etdump.tensor_flaws import Flaw
from etscope.etdump.tensors import DebugBuffer, check, extents, tensor, used_bytes, value_of
from etscope.etdump.times import Times

Row = tuple[int, int, list[int], list[int]]  # scalar type, offset, sizes, strides


def trace_of(*rows: Row) -> Trace:
    """A trace whose tensors are these, each logged as a value of its own."""
    columns = TensorColumns(
        scalar_type=np.array([row[0] for row in rows], np.int8),
        offset=np.array([row[1] for row in rows], np.int64),
        dims=np.cumsum([0] + [len(row[2]) for row in rows], dtype=np.int64),
        sizes=np.array([size for row in rows for size in row[2]], np.int64),
        strides=np.array([stride for row in rows for stride in row[3]], np.int64),
    )
    return with_values(columns, [(ValueKind.TENSOR, 0, 0.0, 1)] * len(rows))


def with_values(columns: TensorColumns, values: list[tuple[int, int, float, int]]) -> Trace:
    """Values as (kind, integer, real, number of tensors)."""
    none = np.zeros(0, np.int32)
    return Trace(
        strings=(),
        shapes=(),
        runs=RunColumns(none, none, none, np.zeros(1, np.int64)),
        times=Times(np.zeros(len(values), np.uint64), np.zeros(len(values), np.uint64)),
        values=ValueColumns(
            event=np.arange(len(values)),
            kind=np.array([value[0] for value in values], np.uint8),
            is_output=np.zeros(len(values), np.bool_),
            integer=np.array([value[1] for value in values], np.int64),
            real=np.array([value[2] for value in values], np.float64),
            tensors=np.cumsum([0] + [value[3] for value in values]),
            tensor=columns,
        ),
        path="run.etdp",
    )


@pytest.mark.parametrize("number", SCALAR_TYPES)
def test_every_scalar_type_is_read_at_any_offset(number: int) -> None:
    dtype = numpy_dtype(number)
    stored = np.arange(1, 7).astype(np.uint8).repeat(dtype.itemsize)
    if number == 11:
        stored &= 1
    buffer = DebugBuffer(b"\xee" * 3 + stored.tobytes())
    view = tensor(trace_of((number, 3, [2, 3], [3, 1])), buffer, 0)
    assert view.dtype == dtype
    assert dtype.itemsize == scalar_type(number).item_size
    assert view.shape == (2, 3)
    assert view.tobytes() == stored.tobytes()
    assert view.copy()[1, 2] == np.frombuffer(stored.tobytes(), dtype)[5]


def test_values_of_the_unusual_types() -> None:
    import ml_dtypes

    half = np.array([1.5, -2.0]).astype(ml_dtypes.bfloat16)
    view = tensor(trace_of((15, 1, [2], [1])), DebugBuffer(b"\0" + half.tobytes()), 0)
    assert view.astype(np.float32).tolist() == [1.5, -2.0]
    pair = np.array([1.0, 2.0], np.float16)
    view = tensor(trace_of((8, 0, [1], [1])), DebugBuffer(pair.tobytes()), 0)
    assert (view["real"].item(), view["imag"].item()) == (1.0, 2.0)
    assert "elements" in scalar_type(16).note


def test_an_unknown_scalar_type_says_its_number() -> None:
    with pytest.raises(CorruptTrace, match="scalar type 99 is unknown"):
        scalar_type(99)
    assert item_sizes(np.array([6, 99, -1], np.int8)).tolist() == [4, 0, 0]


def test_a_channels_last_tensor_is_put_in_order() -> None:
    image = np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 3, 4, 5)
    stored = np.ascontiguousarray(image.transpose(0, 2, 3, 1)).tobytes()
    view = tensor(trace_of((6, 5, [2, 3, 4, 5], [60, 1, 15, 3])), DebugBuffer(bytes(5) + stored), 0)
    assert np.array_equal(view, image)


def test_views_are_lazy_and_read_only(tmp_path: Path) -> None:
    path = tmp_path / "buffer.anything"
    path.write_bytes(np.arange(8, dtype=np.float32).tobytes())
    buffer = DebugBuffer(path)
    view = tensor(trace_of((6, 4, [3], [1])), buffer, 0)
    assert view.tolist() == [1, 2, 3]
    assert np.shares_memory(view, buffer.data)
    assert not view.flags.writeable
    assert (buffer.path, len(buffer)) == (str(path), 32)


def test_an_empty_file_is_an_empty_buffer(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    assert len(DebugBuffer(path)) == 0


def test_scalars_and_empty_tensors() -> None:
    buffer = DebugBuffer(np.array([7], np.int64).tobytes())
    trace = trace_of(
        (4, 0, [], []), (6, -1, [0, 4], [4, 1]), (6, 99, [3, 0], [1, 1]), (4, 0, [1, 1], [2**60, 9])
    )
    assert check(trace, buffer).tolist() == [0, 0, 0, 0]
    assert tensor(trace, buffer, 0).item() == 7
    assert tensor(trace, buffer, 0).shape == ()
    assert [tensor(trace, buffer, row).shape for row in (1, 2)] == [(0, 4), (3, 0)]
    assert tensor(trace, buffer, 3).tolist() == [[7]]


def test_broadcast_strides_are_legal() -> None:
    buffer = DebugBuffer(np.array([1, 2], np.int32).tobytes())
    view = tensor(trace_of((3, 0, [3, 2], [0, 1])), buffer, 0)
    assert view.tolist() == [[1, 2]] * 3


FLAWS: dict[str, tuple[Row, Flaw]] = {
    "unknown type": ((77, 0, [1], [1]), Flaw.UNKNOWN_TYPE),
    "negative type": ((-1, 0, [1], [1]), Flaw.UNKNOWN_TYPE),
    "negative size": ((6, 0, [-1], [1]), Flaw.NEGATIVE_SIZE),
    "two negative sizes": ((6, 0, [-2, -2], [1, 1]), Flaw.NEGATIVE_SIZE),
    "too many dimensions": ((6, 0, [1] * 40, [1] * 40), Flaw.TOO_MANY_DIMENSIONS),
    "nothing written": ((6, -1, [1], [1]), Flaw.NOT_WRITTEN),
    "negative offset": ((6, -8, [1], [1]), Flaw.NEGATIVE_OFFSET),
    "negative stride": ((6, 32, [2, 2], [-2, 1]), Flaw.NEGATIVE_STRIDE),
    "last element behind the end": ((6, 52, [4], [1]), Flaw.BEHIND_THE_END),
    "offset behind the end": ((6, 64, [], []), Flaw.BEHIND_THE_END),
    "offset beyond any": ((6, 2**63 - 1, [1], [1]), Flaw.BEHIND_THE_END),
    "stride that wraps": ((6, 0, [3], [2**62]), Flaw.BEHIND_THE_END),
    "strides that cancel when wrapped": ((6, 0, [3, 3], [2**62, 2**62]), Flaw.BEHIND_THE_END),
    "endless repetition": ((6, 0, [2**40, 4], [0, 1]), Flaw.TOO_LARGE),
    "sizes that wrap": ((6, 0, [2**32, 2**32], [0, 0]), Flaw.TOO_LARGE),
    "empty, but beyond any": ((6, 0, [0, 2**62], [1, 1]), Flaw.TOO_LARGE),
}


@pytest.mark.parametrize(("row", "flaw"), FLAWS.values(), ids=FLAWS.keys())
def test_what_cannot_be_read_has_a_reason(row: Row, flaw: Flaw) -> None:
    buffer = DebugBuffer(bytes(64))
    good: Row = (6, 0, [16], [1])
    trace = trace_of(good, row, good)
    assert check(trace, buffer).tolist() == [0, flaw, 0]
    expected = Truncated if flaw is Flaw.BEHIND_THE_END else CorruptTrace
    with pytest.raises(expected, match="tensor 1 of the trace cannot be read"):
        tensor(trace, buffer, 1)
    assert len(tensor(trace, buffer, 2)) == 16


def test_used_bytes_is_the_end_of_the_last_tensor() -> None:
    trace = trace_of(
        (6, 48, [2, 3], [3, 1]),
        (6, -1, [0], [1]),
        (1, 112, [5], [1]),
        (6, 2**62, [1], [1]),
        (77, 500, [1], [1]),
    )
    assert used_bytes(trace) == 117
    start, end = extents(trace)
    assert start.tolist() == [48, -1, 112, -1, -1]
    assert end.tolist() == [72, -1, 117, -1, -1]
    assert used_bytes(trace_of()) == 0


def test_a_row_that_is_not_there() -> None:
    with pytest.raises(IndexError, match="tensor row -1 of 1"):
        tensor(trace_of((6, 0, [1], [1])), DebugBuffer(bytes(4)), -1)


def test_values_of_every_kind() -> None:
    data: NDArray[Any] = np.array([1, 2, 3], np.float32)
    columns = trace_of(*[(6, 4 * i, [1], [1]) for i in range(3)]).values.tensor
    trace = with_values(
        columns,
        [
            (ValueKind.NULL, 0, 0, 0),
            (ValueKind.INT, -5, 0, 0),
            (ValueKind.BOOL, 1, 0, 0),
            (ValueKind.FLOAT, 0, 0.5, 0),
            (ValueKind.DOUBLE, 0, 2.5, 0),
            (ValueKind.TENSOR, 0, 0, 1),
            (ValueKind.TENSOR_LIST, 0, 0, 2),
            (ValueKind.TENSOR_LIST, 0, 0, 0),
        ],
    )
    buffer = DebugBuffer(data.tobytes())
    first = [value_of(trace, buffer, row) for row in range(5)]
    assert first == [None, -5, True, 0.5, 2.5]
    assert [type(value) for value in first[1:4]] == [int, bool, float]
    assert np.array_equal(np.asarray(value_of(trace, buffer, 5)), [1])
    listed = value_of(trace, buffer, 6)
    assert isinstance(listed, list)
    assert [view.tolist() for view in listed] == [[2], [3]]
    assert value_of(trace, buffer, 7) == []


@pytest.mark.parametrize("kind", [ValueKind.TENSOR, ValueKind.STRING, 99])
def test_a_value_that_holds_nothing(kind: int) -> None:
    trace = with_values(trace_of().values.tensor, [(kind, 0, 0, 0)])
    with pytest.raises(CorruptTrace, match="event 0"):
        value_of(trace, DebugBuffer(b""), 0)
