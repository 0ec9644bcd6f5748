"""Runs that repeat each other share one shape, and only those."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etscope.etdump import shapes
from etscope.etdump.columns import EventShape
from etscope.etdump.errors import UsageError

Row = tuple[int, int, int, int, int, int]


def found(runs: list[list[Row]]) -> tuple[tuple[EventShape, ...], list[int]]:
    rows = np.array([row for run in runs for row in run], np.int64).reshape(-1, 6)
    edges = np.append(0, np.cumsum([len(run) for run in runs], dtype=np.int64))
    types: list[Any] = [np.uint8, np.int32, np.int64, np.int32, np.int32, np.int32]
    kind, name, chain, instruction, ids, texts = (rows[:, i].astype(t) for i, t in enumerate(types))
    result, shape = shapes.find_shapes(kind, name, chain, instruction, ids, texts, edges)
    assert shape.dtype == np.int32
    return result, shape.tolist()


def rows_of(shape: EventShape) -> list[Row]:
    return list(zip(*(column.tolist() for column in shape.columns()), strict=True))


def by_comparing(runs: list[list[Row]]) -> tuple[list[list[Row]], list[int]]:
    """The slow and obvious way."""
    distinct: list[list[Row]] = []
    for run in runs:
        if run not in distinct:
            distinct.append(run)
    return distinct, [distinct.index(run) for run in runs]


A: Row = (0, 1, 0, 2, -1, -1)
B: Row = (0, 1, 0, 3, -1, -1)
C: Row = (1, -1, -1, 0, 7, 4)


def test_repeated_runs_share_a_shape_numbered_by_first_appearance() -> None:
    distinct, shape = found([[A, B], [C], [A, B], [B, A], [C]])

    assert shape == [0, 1, 0, 2, 1]
    assert [rows_of(s) for s in distinct] == [[A, B], [C], [B, A]]


def test_no_runs_have_no_shapes() -> None:
    assert found([]) == ((), [])


def test_runs_without_events_share_the_empty_shape() -> None:
    distinct, shape = found([[], [A], [], [A, A]])

    assert shape == [0, 1, 0, 2]
    assert [len(s) for s in distinct] == [0, 1, 2]


def test_only_empty_runs() -> None:
    distinct, shape = found([[], []])

    assert ([len(s) for s in distinct], shape) == ([0], [0, 0])


@pytest.mark.parametrize("column", range(6))
def test_every_column_tells_runs_apart(column: int) -> None:
    changed: Any = tuple(v + 1 if i == column else v for i, v in enumerate(A))

    _, shape = found([[A, B], [changed, B]])

    assert shape == [0, 1]


def test_runs_longer_than_a_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "_PIECE", 4)
    long, other = [A, B, C] * 5, [A, B, C] * 4 + [A, B, B]

    _, shape = found([long, [A], other, long, [A]])

    assert shape == [0, 1, 2, 0, 1]


def test_a_hash_collision_never_merges_two_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    def collide(columns: Any, edges: Any) -> Any:
        return np.zeros(len(edges) - 1, np.uint64)

    monkeypatch.setattr(shapes, "_hashes", collide)
    runs = [[A], [B], [A, B], [B], [A], [B, A], [A, B]]

    distinct, shape = found(runs)

    assert ([rows_of(s) for s in distinct], shape) == by_comparing(runs)


events = st.sampled_from([A, B, C])


@given(st.lists(st.lists(events, max_size=4), max_size=12), st.sampled_from([2, 3, 100]))
def test_the_same_groups_as_by_comparing_all(runs: list[list[Row]], piece: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shapes, "_PIECE", piece)
        distinct, shape = found(runs)

    assert ([rows_of(s) for s in distinct], shape) == by_comparing(runs)


def columns_of(count: int) -> dict[str, Any]:
    names = ("kind", "name", "chain", "instruction", "delegate_id", "delegate_name", "start", "end")
    return {name: [0] * count for name in names}


def test_a_trace_of_flat_columns() -> None:
    trace = shapes.trace_of(["Execute", "a"], [0, 0], [2, 2], **columns_of(4))

    assert (len(trace), len(trace.shapes)) == (4, 1)
    assert trace.runs.first_event.tolist() == [0, 2, 4]
    assert trace.runs.bundled_input.tolist() == [-1, -1]
    assert trace.events.run.tolist() == [0, 0, 1, 1]
    assert trace.start.dtype == np.uint64


def test_columns_that_disagree_are_refused() -> None:
    with pytest.raises(UsageError, match=r"\[3, 4\] events"):
        shapes.trace_of(["Execute"], [0], [4], **columns_of(3))
    with pytest.raises(UsageError, match="1 run names for 2 runs"):
        shapes.trace_of(["Execute"], [0], [1, 2], **columns_of(3))
