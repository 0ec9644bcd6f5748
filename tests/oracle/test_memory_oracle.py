"""Our memory plans, read from bare programs, beside what ExecuTorch planned when it made them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracle.makers import run_maker
from project import ROOT

from etscope.etdump.program import read_program
from etscope.inspector.memory.overwritten import overwritten_results
from etscope.inspector.memory.plan import MemoryPlan, Role, memory_plan

EVERYTHING = os.environ.get("ETSCOPE_ORACLE") == "all"
#: The programs of sample_traces/.
SAMPLES = (
    "convnet_portable", "convnet_xnnpack", "convnet_int8_xnnpack", "transformer_kv",
    "two_methods", "many_inputs",
)  # fmt: skip
#: Architectures of which nothing else in this repository knows; see fresh_models.
FRESH = (
    "fresh_mixer_portable",  # mixes tokens, then channels
    "fresh_pools",  # a U-Net, planned into arenas that a pass has chosen
    "fresh_translator_portable",  # an LSTM and a GRU
    "fresh_inverted_xnnpack",  # inverted residuals
    "fresh_in_place",  # a KV cache, written in place
    "fresh_sequence_portable",  # dynamic shapes
)
#: ETSCOPE_ORACLE=all makes these too.
MORE = (
    *(
        f"fresh_{name}_{target}"
        for name in ("mixer", "deepunet", "translator", "inverted", "speaker")
        for target in ("portable", "xnnpack", "int8")
        if f"fresh_{name}_{target}" not in FRESH
    ),
    "fresh_several", "convnet_int8", "decoder_portable", "two_methods_portable",
    "mobile_portable", "vision_xnnpack", "lstm_xnnpack", "unet_portable", "elements_portable",
    "gru_portable", "dynamic_portable", "cached_portable", "many_outputs_portable",
)  # fmt: skip
STRAIGHT = (*SAMPLES, *FRESH, "states", "given", *(MORE if EVERYTHING else ()))
BRANCHES = (
    "branch_portable", "two_branches", "branches_apart", *(["fresh_chooser_portable"] * EVERYTHING),
)  # fmt: skip
MAPS = ("loop_portable", *(["fresh_mapper_portable"] * EVERYTHING))
SCANS = ("fresh_scanner_portable", *(["fresh_scanner_xnnpack"] * EVERYTHING))
CONTROL = (*MAPS, *SCANS, *BRANCHES)

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.timeout(900),  # the first test exports all programs
    pytest.mark.skipif(find_spec("executorch") is None, reason="executorch is not installed"),
]


@dataclass(frozen=True)
class Compared:
    """A method as we plan it, and what memory_maker says of it."""

    plan: MemoryPlan
    facts: dict[str, Any]

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """(our row, the exporter's facts) of each value that the exporter planned."""
        of_value = {value: row for row, value in enumerate(self.plan.value.tolist())}
        for value, said in self.facts["values"].items():
            yield of_value[int(value)], said

    def steps(self, row: int) -> list[int]:
        return [int(self.plan.first[row]), int(self.plan.last[row])]

    def within(self, step: int) -> tuple[int, int]:
        """The instructions of the loop or branch around one; itself where there is none."""
        spans = (span for span in self.facts["loops"] if span[0] <= step <= span[1])
        return next(iter(spans), (step, step))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_maker("memory_maker", tmp_path_factory.mktemp("plans"), *STRAIGHT, *CONTROL)


def methods_of(folder: Path, name: str) -> list[Compared]:
    program = read_program(folder / f"{name}.pte")
    facts = json.loads((folder / f"{name}.json").read_text())
    return [Compared(memory_plan(program, method), said) for method, said in facts.items()]


@pytest.mark.parametrize("name", SAMPLES)
def test_the_stored_samples_are_the_programs_that_are_compared(folder: Path, name: str) -> None:
    """Weights and code of delegates may differ on another processor; plans may not."""
    stored = read_program(ROOT / "sample_traces" / f"{name}.etscope/program.pte")
    again = read_program(folder / f"{name}.pte")
    assert [method.name for method in stored.methods] == [method.name for method in again.methods]
    assert len(stored.file) == len(again.file)
    for method in again.methods:
        one, other = memory_plan(stored, method.name), memory_plan(again, method.name)
        for column in ("value", "arena", "offset", "size_bytes", "first", "last", "role", "shows"):
            assert getattr(one, column).tolist() == getattr(other, column).tolist()
        assert one.method.operator_of_instruction == other.method.operator_of_instruction
        assert one.method.arena_bytes.tolist() == other.method.arena_bytes.tolist()


def test_every_sample_is_compared() -> None:
    stored = (ROOT / "sample_traces").glob("*.etscope/program.pte")
    assert sorted(path.parent.stem for path in stored) == sorted(SAMPLES)


@pytest.mark.parametrize("name", [*STRAIGHT, *CONTROL])
def test_every_value_lies_where_the_exporter_planned_it(folder: Path, name: str) -> None:
    for method in methods_of(folder, name):
        plan = method.plan
        assert {int(value) for value in method.facts["values"]} == set(plan.value.tolist())
        for row, said in method.rows():
            assert plan.arena[row] == said["arena"]
            assert plan.offset[row] == said["offset"]
            # The exporter rounds sizes up to 16 bytes; the program has the tensor's own.
            assert -(-plan.size_bytes[row] // 16) * 16 == said["allocated"]


@pytest.mark.parametrize("name", STRAIGHT)
def test_lifetimes_are_those_of_the_exporter(folder: Path, name: str) -> None:
    for method in methods_of(folder, name):
        assert len(method.plan)
        for row, said in method.rows():
            assert method.steps(row) == said["steps"], method.plan.value[row]


@pytest.mark.parametrize("name", STRAIGHT)
def test_what_is_alive_is_what_the_memory_trace_shows(folder: Path, name: str) -> None:
    """The same values, at the same places of the same arenas, at every operator.

    The trace leaves out buffers with an initial state, which have a place nevertheless.
    """
    for method in methods_of(folder, name):
        plan, trace = method.plan, method.facts["trace"]
        if trace is None:  # refused: there are no operators outside of delegates
            assert set(plan.method.operator_of_instruction) == {"DELEGATE_CALL"}
            continue
        states = plan.role == Role.STATE
        assert states.any() == (name == "states")
        assert len(trace) == plan.instructions
        for instruction, said in trace.items():
            rows = plan.alive_at(int(instruction))
            rows = rows[~states[rows]]
            columns = (plan.arena[rows], plan.offset[rows], plan.size_bytes[rows])
            ours = sorted(zip(*(column.tolist() for column in columns), strict=True))
            assert ours == [tuple(row) for row in said]
            live = sum(size for _, _, size in said)
            assert plan.live_bytes[int(instruction) + 1] == live + plan.size_bytes[states].sum()


@pytest.mark.parametrize("name", STRAIGHT)
def test_the_peak_is_that_of_the_exporters_lifetimes(folder: Path, name: str) -> None:
    for method in methods_of(folder, name):
        plan = method.plan
        live = np.zeros(plan.instructions + 2, np.int64)
        for row, said in method.rows():
            if plan.shows[row] == row:
                live[said["steps"][0] + 1 : said["steps"][1] + 2] += plan.size_bytes[row]
        assert plan.peak_bytes == live.max()
        assert plan.peak_step == live.argmax() - 1
        assert [use.size_bytes for use in plan.arenas] == plan.method.arena_bytes[1:].tolist()


@pytest.mark.parametrize("name", [*MAPS, *SCANS])
def test_in_a_loop_lifetimes_differ_by_what_the_loop_is(folder: Path, name: str) -> None:
    """To the exporter a loop is one node; what lives at its border lives in all of it.

    Three rules: a value of the loop's border begins or ends within it, not at its edges; the
    row of one round is made in the loop, not before it; what a round gives is read by the
    instructions that carry it on, which to the exporter are part of the loop alone.
    """
    (method,) = methods_of(folder, name)
    (first, last), differ = method.facts["loops"][0], 0
    for row, said in method.rows():
        ours, theirs = method.steps(row), said["steps"]
        if ours == theirs:
            continue
        differ += 1
        if not said["inner"]:
            assert method.within(ours[0])[0] == method.within(theirs[0])[0]
            assert method.within(ours[1])[1] == method.within(theirs[1])[1]
        elif ours[0] != theirs[0]:
            assert theirs[0] == -1
            assert first <= ours[0] <= ours[1] == theirs[1] <= last
        else:
            assert name in SCANS
            assert theirs[1] < ours[1] <= last
    assert differ


def test_the_memory_trace_does_not_look_into_branches_and_loops(folder: Path) -> None:
    """At the one step that it has for each it misses what lives in it: our peak is higher."""
    for name in ("branches_apart", "fresh_scanner_portable"):
        (method,) = methods_of(folder, name)
        trace, plan = method.facts["trace"], method.plan
        seen = max(sum(size for _, _, size in said) for said in trace.values())
        assert len(trace) < plan.instructions
        assert plan.peak_bytes > seen


def test_what_a_scan_carries_is_no_buffer_that_lasts(folder: Path) -> None:
    """A copy begins it: what lay there before is not read."""
    (method,) = methods_of(folder, "fresh_scanner_portable")
    plan = method.plan
    copies = [row for row in range(len(plan)) if plan.operator_of(row) == "aten::copy_"]
    assert [Role(plan.role[row]) for row in copies] == [Role.ACTIVATION]
    assert plan.first[copies[0]] >= 0


@pytest.mark.parametrize("name", BRANCHES)
def test_what_a_branch_gives_lives_until_it_is_read(folder: Path, name: str) -> None:
    """A move hands over the branch's own tensor; the exporter plans as if it copied the data."""
    for method in methods_of(folder, name):
        plan = method.plan
        moved = set(plan.touches.moves[:, 1].tolist())
        outlived = 0
        for row, said in method.rows():
            ours, theirs = method.steps(row), said["steps"]
            if int(plan.tensor[row]) in moved:
                assert ours[0] == theirs[0]
                assert ours[1] > theirs[1]  # the move, which to the exporter is a copy
                outlived += 1
            elif ours != theirs:
                assert not said["inner"]
                assert method.within(ours[0])[0] == method.within(theirs[0])[0]
                assert method.within(ours[1])[1] == method.within(theirs[1])[1]
        assert outlived == len(plan.touches.moves)


def test_a_result_that_is_overwritten_before_it_is_read_is_wrong_on_device(folder: Path) -> None:
    (lost,), (kept,) = (methods_of(folder, name) for name in ("two_branches", "branches_apart"))
    found = overwritten_results(lost.plan)
    assert len(found) == 2  # the results of both ways through the first branch
    got, right = lost.facts["ran"]
    assert not np.allclose(got, right)
    assert overwritten_results(kept.plan) == []
    got, right = kept.facts["ran"]
    assert np.allclose(got, right)
