"""Bytes that operators must read and write."""

from __future__ import annotations

from etscope.inspector.roofline.moved_bytes import Moved, moved_by
from etscope.inspector.roofline.operands import Call, Operand

FLOAT, INT8, INT64 = 6, 1, 4


def test_each_tensor_once_as_it_is_stored() -> None:
    wide, row = Operand((4, 8), FLOAT, 0), Operand((8,), FLOAT, 1)
    out = Operand((4, 8), FLOAT, 2)
    assert moved_by(Call("aten::add.out", (wide, row), (out,))) == Moved(160, 128)
    assert moved_by(Call("aten::mul.out", (wide, wide), (out,))) == Moved(128, 128)


def test_of_a_table_only_the_rows_are_read_that_are_asked_for() -> None:
    table, rows = Operand((1000, 16), FLOAT), Operand((3,), INT64)
    out = Operand((3, 16), FLOAT)
    assert moved_by(Call("aten::embedding.out", (table, rows), (out,))) == Moved(192 + 24, 192)
    small = Operand((1000, 16), INT8)
    call = Call("quantized_decomposed::embedding_byte.out", (small, rows), (out,))
    assert moved_by(call) == Moved(48 + 24, 192)


def test_putting_in_place_touches_what_is_put_and_a_copy_all_of_it() -> None:
    cache, place, new = Operand((64, 8), FLOAT), Operand((1,), INT64), Operand((1, 8), FLOAT)
    inputs = (cache, place, new)
    assert moved_by(Call("aten::index_put_", inputs, (cache,))) == Moved(40, 32)
    assert moved_by(Call("aten::index_put.out", inputs, (cache,))) == Moved(2048 + 40, 2048)


def test_views_move_nothing_and_fills_read_nothing() -> None:
    one = Operand((4,), FLOAT)
    assert moved_by(Call("executorch_prim::et_view.default", (one,), (one,))) == Moved(0, 0)
    assert moved_by(Call("aten::full_like.out", (one,), (one,))) == Moved(0, 16)


def test_an_unknown_type_or_size_is_not_counted_as_nothing() -> None:
    call = Call("aten::add.out", (Operand((4,), -1),), (Operand((4,), FLOAT),))
    assert moved_by(call) == Moved(None, 16)
    assert moved_by(call).total_bytes is None
    assert moved_by(Call("aten::relu.out", (Operand((-1,), FLOAT),), ())).read_bytes is None
