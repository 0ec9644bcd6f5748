"""Methods made by hand whose values all have a place of their own: sound plans to ask about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import program_builder as make
from hypothesis import strategies as st

from etscope.etdump.program import read_program
from etscope.inspector.memory.plan import MemoryPlan, memory_plan


class Call(NamedTuple):
    """One call of "aten::add.out": what it reads, and the value that it writes."""

    operator: str
    reads: tuple[int, ...]
    writes: int


def plan_of(
    shapes: Sequence[Sequence[int]],
    calls: Sequence[Call],
    *,
    inputs: Sequence[int] = (0,),
    outputs: Sequence[int] = (),
    arena: Sequence[int] | None = None,
    spare: int = 0,
) -> MemoryPlan:
    """The plan of a method whose floats lie side by side, each at a multiple of 16 bytes.

    Args:
        shapes: of each value.
        arena: of each value; none given: all in arena 1.
        spare: bytes at the end of each arena that nothing uses.
    """
    arenas = list(arena or [1] * len(shapes))
    ends = [0] * (max(arenas, default=1) + 1)
    values = []
    for sizes, number in zip(shapes, arenas, strict=True):
        values.append(make.tensor(list(sizes), memory=(number, ends[number])))
        size = 4
        for length in sizes:
            size *= length
        ends[number] += -(-size // 16) * 16
    names = [call.operator for call in calls]
    operators = list(dict.fromkeys(names))
    nothing = len(values)  # an argument of calls that read nothing
    made = make.method(
        values=[*values, make.null()],
        chains=[
            [
                make.kernel(number, *(call.reads or (nothing,)), call.writes, call.writes)
                for number, call in zip(map(operators.index, names), calls, strict=True)
            ]
        ],
        inputs=inputs,
        outputs=outputs,
        operators=[_named(operator) for operator in operators],
        arenas=[0, *(end + spare for end in ends[1:])],
    )
    return memory_plan(read_program(make.program(made)), "forward")


def chain_of(*operators: str, size: int = 64) -> MemoryPlan:
    """Instruction i runs operator i on value i and gives value i + 1, all of one shape."""
    calls = [Call(name, (i,), i + 1) for i, name in enumerate(operators)]
    return plan_of([(size,)] * (len(calls) + 1), calls, outputs=[len(calls)])


def _named(operator: str) -> tuple[str, str]:
    name, _, overload = operator.partition(".")
    return name, overload


OPERATORS = ("aten::relu.out", "aten::add.out", "aten::mm.out", "aten::view_copy.out")


class Straight(NamedTuple):
    """A method before it is encoded."""

    shapes: list[tuple[int, ...]]
    calls: list[Call]
    outputs: list[int]
    arena: list[int] | None = None

    def plan(self) -> MemoryPlan:
        return plan_of(self.shapes, self.calls, outputs=self.outputs, arena=self.arena)


@st.composite
def straight(draw: st.DrawFn, most: int = 8) -> Straight:
    """Methods in which every value is written once, before it is read."""
    count = draw(st.integers(1, most))
    shapes: list[tuple[int, ...]] = [(draw(st.sampled_from([4, 8, 12, 64])),)]
    calls: list[Call] = []
    for value in range(1, count + 1):
        operator = draw(st.sampled_from(OPERATORS))
        reads = draw(st.lists(st.integers(0, value - 1), min_size=1, max_size=2, unique=True))
        same = draw(st.booleans())
        shapes.append(shapes[reads[0]] if same else (draw(st.sampled_from([4, 8, 12, 64])),))
        calls.append(Call(operator, tuple(reads), value))
    outputs = draw(st.lists(st.integers(1, count), max_size=2, unique=True))
    arena = draw(st.sampled_from([None, [1 + v % 2 for v in range(count + 1)]]))
    return Straight(shapes, calls, outputs, arena)


def plans() -> st.SearchStrategy[MemoryPlan]:
    """The plans of such methods."""
    return straight().map(Straight.plan)
