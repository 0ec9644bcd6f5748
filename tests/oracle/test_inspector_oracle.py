"""Our Inspector beside the real one: equal where it is right, and each difference on purpose."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from project import ROOT
from traces import event, inference, logged, tensor, trace_of_runs, value

from etscope.etdump.columns import Kind, Trace, ValueKind
from etscope.etdump.writer import etdump_bytes, write_etdump
from etscope.inspector import Inspector, TimeScale
from etscope.inspector.recording import open_recording

_WHY = "the oracle, executorch, is not installed"
devtools = pytest.importorskip("executorch.devtools", reason=_WHY)
real_inspector = pytest.importorskip("executorch.devtools.inspector", reason=_WHY)
torch = pytest.importorskip("torch")

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("ignore:read_binary is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The given buffer is not writable:UserWarning"),
    pytest.mark.filterwarnings("ignore:Output Buffer not found:UserWarning"),
    pytest.mark.filterwarnings("ignore:The inplace keyword"),  # pandas, about their code
]

SAMPLES = sorted((ROOT / "sample_traces").glob("*.etscope"))


def named(path: Path) -> str:
    return path.stem


def cells_equal(theirs: Any, ours: Any) -> bool:
    """Whether two cells say the same: exactly, and NaN like NaN."""
    if isinstance(theirs, float) and np.isnan(theirs):
        return isinstance(ours, float) and bool(np.isnan(ours))
    return type(theirs) is type(ours) and theirs == ours if theirs is None else ours == theirs


def values_equal(theirs: Any, ours: Any) -> bool:
    """Logged values: tensors bit for bit, lists item by item."""
    if isinstance(theirs, torch.Tensor):
        return theirs.dtype == ours.dtype and torch.equal(theirs, ours)
    if isinstance(theirs, list):
        return len(theirs) == len(ours) and all(map(values_equal, theirs, ours))
    return bool(theirs == ours)


def assert_frames_equal(theirs: Any, ours: Any) -> None:
    """Same columns, same types, same cells, same order."""
    assert list(ours.columns) == list(theirs.columns)
    assert_columns_equal(theirs, ours)


def assert_columns_equal(theirs: Any, ours: Any) -> None:
    """Their columns are the first of ours; same types, same cells, same order."""
    assert list(ours.columns)[: len(theirs.columns)] == list(theirs.columns)
    assert len(ours) == len(theirs)
    for column in theirs.columns:
        assert ours[column].dtype == theirs[column].dtype, column
        same = values_equal if column == "debug_data" else cells_equal
        for row, (theirs_cell, our_cell) in enumerate(
            zip(theirs[column], ours[column], strict=True)
        ):
            assert same(theirs_cell, our_cell), f"row {row} of {column!r}"


def both(dump: Path | bytes, **options: Any) -> tuple[Any, Inspector]:
    source = {"etdump_data": dump} if isinstance(dump, bytes) else {"etdump_path": str(dump)}
    return devtools.Inspector(**source, **options), Inspector(**source, **options)


def test_there_are_samples() -> None:
    assert len(SAMPLES) >= 6


@pytest.mark.parametrize("sample", SAMPLES, ids=named)
def test_every_column_of_every_sample(sample: Path) -> None:
    theirs, ours = both(sample / "trace.etdp")
    assert_frames_equal(theirs.to_dataframe(), ours.to_dataframe())
    assert_frames_equal(
        theirs.to_dataframe(include_units=False, include_delegate_debug_data=True),
        ours.to_dataframe(include_units=False, include_delegate_debug_data=True),
    )


@pytest.mark.parametrize("sample", SAMPLES, ids=named)
def test_every_event_of_every_sample(sample: Path) -> None:
    theirs, ours = both(sample / "trace.etdp")
    assert [block.name for block in ours.event_blocks] == [b.name for b in theirs.event_blocks]
    for their_block, our_block in zip(theirs.event_blocks, ours.event_blocks, strict=True):
        assert our_block.bundled_input_index == their_block.bundled_input_index
        for their_event, our_event in zip(their_block.events, our_block.events, strict=True):
            for name in ("name", "delegate_debug_identifier", "is_delegated_op", "start_time",
                         "_instruction_id", "raw_delegate_debug_metadatas"):  # fmt: skip
                assert getattr(our_event, name) == getattr(their_event, name), name
            for name in ("raw", "avg", "p10", "p50", "p90", "min", "max"):
                wanted = getattr(their_event.perf_data, name)
                assert getattr(our_event.perf_data, name) == wanted, name


@pytest.mark.parametrize("sample", SAMPLES, ids=named)
def test_saved_and_printed_text_is_the_same(sample: Path) -> None:
    theirs, ours = both(sample / "trace.etdp")
    texts = []
    for inspector in (theirs, ours):
        saved, printed = io.StringIO(), io.StringIO()
        inspector.save_data_to_tsv(saved)
        inspector.print_data_tabular(printed)
        texts.append((saved.getvalue(), printed.getvalue()))
    assert texts[1] == texts[0]


def one_input(sample: Path) -> bool:
    """Whether the sample's tensor pass ran each method once: the real Inspector opens no other."""
    recording = open_recording(sample)
    assert recording.bundle is not None
    return len(recording.bundle.tensor_inferences) == len(recording.bundle.manifest.methods)


