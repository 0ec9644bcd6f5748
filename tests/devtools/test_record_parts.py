"""ETRecords of loops and branches: whole where that is possible, else what can be had."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from etscope.devtools.capture import record_parts
from etscope.devtools.capture.choice import CaptureRequest
from etscope.devtools.capture.executorch_export import Exported, export_program
from etscope.devtools.capture.record_parts import numbers_said, save_record
from etscope.devtools.capture.session import capture
from etscope.etdump.bundle import Bundle, read_bundle
from etscope.etdump.program import read_program
from etscope.etdump.reader import read_etdump
from etscope.etdump.record import Record, read_record

MODELS = """
import torch
from functorch.experimental.control_flow import map


class Chosen(torch.nn.Module):
    def forward(self, x):
        yes = lambda y: torch.sin(y) * 2
        no = lambda y: torch.cos(y) - 1
        return torch.cond(x.sum() > 0, yes, no, (x.abs(),))


class Repeated(torch.nn.Module):
    def forward(self, x):
        return map(lambda row, first: torch.sin(row * first) + row, x.abs(), x[0])


def chosen():
    return Chosen(), (torch.ones(3, 4),)


def repeated():
    return Repeated(), (torch.ones(3, 4),)
"""


@pytest.fixture(scope="module")
def folder(needs_executorch: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("flow")
    (made / "flow.py").write_text(MODELS)
    return made


def captured(folder: Path, name: str) -> Bundle:
    before = Path.cwd()
    os.chdir(folder)
    try:
        request = CaptureRequest(
            f"flow.py:{name}", folder / name, "executorch", "portable", iterations=1, warmup=0
        )
        return read_bundle(capture(request))
    finally:
        os.chdir(before)


@pytest.fixture(scope="module")
def branches(folder: Path) -> Bundle:
    return captured(folder, "chosen")


def record_of(bundle: Bundle) -> Record:
    assert bundle.record is not None
    return read_record(bundle.record)


def operators(record: Record) -> list[str | None]:
    """The operators in bodies."""
    graph = record.edge_program("forward")
    inside = (graph.nodes.scope >= 0) & (graph.nodes.op >= 0)
    return [graph.text(op) for op in graph.nodes.op[inside].tolist()]


def test_one_number_is_written_as_one() -> None:
    assert numbers_said(1).startswith("1 number in loops or branches is written as")


def test_a_model_with_branches_has_a_whole_record(branches: Bundle) -> None:
    record = record_of(branches)

    said = "2 numbers in loops or branches are written as aten.full in the ETRecord."
    assert said in branches.manifest.notes
    found = operators(record)
    assert [found[0], found[3], found[4], found[7]] == [
        *("aten.sin.default", "aten.mul.Tensor", "aten.cos.default", "aten.sub.Tensor")
    ]
    assert found.count("aten.full.default") == 2
    assert (record.exported_nodes("forward") >= 0).all()
    assert len(record.debug_handles) > 0
    assert branches.trace is not None
    assert "native_call_sin.out" in read_etdump(branches.trace).strings


def test_a_model_with_a_loop_has_a_whole_record(folder: Path) -> None:
    record = record_of(captured(folder, "repeated"))

    assert operators(record) == ["aten.mul.Tensor", "aten.sin.default", "aten.add.Tensor"]
    assert (record.exported_nodes("forward") >= 0).all()


@pytest.mark.oracle
def test_the_real_reader_takes_the_record(branches: Bundle) -> None:
    devtools = pytest.importorskip("executorch.devtools", reason="executorch is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = devtools.parse_etrecord(str(branches.record)).edge_dialect_program
    program = theirs["forward"] if isinstance(theirs, dict) else theirs

    parts = [part for name, part in program.graph_module.named_modules() if name]
    named = [str(node.target) for part in parts for node in part.graph.nodes]
    assert len(parts) == 2
    assert sum("aten.full.default" in name for name in named) == 2


class Chosen(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> Any:
        return torch.cond(x.sum() > 0, lambda y: y * 2, lambda y: y - 1, (x.abs(),))


@pytest.fixture(scope="module")
def in_parts(folder: Path) -> Exported:
    """The export of a program whose numbers are left as they are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record_parts, "_spell_out_numbers", lambda record: ())
        x = torch.ones(3, 4)
        program = torch.export.export(Chosen(), (x,))
        return export_program({"forward": program}, {"forward": [(x,)]}, folder)


def test_what_can_be_saved_is_kept(in_parts: Exported) -> None:
    assert in_parts.record is not None
    record = read_record(in_parts.record)

    assert record.methods == ()
    assert record.exported_program is not None
    assert "cond/true_graph_0/mul" in record.exported_program.node_of_name
    assert len(record.debug_handles) > 0
    assert record.export_graph_id is not None
    assert {tensors.kind for tensors in record.tensors} == {
        *("state_dict", "constants", "example_inputs", "representative_inputs")
    }
    assert in_parts.notes == (
        (
            "The ETRecord is not whole, because ExecuTorch could not save: "
            "edge_dialect_exported_program/forward (SerializeError: getattr nodes containing "
            "tensors should not appear in the graph)."
        ),
        "The program itself carries source lines, as far as ExecuTorch writes them.",
    )


def test_the_program_carries_what_the_record_does_not(in_parts: Exported) -> None:
    method = read_program(in_parts.program).methods[0]
    assert method.stacks is not None

    files = {frame.file for row in range(len(method.stacks))
             for frame in method.stacks.frames_of(row)}  # fmt: skip
    assert Path(__file__).name in {Path(str(file)).name for file in files}
    assert not any(Path(str(file)).is_absolute() for file in files)
    places = [os.fsencode(path) for path in (Path(np.__file__).parents[1], Path.cwd())]
    data = in_parts.program.read_bytes()
    assert not [place for place in places if place in data]


class Manager:
    """An exporter's result that has no record to give."""

    def get_etrecord(self) -> Any:
        raise RuntimeError("none was generated\nsecond line")


def test_a_record_that_cannot_be_had_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "record.etrecord"
    saved = save_record(Manager(), {}, [np.zeros(1)], path)

    assert not saved.explains_all
    assert saved == (None, ("RuntimeError: none was generated",), ())
    assert not path.exists()
