"""What it saves to make at the export what is made of constants alone."""

from __future__ import annotations

from typing import Any

import program_builder as make
from planned_programs import chain_method, floats

from etscope.etdump.program import read_program
from etscope.inspector.memory.plan import MemoryPlan, memory_plan
from etscope.inspector.memory.what_if.answer import baseline_of
from etscope.inspector.memory.what_if.constants import constant_answers, made_of_constants
from etscope.inspector.memory.what_if.ways import Effort

#: 0 is the input, 1 a weight of 2048 bytes, 2 and 3 are planned, 4 is given back.
VALUES = [
    floats(256, 0),
    make.tensor([512], buffer=1),
    floats(512, 1024),
    floats(512, 3072),
    floats(128, 0),
]
TRANSPOSE, AGAIN = make.kernel(0, 1, 2, 2), make.kernel(0, 2, 3, 3)
USE = make.kernel(1, 0, 3, 4, 4)


def plan_of(chain: list[Any], outputs: list[int] | None = None, **more: Any) -> MemoryPlan:
    method = chain_method(
        values=more.pop("values", VALUES),
        outputs=outputs or [4],
        chains=[chain],
        arena=5120,
        **more,
    )
    data = make.program(method, segments=[bytes(2048)], constants=(0, [0, 0]))
    return memory_plan(read_program(data), "forward")


def answers(plan: MemoryPlan) -> list[Any]:
    base = baseline_of(plan)
    assert base is not None
    return constant_answers(base)


def test_what_follows_from_constants_alone_needs_no_place() -> None:
    plan = plan_of([TRANSPOSE, AGAIN, USE])
    (found,) = answers(plan)
    assert made_of_constants(plan).tolist() == [0, 1]
    assert plan.value[list(found.rows)].tolist() == [2, 3]
    assert (found.planned_bytes, found.saves_peak_bytes) == (1536, 4096 + 1024 - 1536)
    assert (found.effort, found.verified) == (Effort.OPTION, True)
    assert "do_quant_fusion_and_const_prop=True" in found.advice


def test_a_constant_in_the_place_of_another_adds_nothing_to_the_file() -> None:
    (found,) = answers(plan_of([TRANSPOSE, AGAIN, USE]))
    assert found.adds_constant_bytes == 0
    also_read = [TRANSPOSE, AGAIN, make.kernel(1, 0, 1, 3, 4, 4)]
    (found,) = answers(plan_of(also_read))
    assert found.adds_constant_bytes == 2048
    assert found.condition.startswith("The constants of the program grow by 2.05 kB")


def test_what_is_given_back_keeps_its_place() -> None:
    plan = plan_of([TRANSPOSE, AGAIN, USE], outputs=[3, 4])
    (found,) = answers(plan)
    assert plan.value[list(found.rows)].tolist() == [2]


def test_what_reads_an_input_is_made_in_every_inference() -> None:
    plan = plan_of([make.kernel(0, 0, 2, 2), AGAIN, USE])
    assert made_of_constants(plan).tolist() == []
    assert answers(plan) == []


def test_what_is_written_twice_is_no_constant() -> None:
    plan = plan_of([TRANSPOSE, make.kernel(0, 0, 2, 2), AGAIN, USE])
    assert made_of_constants(plan).tolist() == []


def test_numbers_that_differ_each_time_are_no_constants() -> None:
    plan = plan_of([TRANSPOSE, AGAIN, USE], operators=[("aten::rand_like", "out")] * 2)
    assert made_of_constants(plan).tolist() == []


def test_a_number_that_the_method_is_given_is_no_constant() -> None:
    values = [*VALUES, make.integer(3)]
    chain = [make.kernel(0, 1, 5, 2, 2), AGAIN, USE]
    assert made_of_constants(plan_of(chain, values=values)).tolist() == [0, 1]
    given = plan_of(chain, values=values, inputs=[0, 5])
    assert made_of_constants(given).tolist() == []
