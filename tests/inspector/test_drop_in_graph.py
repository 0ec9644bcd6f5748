"""What events say of the graph: the fields of executorch.devtools, and ours."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from joined_trace import RUN, events_of, opened
from record_builder import looping_program, record
from traces import event, inference, trace_of_runs

from etscope.etdump.writer import write_etdump
from etscope.inspector import Event, Inspector
from etscope.inspector.node_texts import called

TRACE_TEXT = (
    'File "m.py", line 12, in forward\n    x = self.layers[0](x)\n'
    '  File "m.py", line 5, in forward\n    return self.conv(x)\n           ^^^^^^^^^'
)


def test_an_operator_has_the_nodes_of_its_debug_handle(tmp_path: Path) -> None:
    found = events_of(opened(tmp_path))["native_call_convolution.out"]
    assert found.debug_handles == 1
    assert found.op_types == ["aten.convolution.default"]
    assert found.stack_traces == {"aten_convolution_default_": TRACE_TEXT}
    assert (found.num_outputs, found.delegate_backend_name) == (1, None)


def test_the_call_around_an_operator_has_the_same(tmp_path: Path) -> None:
    events = events_of(opened(tmp_path))
    kernel, call = events["native_call_convolution.out"], events["OPERATOR_CALL"]
    assert call.debug_handles == kernel.debug_handles
    assert call.op_types == kernel.op_types
    assert call.module_hierarchy == kernel.module_hierarchy


def snapshot(inspector: Inspector, events: list[Event]) -> Any:
    """All that events and trees say of the graph, as they say it now."""
    graphs = inspector.op_graph_dict or {}
    forward = [node for graph in graphs.values() for node in graph.elements[1].elements]
    rows = [[event.debug_handles, event.op_types, event.stack_traces] for event in events]
    hierarchies = [event.module_hierarchy for event in events]
    return copy.deepcopy((rows, hierarchies, [node.metadata for node in forward]))


@pytest.mark.parametrize("number", range(len(RUN)))
@pytest.mark.parametrize("is_joined", [True, False])
def test_what_one_event_says_is_its_own(tmp_path: Path, number: int, is_joined: bool) -> None:
    handles = {"forward": {"0": [1], "2": [2, 2, 3]}}
    inspector = opened(tmp_path, record(debug_handle_map=handles))
    if not is_joined:
        inspector = Inspector(tmp_path / "x.etdp")
    events = [event for block in inspector.event_blocks for event in block.events]
    changed = inspector.event_blocks[1].events[number]
    others = [event for event in events if event is not changed]
    before = snapshot(inspector, others)
    changed.op_types.append("mine")
    changed.stack_traces["mine"] = None
    if isinstance(changed.debug_handles, list):
        changed.debug_handles.append(99)
    for hierarchy in changed.module_hierarchy.values():
        hierarchy["mine"] = ("", "")
    changed.module_hierarchy["mine"] = {}
    assert snapshot(inspector, others) == before


def test_modules_are_named_even_where_the_export_wrote_the_numbers_of_objects(
    tmp_path: Path,
) -> None:
    found = events_of(opened(tmp_path))["native_call_convolution.out"]
    assert found.module_hierarchy == {
        "aten_convolution_default_": {
            "L__self__": ("", "m.Net"),
            "L__self__layers.0@1": ("layers.0", "m.Block"),
            "L__self__layers.0.conv@1": ("layers.0.conv", "torch.nn.Conv2d"),
        }
    }


def test_a_delegate_call_has_the_nodes_of_all_its_handles_as_often_as_they_are_named(
    tmp_path: Path,
) -> None:
    found = events_of(opened(tmp_path))["DELEGATE_CALL"]
    assert found.debug_handles == [2, 2, 3]
    assert found.op_types == ["aten.topk.default"] * 3 + ["aten.cat.default"]
    assert list(found.stack_traces.items()) == [
        ("aten_topk_default_", TRACE_TEXT),
        ("aten_cat_default_", None),
    ]
    assert found.module_hierarchy["aten_cat_default_"] == {}
    assert (found.num_outputs, found.delegate_backend_name) == (2, "Backend")
    assert not found.is_delegated_op


@pytest.mark.parametrize(("name", "handles"), [("0", [2]), ("sub", [2, 3])])
def test_what_runs_inside_a_delegate_has_the_handles_of_its_id(
    tmp_path: Path, name: str, handles: list[int]
) -> None:
    found = events_of(opened(tmp_path))[name]
    assert found.debug_handles == handles
    assert (found.num_outputs, found.delegate_backend_name) == (2, "Backend")
    assert found.mapped_by == "delegate map"


def test_an_id_that_only_contains_one_of_the_map_is_not_that_one(tmp_path: Path) -> None:
    found = events_of(opened(tmp_path))["sub #10"]
    assert (found.debug_handles, found.op_types) == (None, [])
    assert (found.mapped_by, found.confidence) == ("not mapped", "none")
    assert found.reason
    assert found.delegate_backend_name == "Backend"


def test_events_around_the_instructions_have_none(tmp_path: Path) -> None:
    inspector = opened(tmp_path)
    found = events_of(inspector)["Method::execute"]
    assert (found.debug_handles, found.op_types, found.num_outputs) == (None, [], 1)
    assert (found.mapped_by, found.reason) == ("no operator", "around the instructions")
    assert inspector.event_blocks[0].events[0].mapped_by == "no operator"


def test_ours(tmp_path: Path) -> None:
    events = events_of(opened(tmp_path))
    kernel, call = events["native_call_convolution.out"], events["DELEGATE_CALL"]
    assert (kernel.node, kernel.op) == ("aten_convolution_default", "aten.convolution.default")
    assert (kernel.module, kernel.source) == ("layers.0.conv", "m.py:5")
    assert (kernel.mapped_by, kernel.confidence) == ("debug handle", "exact")
    assert (call.node, call.op, call.mapped_by) == (None, None, "whole delegate")


def test_what_has_no_handle_is_filled_from_the_join(tmp_path: Path) -> None:
    dump = trace_of_runs(
        inference(
            event("native_call_relu.out", 0, 1, instruction=0),
            event("native_call_sin.out", 2, 3, instruction=1),
            event("native_call_relu.out", 4, 5, instruction=2),
        )
    )
    write_etdump(dump, tmp_path / "x.etdp")
    handles = {"forward": {"0": 1, "2": 6}}
    given = record(
        **{
            "edge_dialect_exported_program/forward": looping_program(),
            "debug_handle_map": handles,
            "delegate_map": {},
            "exported_program": None,
        }
    )
    inspector = Inspector(tmp_path / "x.etdp", etrecord=given)
    inside = inspector.event_blocks[0].events[1]
    assert inside.op_types == ["sin.default"]
    assert inside.node is not None
    assert inside.node.startswith("map_impl/")
    assert list(inside.stack_traces) == [f"{inside.node}_"]
    assert inside.debug_handles is None


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("executorch.exir.dialects.edge.ops.aten.add.Tensor", "aten.add.Tensor"),
        ("torch.ops.aten.sym_size.int", "sym_size.int"),
        ("torch.ops.higher_order.cond", "cond"),
        ("_operator.mul", "mul"),
        ("torch.sym_float", "sym_float"),
    ],
)
def test_operators_are_called_as_upstream_calls_them(target: str, name: str) -> None:
    assert called(target) == name


OURS = ["node", "op", "module", "source", "mapped_by", "confidence", "reason"]


def test_our_columns_come_last_and_only_with_something_to_join(tmp_path: Path) -> None:
    frame = opened(tmp_path).to_dataframe()
    assert list(frame.columns)[-8:] == ["start_time", *OURS]
    row = frame[frame["event_name"] == "native_call_convolution.out"].iloc[0]
    assert (row["module"], row["source"], row["mapped_by"]) == (
        "layers.0.conv",
        "m.py:5",
        "debug handle",
    )
    assert frame["delegate_backend_name"][0] is None
    bare = Inspector(tmp_path / "x.etdp").to_dataframe()
    assert list(bare.columns)[-1] == "start_time"


def test_metadata_stays_beside_start_time(tmp_path: Path) -> None:
    inspector = opened(tmp_path, delegate_metadata_parser=lambda blobs: {"kernel": len(blobs)})
    frame = inspector.to_dataframe(include_delegate_debug_data=True)
    assert list(frame.columns)[-9:] == ["start_time", "kernel", *OURS]


def test_an_event_alone_has_the_same_columns(tmp_path: Path) -> None:
    row = events_of(opened(tmp_path))["native_call_convolution.out"].asdict()
    assert row["op_types"] == ["aten.convolution.default"]
    assert row["source"] == "m.py:5"


def test_five_operators_or_more_are_abbreviated_in_a_cell(tmp_path: Path) -> None:
    handles = {"forward": {"0": 1, "2": [2, 2, 2, 3]}}
    inspector = opened(tmp_path, record(debug_handle_map=handles))
    assert len(events_of(inspector)["DELEGATE_CALL"].op_types) == 5
    frame = inspector.to_dataframe()
    cells = frame["op_types"][frame["event_name"] == "DELEGATE_CALL"].tolist()
    assert cells == ["['aten.topk.default', 'aten.topk.default' ... 'aten.cat.default'] (5 total)"]


def test_the_printed_table_shows_module_line_and_confidence(tmp_path: Path) -> None:
    opened(tmp_path).save_data_to_tsv(tmp_path / "x.tsv")
    header, *rows = (tmp_path / "x.tsv").read_text().splitlines()
    assert header.split("\t")[-4:] == ["module", "source", "mapped_by", "confidence"]
    assert any("layers.0.conv\tm.py:5\tdebug handle\texact" in row for row in rows)


def test_the_graphs_as_trees(tmp_path: Path) -> None:
    graphs = opened(tmp_path).op_graph_dict
    assert graphs is not None
    assert list(graphs) == ["edge_dialect_graph_module", "extra/forward"]
    inputs, forward, outputs = graphs["edge_dialect_graph_module"].elements
    assert [node.name for node in inputs.elements][:3] == ["w_", "count_", "x_"]
    assert inputs.elements[0].dtype == "float32"
    first = forward.elements[0]
    assert (first.name, first.op) == ("aten_convolution_default_", "aten.convolution.default")
    assert [node.name for node in first.inputs] == ["x_", "w_"]
    assert first.output_shapes == [["s0", 4]]
    assert first.metadata["debug_handle"] == 1
    assert first.metadata["stack_trace"] == TRACE_TEXT
    assert [node.name for node in outputs.elements[0].inputs] == [
        "aten_cat_default_",
        "aten_topk_default_",
    ]


def test_the_calls_of_a_module_in_a_graph_of_their_own(tmp_path: Path) -> None:
    graphs = opened(tmp_path, enable_module_hierarchy=True).op_graph_dict
    assert graphs is not None
    last = graphs["edge_dialect_graph_module"].elements[1].elements[-1]
    assert (last.graph_name, last.metadata) == ("layers.0.conv", {"module_type": "torch.nn.Conv2d"})
    assert [node.name for node in last.elements] == [
        "aten_convolution_default_",
        "aten_topk_default_",
    ]
