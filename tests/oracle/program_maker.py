"""Exports small models, runs them on the real runtime, and says what ExecuTorch reads in them.

`program_maker.py FOLDER` writes NAME.pte, NAME.etdp, NAME.bin and NAME.json. The
debug buffer is as large as etscope planned it, no more: a plan too small ends
the process of that run, which the JSON then says.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
from executorch.exir import to_edge, to_edge_transform_and_lower
from executorch.exir._serialize._program import deserialize_pte_binary
from executorch.extension.pybindings.portable_lib import _load_for_executorch_from_buffer
from torch import Tensor, nn

from etscope.etdump.buffer_size import debug_buffer_bytes
from etscope.etdump.program import read_program

RUNS = 2


class Convolutions(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.second = nn.Conv2d(8, 16, 3, stride=2)
        self.head = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.first(x)))
        x = nn.functional.hardswish(self.second(x))
        head: Tensor = self.head(x.mean((2, 3)))
        return head


class ManyOutputs(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(12)

    def forward(self, x: Tensor) -> Any:
        x = self.norm(x)
        values, places = torch.topk(x, 4, -1)
        first, second, third = torch.split(x, 4, -1)
        high, where = x.max(-1)
        return values + first * second - third, places, high, where


class WholeNumbers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(20, 6)

    def forward(self, x: Tensor) -> Any:
        large = x > 5
        doubled = x.to(torch.int32) * 2
        masked = self.embed(x).masked_fill(large.unsqueeze(-1), 0.0)
        return masked, large, doubled.to(torch.int8), x.double().cumsum(-1), x.to(torch.int16), 7


class Rows(nn.Module):
    def forward(self, x: Tensor) -> Any:
        from torch._higher_order_ops.map import map as map_rows

        def body(row: Tensor, *_: Any) -> Tensor:
            return (row * 2).sin()

        return map_rows(body, x)


def cases() -> dict[str, tuple[Mapping[str, tuple[nn.Module, Tensor]], bool]]:
    """Name → (method → (model, input), whether XNNPACK takes what it can)."""
    torch.manual_seed(0)
    image, numbers = torch.randn(2, 3, 16, 16), torch.arange(12).reshape(3, 4)
    conv = {"forward": (Convolutions(), image)}
    return {
        "conv": (conv, False),
        "conv_xnnpack": (conv, True),
        "many_outputs": ({"forward": (ManyOutputs(), torch.randn(2, 5, 12))}, False),
        "many_outputs_xnnpack": ({"forward": (ManyOutputs(), torch.randn(2, 5, 12))}, True),
        "whole_numbers": ({"forward": (WholeNumbers(), numbers)}, False),
        "rows": ({"forward": (Rows(), torch.randn(5, 4))}, False),
        "methods": (
            {"encode": (Convolutions(), image), "decode": (WholeNumbers(), numbers)},
            False,
        ),
    }


def program(methods: Mapping[str, tuple[nn.Module, Tensor]], lowered: bool) -> bytes:
    exported = {
        name: torch.export.export(model.eval(), (x,)) for name, (model, x) in methods.items()
    }
    if lowered:
        partitioners = {name: [XnnpackPartitioner()] for name in exported}
        edge = to_edge_transform_and_lower(exported, partitioner=partitioners)
    else:
        edge = to_edge(exported)
    return bytes(edge.to_executorch().buffer)


def run(data: bytes, inputs: Mapping[str, Tensor], size: int, out: Path) -> int:
    """Exit code of a process that runs each method RUNS times with a buffer of that size."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        module = _load_for_executorch_from_buffer(data, enable_etdump=True, debug_buffer_size=size)
        for name, x in inputs.items():
            for _ in range(RUNS):
                module.run_method(name, (x,))
        module.write_etdump_result_to_file(f"{out}.etdp", f"{out}.bin")
        os._exit(0)
    except BaseException as error:
        sys.stderr.write(f"{out.name}: {error!r}\n")
        os._exit(1)


def reading(data: bytes) -> list[dict[str, Any]]:
    """What ExecuTorch's own deserializer finds in a program, one entry per method."""
    return [_plan(plan) for plan in deserialize_pte_binary(data).program.execution_plan]


def _plan(plan: Any) -> dict[str, Any]:
    return {
        "name": plan.name,
        "values": [[type(v.val).__name__, _payload(v.val)] for v in plan.values],
        "inputs": plan.inputs,
        "outputs": plan.outputs,
        "operators": [[op.name, op.overload] for op in plan.operators],
        "delegates": [
            [d.id, [[spec.key, list(spec.value)] for spec in d.compile_specs]]
            for d in plan.delegates
        ],
        "chains": [
            [[type(i.instr_args).__name__, vars(i.instr_args)] for i in chain.instructions]
            for chain in plan.chains
        ],
        "arenas": plan.non_const_buffer_sizes,
    }


def _payload(value: Any) -> Any:
    if type(value).__name__ != "Tensor":
        return next(iter(vars(value).values())) if vars(value) else None
    planned = value.allocation_info
    return {
        "scalar_type": int(value.scalar_type),
        "sizes": value.sizes,
        "dim_order": list(value.dim_order),
        "buffer": value.data_buffer_idx,
        "dynamism": int(value.shape_dynamism),
        "memory_id": planned.memory_id if planned else -1,
        "memory_offset": (
            planned.memory_offset_low + (planned.memory_offset_high << 32) if planned else -1
        ),
    }


def main(folder: str) -> None:
    for name, (methods, lowered) in cases().items():
        out = Path(folder) / name
        data = program(methods, lowered)
        out.with_suffix(".pte").write_bytes(data)
        planned = debug_buffer_bytes(read_program(data), dict.fromkeys(methods, RUNS))
        code = run(data, {name: x for name, (_, x) in methods.items()}, planned, out)
        found = {"planned": planned, "exit_code": code, "methods": reading(data)}
        out.with_suffix(".json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
