"""Who is alive when, and where, in programs made by hand."""

from __future__ import annotations

from typing import Any

import program_builder as make
import pytest

from etscope.etdump.errors import CorruptTrace
from etscope.etdump.program import read_program
from etscope.inspector.memory.plan import MemoryPlan, Role, memory_plan

VIEW = ("executorch_prim::et_view", "default")


def plan_of(*values: Any, chain: Any, arena: int = 1024, **method: Any) -> MemoryPlan:
    """The plan of a method of one arena whose operators are 0: aten::add.out and 1: `et_view`."""
    made = make.method(
        values=values,
        chains=[chain],
        delegates=[make.delegate("Gpu")],
        **(dict[str, Any](arenas=[0, arena], operators=[("aten::add", "out"), VIEW]) | method),
    )
    return memory_plan(read_program(make.program(made, blobs=[b"gpu"])), "forward")


def floats(count: int, offset: int, **more: Any) -> Any:
    return make.tensor([count], memory=(1, offset), **more)


def steps(plan: MemoryPlan) -> dict[int, tuple[int, int]]:
    """Value → first and last step."""
    return {
        int(value): (int(plan.first[row]), int(plan.last[row]))
        for row, value in enumerate(plan.value)
    }


def roles(plan: MemoryPlan) -> dict[int, str]:
    return {int(v): Role(role).name for v, role in zip(plan.value, plan.role, strict=True)}


def test_a_chain_of_operators() -> None:
    plan = plan_of(
        floats(4, 0),
        floats(4, 16),
        floats(2, 0),
        chain=[make.kernel(0, 0, 1, 1), make.kernel(0, 1, 2, 2)],
        inputs=[0],
        outputs=[2],
        arena=40,
    )
    assert steps(plan) == {0: (-1, 0), 1: (0, 1), 2: (1, 2)}
    assert roles(plan) == {0: "INPUT", 1: "ACTIVATION", 2: "OUTPUT"}
    assert [plan.operator_of(row) for row in range(3)] == [None, "aten::add.out", "aten::add.out"]
    (arena,) = plan.arenas
    assert arena.live_bytes.tolist() == [16, 32, 24, 8]
    assert (arena.peak_bytes, arena.peak_step, arena.fragmentation_bytes) == (32, 0, 8)
    assert arena.lower_bound_bytes == 32
    assert plan.value[plan.alive_at(0)].tolist() == [0, 1]
    assert (plan.peak_bytes, plan.peak_step, plan.planned_bytes) == (32, 0, 40)


def test_views_lie_where_another_was_written_and_count_once() -> None:
    """The exporter leaves out views of static shape: one is read that nothing wrote."""
    plan = plan_of(
        floats(4, 0),
        floats(4, 16),
        make.tensor([2, 2], memory=(1, 16)),
        floats(4, 32),
        chain=[make.kernel(0, 0, 1, 1), make.kernel(0, 0, 3, 3), make.kernel(0, 2, 3, 3)],
        inputs=[0],
        outputs=[3],
    )
    assert roles(plan)[2] == "VIEW"
    assert plan.value[plan.shows].tolist() == [0, 1, 1, 3]
    assert steps(plan)[1] == steps(plan)[2] == (0, 2)
    assert plan.live_bytes.tolist() == [16, 32, 48, 32, 16]
    assert plan.arenas[0].lower_bound_bytes == 48


def test_et_view_shows_what_it_was_given() -> None:
    plan = plan_of(
        floats(4, 0),
        make.listing(7, []),
        floats(4, 0, dynamism=1),
        floats(4, 16),
        chain=[make.kernel(1, 0, 1, 2), make.kernel(0, 2, 3, 3)],
        inputs=[0],
        outputs=[3],
    )
    assert roles(plan) == {0: "INPUT", 2: "VIEW", 3: "OUTPUT"}
    assert plan.upper_bound.tolist() == [False, True, False]
    assert steps(plan)[0] == steps(plan)[2] == (-1, 1)
    assert plan.operator_of(1) is None


