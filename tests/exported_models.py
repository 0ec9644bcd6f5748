"""Small models that between them hold everything an exported graph can hold."""

from __future__ import annotations

import copy
import functools
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram


class Case(NamedTuple):
    """A model and a call of it."""

    make: Callable[[], nn.Module]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = {}
    dynamic_shapes: Any = None


def export(
    model: nn.Module,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any] | None = None,
    dynamic_shapes: Any = None,
    *,
    decomposed: bool = False,
) -> ExportedProgram:
    """torch.export without the warnings that torch gives about itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program: ExportedProgram = torch.export.export(
            model.eval(), args, dict(kwargs or {}), dynamic_shapes=dynamic_shapes
        )
        return program.run_decompositions({}) if decomposed else program


def eager(program: ExportedProgram) -> Callable[..., Any]:
    """What torch itself makes of a program; with tensors of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return copy.deepcopy(program).module()


class MultiOutput(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(6, 3, batch_first=True)

    def forward(self, x: Tensor) -> Any:
        values, places = torch.topk(x, 2)
        first, second = torch.split(x, 3, dim=-1)
        high, where = first.max(dim=1)
        sequence, (hidden, _) = self.lstm(x)
        return values, {"places": places, "rest": [second * 2, high]}, where, sequence, hidden


class Scalars(nn.Module):
    def forward(self, x: Tensor, flag: bool, scale: float = 2.0, nothing: None = None) -> Any:
        y = x * scale if flag else x
        return y, None, 3, "text", True, x.shape[0] * 2, y.sum().item()


class Branches(nn.Module):
    shift: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("shift", torch.arange(4.0), persistent=False)
        self.linear = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Any:
        return torch.cond(
            x.sum() > 0, lambda a: self.linear(a) + self.shift, lambda a: a - self.shift, (x,)
        )


class Loops(nn.Module):
    def forward(self, x: Tensor) -> Any:
        # Looked up at run time: their annotations do not fit what they take.
        loop: Any = import_module("torch._higher_order_ops.while_loop").while_loop
        rows: Any = import_module("torch._higher_order_ops.map").map
        count, doubled = loop(
            lambda i, _: i < 3, lambda i, y: (i + 1, y * 2), (torch.zeros((), dtype=torch.int64), x)
        )
        return count, doubled, rows(lambda row: row.sin(), x)


class Sizes(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Any:
        rows = x.shape[0]
        z = torch.cat([x, y], dim=0).view(rows + y.shape[0], -1)
        return z[: rows // 2], torch.zeros(rows, 2) + rows, rows * 3, x.expand(2, rows, 3).sum(0)


class Cache(nn.Module):
    """A key-value cache: what one inference writes the next one reads."""

    cache: Tensor
    position: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("cache", torch.zeros(4, 3))
        self.register_buffer("position", torch.zeros(1, dtype=torch.int64))

    def forward(self, x: Tensor) -> Tensor:
        self.cache.index_copy_(0, self.position, x)
        self.position.add_(1)
        return self.cache.sum(0) + self.cache[0]


class ChangesInput(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        x.add_(1)
        return x * 2


class InPlace(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 3)
        self.norm = nn.BatchNorm2d(3)

    def forward(self, x: Tensor) -> Tensor:
        y = nn.functional.relu(self.norm(self.conv(x)), inplace=True)
        with torch.no_grad():
            y += torch.tensor([0.5])
        return nn.functional.adaptive_avg_pool2d(y, 1).flatten(1)


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(8, 4)
        self.head = nn.Linear(4, 8, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, tokens: Tensor) -> Tensor:
        logits: Tensor = self.head(self.embed(tokens))
        return logits.to(torch.bfloat16)


class Awkward(nn.Module):
    """Values without a plain literal, and names that generated code uses itself."""

    start: Tensor
    k0: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_parameter("start", nn.Parameter(torch.ones(3)))
        self.register_buffer("k0", torch.full((3,), 2.0))

    def forward(self, clock: Tensor, run: Tensor) -> Any:
        low = torch.clamp(clock, float("-inf"), 0.5)
        filled = torch.full_like(run, float("nan")).nan_to_num(1e-30)
        return low * self.start * self.k0, filled, run[..., ::2], clock.to(torch.half)


class Nested(nn.Module):
    def forward(self, x: dict[str, Tensor], *, pair: tuple[Tensor, list[Tensor]]) -> Any:
        return {"sum": x["a"] + x["b"] + pair[0], "list": [item * 2 for item in pair[1]]}


def _cases() -> dict[str, Case]:
    torch.manual_seed(7)
    batch = Dim("batch", min=4, max=64)
    return {
        "multi_output": Case(MultiOutput, (torch.randn(2, 5, 6),)),
        "scalars": Case(Scalars, (torch.randn(3), True), {"scale": 2.5, "nothing": None}),
        "cond": Case(Branches, (torch.randn(2, 4),)),
        "loops": Case(Loops, (torch.randn(3, 2),)),
        "sizes": Case(
            Sizes,
            (torch.randn(4, 3), torch.randn(5, 3)),
            {},
            ({0: batch}, {0: Dim("other", min=2, max=9)}),
        ),
        "cache": Case(Cache, (torch.randn(1, 3),)),
        "changes_input": Case(ChangesInput, (torch.randn(3),)),
        "in_place": Case(InPlace, (torch.randn(2, 2, 6, 6).to(memory_format=torch.channels_last),)),
        "tied": Case(Tied, (torch.tensor([[1, 7, 2]]),)),
        "awkward": Case(Awkward, (torch.randn(3), torch.randn(2, 5))),
        "nested": Case(
            Nested,
            ({"a": torch.randn(2), "b": torch.randn(2)},),
            {"pair": (torch.randn(2), [torch.randn(3), torch.randn(1)])},
        ),
    }


CASES = _cases()


@functools.cache
def program_of(name: str, decomposed: bool = False) -> ExportedProgram:
    """The exported case, made once: a runtime must not change it."""
    case = CASES[name]
    if not decomposed:
        return export(case.make(), case.args, case.kwargs, case.dynamic_shapes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program: ExportedProgram = program_of(name).run_decompositions({})
        return program
