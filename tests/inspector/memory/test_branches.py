"""The two sides of a branch: where they are, and what has no bytes on the other side."""

from __future__ import annotations

from typing import Any

import numpy as np
import program_builder as make
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etscope.etdump.program import read_program
from etscope.inspector.memory.branches import branches_of
from etscope.inspector.memory.peak import peak_of
from etscope.inspector.memory.plan import MemoryPlan, memory_plan

CHOICE, ALWAYS = 0, 1


def plan_of(places: list[tuple[int, int]], chain: list[Any], *outputs: int) -> MemoryPlan:
    """Values from number 2 on are (floats, place); 2 is the input, 0 chooses, 1 is False."""
    made = make.method(
        values=[
            make.boolean(True),
            make.boolean(False),
            *(make.tensor([size], memory=(1, place)) for size, place in places),
        ],
        chains=[chain],
        operators=[("aten::add", "out")],
        inputs=[2],
        outputs=outputs,
        arenas=[0, max(4 * size + place for size, place in places)],
    )
    return memory_plan(read_program(make.program(made)), "forward")


def add(value: int, out: int) -> Any:
    return make.kernel(0, value, out, out)


def chooser(true: int = 4) -> MemoryPlan:
    """4 on the true side, 5 and then 6 on the false side are shown as 3, which is read."""
    return plan_of(
        [(4, 0), (4, 16), (true, 32), (8, 48), (4, 32), (4, 0)],
        [
            make.jump_false(CHOICE, 4),
            add(2, 4),
            make.move(4, 3),
            make.jump_false(ALWAYS, 7),
            add(2, 5),
            add(5, 6),
            make.move(6, 3),
            add(3, 7),
        ],
        7,
    )


def spans(plan: MemoryPlan) -> dict[int, list[tuple[int, int]]]:
    return {int(value): plan.present.spans_of(row) for row, value in enumerate(plan.value)}


def test_a_branch_has_a_true_and_a_false_side() -> None:
    found = branches_of(chooser().method)
    assert found.first.tolist() == [1, 4]
    assert found.last.tolist() == [3, 6]
    assert found.inner.tolist() == [-1, 0, 0, 0, 1, 1, 1, -1]


def test_the_result_of_one_side_has_no_bytes_on_the_other() -> None:
    plan = chooser()
    told = spans(plan)
    assert told[4] == [(1, 3), (7, 7)]
    # Behind the branch there is one result; of equal ones that of the true side counts.
    assert told[6] == [(5, 6)]
    (use,) = plan.arenas
    assert use.live_bytes.tolist() == use.summed_bytes.tolist()
    assert use.live_bytes.tolist() == [16, 16, 32, 48, 48, 64, 64, 32, 48, 16]
    assert use.lower_bound_bytes == use.peak_bytes == 64
    assert plan.value[plan.alive_at(5)].tolist() == [5, 3, 6]


def test_the_larger_result_counts_behind_a_branch() -> None:
    told = spans(chooser(true=3))
    assert told[4] == [(1, 3)]
    assert told[6] == [(5, 7)]


def test_holders_add_up_where_results_share_a_place() -> None:
    peak = peak_of(chooser())
    assert peak.steps == (4, 5)
    assert sum(holder.size_bytes for holder in peak.holders) == peak.peak_bytes
    assert peak.shared_bytes == 0


def test_what_is_not_there_at_another_peak_does_not_lower_it() -> None:
    """Both sides need as much: no result of one of them alone lowers the peak."""
    plan = plan_of(
        [(4, 0), (4, 16), (4, 32), (4, 32), (4, 48)],
        [
            make.jump_false(CHOICE, 4),
            add(2, 4),
            make.move(4, 3),
            make.jump_false(ALWAYS, 6),
            add(2, 5),
            make.move(5, 3),
            add(3, 6),
        ],
        6,
    )
    held = {int(plan.value[holder.row]): holder for holder in peak_of(plan).holders}
    assert 4 in held
    assert held[4].absent_saves_bytes == 0


@pytest.mark.parametrize(
    "chain",
    [
        # The second jump may be taken or not: its condition is no constant.
        [make.jump_false(0, 3), add(2, 4), make.jump_false(0, 4), add(2, 5), add(3, 2)],
        # A jump from behind leads into the false side.
        [
            make.jump_false(0, 3),
            add(2, 4),
            make.jump_false(1, 5),
            add(2, 5),
            add(2, 5),
            make.jump_false(0, 4),
        ],
        # The constant is written.
        [make.jump_false(0, 3), make.move(0, 1), make.jump_false(1, 4), add(2, 5), add(3, 2)],
    ],
)
def test_sides_that_are_not_proven_are_none(chain: list[Any]) -> None:
    plan = plan_of([(4, 0)] * 4, chain)
    assert len(branches_of(plan.method)) == 0
    assert len(spans(plan)[4]) <= 1


def nested(depth: int) -> list[Any]:
    """A branch whose true side is a branch, and so on; value 3 is made on each side."""
    chain: list[Any] = [add(2, 3)]
    for _ in range(depth):
        moved = [_moved(one, 1) for one in chain]
        middle = len(moved) + 2
        chain = [(CHOICE, middle), *moved, (ALWAYS, middle + 1), add(2, 3)]
    return [make.jump_false(*one) if type(one) is tuple else one for one in chain]


def _moved(one: Any, by: int) -> Any:
    return (one[0], one[1] + by) if type(one) is tuple else one


def test_nested_sides_know_what_is_around_them() -> None:
    found = branches_of(plan_of([(4, 0), (4, 16)], nested(3)).method)
    assert len(found) == 6
    assert sorted(found.depth.tolist()) == [0, 0, 1, 1, 2, 2]


def test_too_deep_a_nest_proves_nothing() -> None:
    assert len(branches_of(plan_of([(4, 0), (4, 16)], nested(200)).method)) == 0


@st.composite
def chosen(draw: st.DrawFn) -> MemoryPlan:
    """Branches one after another, planned as exporters do: the two sides share places."""
    chain: list[Any] = []
    places, shown, here = [(4, 0)], 2, 16
    for _ in range(draw(st.integers(1, 3))):
        result = len(places) + 2
        places.append((4, here))
        sides, ends = [], []
        for _ in range(2):
            at, read, calls = here + 16, shown, []
            for size in draw(st.lists(st.sampled_from([1, 4, 16]), min_size=1, max_size=3)):
                places.append((size, at))
                calls.append(add(read, len(places) + 1))
                read, at = len(places) + 1, at + 64
            sides.append([*calls, make.move(read, result)])
            ends.append(at)
        begin = len(chain)
        middle = begin + len(sides[0]) + 2
        chain += [make.jump_false(CHOICE, middle), *sides[0]]
        chain += [make.jump_false(ALWAYS, middle + len(sides[1])), *sides[1]]
        shown, here = result, max(ends)
    return plan_of(places, chain, shown)


@settings(deadline=None, max_examples=50)
@given(chosen())
def test_no_sound_plan_is_smaller_than_its_lower_bound(plan: MemoryPlan) -> None:
    (use,) = plan.arenas
    assert use.lower_bound_bytes <= use.size_bytes
    assert np.array_equal(use.live_bytes, use.summed_bytes)
    assert peak_of(plan).shared_bytes == 0
    for row, first, last in zip(*plan.present, strict=True):
        assert plan.first[row] <= first <= last <= plan.last[row]
