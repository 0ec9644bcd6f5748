"""The rules of XNNPACK's partitioner beside the partitioner itself."""

from __future__ import annotations

import json
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest
from oracle.makers import run_maker

from etscope.etdump.instructions import InstructionKind
from etscope.etdump.methods import is_prim
from etscope.etdump.program import Program, read_program
from etscope.inspector.backends.placement import Call
from etscope.inspector.backends.xnnpack_configurations import TAKEN
from etscope.inspector.backends.xnnpack_takes import refusal
from etscope.inspector.fallbacks.calls import Calls
from etscope.inspector.fallbacks.dataflow import flow_of, operations_of_calls

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(find_spec("executorch") is None, reason="executorch is not installed"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_maker("fallback_maker", tmp_path_factory.mktemp("fallbacks"))


def calls_of(program: Program) -> list[Call]:
    """Every operator outside of delegates that is not the runtime's own."""
    plan = program.methods[0]
    calls = Calls(plan, flow_of(plan, operations_of_calls(program, plan)))
    return [
        calls.call(row)
        for row, operator in enumerate(plan.operator_of_instruction)
        if plan.instructions.kind[row] == InstructionKind.KERNEL_CALL and not is_prim(operator)
    ]


def test_the_table_is_that_of_the_partitioner(folder: Path) -> None:
    assert json.loads((folder / "taken.json").read_text("utf-8")) == sorted(TAKEN)


def test_everything_that_it_left_out_is_refused(folder: Path) -> None:
    left = calls_of(read_program(folder / "xnnpack.pte"))
    assert len(left) > 10
    assert [call.title for call in left if refusal(call) is None] == []


def test_of_all_operators_those_are_refused_that_it_left_out(folder: Path) -> None:
    everything = calls_of(read_program(folder / "portable.pte"))
    left = calls_of(read_program(folder / "xnnpack.pte"))
    refused = Counter(call.title for call in everything if refusal(call) is not None)
    assert refused == Counter(call.title for call in left)