def test_an_output_that_is_a_view_of_what_was_made() -> None:
    plan = plan_of(
        floats(4, 0),
        floats(4, 16),
        make.tensor([2, 2], memory=(1, 16)),
        chain=[make.kernel(0, 0, 1, 1)],
        inputs=[0],
        outputs=[2],
    )
    assert roles(plan)[2] == "VIEW"
    assert steps(plan)[1] == (0, 1)


def test_buffers_are_read_before_they_are_written_and_never_end() -> None:
    """Nobody says that a value is a buffer; views of it are no others."""
    plan = plan_of(
        floats(4, 0),
        floats(4, 16),
        make.tensor([2, 2], memory=(1, 16)),
        floats(4, 32),
        chain=[make.kernel(0, 1, 0, 3, 3), make.kernel(0, 2, 3, 3), make.kernel(0, 1, 3, 1)],
        inputs=[0],
        outputs=[3],
    )
    assert roles(plan) == {0: "INPUT", 1: "BUFFER", 2: "VIEW", 3: "OUTPUT"}
    assert steps(plan)[1] == steps(plan)[2] == (-1, 3)


def test_a_buffer_that_begins_with_bytes_of_the_program() -> None:
    method = make.method(
        values=[floats(1, 0), floats(1, 16, buffer=1, extra=make.extra_info("cache"))],
        chains=[[make.kernel(0, 0, 0, 0)]],
        operators=[("aten::add", "out")],
        arenas=[0, 64],
    )
    data = make.program(method, segments=[b"AB.."], states=[(0, [0, 0])])
    plan = memory_plan(read_program(data), "forward")
    assert roles(plan)[1] == "STATE"
    assert steps(plan)[1] == (-1, 1)


def test_what_a_delegate_of_an_unknown_backend_gives() -> None:
    """What nothing mentioned before stands at the end of its arguments."""
    plan = plan_of(
        floats(4, 0),
        floats(4, 16),
        floats(4, 32),
        chain=[make.delegate_call(0, 0, 1), make.delegate_call(0, 1, 0, 2)],
        inputs=[0],
        outputs=[2],
    )
    assert roles(plan) == {0: "INPUT", 1: "ACTIVATION", 2: "OUTPUT"}
    assert plan.producer.tolist() == [-1, 0, 1]


def test_lists_count_as_their_members() -> None:
    plan = plan_of(
        floats(4, 0),
        floats(2, 16),
        floats(2, 32),
        make.listing(10, [1, 2]),
        chain=[make.kernel(0, 0, 3), make.kernel(0, 3, 0)],
        inputs=[0],
        outputs=[0],
    )
    assert steps(plan) == {0: (-1, 2), 1: (0, 1), 2: (0, 1)}
    assert plan.producer.tolist() == [1, 0, 0]


def test_a_loop_keeps_what_its_next_round_needs() -> None:
    """0 is needed in every round, 3 is filled by all rounds, 1 is made anew in each."""
    plan = plan_of(
        floats(4, 0),
        floats(4, 16),
        make.boolean(True),
        floats(4, 32),
        chain=[
            make.kernel(0, 0, 0),
            make.kernel(0, 0, 1, 1),
            make.kernel(0, 1, 3, 3),
            make.jump_false(2, 1),
            make.kernel(0, 3, 3, 3),
        ],
        inputs=[0],
    )
    assert steps(plan) == {0: (-1, 3), 1: (1, 2), 3: (1, 4)}


def test_a_move_shows_the_bytes_of_what_was_moved() -> None:
    plan = plan_of(
        floats(4, 0),
        floats(4, 16),
        floats(4, 32),
        chain=[make.kernel(0, 0, 1, 1), make.move(1, 2), make.kernel(0, 2, 0, 0)],
        inputs=[0],
    )
    assert steps(plan) == {0: (-1, 2), 1: (0, 2), 2: (1, 2)}


def test_values_that_nothing_touches_never_live() -> None:
    plan = plan_of(floats(4, 0), chain=[])
    assert roles(plan) == {0: "UNUSED"}
    assert plan.live_bytes.tolist() == [0, 0]
    assert (plan.peak_bytes, plan.planned_bytes) == (0, 1024)


