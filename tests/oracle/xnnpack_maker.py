"""Exports models to XNNPACK, runs them on the real runtime, and says what ExecuTorch knows of them.

`xnnpack_maker.py FOLDER [NAME ...]` writes NAME.pte, NAME.etdp, NAME.etrecord and NAME.json: the
operators of the edge graph by debug handle, and each delegate as ExecuTorch built it, before
it was written as bytes.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from executorch.backends.xnnpack import xnnpack_preprocess
from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import (
    XNNPACKQuantizer,
    get_symmetric_quantization_config,
)
from executorch.devtools import parse_etrecord
from executorch.exir import to_edge_transform_and_lower
from executorch.extension.pybindings.portable_lib import _load_for_executorch_from_buffer
from torch import Tensor, nn
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

RUNS = 5


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


IMAGE = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
SERIES = torch.randn(1, 3, 12, generator=torch.Generator().manual_seed(2))
PAIR = tuple(torch.randn(2, 1, 8, 32, generator=torch.Generator().manual_seed(3)).abs())

MODELS: dict[str, tuple[Callable[[], nn.Module], tuple[Tensor, ...]]] = {
    "convolutions": (Convolutions, (IMAGE,)),
    "mobile": (Mobile, (IMAGE,)),
    "vision": (Vision, (IMAGE,)),
    "lstm": (lambda: Recurrent(nn.LSTM), (SERIES,)),
    "gru": (lambda: Recurrent(nn.GRU), (SERIES,)),
    "unet": (UNet, (IMAGE,)),
    "elements": (Elements, PAIR),
}
MODES = ("fp32", "int8", "dynamic")
#: Dynamic quantization is a matter of transformers.
CASES = [f"{name}_{mode}" for name in MODELS for mode in MODES[: 3 if name == "vision" else 2]]


def quantized(model: nn.Module, inputs: tuple[Tensor, ...], mode: str) -> nn.Module:
    if mode == "fp32":
        return model
    config = get_symmetric_quantization_config(is_per_channel=True, is_dynamic=mode == "dynamic")
    prepared = prepare_pt2e(
        torch.export.export(model, inputs).module(), XNNPACKQuantizer().set_global(config)
    )
    prepared(*inputs)
    return convert_pt2e(prepared)


def graphs_built(built: list[Any]) -> Callable[..., bytes]:
    """The serializer of XNNPACK graphs, which also keeps what it was given."""
    original = xnnpack_preprocess.serialize_xnnpack_binary

    def serialize(graph: Any, *rest: Any) -> bytes:
        built.append(copy.deepcopy(graph))
        return original(graph, *rest)

    return serialize


def facts(graph: Any) -> dict[str, Any]:
    return {
        "inputs": graph.input_ids,
        "outputs": graph.output_ids,
        "nodes": [
            {
                "kind": type(node.xnode_union).__name__,
                "handle": node.debug_handle,
                "fields": asdict(node.xnode_union),
                "range": asdict(node.output_min_max) if node.output_min_max else None,
            }
            for node in graph.xnodes
        ],
        "values": [type(value.xvalue_union).__name__ for value in graph.xvalues],
    }


def edge_operators(record: Path) -> dict[str, list[str]]:
    """Debug handle → the operators of the edge graph that carry it, as parse_etrecord reads it."""
    graph = parse_etrecord(str(record)).edge_dialect_program
    found: dict[str, list[str]] = {}
    for node in graph.graph_module.graph.nodes:
        if node.op == "call_function" and "debug_handle" in node.meta:
            name = getattr(node.target, "_name", None) or node.target.__name__
            found.setdefault(str(node.meta["debug_handle"]), []).append(str(name))
    return found


def make(case: str, folder: Path) -> None:
    name, mode = case.split("_")
    torch.manual_seed(0)
    factory, inputs = MODELS[name]
    model = quantized(factory().eval(), inputs, mode)
    built: list[Any] = []
    original = xnnpack_preprocess.serialize_xnnpack_binary
    xnnpack_preprocess.serialize_xnnpack_binary = graphs_built(built)
    edge = to_edge_transform_and_lower(
        torch.export.export(model, inputs),
        partitioner=[XnnpackPartitioner()],
        generate_etrecord=True,
    )
    xnnpack_preprocess.serialize_xnnpack_binary = original
    program = edge.to_executorch()
    out = folder / case
    data = bytes(program.buffer)
    out.with_suffix(".pte").write_bytes(data)
    program.get_etrecord().save(str(out.with_suffix(".etrecord")))
    module = _load_for_executorch_from_buffer(data, enable_etdump=True)
    for _ in range(RUNS):
        module.run_method("forward", inputs)
    module.write_etdump_result_to_file(str(out.with_suffix(".etdp")), "")
    found = {
        "operators": edge_operators(out.with_suffix(".etrecord")),
        "graphs": [facts(graph) for graph in built],
    }
    out.with_suffix(".json").write_text(json.dumps(found))


def main(folder: str, *cases: str) -> None:
    for case in cases or CASES:
        make(case, Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
