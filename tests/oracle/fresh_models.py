"""Architectures that memory plans are held against, none of which the samples or the zoo have.

There is no `while_loop`: ExecuTorch 1.5 refuses to emit it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch._higher_order_ops.map import map as mapped
from torch._higher_order_ops.scan import scan


class MixerBlock(nn.Module):
    """Mixes tokens, then channels, each with a way around."""

    def __init__(self, tokens: int, width: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.tokens = nn.Sequential(
            nn.Linear(tokens, 2 * tokens), nn.GELU(), nn.Linear(2 * tokens, tokens)
        )
        self.channels = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.tokens(self.norms[0](x).transpose(1, 2)).transpose(1, 2)
        return x + self.channels(self.norms[1](x))


class Mixer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 24, 8, stride=8)
        self.blocks = nn.Sequential(MixerBlock(16, 24), MixerBlock(16, 24))
        self.head = nn.Linear(24, 7)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(self.patches(x).flatten(2).transpose(1, 2)).mean(1))


class DeepUNet(nn.Module):
    """Three levels; every skip lives until its level comes back."""

    def __init__(self) -> None:
        super().__init__()
        sizes = (4, 8, 16)
        self.downs = nn.ModuleList(
            [nn.Conv2d(a, b, 3, padding=1) for a, b in zip((3, *sizes), sizes, strict=False)]
        )
        self.ups = nn.ModuleList([nn.Conv2d(24, 8, 3, padding=1), nn.Conv2d(12, 4, 3, padding=1)])
        self.out = nn.Conv2d(4, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for level, down in enumerate(self.downs):
            x = torch.relu(down(nn.functional.max_pool2d(x, 2) if level else x))
            skips.append(x)
        for up, skip in zip(self.ups, skips[-2::-1], strict=True):
            wide = nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")
            x = torch.relu(up(torch.cat([wide, skip], 1)))
        return torch.sigmoid(self.out(x))


class Translator(nn.Module):
    """An LSTM that reads, a GRU that writes from its last state."""

    def __init__(self) -> None:
        super().__init__()
        self.read = nn.LSTM(6, 10, num_layers=2, batch_first=True)
        self.write = nn.GRU(10, 10, batch_first=True)
        self.head = nn.Linear(10, 4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        sequence, (hidden, _) = self.read(x)
        told, last = self.write(sequence, hidden[-1:])
        return torch.log_softmax(self.head(told), -1), last


class InvertedNet(nn.Module):
    """Inverted residuals as in mobile networks: wide in the middle, with a way around."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.blocks = nn.ModuleList([self._block(8), self._block(8)])
        self.head = nn.Linear(8, 5)

    @staticmethod
    def _block(width: int) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv2d(width, 6 * width, 1), nn.BatchNorm2d(6 * width), nn.ReLU6(),
            nn.Conv2d(6 * width, 6 * width, 3, padding=1, groups=6 * width), nn.ReLU6(),
            nn.Conv2d(6 * width, width, 1),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.stem(x))
        for block in self.blocks:
            x = x + block(x)
        return self.head(x.mean((2, 3)))


class Speaker(nn.Module):
    """One token at a time through attention whose keys and values stay in buffers."""

    keys: Tensor
    values: Tensor
    seen: Tensor

    def __init__(self, width: int = 16, length: int = 12) -> None:
        super().__init__()
        self.embed = nn.Embedding(20, width)
        self.parts = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, 20)
        self.register_buffer("keys", torch.zeros(length, width))
        self.register_buffer("values", torch.zeros(length, width))
        self.register_buffer("seen", torch.zeros(1))

    def forward(self, token: Tensor, place: Tensor) -> Tensor:
        query, key, value = self.parts(self.embed(token)).chunk(3, -1)
        self.keys.index_copy_(0, place, key)
        self.values.index_copy_(0, place, value)
        self.seen.add_(1)
        weights = torch.softmax(query @ self.keys.t() / 4, -1)
        return self.out(weights @ self.values) / self.seen


class Sequence(nn.Module):
    """Convolutions over a sequence of any length, reshaped back and forth."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(4, 8, 3, padding=1)
        self.second = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        y = torch.relu(self.first(x.transpose(1, 2))).transpose(1, 2)
        flat = self.second(y.reshape(batch * length, 8)).view(batch, length, width)
        return torch.cat([x + flat, flat.tanh()], -1).reshape(batch, -1)


class Chooser(nn.Module):
    """A branch around layers, whose result is read at once."""

    def __init__(self) -> None:
        super().__init__()
        self.wide, self.slim = nn.Linear(6, 6), nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        def high(a: Tensor) -> Tensor:
            return torch.relu(self.wide(a)) * 2

        def low(a: Tensor) -> Tensor:
            return self.slim(a).sigmoid()

        y: Tensor = torch.cond(x.sum() > 0, high, low, (x,))
        return (y + 1).exp()


class Mapper(nn.Module):
    """The same layers for each row."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        def layer(row: Any, *_: Any) -> Tensor:
            return torch.tanh(self.layer(row)) + 1

        y: Tensor = mapped(layer, x.exp())
        return y * x


class Scanner(nn.Module):
    """A sum that is carried from row to row."""

    def forward(self, x: Tensor) -> Any:
        def step(carry: Tensor, row: Tensor) -> tuple[Tensor, Tensor]:
            total = carry * 0.5 + row.sin()
            return total, total * 2

        last, rows = scan(step, torch.zeros(6), x)
        return last.exp(), rows + 1
