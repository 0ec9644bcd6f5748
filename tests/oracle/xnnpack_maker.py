"""Exports models to XNNPACK, runs them on the real runtime, and says what ExecuTorch knows of them.

`python -m oracle.xnnpack_maker FOLDER [NAME ...]` writes NAME.pte, NAME.etdp, NAME.etrecord and
NAME.json: the operators of the edge graph by debug handle, and each delegate as ExecuTorch
built it, before it was written as bytes.
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
from executorch.devtools import parse_etrecord
from executorch.exir import to_edge_transform_and_lower
from executorch.extension.pybindings.portable_lib import _load_for_executorch_from_buffer
from oracle.zoo_lowering import quantized
from oracle.zoo_models import (
    Convolutions,
    Elements,
    Mobile,
    Recurrent,
    UNet,
    Vision,
    image,
    pair,
    series,
)
from torch import Tensor, nn

RUNS = 5
IMAGE, SERIES, PAIR = image(), series(), pair()

MODELS: dict[str, tuple[Callable[[], nn.Module], tuple[Tensor, ...]]] = {
    "convolutions": (Convolutions, IMAGE),
    "mobile": (Mobile, IMAGE),
    "vision": (Vision, IMAGE),
    "lstm": (lambda: Recurrent(nn.LSTM), SERIES),
    "gru": (lambda: Recurrent(nn.GRU), SERIES),
    "unet": (UNet, IMAGE),
    "elements": (Elements, PAIR),
}
MODES = ("fp32", "int8", "dynamic")
#: Dynamic quantization is a matter of transformers.
CASES = [f"{name}_{mode}" for name in MODELS for mode in MODES[: 3 if name == "vision" else 2]]


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
