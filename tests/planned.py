"""Memory plans made by hand for figures and pages."""

from __future__ import annotations

from collections.abc import Sequence

import program_builder as make

from etscope.etdump.program import Program, read_program
from etscope.inspector.memory.plan import MemoryPlan, memory_plan

HOSTILE = "<a href=https://example.com>x</a><script>alert(1)</script>"


def chain_program(
    sizes: Sequence[int],
    *,
    operator: tuple[str, str] = ("aten::add", "out"),
    view: bool = False,
    slack: int = 0,
    places: int = 2,
) -> Program:
    """A chain of operators, value i → value i + 1, in places that are taken in turn.

    Args:
        sizes: bytes of each value, the first of which is the input.
        view: whether the second value has a view that the third operator reads as well.
        slack: bytes that the arena has too much.
        places: how many values lie beside each other.
    """
    room = max(sizes)
    values = [
        make.tensor([size // 4], memory=(1, room * (at % places))) for at, size in enumerate(sizes)
    ]
    chain = [make.kernel(0, at, at + 1, at + 1) for at in range(len(sizes) - 1)]
    if view:
        values.append(make.tensor([1, sizes[1] // 4], memory=(1, room)))
        chain[1] = make.kernel(0, len(sizes), 2, 2)
    method = make.method(
        values=values,
        chains=[chain],
        operators=[operator],
        inputs=[0],
        outputs=[len(sizes) - 1],
        arenas=[0, room * places + slack],
    )
    return read_program(make.program(method))


def chain_plan(
    sizes: Sequence[int],
    *,
    operator: tuple[str, str] = ("aten::add", "out"),
    view: bool = False,
    slack: int = 0,
    places: int = 2,
) -> MemoryPlan:
    """The plan of `chain_program`."""
    program = chain_program(sizes, operator=operator, view=view, slack=slack, places=places)
    return memory_plan(program, "forward")
