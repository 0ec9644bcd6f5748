"""The footprint of the real runtime: phases in order, and growth that has names."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from etscope.devtools.capture import session
from etscope.devtools.capture.choice import CaptureRequest, Choice
from etscope.devtools.capture.executorch import ExecuTorchRuntime
from etscope.devtools.capture.executorch_export import export_program
from etscope.devtools.capture.models import Model
from etscope.devtools.capture.runtime import Inference
from etscope.devtools.capture.work import Work
from etscope.etdump.bundle import read_bundle
from etscope.etdump.errors import CaptureError
from etscope.etdump.footprint import (
    FIRST,
    LIBRARIES,
    METHOD,
    PROGRAM,
    START,
    STEADY,
    UNLOADED,
    Footprint,
)
from etscope.etdump.manifest import PassOutcome
from etscope.etdump.program import Program, read_program
from etscope.inspector.memory.footprint import FootprintLedger, footprint_ledger

ON_LINUX = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux tells pages by mapping"
)


def ledger(footprint: Footprint | None, program: Program) -> FootprintLedger:
    assert footprint is not None
    found = footprint_ledger(footprint, program)
    assert found is not None
    return found


def test_a_bundle_holds_the_phases_in_order_with_a_load_per_method(real_bundle: Path) -> None:
    footprint = read_bundle(real_bundle).manifest.footprint

    assert footprint is not None
    assert [(phase.name, phase.method) for phase in footprint.phases] == [
        (START, None),
        (LIBRARIES, None),
        (PROGRAM, None),
        (METHOD, "forward"),
        (METHOD, "total"),
        (FIRST, None),
        (STEADY, None),
        (UNLOADED, None),
    ]
    last = footprint.phases[-1]
    assert len(footprint.samples.at_ms) > 10
    assert 0 < footprint.samples.at_ms[0] <= footprint.samples.at_ms[-1]
    assert max(footprint.samples.rss_bytes) > last.figures["rss_bytes"] / 2


@ON_LINUX
def test_the_growth_of_portable_kernels_has_names(real_bundle: Path) -> None:
    program = read_program(real_bundle / "program.pte")

    found = ledger(read_bundle(real_bundle).manifest.footprint, program)

    assert found.basis == "pss_bytes"
    assert found.own_growth_bytes > 0
    assert found.explained is not None
    assert found.explained >= 0.9, found.verdict
    labels = [part.label for part in found.parts]
    assert "pages of the program's file" in labels
    assert any("libexecutorch" in label for label in labels)


class Wide(torch.nn.Module):
    """Weights of 4 MB, which XNNPACK packs anew."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(1024, 1024)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.layer(x)) + 1


@ON_LINUX
def test_the_packed_weights_of_a_delegate_are_told(needs_executorch: None, tmp_path: Path) -> None:
    x = torch.ones(256, 1024)
    with torch.no_grad():
        exported = torch.export.export(Wide(), (x,))
    made = export_program(
        {"forward": exported}, {"forward": [(x,)]}, tmp_path, backend="xnnpack"
    ).program
    runtime = ExecuTorchRuntime(made, tmp_path, threads=2)

    found = ledger(runtime.footprint_pass([Inference("forward", 0, (x,))]), read_program(made))

    assert found.explained is not None
    assert found.explained >= 0.9, found.verdict
    parts = {part.label: part for part in found.parts}
    packed = parts["delegates of forward: packed weights and objects"]
    assert packed.size_bytes > 4_000_000
    assert packed.basis == "derived"
    arena = parts["planned arenas"]
    planned = sum(read_program(made).method("forward").arena_bytes.tolist())
    assert (arena.asked_bytes, arena.basis) == (planned, "planned")
    assert arena.size_bytes > planned / 2  # some may lie on pages that were there before
    loaded = next(row.phase for row in found.rows if row.phase.name == METHOD)
    # The weights of the file and the packed ones are there at the same time.
    assert loaded.figures["peak_rss_bytes"] > loaded.figures["rss_bytes"] + 2_000_000


@pytest.mark.parametrize(
    "why", [CaptureError("it died"), OSError("it died"), ValueError("it died")]
)
def test_a_footprint_that_cannot_be_measured_costs_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: Exception
) -> None:
    def dies(*_: object) -> None:
        raise why

    monkeypatch.setattr(ExecuTorchRuntime, "footprint_pass", dies)
    request = CaptureRequest("m.py:f", tmp_path / "x")
    work = Work(request, Choice("executorch", ""), Model("m.py:f", ()), tmp_path, lambda *_: None)

    session._footprint(work, ExecuTorchRuntime(tmp_path / "x.pte", tmp_path))

    assert work.footprint is None
    assert work.footprint_pass == PassOutcome("failed", "it died")
