"""What sets the peak, and how far it would fall without each value."""

from __future__ import annotations

import numpy as np
import program_builder as make
import pytest
from hypothesis import given, settings
from planned_methods import Call, plan_of, plans

from etscope.etdump.program import read_program
from etscope.inspector.memory.peak import Held, Holder, Peak, peak_of
from etscope.inspector.memory.plan import MemoryPlan, memory_plan

ADD, MM = "aten::add.out", "aten::mm.out"


def of_value(plan: MemoryPlan, peak: Peak) -> dict[int, Holder]:
    return {int(plan.value[holder.row]): holder for holder in peak.holders}


def waiting() -> MemoryPlan:
    """Value 1 is made first, waits while 2 makes way for 3, and is read last."""
    calls = [Call(MM, (0,), 1), Call(MM, (0,), 2), Call(MM, (2,), 3), Call(ADD, (1, 3), 4)]
    return plan_of([(4,), (8,), (16,), (16,), (4,)], calls, outputs=[4])


def test_who_is_alive_at_the_peak_and_why() -> None:
    plan = waiting()
    peak = peak_of(plan)
    assert (peak.peak_bytes, peak.step, peak.steps) == (160, 2, (2,))
    found = of_value(plan, peak)
    assert list(found) == [2, 3, 1]
    assert found[1].held == Held.WAITING
    assert (found[1].next_step, found[1].next_operator) == (3, ADD)
    assert found[1].share == 0.2
    assert (found[2].held, found[2].next_step) == (Held.USED, None)


def test_what_it_saves_to_move_one_value_away() -> None:
    """Without 1 the peak is 128; 2 and 3 are used in it, and without them 112 bytes are left."""
    plan = waiting()
    found = of_value(plan, peak_of(plan))
    assert {v: h.saves_bytes for v, h in found.items()} == {2: 0, 3: 0, 1: 32}
    assert {v: h.absent_saves_bytes for v, h in found.items()} == {2: 48, 3: 48, 1: 32}


def test_of_two_peaks_only_what_lives_in_both_saves() -> None:
    calls = [Call(MM, (0,), 1), Call(MM, (1,), 2), Call(MM, (2,), 3), Call(ADD, (0, 3), 4)]
    plan = plan_of([(4,), (16,), (8,), (16,), (4,)], calls, outputs=[4])
    peak = peak_of(plan)
    assert peak.steps == (1, 2)
    found = of_value(plan, peak)
    assert {v: h.saves_bytes for v, h in found.items()} == {0: 16, 1: 0, 2: 0}


def test_what_waits_for_the_caller_and_what_keeps_its_bytes() -> None:
    calls = [Call(ADD, (0, 3), 1), Call(MM, (0,), 2), Call(ADD, (2, 3), 2)]
    plan = plan_of([(4,), (8,), (32,), (4,)], calls, outputs=[1])
    found = of_value(plan, peak_of(plan))
    assert found[1].held == Held.OUTPUT
    assert (found[1].saves_bytes, found[1].next_step) == (32, None)
    assert found[3].held == Held.BUFFER


def test_a_loop_keeps_what_it_needs_again() -> None:
    made = make.method(
        values=[
            make.tensor([4], memory=(1, 0)),
            make.tensor([4], memory=(1, 16)),
            make.boolean(True),
            make.tensor([9], memory=(1, 32)),
        ],
        chains=[[make.kernel(0, 0, 1, 1), make.kernel(0, 1, 3, 3), make.jump_false(2, 0)]],
        inputs=[0],
        operators=[("aten::add", "out")],
        arenas=[0, 128],
    )
    plan = memory_plan(read_program(make.program(made)), "forward")
    found = of_value(plan, peak_of(plan))
    assert {value: holder.held for value, holder in found.items()} == {
        3: Held.USED,
        0: Held.CONTROL,
        1: Held.USED,
    }


def test_the_peak_is_that_of_all_arenas_together() -> None:
    calls = [Call(MM, (0,), 1), Call(MM, (1,), 2), Call(MM, (2,), 3)]
    plan = plan_of([(4,), (8,), (4,), (4,)], calls, outputs=[3], arena=[1, 2, 1, 1])
    peak = peak_of(plan)
    assert (peak.peak_bytes, peak.steps) == (48, (0, 1))
    assert list(of_value(plan, peak)) == [1, 0]


def test_before_the_first_instruction_nothing_runs() -> None:
    plan = plan_of([(64,), (4,)], [Call(MM, (1,), 1)])
    peak = peak_of(plan)
    assert (peak.step, peak.holders[0].next_step) == (-1, None)


def test_a_method_without_values_has_no_holders() -> None:
    peak = peak_of(plan_of([], [], inputs=[]))
    assert (peak.peak_bytes, peak.holders, peak.shared_bytes) == (0, (), 0)


def test_bytes_that_two_have_are_shared_and_save_nothing() -> None:
    """Values of 32 bytes at 0 and at 16: 16 bytes of each are also the other's."""
    made = make.method(
        values=[make.tensor([8], memory=(1, 0)), make.tensor([8], memory=(1, 16))],
        chains=[[make.kernel(0, 0, 0)]],
        inputs=[0, 1],
        outputs=[0, 1],
        operators=[("aten::add", "out")],
        arenas=[0, 64],
    )
    plan = memory_plan(read_program(make.program(made)), "forward")
    peak = peak_of(plan)
    assert (peak.peak_bytes, peak.shared_bytes) == (48, 16)
    assert [holder.absent_saves_bytes for holder in peak.holders] == [16, 16]


@settings(max_examples=40, deadline=None)
@given(plans())
def test_parts_add_up_and_savings_are_those_of_a_plan_without_the_value(plan: MemoryPlan) -> None:
    peak = peak_of(plan)
    sizes = [holder.size_bytes for holder in peak.holders]
    assert sum(sizes) - peak.shared_bytes == peak.peak_bytes
    assert sum(holder.share for holder in peak.holders) == pytest.approx(1.0)
    for holder in peak.holders:
        assert peak.peak_bytes - holder.absent_saves_bytes == without(plan, holder.row, set())
        touched = set(plan.touches.row[plan.touches.tensor == plan.tensor[holder.row]].tolist())
        touched |= {-1} if plan.is_input[holder.row] else set()
        touched |= {plan.instructions} if plan.is_output[holder.row] else set()
        assert peak.peak_bytes - holder.saves_bytes == without(plan, holder.row, touched)


def without(plan: MemoryPlan, row: int, but: set[int]) -> int:
    """The peak if one value held bytes only in some steps, counted step by step."""
    live = np.zeros(plan.instructions + 2, np.int64)
    for other in range(len(plan)):
        for step in range(int(plan.first[other]), int(plan.last[other]) + 1):
            if other != row or step in but:
                live[step + 1] += plan.size_bytes[other]
    return int(live.max())
