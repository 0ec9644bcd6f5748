"""Saving the ETRecord of an export, whole or in part: it must never cost the capture.

ExecuTorch 1.5 cannot save a graph in which the body of a loop or a branch holds
a tensor, and it puts one there for each plain number in an expression: `x * 2`.
Such numbers are written as `aten.full` first. What still cannot be saved is
left out, and the rest is kept.
"""

from __future__ import annotations

import io
import json
import operator
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch._subclasses import FakeTensor
from torch.fx import GraphModule, Node

from etscope.devtools.capture.executorch_export import reason_of
from etscope.devtools.capture.paths import make_record_portable
from etscope.devtools.extras import require
from etscope.etdump.record_archive import MARKER
from etscope.etdump.record_members import COUNTS, DELEGATES, EDGE, EXPORTED, GRAPH_ID, HANDLES
from etscope.inspector.wording import counted

if TYPE_CHECKING:
    from torch.export import ExportedProgram

_SIDE_FILES = ("state_dict", "constants", "example_inputs")


class SavedRecord(NamedTuple):
    """What became of a record. `path` is None where nothing of it could be saved."""

    path: Path | None
    lost: tuple[str, ...]  # what of it is missing, in words
    notes: tuple[str, ...]

    @property
    def explains_all(self) -> bool:
        """Whether each method has its edge program, and with it its source lines."""
        return self.path is not None and not any(EDGE in part for part in self.lost)


def save_record(
    manager: Any, extras: dict[str, ExportedProgram], example: list[object], path: Path
) -> SavedRecord:
    """Save the ETRecord of an ExecutorchProgramManager; whatever happens, it returns.

    Args:
        extras: further graphs, by name.
        example: one set of inputs of "forward".
    """
    try:
        record = manager.get_etrecord()
        record.add_extra_export_modules(extras)
        record.update_representative_inputs(example)
        notes = _spell_out_numbers(record)
        try:
            record.save(path)
            lost: tuple[str, ...] = ()
        except Exception as why:
            lost = _save_parts(record, path) or (reason_of(why),)
        make_record_portable(path)
    except Exception as why:
        path.unlink(missing_ok=True)
        return SavedRecord(None, (reason_of(why),), ())
    return SavedRecord(path, lost, notes)


def _edge_programs(record: Any) -> dict[str, ExportedProgram]:
    found = record.edge_dialect_program
    # One program stands alone, and ETRecord calls it "forward" whatever its method is.
    return dict(found) if isinstance(found, dict) else {"forward": found}


def _spell_out_numbers(record: Any) -> tuple[str, ...]:
    """Replace the tensors in bodies that hold one number; the record has copies of its own."""
    full = require("executorch.exir.dialects._ops").ops.edge.aten.full.default
    count = 0
    for program in _edge_programs(record).values():
        for module in program.graph_module.modules():
            if isinstance(module, GraphModule):
                for node, number in list(_numbers(module)):
                    _replace(module, node, number, full)
                    count += 1
    return (numbers_said(count),) if count else ()


def numbers_said(count: int) -> str:
    """The note on numbers that were spelled out."""
    numbers, verb = counted(count, "number"), "is" if count == 1 else "are"
    return f"{numbers} in loops or branches {verb} written as aten.full in the ETRecord."


def _numbers(module: GraphModule) -> Iterator[tuple[Node, torch.Tensor]]:
    for node in module.graph.find_nodes(op="get_attr"):
        found = operator.attrgetter(str(node.target))(module)
        real = isinstance(found, torch.Tensor) and not isinstance(found, FakeTensor)
        if real and found.numel() == 1:
            yield node, found


def _replace(module: GraphModule, node: Node, number: torch.Tensor, full: Any) -> None:
    graph = module.graph
    with graph.inserting_before(node):
        args = (list(number.shape), number.item())
        made = graph.call_function(full, args, {"dtype": number.dtype})
    made.meta = {"val": number.detach(), **node.meta}
    node.replace_all_uses_with(made)
    graph.erase_node(node)


def _cause(why: BaseException) -> BaseException:
    """What is behind an exception: the serializer's own begin with a print of the graph."""
    while why.__cause__ is not None:
        why = why.__cause__
    return why


def _save_parts(record: Any, path: Path) -> tuple[str, ...]:
    """Write what can be written of a record, in ETRecord's format; what is missing."""
    serialize = require("executorch.exir.serde.serialize").serialize
    programs = {EXPORTED: record.exported_program} if record.exported_program else {}
    programs |= {f"{EDGE}/{name}": each for name, each in _edge_programs(record).items()}
    programs |= dict(record.graph_map or {})
    lost = []
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(MARKER, b"")
        for name, program in programs.items():
            try:
                found = serialize(program)
            except Exception as why:
                lost.append(f"{name} ({reason_of(_cause(why))})")
                continue
            archive.writestr(name, found.exported_program)
            for kind in _SIDE_FILES:
                archive.writestr(f"{name}_{kind}", getattr(found, kind))
        for name, value in (
            (HANDLES, record._debug_handle_map),
            (DELEGATES, record._delegate_map),
            (COUNTS, record._instruction_id_to_num_outs_map),
            (GRAPH_ID, record.export_graph_id),
        ):
            archive.writestr(name, json.dumps(value))
        inputs = io.BytesIO()
        torch.save(record._representative_inputs, inputs)
        archive.writestr("representative_inputs", inputs.getvalue())
    return tuple(lost)
