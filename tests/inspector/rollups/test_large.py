"""Deep stacks of modules and operators of many kernels."""

from __future__ import annotations

import pytest
from origins_builder import Row, latency_and_origins, method, operator

from etscope.inspector.operators import OperatorRows
from etscope.inspector.rollups.delegates import by_delegate
from etscope.inspector.rollups.modules import by_module


def test_every_module_of_a_deep_stack_has_the_time_of_those_inside_it() -> None:
    path = ".".join(f"m{at}" for at in range(300))
    rollup = by_module(
        *latency_and_origins(
            method(100), operator("x", 10, path), operator("x", 5, path.rpartition(".")[0])
        )
    )
    found = {entry.level: entry.total for entry in rollup.entries if not entry.remainder}
    assert len(found) == 301
    assert found.pop(300) == 10
    assert set(found.values()) == {15}


def test_kernels_are_told_from_their_operators_without_asking_for_children(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [method(1000)]
    for _ in range(20):
        at = len(rows)
        rows += [operator("x", 10), Row("kernel", 4, at, op="x"), Row("kernel", 3, at, op="x")]
    asked: list[int] = []

    def children(_: OperatorRows, row: int) -> tuple[int, ...]:
        asked.append(row)
        return ()

    monkeypatch.setattr(OperatorRows, "children", children)
    rollup = by_delegate(*latency_and_origins(*rows))
    assert {entry.name: entry.total for entry in rollup.entries if entry.level} == {
        "kernels": 140,
        "dispatch": 60,
    }
    assert asked == []


def test_children_of_a_row_are_those_right_under_it() -> None:
    latency, _ = latency_and_origins(
        method(10), operator("x", 4), Row("kernel", 1, 1), operator("y", 2), Row("kernel", 1, 1)
    )
    rows = latency.rows
    assert [rows.children(row).tolist() for row in range(-1, 5)] == [
        [0],
        [1, 3],
        [2, 4],
        [],
        [],
        [],
    ]
