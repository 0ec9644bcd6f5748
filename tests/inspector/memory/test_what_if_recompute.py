"""What it saves to compute a value again instead of keeping it through the peak."""

from __future__ import annotations

from hypothesis import given, settings
from planned_methods import Call, Straight, plan_of, straight

from etscope.inspector.memory.plan import MemoryPlan
from etscope.inspector.memory.what_if.answer import Baseline, WhatIf, baseline_of
from etscope.inspector.memory.what_if.calls import Calls
from etscope.inspector.memory.what_if.recompute import recompute_answers

ADD, MM, RELU, FULL = "aten::add.out", "aten::mm.out", "aten::relu.out", "aten::full.out"


def base_of(plan: MemoryPlan) -> Baseline:
    base = baseline_of(plan)
    assert base is not None
    return base


def answers(plan: MemoryPlan) -> list[WhatIf]:
    base = base_of(plan)
    return recompute_answers(base, Calls(plan, base.blocks))


def waiting(operator: str = RELU, last: int = 0) -> Straight:
    """Value 1 is used early and late; in between 2 grows to 3. `last` is read at the end, too."""
    calls = [
        Call(operator, (0,), 1),
        Call(MM, (1,), 2),
        Call(MM, (2,), 3),
        Call(MM, (3,), 4),
        Call(ADD, (1, 4, last), 5),
    ]
    return Straight([(16,), (16,), (64,), (64,), (16,), (16,)], calls, [5])


def test_a_cheap_value_is_computed_again_from_what_is_there_anyway() -> None:
    (found,) = answers(waiting().plan())
    assert (found.kind, found.rows, found.instruction) == ("recompute", (1,), 0)
    assert (found.peak_bytes, found.saves_peak_bytes) == (576, 64)
    assert found.condition == (
        "It costs one more run of the operator, which reads 64 bytes and writes 64 bytes."
    )
    assert found.message.startswith(
        "if the 64 bytes of aten::relu.out (instruction 0) were computed again right before"
        " aten::add.out (instruction 4) instead of kept, the arenas would need 576 bytes"
    )


def test_what_is_dear_or_needs_its_operand_for_longer_is_kept() -> None:
    assert answers(waiting(MM).plan()) == []
    assert answers(waiting(last=4).plan()) == []


def test_an_operand_that_is_written_in_the_meantime_gives_another_value() -> None:
    method = waiting()
    calls = method.calls.copy()
    calls.insert(3, Call("aten::copy_", (0, 3), 0))
    assert answers(method._replace(calls=calls).plan()) == []


def test_what_the_caller_reads_is_computed_at_the_end() -> None:
    calls = [Call(FULL, (), 1), Call(MM, (0, 1), 2), Call(MM, (2,), 3), Call(MM, (3,), 4)]
    plan = plan_of([(4,), (16,), (64,), (64,), (4,)], calls, outputs=[4, 1])
    (found,) = answers(plan)
    assert "again right before the end" in found.message


@settings(max_examples=40, deadline=None)
@given(straight(most=10))
def test_answers_are_those_of_a_program_that_computes_it_again(method: Straight) -> None:
    plan = method.plan()
    base = base_of(plan)
    for found in answers(plan):
        value, low = int(plan.value[found.rows[0]]), int(base.peak_steps[0])
        new = len(method.shapes)
        producer = next(call for call in method.calls if call.writes == value)
        later = [at for at, call in enumerate(method.calls) if at > low and value in call.reads]
        use = min(later, default=len(method.calls))
        calls = method.calls[:use] + [producer._replace(writes=new)]
        for call in method.calls[use:]:
            calls.append(call._replace(reads=tuple(new if r == value else r for r in call.reads)))
        other = Straight(
            [*method.shapes, method.shapes[value]],
            calls,
            [new if output == value else output for output in method.outputs],
            None if method.arena is None else [*method.arena, method.arena[value]],
        )
        assert other.plan().peak_bytes == found.peak_bytes
