"""Captures with the real runtime are slow, so the tests share one of each kind."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from etscope.devtools import cli
from etscope.devtools.capture import calibration_pass
from etscope.devtools.capture.choice import CaptureRequest, has_executorch
from etscope.etdump.manifest import PassOutcome

MODEL = """
import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(4, 8)

    def forward(self, x):
        return torch.relu(self.first(x)) * 2


class Sum(torch.nn.Module):
    def forward(self, x, scale: int):
        return (x + scale).sum(), x.abs()


def two_methods():
    inputs = [(torch.ones(2, 4),), (torch.zeros(2, 4),)]
    return {"forward": (Net(), inputs), "total": (Sum(), (torch.ones(3), 2))}
"""


@pytest.fixture(autouse=True)
def uncalibrated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spares a test that captures the seconds that a calibration takes; `real_bundle` has one."""
    outcome = PassOutcome("skipped", "This is a test.")
    monkeypatch.setattr(calibration_pass, "calibrate", lambda threads: (None, outcome))


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with net.py, a user's model."""
    folder = tmp_path_factory.mktemp("model")
    (folder / "net.py").write_text(MODEL)
    return folder


@pytest.fixture(scope="session")
def needs_executorch() -> None:
    """Skips the test, saying why, where the real runtime is not installed."""
    if not has_executorch():
        pytest.skip("the real runtime is not installed (pip install 'etscope[executorch]')")


@pytest.fixture(scope="session")
def real_bundle(needs_executorch: None, model_folder: Path) -> Iterator[Path]:
    """One bundle of the real runtime: two methods, three input sets, two rounds, one warm-up."""
    from etscope.devtools.capture.session import capture

    before = Path.cwd()
    os.chdir(model_folder)
    try:
        request = CaptureRequest(
            "net.py:two_methods", model_folder / "real", "executorch", iterations=2, warmup=1
        )
        yield capture(request)
    finally:
        os.chdir(before)


@pytest.fixture
def inspect(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs `etscope inspect`; gives the exit code, stdout and stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = cli.main(["inspect", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run
