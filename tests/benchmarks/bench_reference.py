"""The reference runtime beside eager PyTorch on small operators, and what its tracing costs.

All ways of running a model take turns in one loop, each round in another order,
and every ratio is the median of ratios within a round: what slows the machine
down slows all of them down.
"""

from __future__ import annotations

import random
import statistics
import warnings
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any, NamedTuple

import torch
from benchmarks.report import Row, table
from torch import Tensor, nn

from etscope.devtools.capture.codegen import Variant
from etscope.devtools.capture.loading import load_method

OFF_BOUND = 1.0
ON_BOUND = 1.25
OPERATOR_BOUND_NS = 630.0


class Block(nn.Module):
    """A transformer block of width d."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.first, self.second = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.mlp = nn.Sequential(nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d))

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        heads = self.qkv(self.first(x)).view(batch, length, 3, 2, width // 2)
        q, k, v = heads.permute(2, 0, 3, 1, 4).unbind(0)
        weights = torch.softmax(q @ k.transpose(-2, -1) / (width // 2) ** 0.5, -1)
        x = x + self.out((weights @ v).transpose(1, 2).reshape(batch, length, width))
        result: Tensor = x + self.mlp(self.second(x))
        return result


class Pointwise(nn.Module):
    """Nothing but calls of operators: eager PyTorch at its quickest."""

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(12):
            x = torch.relu(x * 2 - x + 1).reshape(-1).view(8, -1).transpose(0, 1)
        return x


def _mlp(d: int) -> nn.Module:
    return nn.Sequential(*(part for _ in range(8) for part in (nn.Linear(d, d), nn.ReLU())))


CASES: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "MLP d=8": (lambda: _mlp(8), (1, 8)),
    "block d=8": (lambda: Block(8), (1, 4, 8)),
    "block d=64": (lambda: Block(64), (1, 16, 64)),
    "pointwise d=8": (Pointwise, (8, 8)),
}


class Measured(NamedTuple):
    """Medians of one model."""

    operators: int
    eager_us: float
    off_us: float
    on_us: float
    off_over_eager: float
    on_over_off: float
    ns_per_operator: float  # on - off, in the quietest block of rounds


def compare(model: nn.Module, x: Tensor, rounds: int = 600, seed: int = 0) -> Measured:
    """Run a model eagerly, untraced and traced in turns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(model.eval(), (x,))
    off = load_method("forward", program, Variant.PLAIN)
    on = load_method("forward", program, Variant.TIMED)
    operators = len(off.lowered.instructions)
    ways: list[Callable[[Tensor], Any]] = [model, off.code.function, on.code.function]
    order, shuffle = [0, 1, 2], random.Random(seed)
    samples: list[tuple[int, int, int]] = []
    with torch.no_grad():
        for _ in range(rounds):
            shuffle.shuffle(order)
            took = [0, 0, 0]
            for way in order:
                run = ways[way]
                run(x)  # what ran before must not decide what is in the caches
                start = perf_counter_ns()
                run(x)
                took[way] = perf_counter_ns() - start
            samples.append((took[0], took[1], took[2]))
    kept = samples[rounds // 10 :]
    eager_us, off_us, on_us = (
        statistics.median(column) / 1e3 for column in zip(*kept, strict=True)
    )
    return Measured(
        operators,
        eager_us,
        off_us,
        on_us,
        statistics.median(off / eager for eager, off, _ in kept),
        statistics.median(on / off for _, off, on in kept),
        _quietest([on - off for _, off, on in kept]) / operators,
    )


def _quietest(differences: list[int], block: int = 60) -> float:
    """The least of the medians of consecutive rounds: no ratio takes the other load out of ns."""
    return min(
        statistics.median(differences[first : first + block])
        for first in range(0, len(differences) - block + 1, block)
    )


def measure() -> list[Row]:
    """One thread, all cases."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return [
            row
            for name, (make, shape) in CASES.items()
            for row in _rows(name, compare(make(), torch.randn(shape)))
        ]
    finally:
        torch.set_num_threads(threads)


def _rows(name: str, seen: Measured) -> list[Row]:
    off, on = f"{seen.off_us:.1f} us", f"{seen.on_us:.1f} us"
    label = f"{name}, {seen.operators} operators"
    cost = seen.ns_per_operator
    return [
        Row(
            f"reference runtime off / eager: {label}",
            off,
            f"{seen.eager_us:.1f} us",
            seen.off_over_eager,
            f"at most {OFF_BOUND}x",
            seen.off_over_eager <= OFF_BOUND,
        ),
        Row(
            f"reference runtime on / off: {label}",
            on,
            off,
            seen.on_over_off,
            f"at most {ON_BOUND}x",
            seen.on_over_off <= ON_BOUND,
        ),
        Row(
            f"reference runtime, tracing per operator: {label}",
            f"{cost:.0f} ns",
            f"{OPERATOR_BOUND_NS:.0f} ns",
            cost / OPERATOR_BOUND_NS,
            "at most 1x",
            cost <= OPERATOR_BOUND_NS,
        ),
    ]


def main() -> None:
    """Print the table."""
    print(table(measure()))


if __name__ == "__main__":
    main()
