"""Our estimates of what would need less memory, beside programs that ExecuTorch made so."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from oracle.makers import run_maker
from project import ROOT

from etscope.etdump.program import read_program
from etscope.inspector.memory.plan import MemoryPlan, memory_plan
from etscope.inspector.memory.replan import is_sound
from etscope.inspector.memory.what_if.answer import WhatIf, baseline_of
from etscope.inspector.memory.what_if.answers import what_ifs
from etscope.inspector.memory.what_if.ways import Effort

#: Program → what would be done otherwise in the changed one.
CASES = {"shapes": "view", "elements": "in_place", "weights": "constants", "cache": "in_place"}
SAMPLES = sorted((ROOT / "sample_traces").glob("*.etscope/program.pte"))

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.timeout(900),  # the first test exports all programs
    pytest.mark.skipif(find_spec("executorch") is None, reason="executorch is not installed"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_maker("replan_maker", tmp_path_factory.mktemp("changed"))


def plans_of(path: Path) -> list[MemoryPlan]:
    program = read_program(path)
    return [memory_plan(program, method.name) for method in program.methods]


def both(folder: Path, name: str) -> tuple[MemoryPlan, WhatIf, MemoryPlan]:
    """The plan as it is, the first answer of its kind, and the plan of the changed program."""
    (plan,), (changed,) = (plans_of(folder / f"{one}.pte") for one in (name, f"{name}_changed"))
    answer = next(answer for answer in what_ifs(plan) if answer.kind == CASES[name])
    return plan, answer, changed


@pytest.mark.parametrize("name", CASES)
def test_the_peak_is_that_of_the_program_that_does_so(folder: Path, name: str) -> None:
    plan, answer, changed = both(folder, name)
    assert answer.peak_bytes == changed.peak_bytes
    assert answer.saves_peak_bytes == plan.peak_bytes - changed.peak_bytes > 0


@pytest.mark.parametrize("name", CASES)
def test_the_arenas_are_those_of_the_exporter_or_smaller(folder: Path, name: str) -> None:
    _, answer, changed = both(folder, name)
    if name == "cache":
        # Placed the largest first, the buffers leave the exporter a gap that nothing fits into.
        assert answer.planned_bytes < changed.planned_bytes
    else:
        assert answer.planned_bytes == changed.planned_bytes
    again = baseline_of(changed)
    assert again is not None
    assert answer.planned_bytes == again.planned_again


def test_in_place_names_the_calls_that_the_exporter_changed(folder: Path) -> None:
    plan, answer, changed = both(folder, "elements")
    written_over = {plan.operator_of(row) for row in answer.rows} - {"aten::mm.out"}
    assert written_over == {"aten::relu.out", "aten::tanh.out", "aten::sigmoid.out"}
    names = set(changed.method.operator_of_instruction)
    assert names >= {"aten::relu_", "aten::tanh_", "aten::sigmoid_"}
    assert not names & written_over


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("weights", "do_quant_fusion_and_const_prop=True"),
        ("cache", "run_reinplace_pass=True"),
        ("shapes", "remove_view_copy=True"),
    ],
)
def test_the_option_that_is_advised_is_the_one_that_does_so(
    folder: Path, name: str, option: str
) -> None:
    _, answer, changed = both(folder, name)
    assert answer.effort is Effort.OPTION
    assert f"ExecutorchBackendConfig({option})" in answer.advice
    assert answer.peak_bytes == changed.peak_bytes
    if name != "cache":  # there the exporter's places leave a gap
        assert answer.planned_bytes == changed.planned_bytes


def test_in_place_beyond_index_put_asks_for_another_runtime(folder: Path) -> None:
    _, answer, _ = both(folder, "elements")
    assert answer.effort is Effort.RUNTIME


def test_constants_made_at_the_export_are_gone_from_the_changed_program(folder: Path) -> None:
    plan, answer, changed = both(folder, "weights")
    assert plan.method.operator_of_instruction.count("aten::permute_copy.out") == 2
    assert "aten::permute_copy.out" not in changed.method.operator_of_instruction
    assert answer.adds_constant_bytes == 0
    before, after = ((folder / f"weights{end}.pte").stat().st_size for end in ("", "_changed"))
    assert after <= before


def test_copies_back_are_gone_from_the_changed_program(folder: Path) -> None:
    plan, answer, changed = both(folder, "cache")
    assert "2 copies back into a buffer were left out" in answer.message
    assert plan.method.operator_of_instruction.count("aten::copy_") == 2
    assert "aten::copy_" not in changed.method.operator_of_instruction


def everything(folder: Path) -> list[MemoryPlan]:
    paths = [*SAMPLES, *sorted(folder.glob("*.pte"))]
    return [plan for path in paths for plan in plans_of(path)]


def test_planned_again_no_program_needs_more_than_the_exporter_planned(folder: Path) -> None:
    for plan in everything(folder):
        base = baseline_of(plan)
        assert base is not None
        assert is_sound(base.lives, base.placement)
        assert plan.peak_bytes <= base.planned_again <= plan.planned_bytes
