"""Inside XNNPACK on real runs: the graphs as ExecuTorch built them, and who every event is.

`make oracle` tries every model in float and in int8, which takes minutes.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from oracle.makers import run_maker
from oracle.xnnpack_events import fits

from etscope.etdump import xnnpack_schema as schema
from etscope.etdump.columns import Ints
from etscope.etdump.program import read_program
from etscope.etdump.reader import read_etdump
from etscope.etdump.xnnpack import XnnGraph, read_xnnpack
from etscope.inspector.backends import attribute, delegate_operations
from etscope.inspector.backends.operations import Attribution, Confidence, Operations

MODELS = ("convolutions", "mobile", "vision", "lstm", "gru", "unet", "elements")
#: ExecuTorch takes ten seconds and more to lower one model: those that differ most.
SOME = ("convolutions_int8", "elements_fp32")
ALL = [f"{name}_{mode}" for name in MODELS for mode in ("fp32", "int8")] + ["vision_dynamic"]
CASES = ALL if os.environ.get("ETSCOPE_ORACLE") == "all" else SOME

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.timeout(1800),  # the first test exports and runs the models
    pytest.mark.skipif(find_spec("executorch") is None, reason="executorch is not installed"),
]


class Delegate(NamedTuple):
    graph: XnnGraph
    operations: Operations
    events: list[str]
    found: Attribution
    spent: Ints  # ticks per event, over all inferences


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_maker("xnnpack_maker", tmp_path_factory.mktemp("xnnpack"), *CASES)


def delegates(folder: Path, case: str) -> Iterator[Delegate]:
    program, trace = read_program(folder / f"{case}.pte"), read_etdump(folder / f"{case}.etdp")
    method, shape, runs = program.method("forward"), trace.shapes[-1], trace.runs_of_shape[-1]
    for row in range(len(method.instructions)):
        operations = delegate_operations(program, "forward", row)
        if operations is None:
            continue
        mine = np.flatnonzero((shape.delegate_name >= 0) & (shape.instruction == row))
        events = [trace.strings[name] for name in shape.delegate_name[mine].tolist()]
        at = trace.runs.first_event[runs][:, None] + mine
        spent = (trace.end[at] - trace.start[at]).sum(axis=0).astype(np.int64)
        blob = program.blob(method.delegates[int(method.instructions.callee[row])])
        found = attribute(events, operations)
        yield Delegate(read_xnnpack(blob), operations, events, found, spent)


def facts_of(folder: Path, case: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"{case}.json").read_text())
    return found


def our_facts(graph: XnnGraph) -> dict[str, Any]:
    nodes = graph.nodes
    return {
        "inputs": graph.inputs.tolist(),
        "outputs": graph.outputs.tolist(),
        "values": graph.values.quantized.tolist(),
        "nodes": [
            {
                "kind": nodes.name(row),
                "handle": int(nodes.handle[row]),
                "read": nodes.input[nodes.inputs[row] : nodes.inputs[row + 1]].tolist(),
                "written": nodes.output[nodes.outputs[row] : nodes.outputs[row + 1]].tolist(),
                "kernel": nodes.kernel[row].tolist(),
                "range": np.nan_to_num([nodes.low[row], nodes.high[row]], nan=-7.5).tolist(),
            }
            for row in range(len(nodes))
        ],
    }


def their_facts(graph: dict[str, Any]) -> dict[str, Any]:
    return {
        "inputs": graph["inputs"],
        "outputs": graph["outputs"],
        "values": [kind == "XNNQuantizedTensorValue" for kind in graph["values"]],
        "nodes": [their_node(node) for node in graph["nodes"]],
    }


def their_node(node: dict[str, Any]) -> dict[str, Any]:
    kind, fields = node["kind"].removeprefix("XNN"), node["fields"]
    read = [
        fields[name]
        for name in fields
        if name.endswith("_id") and "output" not in name and fields[name] != schema.NO_VALUE
    ]
    if kind.startswith("Concatenate"):
        read = read[: int(kind[-1])]
    sides = ("kernel_height", "kernel_width"), ("pooling_height", "pooling_width")
    kernel = [[fields[high], fields[wide]] for high, wide in sides if high in fields]
    limits = node["range"] and [float(node["range"][f"output_{end}"]) for end in ("min", "max")]
    return {
        "kind": kind,
        "handle": -1 if node["handle"] == schema.NO_HANDLE else node["handle"],
        "read": read,
        "written": [fields[name] for name in fields if re.match(r"output_.*id|output_id", name)],
        "kernel": kernel[0] if kernel else [0, 0],
        "range": np.nan_to_num(limits).tolist() if limits else [-7.5, -7.5],
    }


@pytest.mark.parametrize("case", CASES)
def test_graphs_are_those_that_executorch_wrote(folder: Path, case: str) -> None:
    ours = [our_facts(delegate.graph) for delegate in delegates(folder, case)]
    theirs = [their_facts(graph) for graph in facts_of(folder, case)["graphs"]]
    # Delegates that read the same are stored once and are built in any order.
    assert sorted({json.dumps(graph) for graph in ours}) == sorted(
        {json.dumps(graph) for graph in theirs}
    )


@pytest.mark.parametrize("case", CASES)
def test_every_event_finds_an_operator_of_its_kind(folder: Path, case: str) -> None:
    operators = facts_of(folder, case)["operators"]
    right = whole = 0
    wrong = []
    for delegate in delegates(folder, case):
        found, own = delegate.found, ~delegate.operations.inserted
        for event, row, handle, spent in zip(
            delegate.events,
            found.operation.tolist(),
            found.handle.tolist(),
            delegate.spent.tolist(),
            strict=True,
        ):
            known = operators.get(str(handle), [])
            # What the exporter inserted is in no graph; it belongs to one that is.
            good = bool(known) if row >= 0 and not own[row] else fits(event, known)
            wrong += [] if good else [(event, handle, known)]
            right, whole = right + (spent if good else 0), whole + spent
    if case.endswith("fp32"):
        assert not wrong
    assert right >= 0.95 * whole, wrong


@pytest.mark.parametrize("case", CASES)
def test_events_and_handles_go_in_one_order(folder: Path, case: str) -> None:
    for delegate in delegates(folder, case):
        rows = delegate.found.operation
        assert (rows >= 0).all()
        assert (np.diff(rows) > 0).all()
        assert (delegate.found.confidence >= Confidence.ALIGNED).all()
        left = np.setdiff1d(np.arange(len(delegate.operations)), rows)
        # Nothing but activations and conversions goes without an event.
        assert {delegate.operations.kind[row] for row in left.tolist()} <= {"Clamp", "Convert"}
        assert (delegate.spent % 1000 == 0).all()
