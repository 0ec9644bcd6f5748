"""Another order of the same instructions: what it saves, and what it must not change."""

from __future__ import annotations

from random import Random
from typing import Any

import program_builder as make
from hypothesis import given, settings
from hypothesis import strategies as st
from planned_methods import Call, Straight, plan_of, straight

from etscope.etdump.program import read_program
from etscope.inspector.memory.plan import MemoryPlan, memory_plan
from etscope.inspector.memory.replan import live_bytes_of
from etscope.inspector.memory.what_if.answer import Baseline, WhatIf, baseline_of
from etscope.inspector.memory.what_if.calls import Calls
from etscope.inspector.memory.what_if.reorder import (
    keeps_dependencies,
    lives_in_order,
    reorder_answers,
)

ADD, MM = "aten::add.out", "aten::mm.out"


def looked_at(plan: MemoryPlan) -> tuple[Baseline, Calls]:
    base = baseline_of(plan)
    assert base is not None
    return base, Calls(plan, base.blocks)


def answers(plan: MemoryPlan) -> list[WhatIf]:
    return reorder_answers(*looked_at(plan))


#: Value 1 is made first and waits while 2 grows and shrinks.
EARLY = Straight(
    [(4,), (64,), (64,), (64,), (4,), (4,)],
    [
        Call(MM, (0,), 1),
        Call(MM, (0,), 2),
        Call(MM, (2,), 3),
        Call(MM, (3,), 4),
        Call(ADD, (1, 4), 5),
    ],
    [5],
)


def test_a_value_is_made_when_it_is_needed() -> None:
    (found,) = answers(EARLY.plan())
    assert found.order == (1, 2, 3, 0, 4)
    assert (found.instruction, found.rows) == (0, (1,))
    assert (found.peak_bytes, found.saves_peak_bytes) == (528, 240)
    assert found.message == (
        "if aten::mm.out (instruction 0) ran right after aten::mm.out (instruction 3),"
        " the arenas would need 528 bytes instead of 768 bytes, both planned anew"
    )


def test_what_gives_up_memory_runs_early() -> None:
    """The sum of value 1, which is large, could be taken before the rest is made."""
    calls = [Call(MM, (0,), 1), Call(MM, (0,), 2), Call(MM, (2,), 3), Call(MM, (1,), 4)]
    calls.append(Call(ADD, (3, 4), 5))
    plan = plan_of([(4,), (128,), (64,), (64,), (4,), (4,)], calls, outputs=[5])
    (found,) = answers(plan)
    assert found.order in ((0, 3, 1, 2, 4), (1, 2, 0, 3, 4))
    assert found.saves_peak_bytes > 0


def test_where_no_order_is_better_nothing_is_said() -> None:
    calls = [Call(MM, (0,), 1), Call(MM, (1,), 2), Call(MM, (2,), 3)]
    assert answers(plan_of([(4,), (64,), (64,), (4,)], calls, outputs=[3])) == []


def test_a_peak_outside_of_all_instructions_has_no_order() -> None:
    assert answers(plan_of([(64,), (4,)], [Call(MM, (1,), 1)])) == []


def barred(between: Any) -> MemoryPlan:
    """EARLY with one more instruction behind the first."""
    chain = [make.kernel(0, *call.reads, call.writes, call.writes) for call in EARLY.calls]
    values = [make.tensor(sizes, memory=(1, 512 * at)) for at, sizes in enumerate(EARLY.shapes)]
    made = make.method(
        values=[*values, make.boolean(True), make.integer(1)],
        chains=[[chain[0], between, *chain[1:]]],
        inputs=[0],
        outputs=[5],
        operators=[("aten::mm", "out"), ("aten::sym_size", "int"), ("aten::rand", "out")],
        arenas=[0, 4096],
    )
    return memory_plan(read_program(make.program(made)), "forward")


def test_nothing_moves_across_jumps_sizes_and_random_numbers() -> None:
    (found,) = answers(barred(make.kernel(0, 1, 1)))
    assert found.order == (2, 3, 0, 1, 4, 5)
    for between in (
        make.jump_false(6, 2),
        make.kernel(1, 0, 7, 7),
        make.kernel(2, 0, 0),
        make.free(0),
    ):
        assert answers(barred(between)) == []


def test_an_order_that_breaks_a_dependency_is_seen() -> None:
    _, calls = looked_at(EARLY.plan())
    assert keeps_dependencies(calls, 0, [0, 1, 2, 3, 4])
    assert keeps_dependencies(calls, 0, [1, 2, 0, 3, 4])
    assert not keeps_dependencies(calls, 0, [2, 1, 0, 3, 4])
    assert not keeps_dependencies(calls, 0, [0, 1, 2, 4, 3])
    assert not keeps_dependencies(calls, 0, [0, 1, 2, 3, 3])


def test_a_buffer_is_not_written_before_it_is_read() -> None:
    """Value 1 keeps its bytes: it is read, then written. Its writing must stay behind."""
    calls = [Call(MM, (1,), 2), Call(MM, (0,), 3), Call(MM, (0,), 1), Call(ADD, (2, 3), 4)]
    _, looked = looked_at(plan_of([(4,), (8,), (8,), (8,), (8,)], calls, outputs=[4]))
    assert keeps_dependencies(looked, 0, [0, 2, 1, 3])
    assert not keeps_dependencies(looked, 0, [2, 0, 1, 3])


@settings(max_examples=40, deadline=None)
@given(straight(), st.randoms(use_true_random=False))
def test_lives_in_another_order_are_those_of_a_program_in_that_order(
    method: Straight, random: Random
) -> None:
    base, calls = looked_at(method.plan())
    order = any_order(method.calls, random)
    assert keeps_dependencies(calls, 0, order)
    other = method._replace(calls=[method.calls[one] for one in order])
    live = live_bytes_of(lives_in_order(base, 0, order), base.steps)
    assert live.tolist() == other.plan().live_bytes.tolist()


@settings(max_examples=40, deadline=None)
@given(straight(most=10))
def test_answers_are_orders_that_run_and_need_what_they_say(method: Straight) -> None:
    base, calls = looked_at(method.plan())
    for found in reorder_answers(base, calls):
        made = {0}
        assert sorted(found.order) == list(range(len(method.calls)))
        for one in found.order:
            assert set(method.calls[one].reads) <= made
            made.add(method.calls[one].writes)
        other = method._replace(calls=[method.calls[one] for one in found.order])
        assert other.plan().peak_bytes == found.peak_bytes
        assert found.saves_peak_bytes == base.peak_bytes - found.peak_bytes


def any_order(calls: list[Call], random: Random) -> list[int]:
    """An order in which every value is there before it is read."""
    left, made, order = list(range(len(calls))), {0}, []
    while left:
        ready = [one for one in left if set(calls[one].reads) <= made]
        one = random.choice(ready)
        left.remove(one)
        made.add(calls[one].writes)
        order.append(one)
    return order
