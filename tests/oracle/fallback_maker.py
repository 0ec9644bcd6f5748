"""Lowers one model to XNNPACK and to nothing, and says what ExecuTorch's partitioner knows.

`fallback_maker.py FOLDER` writes xnnpack.pte, portable.pte and taken.json.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from executorch.backends.xnnpack.partition.config import ALL_PARTITIONER_CONFIGS
from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
from executorch.exir import to_edge_transform_and_lower
from torch import Tensor, nn


class Conditions(nn.Module):
    """Operators on both sides of the partitioner's conditions; each result is an output."""

    def forward(self, x: Tensor, steps: Tensor) -> list[Tensor]:
        rows = x[0]
        matrix = x[0, 0]
        return [
            x + x,
            steps + steps,
            torch.softmax(x, -1),
            torch.softmax(x, 1),
            x.mean((2, 3), keepdim=True),
            x.mean((2, 3)),
            x.mean(1, keepdim=True),
            rows.mean(-1, keepdim=True),
            x.pow(2),
            x.pow(3),
            x[:, :, 1:3],
            x[:, :, ::2],
            x.unsqueeze(-1),
            x.unsqueeze(1),
            torch.cat([x, x], 1),
            torch.bmm(rows, rows.permute(0, 2, 1)),
            torch.mm(matrix, matrix.permute(1, 0)),
            x.clamp(0.0, 1.0),
            torch.where(x > 0, x, -x),
            x.cumsum(-1),
            x.double().exp(),
            x.exp(),
        ]


def lowered(partitioners: list[Any]) -> bytes:
    inputs = (torch.randn(1, 3, 6, 8), torch.arange(12).reshape(3, 4))
    edge = to_edge_transform_and_lower(
        torch.export.export(Conditions(), inputs), partitioner=partitioners
    )
    return bytes(edge.to_executorch().buffer)


def main(folder: Path) -> None:
    taken = sorted({config.target_name for config in ALL_PARTITIONER_CONFIGS})
    (folder / "taken.json").write_text(json.dumps(taken), encoding="utf-8")
    (folder / "xnnpack.pte").write_bytes(lowered([XnnpackPartitioner()]))
    (folder / "portable.pte").write_bytes(lowered([]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
