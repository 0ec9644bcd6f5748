"""The size of a debug buffer, and what cannot be logged, from programs made by hand."""

from __future__ import annotations

import program_builder as make
import pytest
from flatbuffer_builder import Table

from etscope.etdump.buffer_size import SLACK, debug_buffer_bytes, unloggable
from etscope.etdump.errors import UsageError
from etscope.etdump.loops import UNKNOWN, repeats
from etscope.etdump.program import Program, read_program


def planned(program: Program, **runs: int) -> int:
    return debug_buffer_bytes(program, runs) - SLACK


def one(**parts: object) -> Program:
    return read_program(make.program(make.method(**parts), blobs=[b"blob"]))  # type: ignore[arg-type]


SMALL, LARGE = make.tensor([3]), make.tensor([100])  # 12 and 400 bytes: 64 and 448 in the buffer


def test_a_kernel_logs_what_it_returns() -> None:
    program = one(
        values=[LARGE, SMALL],
        operators=[("aten::sum", "out")],
        chains=[[make.kernel(0, 0, 1, 1)]],
    )
    assert planned(program, forward=1) == 64
    assert planned(program, forward=3) == 192
    assert planned(program, forward=0) == 0


def test_several_outputs_are_a_list() -> None:
    program = one(
        values=[LARGE, SMALL, LARGE, make.listing(10, [1, 2])],
        operators=[("aten::topk", "values")],
        chains=[[make.kernel(0, 0, 1, 2, 3)]],
    )
    assert planned(program, forward=1) == 64 + 448


def test_operators_of_the_runtime_log_nothing() -> None:
    program = one(
        values=[LARGE, LARGE, make.integer(0)],
        operators=[("executorch_prim::et_view", "default"), ("aten::sym_size", "int")],
        chains=[[make.kernel(0, 0, 1), make.kernel(1, 0, 2), make.free(0)]],
    )
    assert planned(program, forward=1) == 0


def test_a_delegate_logs_all_its_arguments_and_a_method_its_outputs() -> None:
    program = one(
        values=[LARGE, SMALL, make.integer(4)],
        inputs=[0],
        outputs=[1, 1, 2],
        delegates=[make.delegate("XnnpackBackend")],
        chains=[[make.delegate_call(0, 0, 1)]],
    )
    assert planned(program, forward=1) == 448 + 64 + 2 * 64


def test_each_method_counts_its_own_runs() -> None:
    plans = [
        make.method(name, values=[value], outputs=[0])
        for name, value in (("encode", LARGE), ("decode", SMALL))
    ]
    program = read_program(make.program(*plans))
    assert planned(program, encode=1, decode=10) == 448 + 640
    assert planned(program, decode=1) == 64


def test_a_request_without_sense() -> None:
    program = one(values=[SMALL], outputs=[0])
    with pytest.raises(UsageError, match="no method 'decode'; the program has forward"):
        debug_buffer_bytes(program, {"decode": 1})
    with pytest.raises(UsageError, match="-1 times"):
        debug_buffer_bytes(program, {"forward": -1})


def loop_over(bound: Table, *before: Table) -> Program:
    """What the exporter makes of `map`: work, count, compare with the bound, jump back."""
    start = len(before)
    return one(
        values=[
            make.tensor([5, 2]),
            SMALL,
            make.integer(0),
            bound,
            make.integer(1),
            make.boolean(False),
            make.integer(0),
        ],
        operators=[
            ("aten::sym_size", "int"),
            ("aten::sin", "out"),
            ("executorch_prim::add", "Scalar"),
            ("executorch_prim::eq", "Scalar"),
        ],
        chains=[
            [
                *before,
                make.kernel(1, 1, 1, 1),
                make.kernel(2, 2, 4, 2),
                make.kernel(3, 2, 3, 5),
                make.jump_false(5, start),
                make.kernel(1, 1, 1, 1),
            ]
        ],
    )


def test_a_loop_up_to_a_constant() -> None:
    program = loop_over(make.integer(7))
    assert repeats(program.methods[0]).tolist() == [7, 7, 7, 7, 1]
    assert planned(program, forward=1) == 8 * 64


def test_a_loop_over_the_rows_of_an_input() -> None:
    program = loop_over(make.integer(0), make.kernel(0, 0, 6, 3))
    assert repeats(program.methods[0]).tolist() == [1, 5, 5, 5, 5, 1]


def test_a_loop_of_unknown_length_is_assumed() -> None:
    program = loop_over(make.double(2.0))
    assert repeats(program.methods[0]).tolist() == [UNKNOWN] * 4 + [1]
    assert debug_buffer_bytes(program, {"forward": 1}, unknown_rounds=3) == 4 * 64 + SLACK


def test_a_jump_forward_is_no_loop() -> None:
    program = one(
        values=[make.boolean(True)], chains=[[make.jump_false(0, 1), make.jump_false(0, 2)]]
    )
    assert repeats(program.methods[0]).tolist() == [1, 1]


def test_values_that_cannot_be_logged_are_named() -> None:
    program = one(
        values=[make.tensor([1], 5), make.tensor([1], 15), SMALL, make.null(), make.integer(1)],
        operators=[("aten::add", "out"), ("executorch_prim::et_view", "default")],
        outputs=[2, 3, 4],
        chains=[[make.kernel(0, 2, 0, 0), make.kernel(1, 0, 1), make.kernel(0, 0, 2, 2)]],
    )
    half, none = unloggable(program)
    assert (half.method, half.instruction, half.value, half.aborts) == ("forward", 0, 0, False)
    assert "float16" in half.reason
    assert (none.instruction, none.value, none.aborts) == (-1, 3, True)
    assert "None" in none.reason


def test_lists_and_unknown_types_are_looked_into() -> None:
    program = one(
        values=[make.tensor([1], 28), make.listing(10, [0]), make.tensor([1], 99)],
        outputs=[1, 2],
    )
    assert [found.reason.split("write ")[1] for found in unloggable(program)] == [
        "uint32 and leaves a broken dump",
        "scalar type 99 and leaves a broken dump",
    ]


def test_a_sound_program_has_no_obstacles() -> None:
    assert unloggable(one(values=[SMALL, make.integer(1)], outputs=[0, 1])) == []


def test_a_size_beyond_any_memory_is_still_a_number() -> None:
    program = one(values=[make.tensor([2**30, 2**28])], outputs=[0] * 40)
    assert planned(program, forward=10) == 400 * 2**60
