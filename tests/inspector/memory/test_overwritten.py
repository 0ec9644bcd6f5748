"""Results of a branch whose bytes another instruction takes before they are read."""

from __future__ import annotations

import program_builder as make

from etscope.etdump.program import read_program
from etscope.inspector.memory.overwritten import overwritten_results
from etscope.inspector.memory.plan import MemoryPlan, memory_plan


def branches(first_place: int, other_place: int) -> MemoryPlan:
    """A value that is 2 after one way, 3 after the other; then 4 is made, then both are read."""
    made = make.method(
        values=[
            make.tensor([4], memory=(1, 0)),
            make.tensor([4], memory=(1, 16)),
            make.tensor([4], memory=(1, first_place)),
            make.tensor([4], memory=(1, first_place)),
            make.tensor([4], memory=(1, other_place)),
            make.boolean(True),
        ],
        chains=[
            [
                make.jump_false(5, 4),
                make.kernel(0, 0, 2, 2),
                make.move(2, 1),
                make.jump_false(5, 6),
                make.kernel(0, 0, 3, 3),
                make.move(3, 1),
                make.kernel(0, 0, 4, 4),
                make.kernel(0, 1, 4, 0),
            ]
        ],
        operators=[("aten::add", "out")],
        inputs=[0],
        arenas=[0, 96],
    )
    return memory_plan(read_program(make.program(made)), "forward")


def test_the_other_way_through_a_branch_takes_nothing_away() -> None:
    assert overwritten_results(branches(32, 64)) == []


def test_what_is_made_in_the_same_place_takes_the_result_away() -> None:
    plan = branches(32, 40)
    found = overwritten_results(plan)
    assert [plan.value[lost.result] for lost in found] == [2, 3]
    assert [(lost.move, lost.writer, lost.last) for lost in found] == [(2, 6, 7), (5, 6, 7)]
    assert [plan.value[lost.by] for lost in found] == [4, 4]
    assert [plan.value[lost.moved_to] for lost in found] == [1, 1]
