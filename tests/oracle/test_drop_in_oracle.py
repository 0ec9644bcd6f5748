"""Our Inspector beside the real one with a record: frames, totals, graphs, outputs."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import pytest
from oracle.test_inspector_oracle import assert_columns_equal
from project import ROOT

from etscope.inspector import Inspector, compare_results

_WHY = "the oracle, executorch, is not installed"
devtools = pytest.importorskip("executorch.devtools", reason=_WHY)
real_inspector = pytest.importorskip("executorch.devtools.inspector", reason=_WHY)
torch = pytest.importorskip("torch")

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("ignore:Output Buffer not found:UserWarning"),
    pytest.mark.filterwarnings("ignore:read_binary is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The inplace keyword"),  # pandas, about their code
]

SAMPLES = {path.stem: path for path in sorted((ROOT / "sample_traces").glob("*.etscope"))}
#: The others have methods of other names, which the real Inspector refuses.
FORWARD = [name for name in SAMPLES if name != "two_methods"]
PORTABLE = ["convnet_portable", "many_inputs", "transformer_kv"]


def both(sample: str) -> tuple[Any, Inspector]:
    folder = SAMPLES[sample]
    files: dict[str, Any] = {
        "etdump_path": str(folder / "trace.etdp"),
        "etrecord": str(folder / "record.etrecord"),
    }
    return quietly(devtools.Inspector, **files), Inspector(**files)


def quietly(call: Any, *arguments: Any, **options: Any) -> Any:
    """What executorch gives, without what it warns of on the way."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return call(*arguments, **options)


@pytest.mark.parametrize("sample", FORWARD)
def test_every_column_with_a_record(sample: str) -> None:
    theirs, ours = both(sample)
    for options in ({}, {"include_units": False, "include_delegate_debug_data": True}):
        assert_columns_equal(theirs.to_dataframe(**options), ours.to_dataframe(**options))


@pytest.mark.parametrize("sample", FORWARD)
def test_saved_rows_begin_the_same(sample: str) -> None:
    texts = []
    for inspector in both(sample):
        saved = io.StringIO()
        inspector.save_data_to_tsv(saved)
        texts.append(saved.getvalue().splitlines())
    assert [ours[: len(theirs)] for theirs, ours in zip(*texts, strict=True)] == texts[0]


@pytest.mark.parametrize("sample", PORTABLE)
def test_the_time_of_every_module_of_a_portable_program(sample: str) -> None:
    theirs, ours = both(sample)
    paths = {
        path
        for block in ours.event_blocks
        for event in block.events
        for hierarchy in event.module_hierarchy.values()
        for path, _ in hierarchy.values()
    }
    alone = [path for path in paths if not any(other.startswith(f"{path}_") for other in paths)]
    assert len(alone) > 3
    for path in alone:
        wanted = theirs.find_total_for_module(f"L__self__{path}")
        assert ours.find_total_for_module(path) == pytest.approx(wanted)


def test_differs_a_module_in_a_delegate_takes_its_own_time_only() -> None:
    theirs, _ = both("convnet_xnnpack")
    ours = Inspector(SAMPLES["convnet_xnnpack"])
    modules = ["stem", "pool", "body.0", "body.1", "head"]
    claimed = [theirs.find_total_for_module(f"L__self__{module}") for module in modules]
    assert len(set(claimed)) == 1  # each takes all
    found = [ours.find_total_for_module(module) for module in modules]
    assert 0 < sum(found) <= ours.find_total_for_module("") <= claimed[0]


def test_differs_a_module_is_not_the_one_whose_name_goes_on() -> None:
    theirs, ours = both("transformer_kv")
    feed, norm = (f"layers.0.{name}" for name in ("feed", "feed_norm"))
    parts = [ours.find_total_for_module(name) for name in (feed, norm)]
    assert theirs.find_total_for_module(f"L__self__{feed}") == pytest.approx(sum(parts))
    assert min(parts) > 0


@pytest.mark.parametrize("sample", FORWARD)
def test_the_graphs_as_trees(sample: str) -> None:
    theirs, ours = both(sample)
    assert set(ours.op_graph_dict or {}) == set(theirs.op_graph_dict)
    for name, graph in theirs.op_graph_dict.items():
        mine = (ours.op_graph_dict or {})[name]
        assert [part.graph_name for part in mine.elements] == [p.graph_name for p in graph.elements]
        calls = [node for node in graph.elements[1].elements if hasattr(node, "op")]
        for their_node, our_node in zip(calls, mine.elements[1].elements, strict=True):
            assert our_node.name == their_node.name
            assert our_node.op == their_node.op
            assert our_node.output_shapes == their_node.output_shapes
            assert our_node.metadata == their_node.metadata
        inputs = [node.name for node in graph.elements[0].elements]
        assert [node.name for node in mine.elements[0].elements] == inputs


