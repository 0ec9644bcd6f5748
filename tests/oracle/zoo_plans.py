"""What lives in the zoo: each architecture for each target, and programs that are special."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import torch
from executorch.exir.dialects._ops import ops
from executorch.exir.pass_base import ExportPass
from oracle import zoo_models as models
from oracle import zoo_special as special
from oracle.zoo_backend import MappedNumbers, MappedPartitioner, MappedTexts
from oracle.zoo_lowering import Call, Inputs, Plan
from torch import Tensor, nn
from torch.export import Dim

_samples: Any = import_module("sample_traces.models")


def _numbers(*sizes: int, seed: int = 5) -> Tensor:
    return torch.randn(*sizes, generator=torch.Generator().manual_seed(seed))


def _decoder() -> Call:
    model, steps = _samples.decoder()
    return Call(model, steps)


ARCHITECTURES: dict[str, Callable[[], Call]] = {
    "convolutions": lambda: Call(models.Convolutions(), [models.image()]),
    "mobile": lambda: Call(models.Mobile(), [models.image()]),
    "vision": lambda: Call(models.Vision(), [models.image()]),
    "decoder": _decoder,
    "lstm": lambda: Call(models.Recurrent(nn.LSTM), [models.series()]),
    "gru": lambda: Call(models.Recurrent(nn.GRU), [models.series()]),
    "unet": lambda: Call(models.UNet(), [models.image()]),
    "steps": lambda: Call(models.Steps(), [models.image()]),
    "elements": lambda: Call(models.Elements(), [models.pair()]),
}


class _Doubled(ExportPass):  # type: ignore[misc]  # executorch has no types
    """Writes x * 2 where the graph has x + x."""

    def call_operator(self, op: Any, args: Any, kwargs: Any, meta: Any) -> Any:
        if op == ops.edge.aten.add.Tensor and args[0] is args[1]:
            return super().call_operator(ops.edge.aten.mul.Tensor, (args[0], args[0]), {}, meta)
        return super().call_operator(op, args, kwargs, meta)


class _Sum(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = torch.sin(x)
        return torch.tanh(y + y)


def _one(model: nn.Module, *inputs: Inputs, **options: Any) -> dict[str, Call]:
    return {"forward": Call(model, list(inputs), **options)}


def _two_methods(target: str = "portable") -> Plan:
    parts = _samples.encoder_and_restorer()
    calls = {name: Call(model, [inputs]) for name, (model, inputs) in parts.items()}
    return Plan(calls, target)


def _twins(target: str) -> Plan:
    """Two methods with the same operators, of other sizes."""
    wide = {"left": 16, "right": 48}
    return Plan(
        {
            name: Call(special.Perceptron(width), [(_numbers(2, 8),)])
            for name, width in wide.items()
        },
        target,
    )


def _only(name: str) -> Plan:
    return Plan({name: _two_methods().methods["encode"]})


def _dynamic(target: str) -> Plan:
    sizes = [(_numbers(rows, 8),) for rows in (4, 4, 7)]
    shapes = ({0: Dim("rows", min=2, max=16)},)
    return Plan(_one(special.Dynamic(), *sizes, dynamic_shapes=shapes), target)


def _channels() -> Plan:
    # For XNNPACK, ExecuTorch refuses such an input.
    image = _numbers(1, 3, 12, 12).to(memory_format=torch.channels_last)
    model: Any = special.Channels()
    return Plan(_one(model.to(memory_format=torch.channels_last), (image,)))


def _foreign() -> Plan:
    return Plan(_one(special.Foreign(), (_numbers(2, 8),)), runs=False)


def _mapped(backend: Any) -> Plan:
    calls = _one(special.Chain(), (_numbers(1, 3, 8, 8),))
    return Plan(calls, partitioner=MappedPartitioner(backend), runs=False)


def _branch(traced: bool) -> Plan:
    ways = (torch.ones(2, 8),), (-torch.ones(2, 8),)
    return Plan(_one(special.Branch(), *ways), traced=traced)


def _cached() -> Plan:
    steps = [(_numbers(1, 1, 8), torch.tensor(step)) for step in range(3)]
    return Plan(_one(special.Cached(), *steps))


SPECIAL: dict[str, Callable[[], Plan]] = {
    "two_methods_portable": _two_methods,
    "two_methods_xnnpack": lambda: _two_methods("xnnpack"),
    "twins_portable": lambda: _twins("portable"),
    "twins_xnnpack": lambda: _twins("xnnpack"),
    "only_encode_portable": lambda: _only("encode"),
    "dynamic_portable": lambda: _dynamic("portable"),
    "dynamic_xnnpack": lambda: _dynamic("xnnpack"),
    "loop_portable": lambda: Plan(_one(special.Loop(), (_numbers(5, 8),))),
    "branch_portable": lambda: _branch(traced=False),
    "traced_branch_portable": lambda: _branch(traced=True),
    "cached_portable": _cached,
    "foreign_portable": _foreign,
    "many_outputs_portable": lambda: Plan(_one(special.ManyOutputs(), (_numbers(2, 4, 12),))),
    "many_outputs_xnnpack": lambda: Plan(
        _one(special.ManyOutputs(), (_numbers(2, 4, 12),)), "xnnpack"
    ),
    "channels_portable": _channels,
    "reused_portable": lambda: Plan(_one(special.Reused(), (_numbers(2, 8),))),
    "strict_portable": lambda: Plan(_one(special.Reused(), (_numbers(2, 8),), strict=True)),
    "strict_xnnpack": lambda: Plan(
        _one(special.Reused(), (_numbers(2, 8),), strict=True), "xnnpack"
    ),
    "passes_portable": lambda: Plan(_one(_Sum(), (_numbers(3),)), transform_passes=[_Doubled()]),
    "many_inputs_portable": lambda: Plan(
        _one(special.Perceptron(16), *[(_numbers(2, 8, seed=seed),) for seed in range(3)])
    ),
    "scalars_portable": lambda: Plan(_one(special.Scalars(), (_numbers(3),))),
    "nothing_portable": lambda: Plan(_one(special.HalfNothing(), (_numbers(3),))),
    "float_portable": lambda: Plan(_one(special.FloatResult(), (_numbers(3),))),
    "numbers_mapped": lambda: _mapped(MappedNumbers),
    "texts_mapped": lambda: _mapped(MappedTexts),
}


def plans() -> dict[str, Callable[[], Plan]]:
    """NAME_TARGET → how to make it."""

    def plan(make: Callable[[], Call], target: str) -> Callable[[], Plan]:
        return lambda: Plan({"forward": make()}, target)

    usual = {
        f"{name}_{target}": plan(make, target)
        for name, make in ARCHITECTURES.items()
        for target in ("portable", "xnnpack", "int8")
    }
    return {**usual, "vision_dynamic": plan(ARCHITECTURES["vision"], "dynamic"), **SPECIAL}
