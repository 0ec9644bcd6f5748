"""Where programs keep their data, names and source lines, beside the real ExecuTorch."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from etscope.etdump.bundled_program import BundledCases, CaseValueKind, read_bundled_cases
from etscope.etdump.columns import Bytes
from etscope.etdump.methods import Method
from etscope.etdump.program import Program, read_program
from etscope.etdump.program_constants import Storage
from etscope.etdump.tensor_data import read_tensor_data

ROOT = Path(__file__).parents[2]
NAMES = ("constants", "named_data", "branches", "rows", "states", "external")

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.timeout(900),  # the first test exports all programs
    pytest.mark.skipif(find_spec("executorch") is None, reason="executorch is not installed"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("storage")
    maker = str(Path(__file__).with_name("storage_maker.py"))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", maker, str(made)],
        env=os.environ | {"PYTHONPATH": str(ROOT / ".src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return made


def found_in(folder: Path, name: str) -> Any:
    return json.loads((folder / f"{name}.json").read_text())


def digest(data: Bytes) -> str:
    return hashlib.sha256(data.tobytes()).hexdigest()


def tensors_of(program: Program, method: Method) -> list[dict[str, Any]]:
    """Our tensors in the words of storage_maker."""
    specs, found = method.values.tensors, []
    for row in range(len(specs)):
        stored = program.tensor_data(method, row)
        found.append(
            {
                "name": specs.name_of(row),
                "external": bool(specs.external[row]),
                "device": [int(specs.device_type[row]), int(specs.device_index[row])],
                "planned": bool(specs.memory_id[row] >= 0),
                "stored": None if stored is None else digest(stored),
            }
        )
    return found


@pytest.mark.parametrize("name", NAMES)
def test_tensors_have_the_bytes_that_executorch_reads(folder: Path, name: str) -> None:
    program, theirs = read_program(folder / f"{name}.pte"), found_in(folder, name)
    assert {data.key: digest(program.segment(data.segment)) for data in program.named_data} == (
        theirs["named"]
    )
    for method, plan in zip(program.methods, theirs["methods"], strict=True):
        assert [method.input_tree, method.output_tree] == plan["trees"]
        assert [d._asdict() for d in method.arena_devices] == plan["devices"]
        assert tensors_of(program, method) == plan["tensors"]


@pytest.mark.parametrize("name", NAMES)
def test_instructions_have_the_source_lines_that_executorch_reads(folder: Path, name: str) -> None:
    for method, plan in zip(
        read_program(folder / f"{name}.pte").methods,
        found_in(folder, name)["methods"],
        strict=True,
    ):
        listed = [frames for chain in plan["stacks"] for frames in chain["frames"]]
        if not listed:
            assert method.stacks is None
            continue
        assert method.stacks is not None
        theirs = []
        for chain in plan["stacks"]:
            rest = chain["instructions"] - len(chain["frames"])
            theirs += chain["frames"] + [[]] * rest
        ours = [[list(f) for f in method.stacks.frames_of(r)] for r in range(len(theirs))]
        assert ours == theirs


def test_the_kinds_of_storage_are_all_there(folder: Path) -> None:
    """The models are chosen so that no reading above is of nothing."""
    kinds = {
        name: {
            Storage(kind)
            for method in read_program(folder / f"{name}.pte").methods
            for kind in method.storage.kind.tolist()
        }
        for name in NAMES
    }
    assert Storage.CONSTANT in kinds["constants"]
    assert {Storage.INITIAL_STATE, Storage.CONSTANT, Storage.PLANNED} <= kinds["states"]
    assert Storage.EXTERNAL in kinds["external"]
    assert Storage.CONSTANT not in kinds["external"]
    assert read_program(folder / "named_data.pte").named_data
    stacks = [read_program(folder / f"{name}.pte").methods[0].stacks for name in NAMES]
    assert [table is not None for table in stacks] == [True, False, True, True, False, False]


def test_source_lines_name_the_call_in_the_model_first(folder: Path) -> None:
    stacks = read_program(folder / "constants.pte").methods[0].stacks
    assert stacks is not None
    found = [stacks.frames_of(row) for row in range(len(stacks))]
    outer = {frames[0].file for frames in found}
    assert {Path(file).name for file in outer} == {"storage_maker.py"}
    assert any(len(frames) > 1 and frames[-1].file not in outer for frames in found)


def test_external_data_is_what_executorch_reads(folder: Path) -> None:
    program, theirs = read_program(folder / "external.pte"), found_in(folder, "external")
    assert list(theirs["external"])
    names = set()
    for file, entries in theirs["external"].items():
        data = read_tensor_data(folder / file)
        ours = [
            [
                named.key,
                int(data.scalar_type[row]),
                list(data.shape_of(row)),
                digest(data.bytes_of(row)),
            ]
            for row, named in enumerate(data.named)
        ]
        assert ours == entries
        names |= {named.key for named in data.named}
    specs = program.methods[0].values.tensors
    wanted = {specs.name_of(row) for row in range(len(specs)) if specs.external[row]}
    assert wanted
    assert wanted <= names


def values_of(cases: BundledCases, case: int, expected: bool) -> list[Any]:
    """Our values of a test case in the words of storage_maker."""
    table = cases.values
    found: list[Any] = []
    for row in cases.values_of(case, expected=expected).tolist():
        if table.kind[row] == CaseValueKind.TENSOR:
            order = table.dim_order[table.dims[row] : table.dims[row + 1]].tolist()
            shape = list(table.shape_of(row))
            scalar_type = int(table.scalar_type[row])
            found.append([scalar_type, shape, order, digest(cases.tensor_data(row))])
        elif table.kind[row] == CaseValueKind.DOUBLE:
            found.append(float(table.real[row]))
        else:
            found.append(int(table.integer[row]))
    return found


def test_the_cases_of_a_bundled_program_are_what_executorch_reads(folder: Path) -> None:
    cases = read_bundled_cases(folder / "bundle.bpte")
    assert cases is not None
    theirs = found_in(folder, "bundle")["cases"]
    assert theirs
    assert [
        [cases.method[case], values_of(cases, case, False), values_of(cases, case, True)]
        for case in range(len(cases))
    ] == theirs
    assert read_bundled_cases(folder / "constants.pte") is None
    assert [m.name for m in read_program(folder / "bundle.bpte").methods] == ["forward"]
