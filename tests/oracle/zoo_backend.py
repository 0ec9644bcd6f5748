"""A backend that names what it runs, by number or by text, and leaves a map of those names."""

from __future__ import annotations

from typing import Any

import torch
from executorch.exir.backend.backend_details import BackendDetails, PreprocessResult
from executorch.exir.backend.canonical_partitioners.pattern_op_partitioner import (
    generate_pattern_op_partitions,
)
from executorch.exir.backend.partitioner import DelegationSpec, Partitioner, PartitionResult
from executorch.exir.backend.utils import DelegateMappingBuilder
from executorch.exir.dialects._ops import ops
from torch.fx.passes.operator_support import OperatorSupportBase

_EDGE = ops.edge.aten
#: What it takes. The mean between them stays outside, so that there is a kernel call, too.
_TAKEN = (
    _EDGE.convolution.default,
    _EDGE.relu.default,
    _EDGE.tan.default,
    _EDGE.add.Tensor,
    _EDGE._softmax.default,
)
#: A convolution and its activation run as one step, a tangent as three.
_FUSED = (_EDGE.convolution.default, _EDGE.relu.default)


def _steps(nodes: list[Any]) -> list[tuple[str, list[Any]]]:
    """(name of a step of the backend, the nodes that it computes), in order."""
    found: list[tuple[str, list[Any]]] = []
    waiting: list[Any] = []
    for node in nodes:
        name = node.target._op.__name__.partition(".")[0].strip("_")
        if node.target == _FUSED[0]:
            waiting = [node]
        elif node.target == _FUSED[1] and waiting:
            found.append(("conv_relu", [*waiting, node]))
            waiting = []
        elif node.target == _EDGE.tan.default:
            found += [(step, [node]) for step in ("sin", "cos", "div")]
        else:
            found.append((name, [node]))
    return found + [("conv", waiting)] * bool(waiting)


def _lowered(program: Any, *, numbered: bool) -> PreprocessResult:
    names = DelegateMappingBuilder(generated_identifiers=numbered)
    calls = [node for node in program.graph.nodes if node.op == "call_function"]
    listed = []
    for place, (step, nodes) in enumerate(_steps(calls)):
        given = None if numbered else f"{step}_{place}"
        listed.append(str(names.insert_delegate_mapping_entry(nodes, identifier=given)))
    return PreprocessResult(",".join(listed).encode(), names.get_delegate_mapping())


class MappedNumbers(BackendDetails):  # type: ignore[misc]  # executorch has no types
    """Logs 0, 1, 2 and so on."""

    @staticmethod
    def preprocess(edge_program: Any, compile_specs: Any) -> PreprocessResult:
        return _lowered(edge_program, numbered=True)


class MappedTexts(BackendDetails):  # type: ignore[misc]
    """Logs "conv_relu_0", "sin_1" and so on."""

    @staticmethod
    def preprocess(edge_program: Any, compile_specs: Any) -> PreprocessResult:
        return _lowered(edge_program, numbered=False)


class _Support(OperatorSupportBase):
    def is_node_supported(self, submodules: Any, node: torch.fx.Node) -> bool:
        return node.op == "call_function" and node.target in _TAKEN


class MappedPartitioner(Partitioner):  # type: ignore[misc]
    """Gives a backend of this room all that it takes."""

    def __init__(self, backend: type[BackendDetails]) -> None:
        super().__init__()
        self.takes = DelegationSpec(backend.__name__, [])

    def partition(self, exported_program: Any) -> PartitionResult:
        tags = {}
        parts = generate_pattern_op_partitions(exported_program.graph_module, op_support=_Support())
        for part in parts:
            for node in part.nodes:
                node.meta["delegation_tag"] = f"part{part.id}"
                tags[f"part{part.id}"] = self.takes
        return PartitionResult(exported_program, tags)
