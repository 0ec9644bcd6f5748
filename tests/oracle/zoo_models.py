"""The architectures that real exports and runs are made of: plain PyTorch, as users write it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


def conv(inputs: int, outputs: int, size: int = 3, **options: Any) -> nn.Sequential:
    """Convolution, normalisation."""
    layer = nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False, **options)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs))


class Convolutions(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv(3, 16), nn.ReLU(), nn.MaxPool2d(2))
        self.body = nn.Sequential(conv(16, 32), nn.ReLU(), conv(32, 32, stride=2), nn.ReLU6())
        self.head = nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.adaptive_avg_pool2d(self.body(self.stem(x)), 1).flatten(1)
        return torch.softmax(self.head(x), -1)


class Inverted(nn.Module):
    """Expand, depthwise, squeeze and excite, project; with a way around."""

    def __init__(self, width: int, act: type[nn.Module]) -> None:
        super().__init__()
        self.expand = nn.Sequential(conv(width, 4 * width, 1), act())
        self.depthwise = nn.Sequential(conv(4 * width, 4 * width, groups=4 * width), act())
        self.squeeze = nn.Conv2d(4 * width, width, 1)
        self.excite = nn.Conv2d(width, 4 * width, 1)
        self.project = conv(4 * width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.depthwise(self.expand(x))
        gate = torch.relu(self.squeeze(nn.functional.adaptive_avg_pool2d(y, 1)))
        return x + self.project(y * nn.functional.hardsigmoid(self.excite(gate)))


class Mobile(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv(3, 16, stride=2), nn.Hardswish())
        self.body = nn.Sequential(Inverted(16, nn.ReLU6), Inverted(16, nn.Hardswish))
        self.head = nn.Sequential(nn.Linear(16, 64), nn.Hardswish(), nn.Linear(64, 10))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(self.stem(x)).mean((2, 3)))


class Vision(nn.Module):
    """Patches, transformer blocks, a classifier."""

    def __init__(self, width: int = 48, blocks: int = 1) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, width, 8, stride=8)
        layer = nn.TransformerEncoderLayer(
            width, 4, 2 * width, activation="gelu", batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, blocks, enable_nested_tensor=False)
        self.head = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.encoder(self.patches(x).flatten(2).transpose(1, 2))
        return self.head(tokens.mean(1))


class Recurrent(nn.Module):
    def __init__(self, cell: type[nn.Module]) -> None:
        super().__init__()
        self.cell = cell(12, 24, batch_first=True)
        self.head = nn.Linear(24, 5)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.head(self.cell(x)[0][:, -1]))


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Sequential(conv(3, 8), nn.LeakyReLU(0.1))
        self.inner = nn.Sequential(conv(8, 16, stride=2), nn.ELU(), conv(16, 16), nn.ReLU())
        self.up = nn.ConvTranspose2d(16, 8, 2, stride=2)
        self.join = nn.Sequential(conv(16, 8), nn.ReLU())
        self.out = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        high = self.down(x)
        y = self.join(torch.cat([self.up(self.inner(high)), high], 1))
        y = nn.functional.interpolate(y, scale_factor=2, mode="bilinear")
        return torch.sigmoid(self.out(nn.functional.pad(y, (1, 1, 1, 1))))


class Elements(nn.Module):
    """Operators of which XNNPACK runs several kinds with kernels of one name."""

    def forward(self, x: Tensor, y: Tensor) -> Any:
        a = torch.maximum(x, y) - torch.minimum(x, y)
        b = (a * a + 1.0).sqrt() / (y.abs() + 2.0)
        c = torch.exp(-b) + torch.log(b + 3.0) + torch.rsqrt(b + 1.0)
        d = torch.clamp(c, -0.5, 0.5).floor() + c.ceil() + torch.sin(a) * torch.cos(a)
        return torch.tanh(d).permute(0, 2, 1), nn.functional.gelu(d), d[:, 1:3] ** 2


class Steps(nn.Module):
    """One operator in every line, so that a line says which operator it is."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 16, 3, padding=1)
        self.depthwise = nn.Conv2d(16, 16, 3, padding=1, groups=16)
        self.head = nn.Linear(16, 8)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        x = nn.functional.hardswish(x)
        x = self.depthwise(x)
        y = torch.sigmoid(x)
        x = torch.mul(x, y)
        x = nn.functional.max_pool2d(x, 2)
        y = torch.neg(x)
        x = torch.cat([x, y], 3)
        x = torch.mean(x, (2, 3))
        x = self.head(x)
        return torch.softmax(x, -1)


def _numbers(seed: int, *sizes: int) -> Tensor:
    return torch.randn(*sizes, generator=torch.Generator().manual_seed(seed))


def image(seed: int = 1, size: int = 64) -> tuple[Tensor, ...]:
    """One picture."""
    return (_numbers(seed, 1, 3, size, size),)


def series(seed: int = 2) -> tuple[Tensor, ...]:
    """Three steps of twelve figures."""
    return (_numbers(seed, 1, 3, 12),)


def pair() -> tuple[Tensor, ...]:
    """Two positive tensors of one shape."""
    return tuple(_numbers(3, 2, 1, 8, 32).abs())