@pytest.mark.parametrize("sample", [s for s in SAMPLES if one_input(s)], ids=named)
def test_logged_values_of_every_sample(sample: Path) -> None:
    theirs, ours = both(sample / "debug.etdp", debug_buffer_path=str(sample / "debug.bin"))
    assert_frames_equal(theirs.to_dataframe(), ours.to_dataframe())
    for their_block, our_block in zip(theirs.event_blocks, ours.event_blocks, strict=True):
        assert values_equal(their_block.run_output, our_block.run_output)


@pytest.mark.parametrize(("source", "target"), [("NS", "US"), ("US", "S"), ("CYCLES", "CYCLES")])
def test_time_scales(source: str, target: str) -> None:
    dump = str(ROOT / "sample_traces/convnet_xnnpack.etscope/trace.etdp")
    scale = real_inspector.TimeScale
    theirs = devtools.Inspector(
        dump, source_time_scale=scale[source], target_time_scale=scale[target]
    )
    ours = Inspector(dump, source_time_scale=TimeScale[source], target_time_scale=TimeScale[target])
    assert_frames_equal(theirs.to_dataframe(), ours.to_dataframe())


def test_delegate_converter_and_parser() -> None:
    dump = ROOT / "sample_traces/convnet_xnnpack.etscope/trace.etdp"
    options: dict[str, Any] = {
        "delegate_time_scale_converter": lambda name, ticks: ticks / (7 if "Conv" in name else 3),
        "delegate_metadata_parser": lambda metadata: {"samples": len(metadata)},
    }
    theirs, ours = both(dump, **options)
    assert_frames_equal(
        theirs.to_dataframe(include_delegate_debug_data=True),
        ours.to_dataframe(include_delegate_debug_data=True),
    )


def run_with(*times: tuple[int, int]) -> Trace:
    """An inference of one operator that is called once for each of these (start, end)."""
    calls = [event("OPERATOR_CALL", start, end, instruction=1) for start, end in times]
    return trace_of_runs(inference(*calls))


def test_differs_loops_keep_every_sample() -> None:
    theirs, ours = both(bytes(etdump_bytes(run_with((0, 10), (20, 25), (30, 37)))))
    assert len(theirs.event_blocks[0].events[0].perf_data.raw) == 1
    assert ours.event_blocks[0].events[0].perf_data.raw == [1e-05, 5e-06, 7e-06]  # type: ignore[union-attr]


