"""Exports programs and says what ExecuTorch planned for each of their values.

`python -m oracle.memory_maker FOLDER NAME ...` writes NAME.pte and NAME.json. Lifetimes
come from the specs of the exporter, whose unit is the node of a graph; they are
given in instructions, by what the exporter emitted for each node.
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from executorch.exir import ExecutorchBackendConfig, to_edge
from executorch.exir.emit import _emitter
from executorch.exir.memory_planning import get_node_tensor_specs
from executorch.exir.passes import MemoryPlanningPass
from executorch.exir.passes.init_mutable_pass import InitializedMutableBufferPass
from executorch.extension.pybindings.portable_lib import _load_for_executorch_from_buffer
from executorch.util.activation_memory_profiler import (
    create_tensor_allocation_info,
    generate_memory_trace,
)
from oracle.fresh_plans import FRESH
from oracle.sample_programs import SAMPLES
from oracle.zoo_lowering import Call, Plan, lowered
from oracle.zoo_plans import plans
from torch import Tensor, nn

QUARTERS = torch.full((2, 8), 0.25)


@dataclass
class Emitted:
    """What was seen of one method while it was emitted."""

    values: list[Any] = field(default_factory=list)
    specs: dict[int, Any] = field(default_factory=dict)  # identity of an EValue → its spec
    kept: list[Any] = field(default_factory=list)  # so that no identity is given twice
    #: Graph, by identity → per node (instructions before it, instructions after it).
    graphs: dict[int, dict[int, tuple[int, int]]] = field(default_factory=dict)
    nodes: dict[int, list[Any]] = field(default_factory=dict)
    inside: dict[int, int] = field(default_factory=dict)  # spec → graph that was being emitted
    main: int = 0


@contextmanager
def watched() -> Iterator[dict[str, Emitted]]:
    """Look over the exporter's shoulder inside the block; one entry per method."""
    found: dict[str, Emitted] = {}
    run_node, to_value = _emitter._Emitter.run_node, _emitter._Emitter._tensor_spec_to_evalue
    at, graphs = [""], [0]

    def seen_node(emitter: Any, node: Any) -> Any:
        graph = id(node.graph)
        if isinstance(emitter, _emitter._TopLevelEmitter):
            at[0] = emitter.name
            found.setdefault(at[0], Emitted()).main = graph
        seen = found[at[0]]
        seen.values = emitter.emitter_state.values
        nodes = seen.nodes.setdefault(graph, list(node.graph.nodes))
        before = emitter.instruction_start_offset + len(emitter.chain.instructions)
        graphs.append(graph)
        result = run_node(emitter, node)
        graphs.pop()
        after = emitter.instruction_start_offset + len(emitter.chain.instructions)
        seen.graphs.setdefault(graph, {})[nodes.index(node)] = (before, after)
        return result

    def seen_spec(emitter: Any, spec: Any, *rest: Any) -> Any:
        value = to_value(emitter, spec, *rest)
        found[at[0]].specs[id(value)] = spec
        found[at[0]].inside.setdefault(id(spec), graphs[-1])
        found[at[0]].kept.append(value)
        return value

    _emitter._Emitter.run_node = seen_node
    _emitter._Emitter._tensor_spec_to_evalue = seen_spec
    try:
        yield found
    finally:
        _emitter._Emitter.run_node = run_node
        _emitter._Emitter._tensor_spec_to_evalue = to_value


def planned(seen: Emitted) -> dict[str, Any]:
    """Per planned value of a method what its spec says; and how far each node's calls reach."""
    home = _homes(seen)
    values = {}
    for number, value in enumerate(seen.values):
        spec = seen.specs.get(id(value))
        if spec is None or spec.mem_id is None:
            continue
        graph = home.get(id(spec), seen.inside[id(spec)])
        start, end = spec.lifetime
        values[number] = {
            "arena": spec.mem_id,
            "offset": spec.mem_offset,
            "allocated": spec.allocated_memory,
            "inner": graph != seen.main,
            "steps": _steps(seen, graph, start, end),
        }
    return {"values": values, "loops": _spans_of_control(seen)}


def _homes(seen: Emitted) -> dict[int, int]:
    """Spec → the graph that it was planned in, both by identity."""
    out: dict[int, int] = {}
    for graph, nodes in sorted(seen.nodes.items(), key=lambda item: item[0] != seen.main):
        for node in nodes:
            for spec in get_node_tensor_specs(node) or []:
                out.setdefault(id(spec), graph)
    return out


def _steps(seen: Emitted, graph: int, start: int, end: int) -> tuple[int, int]:
    """A lifetime in instructions; -1 is before the first, their number is behind the last."""
    nodes, reach = seen.nodes[graph], seen.graphs[graph]
    first = -1 if nodes[start].op == "placeholder" else reach[start][0]
    is_output = nodes[end].op == "output" and graph == seen.main
    return first, reach[end][1] - (0 if is_output else 1)


def _spans_of_control(seen: Emitted) -> list[tuple[int, int]]:
    """First and last instruction of each node of the main graph that has a graph of its own."""
    reach, nodes = seen.graphs[seen.main], seen.nodes[seen.main]
    inner = ("cond", "map_impl", "scan", "while_loop")
    return [
        (reach[number][0], reach[number][1] - 1)
        for number, node in enumerate(nodes)
        if getattr(node.target, "__name__", "") in inner or str(node.target) in inner
    ]


