"""How the fresh architectures are exported: for which target, with which planning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from executorch.exir import ExecutorchBackendConfig, to_edge
from executorch.exir.memory_planning import get_node_tensor_specs
from executorch.exir.passes import MemoryPlanningPass
from oracle import fresh_models as models
from oracle.zoo_lowering import Call, Plan, lowered
from torch.export import Dim


def _numbers(*sizes: int) -> torch.Tensor:
    return torch.randn(*sizes, generator=torch.Generator().manual_seed(11))


_IMAGE = (1, 3, 32, 32)
CALLS: dict[str, Callable[[], Call]] = {
    "mixer": lambda: Call(models.Mixer(), [(_numbers(*_IMAGE),)]),
    "deepunet": lambda: Call(models.DeepUNet(), [(_numbers(*_IMAGE),)]),
    "translator": lambda: Call(models.Translator(), [(_numbers(1, 2, 6),)]),
    "inverted": lambda: Call(models.InvertedNet(), [(_numbers(*_IMAGE),)]),
    "speaker": lambda: Call(models.Speaker(), [(torch.tensor([3]), torch.tensor([0]))]),
    "sequence": lambda: Call(
        models.Sequence(),
        [(_numbers(2, 5, 4),)],
        dynamic_shapes=({0: Dim("batch", min=1, max=8), 1: Dim("length", min=2, max=16)},),
    ),
    "chooser": lambda: Call(models.Chooser(), [(_numbers(2, 6),)]),
    "mapper": lambda: Call(models.Mapper(), [(_numbers(3, 6),)]),
    "scanner": lambda: Call(models.Scanner(), [(_numbers(3, 6),)]),
}


_EVERY = ("portable", "xnnpack", "int8")
#: XNNPACK takes no shape with two unknown sizes, and no layers inside of branches and loops.
TARGETS = dict.fromkeys(CALLS, _EVERY) | {
    "sequence": ("portable",),
    "chooser": ("portable",),
    "mapper": ("portable",),
    "scanner": ("portable", "xnnpack"),
}


class _Pools(MemoryPlanningPass):  # type: ignore[misc]  # executorch has no types
    """Large values into arena 3, the others into arena 1; there is nothing in arena 2."""

    def run(self, module: Any, signature: Any = None) -> Any:
        for node in module.graph.nodes:
            for spec in get_node_tensor_specs(node) or []:
                if node.op == "call_function" and not spec.const:
                    spec.mem_id = 3 if spec.nbytes() > 4096 else 1
        return super().run(module, signature)


def _pools() -> Any:
    call = CALLS["deepunet"]()
    edge = to_edge(torch.export.export(call.model.eval(), call.inputs[0]))
    return edge.to_executorch(ExecutorchBackendConfig(memory_planning_pass=_Pools()))


def _in_place() -> Any:
    call = CALLS["speaker"]()
    edge = to_edge(torch.export.export(call.model.eval(), call.inputs[0]))
    return edge.to_executorch(ExecutorchBackendConfig(run_reinplace_pass=True))


def _several() -> Any:
    methods = {name: CALLS[name]() for name in ("mixer", "inverted")}
    return lowered(Plan(methods, "xnnpack"))


def _usual(name: str, target: str) -> Callable[[], Any]:
    return lambda: lowered(Plan({"forward": CALLS[name]()}, target))


#: Name → the program manager.
FRESH: dict[str, Callable[[], Any]] = {
    f"fresh_{name}_{target}": _usual(name, target)
    for name, targets in TARGETS.items()
    for target in targets
} | {"fresh_pools": _pools, "fresh_in_place": _in_place, "fresh_several": _several}
