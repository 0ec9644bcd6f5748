"""What instructions are called with: arguments of a program made by hand."""

from __future__ import annotations

from typing import Any

import program_builder as make

from etscope.etdump.program import read_program
from etscope.inspector.memory.touches import touches_of
from etscope.inspector.roofline.operands import Call, Operand
from etscope.inspector.roofline.program_calls import ProgramCalls

FLOAT = 6


def calls_of(values: list[Any], operator: tuple[str, str], *arguments: int) -> ProgramCalls:
    made = make.method(
        values=values,
        chains=[[make.kernel(0, *arguments)]],
        operators=[operator],
        inputs=[0],
        outputs=[],
        arenas=[0, 4096],
    )
    program = read_program(make.program(made))
    method = program.methods[0]
    return ProgramCalls(method, touches_of(program, method))


def at(shape: list[int], place: int, dynamism: int = 0) -> Any:
    return make.tensor(shape, memory=(1, place), dynamism=dynamism)


def test_a_convolution_says_whether_it_is_transposed() -> None:
    tensors = [at([1, 4, 8, 8], 0), at([4, 4, 3, 3], 1024), make.null(), at([1, 4, 8, 8], 2048)]
    for flag in (True, False):
        values = [*tensors, make.boolean(flag), make.integer(1)]
        found = calls_of(values, ("aten::convolution", "out"), 0, 1, 2, 5, 5, 5, 4, 5, 5, 3, 3)
        call = found.call(0)
        assert call is not None
        assert call.transposed is flag
        assert [operand.shape for operand in call.inputs] == [(1, 4, 8, 8), (4, 4, 3, 3)]
        assert [operand.shape for operand in call.outputs] == [(1, 4, 8, 8)]


def test_pooling_says_how_large_its_window_is() -> None:
    for sizes, window in (([2], 9), ([2, 3], 12), ([], None)):
        values = [at([1, 2, 8, 8], 0), make.listing(7, sizes), make.integer(3), make.integer(4)]
        values += [at([1, 2, 4, 4], 1024)]
        call = calls_of(values, ("aten::avg_pool2d", "out"), 0, 1, 4, 4).call(0)
        assert call is not None
        assert call.window == window


def test_what_is_written_in_place_is_read_as_well_and_shapes_may_be_bounds() -> None:
    found = calls_of([at([4], 0), at([4], 64, 1)], ("aten::add_", ""), 0, 1, 0)
    one, other = Operand((4,), FLOAT, 0), Operand((4,), FLOAT, 1)
    assert found.call(0) == Call("aten::add_", (one, other), (one,))
    assert found.is_bound(0)


def test_an_instruction_that_calls_no_kernel_has_no_call() -> None:
    made = make.method(
        values=[at([4], 0), at([4], 64)],
        chains=[[make.move(0, 1)]],
        operators=[],
        inputs=[0],
        outputs=[1],
        arenas=[0, 128],
    )
    program = read_program(make.program(made))
    found = ProgramCalls(program.methods[0], touches_of(program, program.methods[0]))
    assert found.call(0) is None
