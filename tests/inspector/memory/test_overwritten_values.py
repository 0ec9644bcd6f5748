"""Values whose bytes another instruction takes before they are read."""

from __future__ import annotations

from typing import Any

import program_builder as make
from hypothesis import given, settings
from hypothesis import strategies as st
from planned_methods import Straight, straight

from etscope.etdump.program import read_program
from etscope.inspector.memory.overwritten_values import Lost, overlapping, overwritten_values
from etscope.inspector.memory.plan import MemoryPlan, memory_plan
from etscope.inspector.memory.report import memory_report


def encoded(offsets: list[int], chain: list[Any], *outputs: int) -> bytes:
    """Values of 4 floats at these bytes; the first is the input, behind them a bool and False."""
    made = make.method(
        values=[
            *(make.tensor([4], memory=(1, offset)) for offset in offsets),
            make.boolean(True),
            make.boolean(False),
        ],
        chains=[chain],
        operators=[("aten::add", "out"), ("aten::relu_", "")],
        inputs=[0],
        outputs=outputs,
        arenas=[0, max(offsets) + 16],
    )
    return make.program(made)


def plan_of(offsets: list[int], chain: list[Any], *outputs: int) -> MemoryPlan:
    return memory_plan(read_program(encoded(offsets, chain, *outputs)), "forward")


def add(one: int, other: int, out: int) -> Any:
    return make.kernel(0, one, other, out, out)


def named(plan: MemoryPlan) -> list[tuple[int, int, int, int, int]]:
    """Numbers of values in the place of rows."""
    of = plan.value.tolist()
    return [
        (of[one.row], one.made, one.writer, of[one.by], one.reader)
        for one in overwritten_values(plan)
    ]


def test_a_value_whose_bytes_are_taken_before_it_is_read() -> None:
    """1 is made, changed in place, and 3 is written over it before 1 is added to 3."""
    plan = plan_of(
        [0, 16, 32, 24, 48],
        [add(0, 0, 1), make.kernel(1, 1, 1), add(1, 1, 2), add(2, 2, 3), add(3, 1, 4)],
        4,
    )
    assert overwritten_values(plan) == [Lost(row=1, made=1, writer=3, by=2, reader=4)]


def test_the_caller_reads_outputs() -> None:
    assert named(plan_of([0, 16, 16], [add(0, 0, 1), add(0, 0, 2)], 1, 2)) == [(1, 0, 1, 2, 2)]


def test_inputs_are_there_from_the_start() -> None:
    assert named(plan_of([0, 0], [add(0, 0, 1), add(0, 1, 1)])) == [(0, -1, 0, 1, 1)]


def test_what_is_written_anew_before_it_is_read_is_not_lost() -> None:
    chain = [add(0, 0, 1), add(0, 0, 2), add(0, 0, 1), add(1, 0, 3)]
    plan = plan_of([0, 16, 16, 32], chain)
    assert overlapping(plan)
    assert named(plan) == []


def test_who_reads_a_value_may_write_over_it() -> None:
    """An operator may read as it writes; that values overlap is known nevertheless."""
    plan = plan_of([0, 16, 16], [add(0, 0, 1), add(1, 1, 2)])
    assert overlapping(plan)
    assert named(plan) == []


def test_of_a_sound_plan_nothing_is_told() -> None:
    assert named(plan_of([0, 16, 0], [add(0, 0, 1), add(1, 1, 2)], 2)) == []


def sided(*true: Any, false: list[Any], behind: list[Any], begin: list[Any]) -> list[Any]:
    """A branch: instructions before it, on both its sides, and behind it; 8 values before."""
    middle = len(begin) + len(true) + 2
    return [
        *begin,
        make.jump_false(8, middle),
        *true,
        make.jump_false(9, middle + max(len(false), 1)),
        *false,
        *behind,
    ]


def test_a_side_takes_what_is_read_behind_the_branch() -> None:
    chain = sided(add(0, 0, 2), begin=[add(0, 0, 1)], false=[add(0, 0, 3)], behind=[add(1, 0, 4)])
    plan = plan_of([0, 16, 16, 32, 48, 64, 64, 64], chain)
    assert named(plan) == [(1, 0, 2, 2, 5)]


def test_the_other_side_takes_nothing() -> None:
    chain = sided(
        add(0, 0, 1),
        add(1, 0, 2),
        begin=[add(0, 0, 5)],
        false=[add(0, 0, 3)],
        behind=[add(2, 5, 4)],
    )
    # 3 lies where 2 is, on the other side; 4 lies where 5 is, which it reads.
    plan = plan_of([0, 16, 32, 32, 48, 48, 64, 64], chain)
    assert overlapping(plan)
    assert named(plan) == []


def test_across_a_loop_nothing_is_told() -> None:
    """A jump that may lead anywhere else: nothing proves that it is read after it is lost."""
    chain = [add(0, 0, 1), make.jump_false(8, 3), add(0, 0, 2), make.jump_false(8, 0), add(1, 0, 3)]
    plan = plan_of([0, 16, 16, 32, 48, 64, 64, 64], chain)
    assert overlapping(plan)
    assert named(plan) == []


@settings(deadline=None, max_examples=60)
@given(straight(), st.lists(st.integers(0, 3), min_size=9, max_size=9))
def test_in_straight_code_all_that_is_lost_is_told_and_nothing_else(
    method: Straight, places: list[int]
) -> None:
    """Against bytes played one by one: who finds another's bytes when it reads."""
    chain = [add(call.reads[0], call.reads[-1], call.writes) for call in method.calls]
    offsets = [16 * place for place in places[: len(method.shapes)]]
    plan = plan_of(offsets, chain, *method.outputs)
    holds: dict[int, int] = {offsets[0]: 0}
    wrong = set()
    reads = [(call.reads, call.writes) for call in method.calls] + [(tuple(method.outputs), None)]
    for step, (read, written) in enumerate(reads):
        wrong |= {(value, step) for value in read if holds[offsets[value]] != value}
        if written is not None:
            holds[offsets[written]] = written
    told = {(value, reader) for value, _, _, _, reader in named(plan)}
    assert told <= wrong
    assert {value for value, _ in told} == {value for value, _ in wrong}


def test_a_value_that_is_lost_is_a_finding_and_makes_the_answer_less_sure() -> None:
    chain = [add(0, 0, 1), add(0, 0, 2), add(1, 2, 3)]
    report = memory_report(read_program(encoded([0, 16, 24, 48], chain, 3)))
    (finding,) = (one for one in report.findings if one.rule == "overwritten_value")
    assert finding.severity == "high"
    assert finding.message.startswith(
        "forward gives wrong answers: instruction 1 (aten::add.out) writes value 2 of add.out "
        "over value 1 of add.out (bytes 24 to 32 of arena 1), which instruction 2 "
        "(aten::add.out) still reads"
    )
    assert finding.evidence["values"] == [
        {
            "value": 1,
            "made_step": 0,
            "writer_step": 1,
            "written": 2,
            "reader_step": 2,
            "arena": 1,
            "offset": 16,
            "size_bytes": 16,
        }
    ]
    assert report.confidence.startswith("low: the plan lets values overwrite others")
