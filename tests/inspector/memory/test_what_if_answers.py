"""All that would need less memory, what saves most first."""

from __future__ import annotations

from random import Random

import program_builder as make
import pytest
from fuzz.mutations import mutations
from hypothesis import given, settings
from planned_methods import Call, chain_of, plan_of, plans
from project import ROOT

from etscope.etdump.errors import TraceError
from etscope.etdump.program import read_program
from etscope.inspector.memory.peak import peak_of
from etscope.inspector.memory.plan import MemoryPlan, memory_plan
from etscope.inspector.memory.what_if.answer import baseline_of
from etscope.inspector.memory.what_if.answers import what_ifs

MM = "aten::mm.out"


def test_the_same_order_may_fit_into_less() -> None:
    """Each value has a place of its own; three of four are enough."""
    plan = chain_of(MM, MM, MM, MM, size=64)
    (found,) = what_ifs(plan)
    assert (found.kind, found.saves_peak_bytes, found.saves_planned_bytes) == (
        "placement",
        0,
        1280 - 512,
    )
    assert found.message == (
        "if the same values in the same order were placed otherwise (the largest or longest-lived"
        " first, each in the tightest gap), the arenas would need 512 bytes instead of 1.28 kB"
    )


def test_what_better_places_save_is_not_said_to_be_saved_by_others() -> None:
    plan = chain_of(MM, "aten::relu.out", MM, size=64)
    found = {answer.kind: answer for answer in what_ifs(plan)}
    assert found["placement"].saves_planned_bytes == 512
    assert "in_place" not in found  # the other two instructions need as much


def test_values_at_any_byte() -> None:
    plan = plan_of([(1,), (1,), (1,)], [Call(MM, (0,), 1), Call(MM, (0, 1), 2)], outputs=[1, 2])
    (found,) = what_ifs(plan)
    assert (found.kind, found.planned_bytes, found.saves_planned_bytes) == ("alignment", 12, 36)
    assert "at any byte" in found.message


def test_what_stands_behind_the_values_of_an_arena_stays() -> None:
    base = baseline_of(plan_of([(4,), (4,)], [Call(MM, (0,), 1)], outputs=[1], spare=64))
    assert base is not None
    assert base.planned_again == 96


def test_a_value_that_never_lives_needs_its_place() -> None:
    made = make.method(
        values=[make.tensor([4], memory=(1, 0)), make.tensor([64], memory=(1, 0))],
        chains=[[make.kernel(0, 0, 0)]],
        operators=[("aten::add", "out")],
        inputs=[0],
        arenas=[0, 256],
    )
    base = baseline_of(memory_plan(read_program(make.program(made)), "forward"))
    assert base is not None
    assert base.planned_again == 256


@pytest.mark.parametrize("sample", ["transformer_kv", "two_methods"])
def test_of_broken_programs_answers_hold_or_there_are_none(sample: str) -> None:
    seed = (ROOT / "sample_traces" / f"{sample}.etscope" / "program.pte").read_bytes()
    planned = 0
    for _, data in mutations(seed, Random(11), 40):
        try:
            program = read_program(data)
            plans_ = [memory_plan(program, method.name) for method in program.methods]
        except TraceError:
            continue
        planned += len(plans_)
        for plan in plans_:
            peak = peak_of(plan)
            sizes = sum(holder.size_bytes for holder in peak.holders)
            assert sizes - peak.shared_bytes == peak.peak_bytes
            assert all(0 <= h.saves_bytes <= h.absent_saves_bytes for h in peak.holders)
            assert all(answer.verified for answer in what_ifs(plan))
    assert planned


def test_of_no_values_there_is_nothing_to_say() -> None:
    assert what_ifs(plan_of([], [], inputs=[])) == ()


@settings(max_examples=40, deadline=None)
@given(plans())
def test_every_answer_saves_and_the_nearest_comes_first(plan: MemoryPlan) -> None:
    found = what_ifs(plan)
    saved = [(answer.effort.rank, -answer.saves_planned_bytes) for answer in found]
    assert saved == sorted(saved)
    for answer in found:
        assert answer.verified
        assert max(answer.saves_planned_bytes, answer.saves_peak_bytes) > 0
        assert answer.planned_bytes >= answer.peak_bytes > 0
        assert answer.planned_bytes <= plan.planned_bytes - max(answer.saves_planned_bytes, 0)
        assert answer.message
        assert answer.advice
        assert answer.condition
