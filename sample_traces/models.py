"""The small models behind the sample traces: plain PyTorch, as a user would write it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class Block(nn.Module):
    """Convolution, normalisation, activation."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.norm(self.conv(x)))


class ConvNet(nn.Module):
    """A stem, two blocks and a classifier for 32x32 images."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.stem = Block(3, 8)
        self.pool = nn.MaxPool2d(2)
        self.body = nn.Sequential(Block(8, 16), Block(16, 16))
        self.head = nn.Linear(16, classes)

    def forward(self, image: Tensor) -> Tensor:
        x = self.body(self.pool(self.stem(image)))
        x = nn.functional.adaptive_avg_pool2d(x, 1).flatten(1)
        return torch.softmax(self.head(x), dim=-1)


class CachedAttention(nn.Module):
    """Self-attention for one token at a time; keys and values stay in buffers."""

    def __init__(self, width: int, heads: int, length: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.register_buffer("keys", torch.zeros(1, heads, length, width // heads))
        self.register_buffer("values", torch.zeros(1, heads, length, width // heads))

    def forward(self, x: Tensor, position: Tensor, mask: Tensor) -> Tensor:
        batch, tokens, width = x.shape
        parts = self.qkv(x).view(batch, tokens, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        self.keys[:, :, position] = key
        self.values[:, :, position] = value
        scores = query @ self.keys.transpose(-2, -1) / (width // self.heads) ** 0.5
        weights = torch.softmax(scores + mask, dim=-1)
        return self.out((weights @ self.values).transpose(1, 2).reshape(batch, tokens, width))


class DecoderLayer(nn.Module):
    """Attention and a feed-forward network, each with a residual."""

    def __init__(self, width: int, heads: int, length: int) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = CachedAttention(width, heads, length)
        self.feed_norm = nn.LayerNorm(width)
        self.feed = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: Tensor, position: Tensor, mask: Tensor) -> Tensor:
        x = x + self.attention(self.attention_norm(x), position, mask)
        return x + self.feed(self.feed_norm(x))


class Decoder(nn.Module):
    """A two-layer language model that decodes one token per call."""

    def __init__(
        self, words: int = 64, width: int = 32, heads: int = 4, length: int = 16, layers: int = 2
    ) -> None:
        super().__init__()
        self.embed = nn.Embedding(words, width)
        self.layers = nn.ModuleList(DecoderLayer(width, heads, length) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.logits = nn.Linear(width, words)
        self.register_buffer("places", torch.arange(length))

    def forward(self, token: Tensor, position: Tensor) -> Tensor:
        mask = torch.where(self.places <= position, 0.0, -1e9)
        x = self.embed(token)
        for layer in self.layers:
            x = layer(x, position, mask)
        return self.logits(self.norm(x))


class Encoder(nn.Module):
    """Turns a feature vector into a code."""

    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.Linear(32, 64)
        self.narrow = nn.Linear(64, 16)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.narrow(torch.relu(self.wide(x))))


class Restorer(nn.Module):
    """Turns a code back into a feature vector."""

    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.Linear(16, 64)
        self.features = nn.Linear(64, 32)

    def forward(self, code: Tensor) -> Tensor:
        return self.features(nn.functional.gelu(self.wide(code)))


def convnet() -> tuple[nn.Module, tuple[Tensor, ...]]:
    """A convolutional classifier with one image."""
    return ConvNet().eval(), (torch.randn(1, 3, 32, 32),)


def convnet_many_inputs() -> tuple[nn.Module, list[tuple[Tensor, ...]]]:
    """The same with four images: noise, black, white, and a bright spot."""
    spot = torch.zeros(1, 3, 32, 32)
    spot[:, :, 12:20, 12:20] = 8.0
    images = [torch.randn(1, 3, 32, 32), torch.zeros(1, 3, 32, 32), torch.ones(1, 3, 32, 32), spot]
    return ConvNet().eval(), [(image,) for image in images]


def decoder() -> tuple[nn.Module, list[tuple[Tensor, ...]]]:
    """A transformer decoder with a KV cache, called with four tokens one after another."""
    steps = [(torch.tensor([[7 * step % 64]]), torch.tensor([step])) for step in range(4)]
    return Decoder().eval(), steps


def encoder_and_restorer() -> dict[str, Any]:
    """A program of two methods."""
    return {
        "encode": (Encoder().eval(), (torch.randn(1, 32),)),
        "decode": (Restorer().eval(), (torch.randn(1, 16),)),
    }
