"""Exports models twice: as they are, and as an answer says that they would need less memory.

`python -m oracle.replan_maker FOLDER` writes NAME.pte and NAME_changed.pte of each.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from executorch.exir import ExecutorchBackendConfig, to_edge
from executorch.exir.dialects._ops import ops
from torch import Tensor, nn
from torch.export import export


class Shapes(nn.Module):
    """A large product whose shape changes before it is summed."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        product = torch.mm(x, y)
        return product.view(32, 128).sum(-1) + product.view(128, 32).mean()


class Elements(nn.Module):
    """Elementwise operators one after another, on values that nothing needs later."""

    def forward(self, x: Tensor) -> Tensor:
        y = torch.mm(x[:, :16], x[:16])
        return torch.sigmoid(torch.tanh(torch.relu(y)))[:2, :2] + 1


class Cache(nn.Module):
    """Two caches that a row is put into."""

    keys: Tensor
    values: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("keys", torch.zeros(32, 16))
        self.register_buffer("values", torch.zeros(32, 16))

    def forward(self, row: Tensor, place: Tensor) -> Tensor:
        self.keys.index_put_((place,), row)
        self.values.index_put_((place,), row * 2)
        return torch.softmax(row @ self.keys.t(), -1) @ self.values


class Weights(nn.Module):
    """Two layers, whose weights the portable kernels read transposed."""

    def __init__(self) -> None:
        super().__init__()
        self.wide, self.narrow = nn.Linear(32, 256), nn.Linear(256, 8)

    def forward(self, x: Tensor) -> Tensor:
        return self.narrow(torch.relu(self.wide(x)))


def _elementwise() -> frozenset[Any]:
    aten = ops.edge.aten
    return frozenset({aten.relu.default, aten.tanh.default, aten.sigmoid.default})


#: Name → (model, inputs, options of the export as it is, options of the changed one).
CASES: dict[str, tuple[Callable[[], nn.Module], Any, dict[str, Any], Callable[[], Any]]] = {
    "shapes": (
        Shapes,
        (torch.ones(64, 4), torch.ones(4, 64)),
        {"remove_view_copy": False},
        lambda: {"remove_view_copy": True},
    ),
    "elements": (
        Elements,
        (torch.ones(64, 64),),
        {},
        lambda: {"run_reinplace_pass": True, "reinplace_extra_ops": _elementwise()},
    ),
    "weights": (
        Weights,
        (torch.ones(1, 32),),
        {},
        lambda: {"do_quant_fusion_and_const_prop": True},
    ),
    "cache": (
        Cache,
        (torch.ones(1, 16), torch.tensor([3])),
        {},
        lambda: {"run_reinplace_pass": True},
    ),
}


@torch.no_grad()
def made(model: nn.Module, inputs: Any, options: dict[str, Any]) -> bytes:
    program = to_edge(export(model, inputs))
    return bytes(program.to_executorch(ExecutorchBackendConfig(**options)).buffer)


def main(folder: str) -> None:
    for name, (model, inputs, before, after) in CASES.items():
        torch.manual_seed(0)
        one = model()
        (Path(folder) / f"{name}.pte").write_bytes(made(one, inputs, before))
        (Path(folder) / f"{name}_changed.pte").write_bytes(made(one, inputs, after()))


if __name__ == "__main__":
    main(*sys.argv[1:])
