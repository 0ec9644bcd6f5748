"""What debug events logged becomes columns, for every kind and with fields left out."""

from __future__ import annotations

import numpy as np
import pytest
from dump_builder import debug, dump, profile, run, tensor, value
from flatbuffer_builder import Num, Table

from etscope.etdump.columns import Trace, ValueKind
from etscope.etdump.errors import CorruptTrace
from etscope.etdump.reader import read_etdump
from etscope.etdump.values import join_values


def read(*entries: Table | None) -> Trace:
    return read_etdump(dump(run(*(debug(entry) for entry in entries))))


def boxed(dtype: str, number: float) -> Table:
    return Table({0: Num(dtype, number, None)})


def test_numbers() -> None:
    values = read(
        value(ValueKind.INT, {3: boxed("i8", -(2**63))}),
        value(ValueKind.BOOL, {6: boxed("u1", 1)}),
        value(ValueKind.BOOL, {6: boxed("u1", 0)}),
        value(ValueKind.FLOAT, {4: boxed("f4", 0.1)}),
        value(ValueKind.DOUBLE, {5: boxed("f8", 0.1)}),
        value(ValueKind.NULL),
    ).values

    kinds = ["INT", "BOOL", "BOOL", "FLOAT", "DOUBLE", "NULL"]
    assert [ValueKind(kind).name for kind in values.kind] == kinds
    assert values.integer.tolist() == [-(2**63), 1, 0, 0, 0, 0]
    assert values.real.tolist() == [0, 0, 0, float(np.float32(0.1)), 0.1, 0]
    assert not values.is_output.any()
    assert values.tensors.tolist() == [0] * 7


def test_a_number_of_another_kind_is_not_taken() -> None:
    """The kind says which box counts."""
    both = {3: boxed("i8", 5), 5: boxed("f8", 2.5)}
    values = read(value(ValueKind.DOUBLE, both), value(ValueKind.INT, both)).values

    assert values.integer.tolist() == [0, 5]
    assert values.real.tolist() == [2.5, 0]


def test_outputs_are_flagged() -> None:
    flag, unset = {7: boxed("u1", 1)}, {7: boxed("u1", 0)}
    values = read(
        value(5, {1: tensor([1], [1])} | flag), value(5, {1: tensor([1], [1])} | unset)
    ).values

    assert values.is_output.tolist() == [True, False]


def test_what_is_left_out() -> None:
    """No entry, no kind, no box, an empty box, no tensor, an empty list."""
    values = read(
        None,
        value(None),
        value(ValueKind.INT),
        value(ValueKind.DOUBLE, {5: Table({})}),
        value(ValueKind.TENSOR),
        value(ValueKind.TENSOR_LIST),
        value(ValueKind.TENSOR_LIST, {2: Table({})}),
        value(ValueKind.TENSOR_LIST, {2: Table({0: []})}),
    ).values

    assert values.kind.tolist() == [0, 0, 1, 4, 5, 6, 6, 6]
    assert not values.integer.any()
    assert not values.real.any()
    assert values.tensors.tolist() == [0] * 9


def test_tensors_keep_their_owner_and_order() -> None:
    listed = [tensor([2], [1], offset=8), tensor([3, 4], [4, 1], offset=-1)]
    trace = read(
        value(ValueKind.TENSOR_LIST, {2: Table({0: listed})}),
        value(ValueKind.TENSOR, {1: tensor([], [], scalar_type=11, offset=64)}),
        value(ValueKind.NULL),
        value(ValueKind.TENSOR, {1: tensor([5, 6], [1, 5], scalar_type=6, offset=2**40)}),
    )
    values, tensors = trace.values, trace.values.tensor

    assert values.tensors.tolist() == [0, 2, 3, 3, 4]
    assert tensors.offset.tolist() == [8, -1, 64, 2**40]
    assert tensors.scalar_type.tolist() == [0, 0, 11, 6]
    assert [tensors.shape_of(row) for row in range(4)] == [
        ((2,), (1,)),
        ((3, 4), (4, 1)),
        ((), ()),
        ((5, 6), (1, 5)),
    ]


def test_an_offset_of_zero_is_left_out_of_the_file() -> None:
    tensors = read(value(ValueKind.TENSOR, {1: tensor([3], [1], scalar_type=6)})).values.tensor

    assert tensors.offset.tolist() == [0]


def test_tensors_without_strides_are_contiguous() -> None:
    """Beside one that has strides, and with sizes that no memory could hold."""
    sizes = [[2, 3, 4], [3, 2], [0, 5], [], [2**40, 2**40, 2**40]]
    strides = [None, [1, 3], None, None, None]
    made = [tensor(a, b) for a, b in zip(sizes, strides, strict=True)]
    tensors = read(value(ValueKind.TENSOR_LIST, {2: Table({0: made})})).values.tensor

    assert [tensors.shape_of(row) for row in range(5)] == [
        ((2, 3, 4), (12, 4, 1)),
        ((3, 2), (1, 3)),
        ((0, 5), (5, 1)),
        ((), ()),
        ((2**40,) * 3, (2**62, 2**40, 1)),
    ]


@pytest.mark.parametrize(("sizes", "strides"), [([2, 3], [1]), ([2], [1, 2]), (None, [1])])
def test_strides_that_do_not_fit_the_sizes_are_refused(
    sizes: list[int] | None, strides: list[int]
) -> None:
    with pytest.raises(CorruptTrace, match=r"sizes and \d strides"):
        read(value(ValueKind.TENSOR, {1: tensor(sizes, strides)}))


def test_values_read_in_several_pieces_are_joined_in_the_order_of_their_events() -> None:
    listed = [tensor([2], [1], offset=1), tensor([3, 4], [4, 1], offset=2)]
    first = read(
        value(ValueKind.TENSOR_LIST, {2: Table({0: listed})}),
        value(ValueKind.INT, {3: boxed("i8", 7)}),
    ).values
    second = read(value(ValueKind.TENSOR, {1: tensor([5], [1], offset=3)})).values
    first.event[:], second.event[:] = (1, 6), (4,)

    joined = join_values([second, first])

    assert joined.event.tolist() == [1, 4, 6]
    assert joined.kind.tolist() == [6, 5, 1]
    assert joined.integer.tolist() == [0, 0, 7]
    assert joined.tensors.tolist() == [0, 2, 3, 3]
    assert joined.tensor.offset.tolist() == [1, 2, 3]
    assert joined.tensor.sizes.tolist() == [2, 3, 4, 5]
    assert joined.tensor.strides.tolist() == [1, 4, 1, 1]
    assert joined.tensor.dims.tolist() == [0, 1, 3, 4]


def test_no_values_at_all() -> None:
    assert len(read_etdump(dump(run(profile("a", 1, 2)))).values) == 0
    assert len(join_values([])) == 0