def test_inputs_that_nothing_reads_live_before_the_first_instruction() -> None:
    plan = plan_of(
        floats(4, 0),
        floats(2, 0),
        make.integer(1),
        chain=[make.kernel(0, 2, 1, 1)],
        inputs=[0],
    )
    assert plan.live_bytes.tolist() == [16, 8, 0]
    assert plan.peak_step == -1


def test_what_the_caller_gives_is_not_planned() -> None:
    plan = plan_of(
        make.tensor([4]),
        floats(4, 0),
        make.integer(3),
        chain=[make.kernel(0, 0, 1, 1)],
        inputs=[0, 2],
        outputs=[1, 0],
    )
    assert plan.unplanned.tolist() == [0]
    assert plan.value.tolist() == [1]


def test_arenas_are_counted_apart_and_together() -> None:
    plan = plan_of(
        floats(4, 0),
        make.tensor([8], memory=(2, 0)),
        make.integer(1),
        chain=[make.kernel(0, 2, 0, 0), make.kernel(0, 2, 1, 1)],
        arenas=[0, 16, 48],
    )
    assert [use.live_bytes.tolist() for use in plan.arenas] == [[0, 16, 0, 0], [0, 0, 32, 0]]
    assert [use.fragmentation_bytes for use in plan.arenas] == [0, 16]
    assert (plan.peak_bytes, plan.peak_step) == (32, 1)


def test_bytes_that_two_values_claim_at_once_count_once() -> None:
    plan = plan_of(
        floats(4, 0),
        floats(4, 8),
        floats(1, 12),
        chain=[make.kernel(0, 0, 0), make.kernel(0, 1, 1), make.kernel(0, 2, 0, 1, 2)],
        inputs=[2],
    )
    assert plan.live_bytes.tolist()[-2] == 24
    assert plan.arenas[0].lower_bound_bytes == 36


@pytest.mark.parametrize(
    ("tensor", "arenas", "message"),
    [
        (make.tensor([4], memory=(3, 0)), [0, 64], "arena 3, but there are 1"),
        (make.tensor([4], memory=(0, 0)), [0, 64], "arena 0, but there are 1"),
        (floats(4, 56), [0, 64], "ends at byte 72 of arena 1, which has 64"),
        (floats(4, 1 << 61), [0, 64], "of arena 1, which has 64"),
        (floats(4, 0), [0, -1], "the size of an arena cannot be true"),
        (floats(4, 0), [0, 1 << 62], "the size of an arena cannot be true"),
        (floats(4, 0), [], "arena 1, but there are 0"),
    ],
)
def test_a_place_outside_of_its_arena_is_told(tensor: Any, arenas: list[int], message: str) -> None:
    with pytest.raises(CorruptTrace, match=message):
        plan_of(tensor, chain=[], arenas=arenas)


def test_a_method_that_is_not_there() -> None:
    program = read_program(make.program(make.method()))
    with pytest.raises(KeyError, match="forward"):
        memory_plan(program, "backward")


def test_more_arenas_than_any_exporter_plans_are_refused() -> None:
    with pytest.raises(CorruptTrace, match="there are 300 arenas, more than any exporter plans"):
        plan_of(floats(4, 0), chain=[], arenas=[0, *[16] * 300])
    assert len(plan_of(floats(4, 0), chain=[], arenas=[0, *[16] * 200]).arenas) == 200


COPIES = [("aten::add", "out"), VIEW, ("aten::copy_", "")]


def test_a_copy_that_begins_what_is_read_later_reads_nothing() -> None:
    """What a loop carries: the copy takes the place of whatever lay there."""
    plan = plan_of(
        floats(4, 0),
        floats(4, 16),
        floats(4, 32),
        chain=[make.kernel(2, 1, 0, 1), make.kernel(0, 1, 2, 2)],
        operators=COPIES,
        inputs=[0],
        outputs=[2],
    )
    assert roles(plan)[1] == "ACTIVATION"
    assert steps(plan)[1] == (0, 1)


def test_a_copy_that_nothing_reads_writes_a_buffer_back() -> None:
    plan = plan_of(
        floats(4, 0),
        floats(4, 16),
        chain=[make.kernel(2, 1, 0, 1)],
        operators=COPIES,
        inputs=[0],
    )
    assert roles(plan)[1] == "BUFFER"
    assert steps(plan)[1] == (-1, 1)