#: Arena, offset and size of what lives at one instruction.
Alive = list[tuple[int, int, int]]


def traced(manager: Any, name: str, seen: Emitted, path: Path) -> dict[int, Alive] | None:
    """Instruction → what lives at its node, as generate_memory_trace writes it; None: refused.

    It takes a program without operators outside of delegates for one without a plan.
    """
    try:
        generate_memory_trace(manager, str(path), enable_memory_offsets=True, method_name=name)
    except ValueError:
        return None
    alive: dict[int, Alive] = {}
    for event in json.loads(path.read_text())["traceEvents"]:
        alive.setdefault(event["tid"], []).append((event["pid"], event["ts"], event["dur"]))
    path.unlink()
    # The trace numbers only the nodes at which something lives.
    timeline = create_tensor_allocation_info(manager.exported_program(name).graph)
    rows = [node for node, there in enumerate(timeline) if there is not None]
    at = {node: alive.get(row, []) for row, node in enumerate(rows)}
    reach = seen.graphs[seen.main]
    return {
        before: sorted(at.get(node, []))
        for node, (before, after) in reach.items()
        if after > before
    }


def _states() -> Any:
    """A cache that begins with data of its own, beside one that does not."""

    class States(nn.Module):
        cache: Tensor
        plain: Tensor

        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("cache", torch.arange(12.0).reshape(4, 3))
            self.register_buffer("plain", torch.zeros(4, 3))

        def forward(self, row: Tensor, place: Tensor) -> Tensor:
            self.cache.index_put_((place,), row)
            self.plain.add_(self.cache)
            return self.plain.sum(0) + self.cache.sum(0)

    inputs = torch.ones(1, 3), torch.tensor([2])
    edge = to_edge(torch.export.export(States(), inputs))
    passes = [InitializedMutableBufferPass(["cache"])]
    return edge.to_executorch(ExecutorchBackendConfig(passes=passes))


def _given() -> Any:
    """The caller brings the memory of inputs and outputs."""

    class Wide(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.tanh(torch.sin(x) + 1).reshape(-1)

    edge = to_edge(torch.export.export(Wide(), (torch.ones(4, 8),)))
    planning = MemoryPlanningPass(alloc_graph_input=False, alloc_graph_output=False)
    return edge.to_executorch(ExecutorchBackendConfig(memory_planning_pass=planning))


def _two_branches() -> Any:
    """Two branches one after another, of which the first one's result is needed last."""

    class Two(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            first = torch.cond(x.sum() > 0, lambda a: a.sin() * 2, lambda a: a.cos() - 1, (x,))
            other = torch.cond(x.sum() > 9, lambda a: a.exp() + 3, lambda a: a.tanh() - 5, (x,))
            total: Tensor = first * 10 + other
            return total

    return to_edge(torch.export.export(Two(), (QUARTERS,))).to_executorch()


def _branches_apart() -> Any:
    """The same, but the first one's result is used before the second one begins."""

    class Two(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            first = torch.cond(x.sum() > 0, lambda a: a.sin() * 2, lambda a: a.cos() - 1, (x,))
            ten = first * 10
            other = torch.cond(ten.sum() > 999, lambda a: a.exp() + 3, lambda a: a.tanh() - 5, (x,))
            total: Tensor = ten + other
            return total

    return to_edge(torch.export.export(Two(), (QUARTERS,))).to_executorch()


def ran(data: bytes) -> list[list[float]]:
    """What the real runtime makes of quarters in a program of two branches, and what is right."""
    loaded = _load_for_executorch_from_buffer(data)
    (got,) = loaded.run_method("forward", (QUARTERS,))
    return [got.flatten().tolist(), (QUARTERS.sin() * 20 + QUARTERS.tanh() - 5).flatten().tolist()]


def _convnet(target: str) -> Any:
    model, inputs = import_module("sample_traces.models").convnet()
    return lowered(Plan({"forward": Call(model, [inputs])}, target))


OWN: dict[str, Callable[[], Any]] = {
    "convnet_portable": lambda: _convnet("portable"),
    "convnet_xnnpack": lambda: _convnet("xnnpack"),
    "convnet_int8": lambda: _convnet("int8"),
    "states": _states,
    "given": _given,
    "two_branches": _two_branches,
    "branches_apart": _branches_apart,
    **FRESH,
    **SAMPLES,
}


@torch.no_grad()
def make(name: str, folder: Path) -> None:
    """One program and what was planned for it."""
    torch.manual_seed(0)
    with watched() as seen:
        manager = OWN[name]() if name in OWN else lowered(plans()[name]())
    (folder / f"{name}.pte").write_bytes(bytes(manager.buffer))
    facts = {}
    for method, emitted in seen.items():
        trace = traced(manager, method, emitted, folder / "trace.json")
        facts[method] = planned(emitted) | {"trace": trace}
    if name in ("two_branches", "branches_apart"):
        facts["forward"]["ran"] = ran(bytes(manager.buffer))
    (folder / f"{name}.json").write_text(json.dumps(facts))


def main(folder: str, *names: str) -> None:
    gc.set_threshold(100_000, 20, 20)  # graphs are large and live long: to look at them is slow
    for name in names:
        make(name, Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