def test_an_exported_program_is_what_executorch_reads() -> None:
    _, ours = both("convnet_portable")
    program = quietly(ours.get_exported_program)
    assert isinstance(program, torch.export.ExportedProgram)
    assert ours.get_exported_program() is program
    before = ours.get_exported_program("exported_program")
    assert isinstance(before, torch.export.ExportedProgram)
    assert before is not program
    assert ours.get_exported_program("nothing") is None


def test_the_object_of_executorch_is_a_record(tmp_path: Path) -> None:
    folder = SAMPLES["convnet_portable"]
    given = quietly(devtools.parse_etrecord, str(folder / "record.etrecord"))
    ours = Inspector(folder / "trace.etdp", etrecord=given)
    _, by_path = both("convnet_portable")
    assert quietly(lambda: ours.event_blocks[1].events[0].op_types)
    for event, same in zip(
        ours.event_blocks[1].events, by_path.event_blocks[1].events, strict=True
    ):
        assert event.op_types == same.op_types
        assert event.stack_traces == same.stack_traces
        assert event.module_hierarchy == same.module_hierarchy
    assert ours.get_exported_program() is given.edge_dialect_program


@pytest.mark.parametrize("dtype", ["float32", "float16", "int64", "uint8"])
def test_outputs_compare_to_the_same_numbers(dtype: str) -> None:
    generator = torch.Generator().manual_seed(1)
    wanted = [
        (torch.rand(shape, generator=generator) * 100).to(getattr(torch, dtype))
        for shape in ((3, 4), (7,))
    ]
    given = [(value + value / 16).to(value.dtype) for value in wanted]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert compare_results(wanted, given) == real_inspector.compare_results(wanted, given)


def test_differs_outputs_that_are_no_tensors_do_not_end_the_comparison() -> None:
    with pytest.raises(TypeError):
        real_inspector.compare_results([3], [4])
    assert compare_results([3], [4], ["mse"]) == {"mse": [1.0]}


def parsed(sample: str) -> Any:
    return quietly(devtools.parse_etrecord, str(SAMPLES[sample] / "record.etrecord"))


def test_differs_an_unknown_case_is_not_taken_for_the_last() -> None:
    record = parsed("convnet_portable")
    cases = [[torch.full((1, 10), float(case))] for case in range(3)]
    record.update_reference_outputs(cases)
    trace = str(SAMPLES["convnet_portable"] / "trace.etdp")
    theirs = quietly(devtools.Inspector, trace, etrecord=record).event_blocks[1]
    ours = Inspector(trace, etrecord=record).event_blocks[1]
    assert theirs.bundled_input_index == ours.bundled_input_index == -1
    assert torch.equal(theirs.reference_output[0], cases[-1][0])
    assert quietly(lambda: ours.reference_output) is None
    assert [case[0].tolist() for case in ours.reference_outputs] == [c[0].tolist() for c in cases]


def test_a_single_reference_output_is_the_same() -> None:
    record = parsed("convnet_portable")
    record.update_reference_outputs([[torch.ones(1, 10)]])
    trace = str(SAMPLES["convnet_portable"] / "trace.etdp")
    theirs = quietly(devtools.Inspector, trace, etrecord=record).event_blocks[1]
    ours = Inspector(trace, etrecord=record).event_blocks[1]
    found = quietly(lambda: ours.reference_output)
    assert torch.equal(found[0], theirs.reference_output[0])


def test_differs_a_record_of_another_program_is_not_joined() -> None:
    trace = str(SAMPLES["convnet_portable"] / "trace.etdp")
    other = str(SAMPLES["transformer_kv"] / "record.etrecord")
    theirs = quietly(devtools.Inspector, trace, etrecord=other)
    assert any(event.op_types for event in theirs.event_blocks[1].events)  # of the transformer
    ours = Inspector(trace, etrecord=other)
    with pytest.warns(UserWarning, match="does not belong"):
        assert not any(event.op_types for event in ours.event_blocks[1].events)


def test_differs_an_id_of_a_delegate_is_not_one_that_it_contains() -> None:
    record = parsed("convnet_xnnpack")
    record._delegate_map = {"forward": {"0": {"name": "B", "delegate_map": {"#1": [1]}}}}
    trace = str(SAMPLES["convnet_xnnpack"] / "trace.etdp")
    theirs = quietly(devtools.Inspector, trace, etrecord=record).event_blocks[1].events
    ours = Inspector(trace, etrecord=record).event_blocks[1].events
    claimed = {event.name for event in theirs if event.debug_handles == [1]}
    assert {"Softmax (NC, F32) #1", "Mean (ND) Reduce2 #1"} <= claimed
    assert quietly(lambda: [e for e in ours if e.is_delegated_op and e.debug_handles]) == []
