"""The real runtime's known ways to die, each by a real death."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from etscope.devtools.capture import executorch
from etscope.devtools.capture.child import ChildDied
from etscope.devtools.capture.executorch import ExecuTorchRuntime, run_lengths
from etscope.devtools.capture.executorch_export import export_program
from etscope.devtools.capture.failures import TensorsNotLogged
from etscope.devtools.capture.runtime import Inference
from etscope.etdump.reader import read_etdump

X = torch.linspace(-1, 1, 6)


class WithNone(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, None]:
        return x + 1, None


class Half(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x.float() * 2).to(torch.bfloat16).abs()


class Cache(torch.nn.Module):
    total: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("total", torch.zeros(6))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.total.add_(x)
        return self.total * 1


@pytest.fixture(scope="module")
def programs(needs_executorch: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {}
    models = {"none": (WithNone(), X), "half": (Half(), X.bfloat16()), "cache": (Cache(), X)}
    for name, (model, x) in models.items():
        folder = tmp_path_factory.mktemp(name)
        with torch.no_grad():
            exported = torch.export.export(model, (x,))
        made[name] = export_program({"forward": exported}, {"forward": [(x,)]}, folder).program
    return made


def plan(*inputs: Any) -> list[Inference]:
    return [Inference("forward", number, (value,)) for number, value in enumerate(inputs)]


def test_passes_keep_the_protocol(programs: dict[str, Path], tmp_path: Path) -> None:
    runtime = ExecuTorchRuntime(programs["cache"], tmp_path, threads=1)
    said: list[tuple[int, int]] = []

    wall = runtime.untraced_pass(plan(X, X, X), warmup=2)
    trace = runtime.timing_pass(
        plan(X, X), warmup=1, progress=lambda done, total: said.append((done, total))
    )

    assert wall.shape == (3,)
    assert runtime.traced_wall_ns.shape == (2,)
    # The warm-up of a timing pass is thrown away.
    assert [trace.text(name) for name in trace.runs.name.tolist()].count("Execute") == 2
    assert runtime.threads_used == 1
    assert all(0 < done <= total == 2 for done, total in said)


def test_state_goes_on_from_one_inference_to_the_next(
    programs: dict[str, Path], tmp_path: Path
) -> None:
    runtime = ExecuTorchRuntime(programs["cache"], tmp_path)

    trace = runtime.tensor_pass(plan(X, X), tmp_path / "b.bin")

    data = (tmp_path / "b.bin").read_bytes()
    offsets = trace.values.tensor.offset[trace.values.is_output]
    values = [np.frombuffer(data, np.float32, 6, int(offset)) for offset in offsets]
    np.testing.assert_allclose(values, [X, 2 * X])


def test_a_buffer_that_is_too_small_is_tried_again_larger(
    programs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Too few bytes for the tensors of 24 bytes, each at a multiple of 64.
    monkeypatch.setattr(executorch, "debug_buffer_bytes", lambda program, runs: 100)
    runtime = ExecuTorchRuntime(programs["cache"], tmp_path)

    runtime.tensor_pass(plan(X), tmp_path / "b.bin")

    assert runtime.tensors.status == "ok"
    assert runtime.tensors.tries is not None
    assert runtime.tensors.tries > 1
    assert runtime.tensors.buffer_bytes_planned == 100


def test_a_death_by_overflow_keeps_the_last_words(
    programs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executorch, "debug_buffer_bytes", lambda program, runs: 1)
    monkeypatch.setattr(executorch, "FACTORS", (1,))
    runtime = ExecuTorchRuntime(programs["cache"], tmp_path)

    with pytest.raises(TensorsNotLogged, match=r"killed by SIGABRT(.|\n)*Ran out of space"):
        runtime.tensor_pass(plan(X), tmp_path / "b.bin")

    assert runtime.tensors.status == "failed"
    assert runtime.tensors.tries == 1
    assert list(tmp_path.iterdir()) == []


def test_a_none_output_skips_the_tensors_but_not_the_times(
    programs: dict[str, Path], tmp_path: Path
) -> None:
    runtime = ExecuTorchRuntime(programs["none"], tmp_path)

    with pytest.raises(TensorsNotLogged, match="None"):
        runtime.tensor_pass(plan(X), tmp_path / "b.bin")
    trace = runtime.timing_pass(plan(X), warmup=0)

    assert runtime.tensors.status == "skipped"
    assert "Method::execute" in trace.strings


def test_a_none_output_that_nobody_foresaw_is_a_death_with_words(
    programs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executorch, "unloggable", lambda program: [])
    runtime = ExecuTorchRuntime(programs["none"], tmp_path)

    with pytest.raises(TensorsNotLogged, match="not yet supported for logging"):
        runtime.tensor_pass(plan(X), tmp_path / "b.bin")


def test_a_half_precision_value_costs_the_tensors_and_says_so(
    programs: dict[str, Path], tmp_path: Path
) -> None:
    runtime = ExecuTorchRuntime(programs["half"], tmp_path)

    with pytest.raises(TensorsNotLogged, match=r"bfloat16.*no logged value"):
        runtime.tensor_pass(plan(X.bfloat16()), tmp_path / "b.bin")
    trace = runtime.timing_pass(plan(X.bfloat16()), warmup=0)

    assert runtime.tensors.status == "failed"
    assert "Method::execute" in read_etdump(tmp_path / "timing.etdp").strings
    assert len(trace.losses) == 0


def test_inputs_of_another_shape_are_one_clear_error(
    programs: dict[str, Path], tmp_path: Path
) -> None:
    runtime = ExecuTorchRuntime(programs["cache"], tmp_path)

    with pytest.raises(ChildDied, match="failed in the untraced pass: RuntimeError"):
        runtime.untraced_pass(plan(torch.ones(7, 3)), warmup=0)


def test_a_pass_that_takes_too_long_is_ended(programs: dict[str, Path], tmp_path: Path) -> None:
    runtime = ExecuTorchRuntime(programs["cache"], tmp_path, timeout_s=0.05)

    with pytest.raises(ChildDied, match=r"did not finish the timing pass in 0\.05 s"):
        runtime.timing_pass(plan(X), warmup=0)
    assert list(tmp_path.iterdir()) == []


def test_a_plan_is_told_in_runs_of_equal_inferences() -> None:
    one, two = Inference("f", 0, ()), Inference("f", 1, ())

    assert run_lengths([one, one, two, one]) == [("f", 0, 2), ("f", 1, 1), ("f", 0, 1)]
