"""What it saves to write over what is read, and to show bytes instead of copying them."""

from __future__ import annotations

from typing import Any

import program_builder as make
from hypothesis import given, settings
from planned_methods import Call, chain_of, plan_of, plans

from etscope.etdump.program import read_program
from etscope.inspector.memory.plan import MemoryPlan, memory_plan
from etscope.inspector.memory.what_if.answer import Baseline, WhatIf, baseline_of
from etscope.inspector.memory.what_if.calls import Calls
from etscope.inspector.memory.what_if.in_place import in_place
from etscope.inspector.memory.what_if.merges import Merge, done_together
from etscope.inspector.memory.what_if.sharing import sharing_answers
from etscope.inspector.memory.what_if.view import views

RELU, ADD, MM = "aten::relu.out", "aten::add.out", "aten::mm.out"
VIEW, SLICE = "aten::view_copy.out", "aten::slice_copy.Tensor_out"


def base_of(plan: MemoryPlan) -> Baseline:
    base = baseline_of(plan)
    assert base is not None
    return base


def answers(plan: MemoryPlan) -> list[WhatIf]:
    base = base_of(plan)
    return sharing_answers(base, Calls(plan, base.blocks))


def pairs(plan: MemoryPlan, kind: Any = in_place) -> list[tuple[int, int, int]]:
    """(instruction, value that is written over or shown, result) of what could share bytes."""
    base = base_of(plan)
    value = plan.value[base.blocks.row]
    found = kind(Calls(plan, base.blocks))
    return [(m.instruction, int(value[m.into]), int(value[m.gone])) for m in found]


def test_an_elementwise_operator_writes_over_what_dies_there() -> None:
    plan = chain_of(MM, RELU, MM, size=64)
    (found,) = answers(plan_of([(64,), (100,), (100,), (64,)], calls_of(plan), outputs=[3]))
    assert (found.kind, found.instruction, found.rows) == ("in_place", 1, (1, 2))
    assert (found.peak_bytes, found.saves_peak_bytes) == (656, 144)
    assert found.saves_planned_bytes == 800 - found.planned_bytes
    assert found.verified
    assert found.message == (
        "if aten::relu.out (instruction 1) wrote its 400 bytes over what it reads,"
        " the arenas would need 656 bytes instead of 800 bytes, both planned anew"
    )


def calls_of(plan: MemoryPlan) -> list[Call]:
    names = plan.method.operator_of_instruction
    return [Call(name, (i,), i + 1) for i, name in enumerate(names)]


def test_what_is_needed_later_or_differs_is_not_written_over() -> None:
    later = [Call(RELU, (0,), 1), Call(ADD, (0, 1), 2)]
    assert pairs(plan_of([(8,), (8,), (8,)], later, outputs=[2])) == [(1, 0, 2)]
    other_shape = [Call(ADD, (0, 1), 2)]
    assert pairs(plan_of([(8,), (2, 4), (4, 2)], other_shape, inputs=[0, 1], outputs=[2])) == []
    unknown = [Call("my::op.out", (0,), 1)]
    assert pairs(plan_of([(8,), (8,)], unknown, outputs=[1])) == []
    given_back = [Call(RELU, (0,), 1)]
    assert pairs(plan_of([(8,), (8,)], given_back, outputs=[0, 1])) == []
    other_arena = plan_of([(8,), (8,)], given_back, outputs=[1], arena=[1, 2])
    assert pairs(other_arena) == []


def test_a_scatter_may_only_write_over_its_first_argument() -> None:
    put = [Call("aten::index_put.out", (0, 1), 2)]
    assert pairs(plan_of([(8,), (8,), (8,)], put, inputs=[0, 1], outputs=[2])) == [(0, 0, 2)]
    shapes = [(4,), (8,), (8,)]
    assert pairs(plan_of(shapes, put, inputs=[0, 1], outputs=[2])) == []


def cache(*between: Call) -> MemoryPlan:
    """Value 1 is a buffer: 2 is made of it, read, and copied back into it."""
    calls = [
        Call("aten::index_put.out", (1, 0), 2),
        *between,
        Call(MM, (2,), 3),
        Call("aten::copy_", (1, 2), 1),
    ]
    return plan_of([(4,), (64,), (64,), (4,), (4,)], calls, outputs=[3])


def test_a_result_that_is_copied_back_is_written_into_the_buffer() -> None:
    (found,) = answers(cache())
    assert (found.rows, found.instruction) == ((1, 2), 0)
    assert found.saves_peak_bytes == 256
    assert "into the buffer, and aten::copy_ (instruction 2) were left out" in found.message
    # Something reads the old bytes in between.
    assert pairs(cache(Call(MM, (1,), 4))) == []
    assert pairs(cache(Call(MM, (0,), 4))) == [(0, 1, 2)]


def test_a_copy_of_the_same_elements_could_be_a_view() -> None:
    calls = [Call(MM, (0,), 1), Call(VIEW, (1,), 2), Call(ADD, (1, 2), 3)]
    plan = plan_of([(4,), (8, 4), (4, 8), (4,)], calls, outputs=[3])
    assert pairs(plan, views) == [(1, 1, 2)]
    (found,) = answers(plan)
    assert (found.kind, found.saves_peak_bytes) == ("view", 128)
    other_size = plan_of([(4,), (8, 4), (4, 9), (4,)], calls, outputs=[3])
    assert pairs(other_size, views) == []


