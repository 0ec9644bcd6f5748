"""Models with what is rare in an export: loops, branches, foreign operators, odd outputs."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn

# As Any: torch gives them no annotations, or such as do not fit what they take.
_map_rows: Any = import_module("torch._higher_order_ops.map").map
_check: Any = torch._check


# A library has no custom_op of two overloads, and ExecuTorch asks for one that is given its output.
_OURS: Any = import_module("torch.library").Library("zoo", "DEF")
_OURS.define("squash(Tensor x, float by) -> Tensor")
_OURS.define("squash.out(Tensor x, float by, *, Tensor(a!) out) -> Tensor(a!)")


@torch.library.impl(_OURS, "squash", "CompositeExplicitAutograd")
def _squash(x: Tensor, by: float) -> Tensor:
    return torch.tanh(x * by) / by


@torch.library.impl(_OURS, "squash.out", "CompositeExplicitAutograd")
def _squash_out(x: Tensor, by: float, *, out: Tensor) -> Tensor:
    return out.copy_(_squash(x, by))


class Foreign(nn.Module):
    """An operator that no runtime has a kernel for, between two of torch's."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(8, 16)
        self.second = nn.Linear(16, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        x = torch.ops.zoo.squash(x, 2.0)
        return self.second(x)


class Cached(nn.Module):
    """An operator of ExecuTorch's own extension, which the runtime has a kernel for."""

    cache: Tensor

    def __init__(self) -> None:
        super().__init__()
        import_module("executorch.extension.llm.custom_ops.custom_ops")
        self.register_buffer("cache", torch.zeros(1, 16, 2, 4))
        self.into = nn.Linear(8, 8)

    def forward(self, x: Tensor, position: Tensor) -> Tensor:
        new = self.into(x).view(1, -1, 2, 4)
        at = position.item()
        _check(at >= 0)
        _check(at < 15)
        torch.ops.llama.update_cache(new, self.cache, at)
        return self.cache.sum(1)


class Dynamic(nn.Module):
    """Views and sizes that depend on how many rows come in."""

    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.Linear(8, 16)
        self.narrow = nn.Linear(16, 8)

    def forward(self, x: Tensor) -> Tensor:
        rows = x.shape[0]
        y = torch.relu(self.wide(x)).view(rows * 2, 8)
        y = torch.sigmoid(y)
        y = y.reshape(rows, 16)
        return self.narrow(y).unsqueeze(1)


class Loop(nn.Module):
    """A body that runs once per row."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        def body(row: Tensor, first: Tensor) -> Tensor:
            z = row * first
            return torch.sin(z) + row

        y: Tensor = _map_rows(body, self.linear(x), x[0])
        return y


class Branch(nn.Module):
    """Two ways; which one depends on the input."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        def high(a: Tensor) -> Tensor:
            return torch.sin(a) * 2

        def low(a: Tensor) -> Tensor:
            return torch.cos(a) - 1

        y: Tensor = torch.cond(x.sum() > 0, high, low, (self.linear(x),))
        return y


class ManyOutputs(nn.Module):
    """Operators with several results, and several results of the model."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(12)
        self.groups = nn.GroupNorm(4, 4)
        self.cell = nn.LSTM(12, 6, batch_first=True)

    def forward(self, x: Tensor) -> Any:
        x = self.norm(x)
        values, places = torch.topk(x, 4, -1)
        first, second, third = torch.split(x, 4, -1)
        high, where = x.max(-1)
        sequence, (hidden, _) = self.cell(self.groups(x))
        return values + first * second - third, places, high, where, sequence, hidden


class Channels(nn.Module):
    """Convolutions whose images keep their channels last."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.first(x))
        return torch.sigmoid(self.second(x))


class Reused(nn.Module):
    """One module called in two places, beside one whose name begins like another's."""

    def __init__(self) -> None:
        super().__init__()
        self.shared = nn.Linear(8, 8)
        self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(11))

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.shared(x))
        for layer in self.layers:
            x = torch.relu(layer(x))
        return torch.tanh(self.shared(x))


class Scalars(nn.Module):
    """Results that are no tensors."""

    def forward(self, x: Tensor, scale: float = 2.0) -> Any:
        y = x * scale
        return y, 3, True, y.sin()


class HalfNothing(nn.Module):
    """One result is None."""

    def forward(self, x: Tensor) -> Any:
        return torch.sin(x), None


class FloatResult(nn.Module):
    """One result is a plain float."""

    def forward(self, x: Tensor) -> Any:
        return torch.cos(x), 2.5


class Perceptron(nn.Module):
    """Two layers: the same operators whatever the sizes."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Linear(8, width)
        self.second = nn.Linear(width, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.first(x))
        return self.second(x)


class Chain(nn.Module):
    """A convolution, an activation and a function that a backend takes apart."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.conv(x))
        y = torch.tan(y)
        y = y + x.mean()
        return torch.softmax(y, 1)
