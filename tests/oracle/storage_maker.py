"""Exports programs that store data in every way, and says what ExecuTorch reads in them.

`storage_maker.py FOLDER` writes NAME.pte (NAME.bpte), what lies beside it, and NAME.json.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
from executorch.devtools import BundledProgram
from executorch.devtools.bundled_program.config import MethodTestCase, MethodTestSuite
from executorch.devtools.bundled_program.serialize import (
    deserialize_from_flatbuffer_to_bundled_program,
    serialize_from_bundled_program_to_flatbuffer,
)
from executorch.exir import ExecutorchBackendConfig, to_edge, to_edge_transform_and_lower
from executorch.exir._serialize._cord import Cord
from executorch.exir._serialize._program import deserialize_pte_binary
from executorch.exir.passes.init_mutable_pass import InitializedMutableBufferPass
from executorch.extension.flat_tensor.serialize.serialize import FlatTensorSerializer
from torch import Tensor, nn


class Convolutions(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3)
        self.head = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.first(x))
        head: Tensor = self.head(x.mean((2, 3)))
        return head


class Branches(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Any:
        def yes(x: Tensor) -> Tensor:
            return x.sin() * 2

        def no(x: Tensor) -> Tensor:
            return x.cos() - 1

        return torch.cond(x.sum() > 0, yes, no, (self.linear(x),))


class Rows(nn.Module):
    def forward(self, x: Tensor) -> Any:
        from torch._higher_order_ops.map import map as map_rows

        def body(row: Tensor, *_: Any) -> Tensor:
            return torch.sin(row * 2) + row

        return map_rows(body, x + 1)


class Cache(nn.Module):
    cache: Tensor
    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("cache", torch.arange(12.0).reshape(4, 3))
        self.register_buffer("scale", torch.full((3,), 0.5))

    def forward(self, row: Tensor, place: Tensor) -> Tensor:
        self.cache.index_put_((place,), row * self.scale)
        return self.cache.sum(0)


IMAGE = torch.linspace(-1, 1, 192).reshape(1, 3, 8, 8)
ROW, PLACE = torch.ones(1, 3), torch.tensor([2])


def export(model: nn.Module, inputs: tuple[Any, ...], lowered: bool = False, **config: Any) -> Any:
    torch.manual_seed(0)
    exported = torch.export.export(model.eval(), inputs)
    if lowered:
        edge = to_edge_transform_and_lower(exported, partitioner=[XnnpackPartitioner()])
    else:
        edge = to_edge(exported)
    return edge.to_executorch(ExecutorchBackendConfig(**config))


def bundle() -> bytes:
    class Tests(nn.Module):
        def forward(self, x: Tensor, factor: float, flag: bool) -> Tensor:
            return x * factor

    cases = [MethodTestCase(inputs=(torch.full((2, 3), v), 2.5, True)) for v in (1.0, 2.0)]
    for case, value in zip(cases, (2.5, 5.0), strict=True):
        case.expected_outputs = [torch.full((2, 3), value)]
    program = export(Tests(), (torch.ones(2, 3), 2.5, True))
    suites = [MethodTestSuite(method_name="forward", test_cases=cases)]
    return bytes(
        serialize_from_bundled_program_to_flatbuffer(
            BundledProgram(executorch_program=program, method_test_suites=suites)
        )
    )


CASES: dict[str, Callable[[], Any]] = {
    "constants": lambda: export(Convolutions(), (IMAGE,), emit_stacktrace=True),
    "named_data": lambda: export(Convolutions(), (IMAGE,), lowered=True),
    "branches": lambda: export(Branches(), (torch.ones(2, 4),), emit_stacktrace=True),
    "rows": lambda: export(Rows(), (torch.ones(3, 4),), emit_stacktrace=True),
    "states": lambda: export(
        Cache(),
        (ROW, PLACE),
        passes=[InitializedMutableBufferPass(["cache"])],
        emit_mutable_buffer_names=True,
    ),
    "external": lambda: export(Convolutions(), (IMAGE,), external_constants=True),
}


def digest(data: Any, size: int | None = None) -> str:
    return hashlib.sha256(bytes(data)[:size]).hexdigest()


def reading(data: bytes) -> dict[str, Any]:
    """What ExecuTorch's own deserializer finds in a program."""
    file = deserialize_pte_binary(data)
    constants = [buffer.storage for buffer in file.program.constant_buffer]
    states = [buffer.storage for buffer in file.mutable_data or ()]
    named = file.named_data
    return {
        "named": {
            key: digest(named.buffers[entry.buffer_index]) for key, entry in named.pte_data.items()
        }
        if named
        else {},
        "methods": [_plan(plan, constants, states) for plan in file.program.execution_plan],
    }


