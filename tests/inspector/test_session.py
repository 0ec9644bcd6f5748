"""The Inspector: arguments and rules of executorch.devtools, whose users need not change a line."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
from traces import event, inference, logged, method_load, tensor, trace_of_runs

from etscope.etdump.errors import EmptyTrace, Truncated, UsageError
from etscope.etdump.writer import write_etdump
from etscope.inspector import Event, EventBlock, Inspector, PerfData, TimeScale

CALL = (
    logged(tensor(2), name="add", instruction=0),
    event("native_call_add.out", 2000, 5000, instruction=0),
    event("OPERATOR_CALL", 1000, 6000, instruction=0),
    event("conv", 7000, 8000, instruction=1, delegate="conv #1"),
    event("DELEGATE_CALL", 7000, 9000, instruction=1),
    event("Method::execute", 0, 10_000),
)
TRACE = trace_of_runs(method_load(event("Method::init", 0, 500)), inference(*CALL))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    target = tmp_path / "trace.any_suffix"
    write_etdump(TRACE, target)
    return target


def test_arguments_and_defaults_are_those_of_executorch() -> None:
    parameters = inspect.signature(Inspector).parameters
    positional = {n: p.default for n, p in parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD}
    assert list(positional.items()) == [
        ("etdump_path", None),
        ("etdump_data", None),
        ("etrecord", None),
        ("source_time_scale", TimeScale.NS),
        ("target_time_scale", TimeScale.MS),
        ("debug_buffer_path", None),
        ("delegate_metadata_parser", None),
        ("delegate_time_scale_converter", None),
        ("enable_module_hierarchy", False),
        ("reference_graph_name", "edge_dialect_graph_module"),
    ]


@pytest.mark.parametrize("method", ["to_dataframe", "print_data_tabular", "save_data_to_tsv"])
def test_tables_take_the_same_two_switches(method: str) -> None:
    parameters = inspect.signature(getattr(Inspector, method)).parameters
    assert parameters["include_units"].default is True
    assert parameters["include_delegate_debug_data"].default is False


def test_a_block_shows_no_units_unless_asked() -> None:
    assert inspect.signature(EventBlock.to_dataframe).parameters["include_units"].default is False


@pytest.mark.parametrize("as_type", [str, Path])
def test_a_path_of_either_type(path: Path, as_type: type) -> None:
    opened = Inspector(as_type(path))
    assert [block.name for block in opened.event_blocks] == ["Default", "Execute"]


def test_bytes_instead_of_a_path(path: Path) -> None:
    opened = Inspector(etdump_data=path.read_bytes())
    assert len(opened.event_blocks) == 2


@pytest.mark.parametrize("error", [ValueError, UsageError])
def test_exactly_one_source(path: Path, error: type[Exception]) -> None:
    with pytest.raises(error, match="exactly one of etdump_path and etdump_data"):
        Inspector()
    with pytest.raises(error, match="exactly one"):
        Inspector(path, path.read_bytes())


def test_no_bytes_are_a_source_that_is_empty() -> None:
    with pytest.raises(EmptyTrace):
        Inspector(etdump_data=b"")


def test_cycles_on_one_side_are_refused_before_anything_is_read() -> None:
    with pytest.raises(RuntimeError, match="cannot convert"):
        Inspector("not there", source_time_scale=TimeScale.CYCLES)


def test_without_a_record_nothing_is_said_of_graphs(path: Path) -> None:
    opened = Inspector(path)
    event = opened.event_blocks[1].events[0]
    assert (event.op_types, event.stack_traces, event.module_hierarchy) == ([], {}, {})
    assert (event.debug_handles, event.delegate_backend_name) == (None, None)
    assert (event.node, event.source, event.mapped_by) == (None, None, "not mapped")
    assert event.reason == "there is no record and no program"
    assert opened.op_graph_dict is None


def test_figures_are_in_the_target_unit(path: Path) -> None:
    def execute(**scales: Any) -> PerfData:
        found = Inspector(path, **scales).event_blocks[1].events[-1].perf_data
        assert found is not None
        return found

    assert execute().raw == [0.01]
    assert execute(target_time_scale=TimeScale.US).p50 == 10.0
    assert execute(source_time_scale=TimeScale.US, target_time_scale=TimeScale.S).avg == 0.01
    cycles = {"source_time_scale": TimeScale.CYCLES, "target_time_scale": TimeScale.CYCLES}
    assert execute(**cycles).max == 10_000.0


def test_a_block_knows_both_units(path: Path) -> None:
    block = Inspector(path, source_time_scale=TimeScale.US).event_blocks[0]
    assert (block.source_time_scale, block.target_time_scale) == (TimeScale.US, TimeScale.MS)
    assert block.bundled_input_index == -1
    assert block.reference_output is None


def test_a_converter_is_for_delegates_only(path: Path) -> None:
    opened = Inspector(path, delegate_time_scale_converter=lambda name, ticks: ticks * 2)
    raw = {event.name: event.samples.tolist() for event in opened.event_blocks[1].events}
    assert raw["conv #1"] == [2000.0]
    assert raw["DELEGATE_CALL"] == [0.002]


def test_events_have_the_attributes_of_executorch(path: Path) -> None:
    events = Inspector(path).event_blocks[1].events
    assert all(isinstance(event, Event) for event in events)
    names = ["add", "add", "conv #1", "DELEGATE_CALL", "Method::execute"]
    assert [event.name for event in events] == names
    delegated = events[2]
    assert delegated.is_delegated_op
    assert delegated.delegate_debug_identifier == "conv #1"
    assert delegated._instruction_id == 1
    assert delegated.start_time == [7000]
    assert delegated.num_outputs == 1


def test_a_damaged_file_gives_up_what_is_readable(path: Path) -> None:
    data = path.read_bytes()[:-8]
    with pytest.raises(Truncated):
        Inspector(etdump_data=data)
    opened = Inspector(etdump_data=data, strict=False)
    assert opened.trace.losses
    assert opened.event_blocks


def test_what_blocks_and_events_look_like(path: Path) -> None:
    block = Inspector(path).event_blocks[1]
    assert repr(block) == "EventBlock(name='Execute', runs=1, events=5)"
    assert repr(block.events[0]) == "Event(name='add', instruction=0)"
