"""The time of a module, and the events of an operator: each operator once."""

from __future__ import annotations

import warnings
from pathlib import Path

import joined_models
import pytest
from joined_trace import events_of, opened
from project import ROOT
from record_builder import edge_program, record
from traces import event, inference, trace_of_runs

from etscope.etdump.program_graph import Module
from etscope.etdump.writer import write_etdump
from etscope.inspector import Inspector
from etscope.inspector.module_totals import is_inside

SAMPLES = ROOT / "sample_traces"


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("layers.1", True),
        ("layers.1.conv", True),
        ("layers", True),  # a ModuleList is never called, so it is in no stack
        ("", True),
        ("layer", False),
        ("layers.10", False),
        ("ayers.1", False),
        ("conv", False),
        ("L__self__layers.1", False),  # taken off before
    ],
)
def test_names_match_by_whole_parts_of_the_path(path: str, inside: bool) -> None:
    stack = (Module("", "Net", 0), Module("layers.1", "Block", 0), Module("layers.1.conv", "C", 0))
    assert is_inside(stack, path) is inside


def test_layer_1_is_not_layer_10(tmp_path: Path) -> None:
    graph = edge_program()
    for call in graph["graph_module"]["graph"]["nodes"]:
        stack = call["metadata"].get("nn_module_stack", "")
        call["metadata"]["nn_module_stack"] = stack.replace("layers.0", "layers.10")
    inspector = opened(tmp_path, record(**{"edge_dialect_exported_program/forward": graph}))
    assert inspector.find_total_for_module("layers.10") > 0
    with pytest.warns(UserWarning, match=r"in a module 'layers.1'"):
        assert inspector.find_total_for_module("layers.1") == 0


@pytest.mark.parametrize("name", ["layers.0", "L__self__layers.0", "L__self___layers.0", "layers"])
def test_a_module_is_the_sum_of_its_operators_by_whatever_name(tmp_path: Path, name: str) -> None:
    events = events_of(opened(tmp_path))
    # The kernel, not the call around it; what runs inside the delegate, not the delegate.
    parts = [events[part].perf_data for part in ("native_call_convolution.out", "0", "sub")]
    total = opened(tmp_path).find_total_for_module(name)
    assert total == pytest.approx(sum(part.avg for part in parts if part is not None))


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("_head", "_head"),
        ("_head", "L__self___head"),
        ("_head", "L__self____head"),
        ("head", "L__self__head"),
        ("head", "L__self___head"),
        ("_head.conv", "_head"),
        ("_head.conv", "L__self___head.conv"),
        ("L__self__head", "L__self__head"),
    ],
)
def test_a_private_module_is_found_by_whatever_name(tmp_path: Path, module: str, name: str) -> None:
    graph = joined_models.graph(
        joined_models.call("a", "aten.convolution.default", ["x"], 1, module=module)
    )
    changed = {"edge_dialect_exported_program/forward": graph, "exported_program": None}
    run = inference(event("native_call_convolution.out", 0, 2000, instruction=0))
    write_etdump(trace_of_runs(run), tmp_path / "x.etdp")
    given = record(debug_handle_map={"forward": {"0": 1}}, delegate_map={}, **changed)
    inspector = Inspector(tmp_path / "x.etdp", etrecord=given)
    assert inspector.find_total_for_module(name) == 0.002
    with pytest.warns(UserWarning, match="in a module"):
        assert inspector.find_total_for_module("other") == 0


def test_a_public_module_does_not_stand_for_a_private_one(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="in a module '_layers'"):
        assert opened(tmp_path).find_total_for_module("_layers") == 0


def test_a_delegate_without_ids_counts_where_all_of_it_is(tmp_path: Path) -> None:
    run = inference(event("DELEGATE_CALL", 0, 4000, instruction=2))
    write_etdump(trace_of_runs(run), tmp_path / "x.etdp")
    inspector = Inspector(tmp_path / "x.etdp", etrecord=record())
    assert inspector.find_total_for_module("") == 0.004
    assert inspector.find_total_for_module("layers.0") == 0.004


def test_an_operator_in_a_loop_counts_as_often_as_it_ran(tmp_path: Path) -> None:
    calls = [event("native_call_convolution.out", t, t + 1000, instruction=0) for t in (0, 2000)]
    write_etdump(trace_of_runs(inference(*calls), inference(*calls)), tmp_path / "x.etdp")
    inspector = Inspector(tmp_path / "x.etdp", etrecord=record())
    assert inspector.find_total_for_module("layers.0") == 0.002


def test_an_operator_that_only_its_call_reports_counts_by_that(tmp_path: Path) -> None:
    run = inference(event("OPERATOR_CALL", 0, 3000, instruction=0))
    write_etdump(trace_of_runs(run), tmp_path / "x.etdp")
    inspector = Inspector(tmp_path / "x.etdp", etrecord=record())
    assert inspector.find_total_for_module("layers.0") == 0.003


def test_a_zero_that_is_no_measurement_is_told(tmp_path: Path) -> None:
    inspector = opened(tmp_path)
    with pytest.warns(UserWarning, match="no operator is known to be in a module 'nowhere'"):
        assert inspector.find_total_for_module("nowhere") == 0.0


def test_a_delegate_that_hides_its_modules_is_named() -> None:
    folder = SAMPLES / "convnet_xnnpack.etscope"
    inspector = Inspector(folder / "trace.etdp", etrecord=folder / "record.etrecord")
    with pytest.warns(UserWarning, match="inside its delegates is not known: give program="):
        inspector.find_total_for_module("stem")


@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.etscope")), ids=lambda path: path.stem)
def test_modules_add_up_and_take_no_more_than_the_runs(sample: Path) -> None:
    inspector = Inspector(sample)
    modules = {
        path.partition(".")[0]
        for block in inspector.event_blocks
        for event in block.events
        for hierarchy in event.module_hierarchy.values()
        for path, _ in hierarchy.values()
        if path
    }
    whole = inspector.find_total_for_module("")
    executed = sum(
        event.perf_data.avg
        for block in inspector.event_blocks
        for event in block.events
        if event.name == "Method::execute" and event.perf_data is not None
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a module all of whose nodes were fused
        parts = sum(inspector.find_total_for_module(name) for name in modules)
    assert modules
    assert 0 < parts <= whole * (1 + 1e-9)
    assert whole <= executed


def test_the_events_of_an_operator(tmp_path: Path) -> None:
    found = opened(tmp_path).get_op_list("Execute")
    assert {name: [event.name for event in events] for name, events in found.items()} == {
        "aten.convolution.default": ["native_call_convolution.out"],
        "aten.topk.default": ["0", "sub"],
    }
    assert list(opened(tmp_path).get_op_list("Execute", show_delegated_ops=False)) == [
        "aten.convolution.default"
    ]
    assert opened(tmp_path).get_op_list("Default") == {}