def _plan(plan: Any, constants: list[bytes], states: list[bytes]) -> dict[str, Any]:
    tensors = [value.val for value in plan.values if type(value.val).__name__ == "Tensor"]
    return {
        "trees": [
            plan.container_meta_type.encoded_inp_str,
            plan.container_meta_type.encoded_out_str,
        ],
        "devices": [vars(device) for device in plan.non_const_buffer_device or ()],
        "tensors": [_tensor(tensor, constants, states) for tensor in tensors],
        "stacks": [_stacks(chain) for chain in plan.chains],
    }


def _tensor(tensor: Any, constants: list[bytes], states: list[bytes]) -> dict[str, Any]:
    extra, number = tensor.extra_tensor_info, tensor.data_buffer_idx
    external = extra is not None and int(extra.location) == 1
    stored = None
    if number > 0 and not external:
        stored = (states if tensor.allocation_info else constants)[number]
    width = torch.empty(0, dtype=_DTYPES[int(tensor.scalar_type)]).itemsize
    size = width
    for extent in tensor.sizes:
        size *= extent
    return {
        "name": extra.fully_qualified_name if extra else None,
        "external": external,
        "device": [int(extra.device_type), extra.device_index] if extra else [0, 0],
        "planned": tensor.allocation_info is not None,
        "stored": None if stored is None else digest(stored, size),
    }


_DTYPES = {3: torch.int32, 4: torch.int64, 6: torch.float32, 11: torch.bool}


def _stacks(chain: Any) -> dict[str, Any]:
    stacks = chain.stacktrace or ()
    return {
        "instructions": len(chain.instructions),
        "frames": [
            [[f.filename, f.lineno, f.name, f.context] for f in stack.items] for stack in stacks
        ],
    }


def external(data: bytes) -> list[Any]:
    """(name, scalar type, sizes, digest) of what a .ptd file holds."""
    payload = FlatTensorSerializer().deserialize(Cord(data))
    return [
        [
            name,
            int(entry.tensor_layout.scalar_type),
            entry.tensor_layout.sizes,
            digest(payload.buffers[entry.buffer_index]),
        ]
        for name, entry in payload.named_data.items()
    ]


def cases(data: bytes) -> list[Any]:
    """[method, inputs, outputs] of each test case of a bundled program."""
    found = deserialize_from_flatbuffer_to_bundled_program(data)
    return [
        [suite.method_name, *([_value(v.val) for v in values] for values in ends)]
        for suite in found.method_test_suites
        for case in suite.test_cases
        for ends in ((case.inputs, case.expected_outputs),)
    ]


def _value(value: Any) -> Any:
    if type(value).__name__ != "Tensor":
        return next(iter(vars(value).values()))
    return [int(value.scalar_type), value.sizes, list(value.dim_order), digest(value.data)]


def main(folder: str) -> None:
    for name, make in CASES.items():
        out, made = Path(folder) / name, make()
        data = bytes(made.buffer)
        out.with_suffix(".pte").write_bytes(data)
        found = reading(data)
        if name == "external":
            made.write_tensor_data_to_file(folder)
            found["external"] = {
                path.name: external(path.read_bytes()) for path in Path(folder).glob("*.ptd")
            }
        out.with_suffix(".json").write_text(json.dumps(found))
    data = bundle()
    (Path(folder) / "bundle.bpte").write_bytes(data)
    (Path(folder) / "bundle.json").write_text(json.dumps({"cases": cases(data)}))


if __name__ == "__main__":
    main(sys.argv[1])
