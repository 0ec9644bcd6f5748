"""Our reading of programs and plan of debug buffers, beside the real ExecuTorch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from etscope.etdump.buffer_size import unloggable
from etscope.etdump.columns import Kind
from etscope.etdump.evalues import EValueColumns, EValueKind
from etscope.etdump.instructions import InstructionKind
from etscope.etdump.methods import Method
from etscope.etdump.program import read_program
from etscope.etdump.reader import read_etdump
from etscope.etdump.tensor_flaws import Flaw
from etscope.etdump.tensors import DebugBuffer, check, used_bytes

ROOT = Path(__file__).parents[2]
NAMES = (
    "conv",
    "conv_xnnpack",
    "many_outputs",
    "many_outputs_xnnpack",
    "whole_numbers",
    "rows",
    "methods",
)

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.timeout(900),  # the first test exports and runs all programs
    pytest.mark.skipif(find_spec("executorch") is None, reason="executorch is not installed"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("programs")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(Path(__file__).with_name("program_maker.py")), made],
        env=os.environ | {"PYTHONPATH": str(ROOT / ".src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return made


def found_in(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"{name}.json").read_text())
    return found


_KINDS = {
    "Null": EValueKind.NULL,
    "Int": EValueKind.INT,
    "Bool": EValueKind.BOOL,
    "Double": EValueKind.DOUBLE,
    "Tensor": EValueKind.TENSOR,
    "String": EValueKind.STRING,
    "IntList": EValueKind.INT_LIST,
    "DoubleList": EValueKind.DOUBLE_LIST,
    "BoolList": EValueKind.BOOL_LIST,
    "TensorList": EValueKind.TENSOR_LIST,
    "OptionalTensorList": EValueKind.OPTIONAL_TENSOR_LIST,
}


def payload(values: EValueColumns, value: int) -> Any:
    """Our payload of one value in the words of program_maker."""
    kind = values.kind[value]
    if kind == EValueKind.NULL:
        return None
    if kind in (EValueKind.INT, EValueKind.BOOL):
        return int(values.integer[value])
    if kind == EValueKind.DOUBLE:
        return float(values.real[value])
    if kind == EValueKind.STRING:
        return values.texts[values.text[value]]
    if kind == EValueKind.TENSOR:
        tensors, row = values.tensors, int(values.tensor[value])
        dims = slice(tensors.dims[row], tensors.dims[row + 1])
        return {
            "scalar_type": int(tensors.scalar_type[row]),
            "sizes": tensors.sizes[dims].tolist(),
            "dim_order": tensors.dim_order[dims].tolist(),
            "buffer": int(tensors.buffer[row]),
            "dynamism": int(tensors.dynamism[row]),
            "memory_id": int(tensors.memory_id[row]),
            "memory_offset": int(tensors.memory_offset[row]),
        }
    items = slice(values.items[value], values.items[value + 1])
    column = values.real_item if kind == EValueKind.DOUBLE_LIST else values.item
    return column[items].tolist()


def chains_of(method: Method) -> list[list[list[Any]]]:
    table = method.instructions
    chains: list[list[list[Any]]] = [[] for _ in range(int(table.chain.max(initial=-1)) + 1)]
    for row in range(len(table)):
        arguments = table.arguments_of(row).tolist()
        callee, target = int(table.callee[row]), int(table.destination[row])
        chains[table.chain[row]].append(
            {
                InstructionKind.KERNEL_CALL: [
                    "KernelCall",
                    {"op_index": callee, "args": arguments},
                ],
                InstructionKind.DELEGATE_CALL: [
                    "DelegateCall",
                    {"delegate_index": callee, "args": arguments},
                ],
                InstructionKind.MOVE_CALL: [
                    "MoveCall",
                    dict(zip(("move_from", "move_to"), arguments, strict=False)),
                ],
                InstructionKind.JUMP_FALSE_CALL: [
                    "JumpFalseCall",
                    {"cond_value_index": arguments[0], "destination_instruction": target},
                ],
                InstructionKind.FREE_CALL: ["FreeCall", {"value_index": arguments[0]}],
            }[InstructionKind(int(table.kind[row]))]
        )
    return chains


@pytest.mark.parametrize("name", NAMES)
def test_programs_are_read_as_executorch_reads_them(folder: Path, name: str) -> None:
    program = read_program(folder / f"{name}.pte")
    theirs = found_in(folder, name)["methods"]
    assert [method.name for method in program.methods] == [plan["name"] for plan in theirs]
    for ours, plan in zip(program.methods, theirs, strict=True):
        kinds = [_KINDS[kind] for kind, _ in plan["values"]]
        assert ours.values.kind.tolist() == kinds
        assert [payload(ours.values, v) for v in range(len(kinds))] == [
            content for _, content in plan["values"]
        ]
        assert ours.inputs.tolist() == plan["inputs"]
        assert ours.outputs.tolist() == plan["outputs"]
        assert list(ours.operators) == [
            ".".join(part for part in parts if part) for parts in plan["operators"]
        ]
        assert [
            [d.backend, [[key, list(value)] for key, value in d.compile_specs]]
            for d in ours.delegates
        ] == plan["delegates"]
        assert chains_of(ours) == plan["chains"]
        assert ours.arena_bytes.tolist() == plan["arenas"]


@pytest.mark.parametrize("name", NAMES)
def test_the_planned_debug_buffer_is_enough_and_not_much_more(folder: Path, name: str) -> None:
    found = found_in(folder, name)
    assert found["exit_code"] == 0, "the run died: its debug buffer was planned too small"
    assert unloggable(read_program(folder / f"{name}.pte")) == []
    trace = read_etdump(folder / f"{name}.etdp")
    used = used_bytes(trace)
    assert 0 < used <= found["planned"] <= 1.3 * used + 65536
    flaws = check(trace, DebugBuffer(folder / f"{name}.bin"))
    assert (flaws == Flaw.NONE).all()


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("rows", "methods")])
def test_events_have_the_names_that_the_program_promises(folder: Path, name: str) -> None:
    """Straight-line programs: the n-th instruction's event is the n-th of each inference."""
    method = read_program(folder / f"{name}.pte").methods[0]
    trace = read_etdump(folder / f"{name}.etdp")
    events = trace.events
    last = int(np.flatnonzero(trace.runs.name == trace.strings.index("Execute"))[-1])
    mine = (events.run == last) & (events.kind == Kind.PROFILE) & (events.chain == 0)
    mine &= (events.delegate_id < 0) & (events.delegate_name < 0)
    seen: dict[int, list[str | None]] = {}
    for row in np.flatnonzero(mine).tolist():
        names = seen.setdefault(int(events.instruction[row]), [])
        names.append(trace.text(int(events.name[row])))
    promised = {
        row: [n for n in (method.native_event_of(row), method.event_of_instruction[row]) if n]
        for row in range(len(method.instructions))
    }
    assert seen == promised
