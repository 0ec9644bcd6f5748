"""Dumps by the real runtime, as large as asked for: what the reading benchmarks read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

#: Written in a process of its own: the runtime's logging and memory stay out of the figures.
_MAKE = """
import sys
import torch
from executorch.exir import to_edge
from executorch.extension.pybindings.portable_lib import _load_for_executorch_from_buffer

class Regular(torch.nn.Module):
    def __init__(self):
        super().__init__()
        layers = []
        for _ in range(7):
            layers += [torch.nn.Linear(8, 8), torch.nn.ReLU(), torch.nn.Linear(8, 8)]
        self.layers = torch.nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)

class Branching(torch.nn.Module):
    def forward(self, x, choice):
        for i in range(7):
            x = torch.cond(
                choice[i] > 0,
                lambda a: torch.relu(a) * 2.0 + 1.0,
                lambda a: torch.sigmoid(a),
                (x,),
            )
        return x

kind, events, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
torch.manual_seed(0)
x = torch.randn(1, 8)
inputs = (x,) if kind == "regular" else (x, torch.ones(7))
model = Regular() if kind == "regular" else Branching()
program = to_edge(torch.export.export(model.eval(), inputs)).to_executorch().buffer
runtime = _load_for_executorch_from_buffer(program, enable_etdump=True)
per_run = 71 if kind == "regular" else 74
for _ in range(max(1, events // per_run)):
    if kind == "irregular":
        inputs = (x, (torch.rand(7) > 0.5).float())
    runtime.run_method("forward", inputs)
runtime.write_etdump_result_to_file(path, path + ".bin")
"""


def real_dump(folder: Path, kind: str, events: int) -> Path:
    """A dump of about that many events: "regular" (all inferences alike) or "irregular".

    The irregular one comes from a model whose seven branches are taken at
    random, so that its inferences are of 128 kinds.
    """
    path = folder / f"{kind}_{events}.etdp"
    if not path.exists():
        command = [sys.executable, "-c", _MAKE, kind, str(events), str(path)]
        subprocess.run(command, check=True, capture_output=True)
    return path
