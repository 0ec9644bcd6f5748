"""What executorch's own tests of its Inspector ask of events and blocks, asked of ours."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from traces import Run, event, inference, logged, method_load, tensor, trace_of_runs

from etscope.etdump.writer import write_etdump
from etscope.inspector import EventBlock, Inspector, PerfData, TimeScale


def blocks(folder: Path, *runs: Run, **options: Any) -> list[EventBlock]:
    write_etdump(trace_of_runs(*runs), folder / "x.etdp")
    scales = {"source_time_scale": TimeScale.NS, "target_time_scale": TimeScale.NS}
    return Inspector(folder / "x.etdp", **(scales | options)).event_blocks


def test_figures_of_samples_that_were_given() -> None:
    numbers = [5.0, 1.0, 4.0, 2.0, 3.0, 9.0]
    perf = PerfData(numbers)
    assert perf.p50 == statistics.median(numbers)
    assert (perf.raw, perf.min, perf.max) == (numbers, 1.0, 9.0)
    assert perf.avg == statistics.mean(numbers)
    assert (perf.p10, perf.p90) == (np.percentile(numbers, 10), np.percentile(numbers, 90))


def test_runs_that_did_the_same_are_one_block(tmp_path: Path) -> None:
    def run(length: int) -> Run:
        return inference(
            event("first", 0, length, instruction=0), event("last", 50, 51, instruction=1)
        )

    other = inference(event("other", 0, 1, instruction=0))
    found = blocks(tmp_path, method_load(event("Method::init", 0, 7)), run(2), other, run(4))
    assert [block.name for block in found] == ["Default", "Execute", "Execute"]
    assert [[event.name for event in block.events] for block in found] == [
        ["Method::init"],
        ["first", "last"],
        ["other"],
    ]
    assert found[1].events[0].samples == [2, 4]


def test_runs_of_different_names_are_never_one_block(tmp_path: Path) -> None:
    same = event("same", 0, 1, instruction=0)
    assert len(blocks(tmp_path, method_load(same), inference(same))) == 2


def test_events_of_an_instruction_keep_their_names_and_ids(tmp_path: Path) -> None:
    (block,) = blocks(
        tmp_path,
        inference(
            event("plain", 0, 1, instruction=0),
            event(None, 1, 2, instruction=0, delegate=0),
            event(None, 2, 3, instruction=0, delegate="conv"),
        ),
    )
    assert [
        (e.name, e.delegate_debug_identifier, e.is_delegated_op, e._instruction_id)
        for e in block.events
    ] == [("plain", None, False, 0), ("0", 0, True, 0), ("conv", "conv", True, 0)]


def test_the_converter_takes_start_and_end_of_what_is_delegated(tmp_path: Path) -> None:
    asked = []

    def tenth(name: str | int, ticks: float) -> float:
        asked.append((name, ticks))
        return ticks / 10

    (block,) = blocks(
        tmp_path,
        inference(
            event(None, 100, 200, instruction=0, delegate="conv"),
            event("DELEGATE_CALL", 100, 200, instruction=0),
        ),
        delegate_time_scale_converter=tenth,
    )
    assert [event.samples.tolist() for event in block.events] == [[10.0], [100.0]]
    assert set(asked) == {("conv", 100), ("conv", 200)}


@pytest.mark.parametrize(
    ("source", "target", "wanted"),
    [("NS", "MS", 2.0), ("US", "S", 2.0), ("MS", "NS", 2e12), ("CYCLES", "CYCLES", 2e6)],
)
def test_without_a_converter_delegates_tick_like_the_rest(
    tmp_path: Path, source: str, target: str, wanted: float
) -> None:
    (block,) = blocks(
        tmp_path,
        inference(
            event(None, 0, 2_000_000, instruction=0, delegate=1),
            event("DELEGATE_CALL", 0, 2_000_000, instruction=0),
        ),
        source_time_scale=TimeScale[source],
        target_time_scale=TimeScale[target],
    )
    assert [event.samples.tolist() for event in block.events] == [[wanted], [wanted]]


def values(run: int) -> Run:
    return inference(
        logged(tensor(2, offset=8 * run), name="add", instruction=0),
        event("add", 0, 1, instruction=0),
        logged(tensor(2, offset=8 * run), is_output=True),
    )


@pytest.mark.parametrize("numbers", [[1, 2, 1, 2], [1, 2, 3, 4]], ids=["same", "other"])
def test_values_of_several_runs_need_not_be_the_same(tmp_path: Path, numbers: list[int]) -> None:
    np.array(numbers, np.float32).tofile(tmp_path / "x.bin")
    (block,) = blocks(tmp_path, values(0), values(1), debug_buffer_path=tmp_path / "x.bin")
    (only,) = block.events
    assert torch.equal(only.debug_data[0], torch.tensor([1.0, 2.0]))
    assert only.debug_data_of(1)[0].tolist() == numbers[2:]
    assert block.run_output_of(1)[0].tolist() == numbers[2:]
    assert only.samples == [1, 1]


def test_an_event_may_have_values_and_no_times(tmp_path: Path) -> None:
    (block,) = blocks(tmp_path, inference(logged(4, name="add", instruction=0)))
    (only,) = block.events
    assert (only.name, only.perf_data) == ("add", None)
    assert block.to_dataframe()["raw"].tolist() == [None]


def test_a_frame_has_a_row_for_each_event_and_all_samples(tmp_path: Path) -> None:
    run = inference(*(event(f"op_{n}", 0, n + 1, instruction=n) for n in range(3)))
    (block,) = blocks(tmp_path, run, run)
    frame = block.to_dataframe()
    assert frame["event_name"].tolist() == ["op_0", "op_1", "op_2"]
    assert [len(cell) for cell in frame["raw"]] == [2, 2, 2]
