"""From a model to the bytes of a program and its ETRecord, for one target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import (
    XNNPACKQuantizer,
    get_symmetric_quantization_config,
)
from executorch.exir import ExecutorchBackendConfig, to_edge, to_edge_transform_and_lower
from torch import Tensor, nn
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

Inputs = tuple[Tensor, ...]


@dataclass(frozen=True)
class Call:
    """A method of a program: a model and the inputs it is called with, one after another."""

    model: nn.Module
    inputs: list[Inputs]
    dynamic_shapes: Any = None
    strict: bool = False


@dataclass(frozen=True)
class Plan:
    """What an animal of the zoo is made of."""

    methods: Mapping[str, Call]
    target: str = "portable"  # or xnnpack, int8, dynamic
    partitioner: Any = None  # of another backend
    transform_passes: Any = None
    runs: bool = True  # whether the real runtime has all kernels and backends
    traced: bool = False  # whether the program keeps the stack trace of each instruction


def quantized(model: nn.Module, inputs: Inputs, mode: str) -> nn.Module:
    """The model as PT2E quantizes it for XNNPACK: mode fp32 (not at all), int8 or dynamic."""
    if mode == "fp32":
        return model
    config = get_symmetric_quantization_config(is_per_channel=True, is_dynamic=mode == "dynamic")
    prepared = prepare_pt2e(
        torch.export.export(model, inputs).module(), XNNPACKQuantizer().set_global(config)
    )
    prepared(*inputs)
    return convert_pt2e(prepared)


def lowered(plan: Plan) -> Any:
    """ExecuTorch's program manager, which has the bytes and the record."""
    exported = {name: _exported(call, plan.target) for name, call in plan.methods.items()}
    programs = exported["forward"] if list(exported) == ["forward"] else exported
    partitioner = plan.partitioner
    if partitioner is None and plan.target != "portable":
        partitioner = XnnpackPartitioner()
    if partitioner is None and plan.transform_passes is None:
        edge = to_edge(programs, generate_etrecord=True)
    else:
        given: Any = [] if partitioner is None else [partitioner]
        if isinstance(programs, dict):
            given = dict.fromkeys(programs, given)
        edge = to_edge_transform_and_lower(
            programs,
            partitioner=given,
            transform_passes=plan.transform_passes,
            generate_etrecord=True,
        )
    return edge.to_executorch(ExecutorchBackendConfig(emit_stacktrace=plan.traced))


def _exported(call: Call, target: str) -> Any:
    model, inputs = call.model.eval(), call.inputs[0]
    if target in ("int8", "dynamic"):
        model = quantized(model, inputs, target)
    return torch.export.export(
        model, inputs, dynamic_shapes=call.dynamic_shapes, strict=call.strict
    )
