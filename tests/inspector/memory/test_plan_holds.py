"""What holds of every plan, of sensible programs and of others."""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

import numpy as np
import program_builder as make
import pytest
from fuzz.mutations import mutations
from hypothesis import given, settings
from hypothesis import strategies as st
from project import ROOT

from etscope.etdump.errors import TraceError
from etscope.etdump.program import read_program
from etscope.inspector.memory.ledger import ledger_of, totals
from etscope.inspector.memory.overwritten import overwritten_results
from etscope.inspector.memory.plan import MemoryPlan, memory_plan
from etscope.inspector.memory.traffic import traffic_of

COUNT, ARENA = 6, 64
OPERATORS = [
    ("aten::add", "out"),
    ("executorch_prim::et_view", "default"),
    ("executorch_prim::et_copy_index", "tensor"),
]
VALUES = st.integers(0, COUNT - 1)


class Plain(NamedTuple):
    """A method before it is encoded."""

    places: list[tuple[int, int, int]]  # (elements, arena, offset) of each value
    chain: list[tuple[str, int, int, int, int]]  # (kind, operator or destination, three values)
    inputs: list[int]
    outputs: list[int]


@st.composite
def methods(draw: st.DrawFn) -> Plain:
    """Any tensors in two arenas and any instructions on them."""
    place = st.tuples(st.integers(0, 8), st.integers(1, 2), st.integers(0, 4).map(lambda n: 8 * n))
    steps = draw(st.integers(0, 7))
    kinds = st.sampled_from(["kernel", "kernel", "kernel", "delegate", "move", "jump"])
    instruction = st.tuples(kinds, st.integers(0, steps), VALUES, VALUES, VALUES)
    return Plain(
        draw(st.lists(place, min_size=COUNT, max_size=COUNT)),
        draw(st.lists(instruction, min_size=steps, max_size=steps)),
        draw(st.lists(VALUES, max_size=2)),
        draw(st.lists(VALUES, max_size=2)),
    )


def encoded(instruction: tuple[str, int, int, int, int]) -> Any:
    kind, number, one, two, three = instruction
    if kind == "kernel":
        return make.kernel(number % len(OPERATORS), one, two, three)
    if kind == "delegate":
        return make.delegate_call(0, one, two)
    return make.move(one, two) if kind == "move" else make.jump_false(one, number)


def plan_of(method: Plain) -> MemoryPlan:
    made = make.method(
        values=[make.tensor([size], memory=(a, offset)) for size, a, offset in method.places],
        chains=[[encoded(instruction) for instruction in method.chain]],
        inputs=method.inputs,
        outputs=method.outputs,
        operators=OPERATORS,
        delegates=[make.delegate("Gpu")],
        arenas=[0, ARENA, ARENA],
    )
    return memory_plan(read_program(make.program(made, blobs=[b"gpu"])), "forward")


@settings(deadline=None)
@given(methods())
def test_no_more_lives_than_there_is_room_and_than_there_are_values(method: Plain) -> None:
    plan = plan_of(method)
    for use in plan.arenas:
        assert (use.live_bytes <= use.size_bytes).all()
        assert (use.live_bytes <= use.summed_bytes).all()
        assert 0 <= use.peak_bytes <= min(use.lower_bound_bytes, use.size_bytes)
    assert plan.live_bytes.tolist() == np.sum([use.live_bytes for use in plan.arenas], 0).tolist()
    assert plan.live_bytes[plan.peak_step + 1] == plan.peak_bytes


@settings(deadline=None)
@given(methods())
def test_a_value_lives_wherever_an_instruction_touches_it(method: Plain) -> None:
    plan = plan_of(method)
    row_of = {int(tensor): row for row, tensor in enumerate(plan.tensor)}
    for step, tensor in zip(plan.touches.row, plan.touches.tensor, strict=True):
        row = row_of[int(tensor)]
        assert plan.first[row] <= step <= plan.last[row]
        assert plan.first[row] == plan.first[plan.shows[row]]
    assert (plan.shows[plan.shows] == plan.shows).all()


@settings(deadline=None)
@given(methods(), st.permutations(range(COUNT)))
def test_how_values_are_numbered_does_not_matter(method: Plain, order: list[int]) -> None:
    new = {old: place for place, old in enumerate(order)}
    other = Plain(
        [method.places[old] for old in order],
        [(kind, n, new[a], new[b], new[c]) for kind, n, a, b, c in method.chain],
        [new[value] for value in method.inputs],
        [new[value] for value in method.outputs],
    )
    assert plan_of(other).live_bytes.tolist() == plan_of(method).live_bytes.tolist()


@pytest.mark.parametrize("sample", ["convnet_int8_xnnpack", "two_methods", "convnet_xnnpack"])
def test_broken_programs_are_refused_or_planned(sample: str) -> None:
    seed = (ROOT / "sample_traces" / f"{sample}.etscope" / "program.pte").read_bytes()
    assert touch(seed)
    read = [touch(data) for _, data in mutations(seed, Random(7), 60)]
    assert any(read)
    assert not all(read)


def touch(data: bytes) -> bool:
    """Whether a program can be planned; looks at every answer about it."""
    try:
        program = read_program(data)
        plans = [memory_plan(program, method.name) for method in program.methods]
        assert all(size >= 0 for size in totals(ledger_of(program, plans)).values())
    except TraceError:
        return False
    for plan in plans:
        for use in plan.arenas:
            assert 0 <= use.peak_bytes <= use.size_bytes
        for column in traffic_of(plan):
            assert (np.asarray(column) >= 0).all()
        overwritten_results(plan)
        for row in plan.alive_at(plan.peak_step).tolist():
            plan.operator_of(row)
    return True