def test_differs_a_clock_that_wraps_loses_no_tick() -> None:
    dump = etdump_bytes(run_with((2**32 - 4, 6)))
    scale = real_inspector.TimeScale
    theirs = devtools.Inspector(
        etdump_data=bytes(dump), source_time_scale=scale.NS, target_time_scale=scale.NS
    )
    ours = Inspector(
        etdump_data=bytes(dump), source_time_scale=TimeScale.NS, target_time_scale=TimeScale.NS
    )
    assert theirs.event_blocks[0].events[0].perf_data.raw == [9.0]  # one too few
    assert ours.event_blocks[0].events[0].perf_data.raw == [10.0]  # type: ignore[union-attr]


def test_differs_time_that_runs_backwards_costs_one_sample_not_the_file() -> None:
    dump = etdump_bytes(trace_of_runs(*(run for run in _backwards())))
    with pytest.raises(ValueError, match="wrap-around"):
        devtools.Inspector(etdump_data=bytes(dump))
    perf = Inspector(etdump_data=bytes(dump)).event_blocks[0].events[0].perf_data
    assert perf is not None
    assert (perf.count, perf.max) == (1, 1e-05)
    assert np.isnan(perf.raw[0])


def _backwards() -> list[Any]:
    return [
        inference(event("OPERATOR_CALL", 2**40, 2**39, instruction=1)),
        inference(event("OPERATOR_CALL", 2**40, 2**40 + 10, instruction=1)),
    ]


def test_differs_without_a_debug_buffer_nothing_stands_in_for_the_values() -> None:
    dump = ROOT / "sample_traces/convnet_portable.etscope/debug.etdp"
    theirs, ours = both(dump)
    first = next(e for b in theirs.event_blocks for e in b.events if e.debug_data)
    assert not first.debug_data[0].any()  # zeros that were never computed
    assert all(e.debug_data == [] for b in ours.event_blocks for e in b.events)


def test_differs_inferences_with_different_inputs_are_kept_apart() -> None:
    sample = ROOT / "sample_traces/many_inputs.etscope"
    paths: dict[str, Any] = {"debug_buffer_path": str(sample / "debug.bin")}
    with pytest.raises(AssertionError):
        devtools.Inspector(str(sample / "debug.etdp"), **paths)
    ours = Inspector(str(sample / "debug.etdp"), **paths)
    block = next(b for b in ours.event_blocks if b.name == "Execute")
    outputs = [block.run_output_of(run)[0] for run in range(block.run_count)]
    assert len({output.numpy().tobytes() for output in outputs}) == block.run_count == 4


def test_differs_strides_are_honoured(tmp_path: Path) -> None:
    column_major = tensor(2, 3, strides=(1, 2))
    add = event("native_call_aten::add.out", 0, 9, instruction=1)
    seen = value(column_major)
    trace = trace_of_runs(
        inference(logged(seen, name="native_call_aten::add.out", instruction=1), add)
    )
    assert trace.shapes[0].kind[0] == Kind.DEBUG
    assert seen.kind == ValueKind.TENSOR
    write_etdump(trace, tmp_path / "a.etdp")
    np.array([1, 4, 2, 5, 3, 6], np.float32).tofile(tmp_path / "a.bin")
    theirs, ours = both(tmp_path / "a.etdp", debug_buffer_path=str(tmp_path / "a.bin"))
    wanted = torch.tensor([[1.0, 2, 3], [4, 5, 6]])
    assert not torch.equal(theirs.event_blocks[0].events[0].debug_data[0], wanted)
    assert torch.equal(ours.event_blocks[0].events[0].debug_data[0], wanted)


def test_differs_methods_are_kept_apart_where_the_bundle_names_them() -> None:
    recording = open_recording(ROOT / "sample_traces/two_methods.etscope")
    methods = {block.method for block in recording.blocks if block.name == "Execute"}
    assert methods == {"encode", "decode"}


def test_differs_files_without_a_size_prefix_are_read() -> None:
    dump = etdump_bytes(run_with((0, 10)), size_prefix=False)
    with pytest.raises(Exception, match=r"."):  # flatc fails on what executorch itself writes
        devtools.Inspector(etdump_data=bytes(dump))
    assert Inspector(etdump_data=bytes(dump)).event_blocks[0].events[0].name == "OPERATOR_CALL"