def test_no_view_of_what_is_written_while_both_are_needed() -> None:
    write = Call("aten::copy_", (1, 0), 1)
    calls = [Call(MM, (0,), 1), Call(VIEW, (1,), 2), write, Call(ADD, (2, 0), 3)]
    plan = plan_of([(32,), (32,), (4, 8), (32,)], calls, outputs=[3])
    assert pairs(plan, views) == [(1, 1, 2)]
    assert [answer.kind for answer in answers(plan)] in ([], ["in_place"])


def test_an_input_or_a_buffer_is_not_handed_out_as_an_output() -> None:
    plan = plan_of([(8,), (2, 4)], [Call(VIEW, (0,), 1)], outputs=[1])
    assert pairs(plan, views) == []
    plan = plan_of([(8,), (2, 4), (8,)], [Call(VIEW, (0,), 1), Call(MM, (1,), 2)], outputs=[2])
    assert pairs(plan, views) == [(0, 0, 1)]


def sliced(dim: int, step: int, shape: list[int], operator: str = "slice_copy") -> MemoryPlan:
    made = make.method(
        values=[
            make.tensor(shape, memory=(1, 0)),
            make.integer(dim),
            make.null(),
            make.integer(step),
            make.tensor([4], memory=(1, 64)),
            make.tensor([4], memory=(1, 128)),
        ],
        chains=[[make.kernel(0, 0, 1, 2, 2, 3, 4, 4), make.kernel(1, 4, 5, 5)]],
        operators=[(f"aten::{operator}", "out"), ("aten::mm", "out")],
        inputs=[0],
        outputs=[5],
        arenas=[0, 256],
    )
    return memory_plan(read_program(make.program(made)), "forward")


def test_a_part_could_be_a_view_where_its_bytes_are_side_by_side() -> None:
    assert pairs(sliced(0, 1, [4, 4]), views) == [(0, 0, 4)]
    assert pairs(sliced(1, 1, [1, 4, 4]), views) == [(0, 0, 4)]
    assert pairs(sliced(-2, 1, [1, 4, 4]), views) == [(0, 0, 4)]
    assert pairs(sliced(1, 1, [4, 4]), views) == []
    assert pairs(sliced(0, 2, [4, 4]), views) == []
    assert pairs(sliced(2, 1, [4, 4]), views) == []
    assert pairs(sliced(0, 2, [4, 4], "select_copy"), views) == [(0, 0, 4)]


def test_all_together_is_more_than_each() -> None:
    calls = [Call(MM, (0,), 1), Call(VIEW, (1,), 2), Call(RELU, (2,), 3), Call(MM, (3,), 4)]
    plan = plan_of([(4,), (8, 4), (4, 8), (4, 8), (4,)], calls, outputs=[4])
    (found,) = answers(plan)
    assert (found.kind, found.saves_peak_bytes) == ("together", 112)
    assert found.rows == (1, 2, 3)
    assert found.instruction is None
    assert "1 × aten::relu.out wrote over what they read" in found.message
    assert "1 × aten::view_copy.out showed the bytes" in found.message


@settings(max_examples=40, deadline=None)
@given(plans())
def test_merged_values_never_need_two_contents_at_once(plan: MemoryPlan) -> None:
    """Run on contents: what an instruction reads is still what its value was given."""
    base = base_of(plan)
    calls = Calls(plan, base.blocks)
    merges = [*in_place(calls), *views(calls)]
    merged = done_together(base, calls, merges)
    home = homes(merged.done, len(base.blocks))
    shown = {merge.gone for merge in merged.done if merge.kind == "view"}
    content: dict[int, int] = {}  # place → the block whose content is there
    for block in range(len(base.blocks)):
        if base.blocks.first[block] < 0:
            content[home[block]] = block
    origin = {block: block for block in range(len(base.blocks))}
    for step in range(plan.instructions):
        read, written = calls.reads(step), calls.writes(step)
        for tensor in read:
            block = calls.block(tensor)
            assert content[home[block]] == origin[block]
        for tensor in written:
            block = calls.block(tensor)
            if block in shown:
                origin[block] = origin[calls.block(read[0])]
            else:
                content[home[block]] = block
    for block in range(len(base.blocks)):
        if calls.outputs[block]:
            assert content[home[block]] == origin[block]
    for answer in sharing_answers(base, calls):
        assert answer.verified
        assert answer.saves_peak_bytes > 0 or answer.saves_planned_bytes > 0
        assert answer.peak_bytes == base.peak_bytes - answer.saves_peak_bytes


def homes(merges: list[Merge], blocks: int) -> dict[int, int]:
    """Block → the place that it lies in once all is merged."""
    home = {block: block for block in range(blocks)}
    for merge in merges:
        into, gone = home[merge.into], home[merge.gone]
        home = {block: into if place == gone else place for block, place in home.items()}
    return home
