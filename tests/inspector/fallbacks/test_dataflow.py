"""Which instruction makes what another takes, and which operators lie together."""

from __future__ import annotations

from fallback_models import kernels, place
from flatbuffer_builder import Table
from program_builder import delegate_call, kernel, listing, tensor

from etscope.etdump.methods import Method
from etscope.inspector.fallbacks.calls import Calls
from etscope.inspector.fallbacks.dataflow import Flow, flow_of, is_constant
from etscope.inspector.fallbacks.islands import Island, islands_of


def at(number: int) -> Table:
    return tensor((2, 3), memory=place(number))


def flow(plan: Method) -> Flow:
    return flow_of(plan, {})


def test_a_kernel_gives_its_last_argument_and_takes_the_others() -> None:
    values = [at(0), at(1), at(2), listing(10, [1, 2]), tensor((3,), buffer=1)]
    steps = [kernel(0, 0, 1, 2, 3), kernel(1, 2, 4, 0, 0)]
    plan = kernels(values, *steps, operators=["aten::topk.values", "aten::add.out"]).methods[0]
    found = flow(plan)
    assert found.gives == ((1, 2), (0,))
    assert found.takes == ((0,), (2, 4))
    assert found.maker == ((-1,), (0, -1))
    assert found.readers == ((1,), ())
    assert (is_constant(plan, 4), is_constant(plan, 0)) == (True, False)


def test_a_view_is_what_was_last_written_at_its_place() -> None:
    values = [at(0), at(1), tensor((6,), memory=place(1)), at(2)]
    steps = [kernel(0, 0, 1, 1), kernel(0, 2, 3, 3)]
    found = flow(kernels(values, *steps, operators=["aten::relu.out"]).methods[0])
    assert found.maker[1] == (0,)


def test_what_is_not_planned_is_no_view_of_anything() -> None:
    values = [at(0), tensor((2,)), tensor((2,)), at(2)]
    steps = [kernel(0, 0, 1, 1), kernel(0, 2, 3, 3)]
    found = flow(kernels(values, *steps, operators=["aten::relu.out"]).methods[0])
    assert found.maker[1] == (-1,)


def test_a_buffer_written_in_place_is_read_as_well() -> None:
    steps = [kernel(0, 0, 1, 0)]
    found = flow(kernels([at(0), at(1)], *steps, operators=["aten::copy_.out"]).methods[0])
    assert (found.takes, found.gives) == (((0, 1),), ((0,),))


def test_a_delegate_that_nobody_can_read_gives_what_nothing_mentioned_before() -> None:
    values = [at(0), tensor((3,), buffer=1), at(2), at(3)]
    steps = [delegate_call(0, 0, 1, 2), kernel(0, 2, 3, 3)]
    found = flow(kernels(values, *steps, operators=["aten::relu.out"]).methods[0])
    assert (found.takes[0], found.gives[0]) == ((0, 1), (2,))
    assert found.makers(1) == [0]


def test_a_moved_weight_is_still_constant() -> None:
    values = [tensor((3, 2), buffer=1), at(1), at(2), at(3)]
    steps = [kernel(0, 0, 1, 1), kernel(1, 2, 1, 3, 3)]
    operators = ["aten::permute_copy.out", "aten::mm.out"]
    plan = kernels(values, *steps, operators=operators, inputs=(2,)).methods[0]
    call = Calls(plan, flow(plan)).call(1)
    assert [tensor.constant for tensor in call.inputs] == [False, True]
    assert (call.namespace, call.name, call.overload) == ("aten", "mm", None)


def test_an_operator_between_two_delegates_is_an_island() -> None:
    steps = [delegate_call(0, 0, 1), kernel(0, 1, 2, 2), delegate_call(1, 2, 3)]
    plan = kernels([at(n) for n in range(4)], *steps, operators=["aten::exp.out"]).methods[0]
    assert islands_of(plan, flow(plan)) == [Island((1,), (0,), (2,), 1)]


def test_operators_between_the_same_delegates_move_together() -> None:
    steps = [
        delegate_call(0, 0, 1, 2), kernel(0, 1, 3, 3), kernel(0, 2, 4, 4), delegate_call(1, 3, 4, 5)
    ]  # fmt: skip
    plan = kernels([at(n) for n in range(6)], *steps, operators=["aten::exp.out"]).methods[0]
    assert islands_of(plan, flow(plan)) == [Island((1, 2), (0,), (3,), 1)]


def test_what_only_begins_or_ends_saves_no_call() -> None:
    steps = [kernel(0, 0, 1, 1), delegate_call(0, 1, 2), kernel(0, 2, 3, 3)]
    plan = kernels([at(n) for n in range(4)], *steps, operators=["aten::exp.out"]).methods[0]
    found = islands_of(plan, flow(plan))
    assert [(one.members, one.calls_saved) for one in found] == [((0,), 0), ((2,), 0)]


def test_who_takes_a_value_and_what_passes_between_two() -> None:
    values = [at(n) for n in range(5)]
    steps = [kernel(0, 0, 1, 1), kernel(0, 1, 2, 2), kernel(1, 1, 2, 3, 3)]
    found = flow(kernels(values, *steps, operators=["a::one.out", "a::two.out"]).methods[0])
    assert found.users == {(0, 1): [1, 2], (1, 2): [2]}
    assert found.passed == {(0, 1): [1], (0, 2): [1], (1, 2): [2]}
