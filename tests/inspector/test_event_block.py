"""What events hold besides times: logged values, outputs, the metadata of delegates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from traces import Run, event, inference, logged, tensor, trace_of_runs

from etscope.etdump.columns import Trace
from etscope.etdump.writer import write_etdump
from etscope.inspector import EventBlock, Inspector

BFLOAT16 = 15


def opened(folder: Path, trace: Trace, buffer: bytes | None = None, **options: Any) -> EventBlock:
    write_etdump(trace, folder / "x.etdp")
    if buffer is not None:
        (folder / "x.bin").write_bytes(buffer)
        options["debug_buffer_path"] = folder / "x.bin"
    (block,) = Inspector(folder / "x.etdp", **options).event_blocks
    return block


def inference_that_logs(offset: int) -> Run:
    """Two values of an operator, one of which is half as wide, and an output of the program."""
    return inference(
        logged(tensor(2, offset=offset), name="add", instruction=0),
        logged(tensor(2, offset=offset + 8, scalar_type=BFLOAT16), name="add", instruction=0),
        event("OPERATOR_CALL", 0, 1000, instruction=0),
        logged(tensor(1, offset=offset), is_output=True),
        logged(3, is_output=True),
    )


def buffer_of(runs: int) -> bytes:
    wide = [np.array([run + 1, run + 2], np.float32).tobytes() for run in range(runs)]
    narrow = torch.tensor([1.5, -1.0], dtype=torch.bfloat16).view(torch.int16).numpy().tobytes()
    return b"".join(numbers + narrow for numbers in wide)


LOGGED = trace_of_runs(*(inference_that_logs(12 * run) for run in range(2)))


def test_values_are_torch_tensors_of_the_type_that_was_logged(tmp_path: Path) -> None:
    block = opened(tmp_path, LOGGED, buffer_of(2))
    wide, narrow = block.events[0].debug_data
    assert torch.equal(wide, torch.tensor([1.0, 2.0]))
    assert torch.equal(narrow, torch.tensor([1.5, -1.0], dtype=torch.bfloat16))


def test_every_run_keeps_its_own_values(tmp_path: Path) -> None:
    block = opened(tmp_path, LOGGED, buffer_of(2))
    assert block.run_count == 2
    assert block.events[0].debug_data_of(1)[0].tolist() == [2.0, 3.0]
    assert [value.tolist() for value in block.run_output[:1]] == [[1.0]]
    assert block.run_output[1] == 3
    assert block.run_output_of(1)[0].tolist() == [2.0]
    with pytest.raises(IndexError):
        block.run_output_of(2)


def test_nothing_stands_in_for_a_missing_debug_buffer(tmp_path: Path) -> None:
    block = opened(tmp_path, LOGGED)
    assert block.events[0].debug_data == []
    assert block.run_output == []


def test_an_event_that_logged_nothing_holds_nothing(tmp_path: Path) -> None:
    block = opened(tmp_path, trace_of_runs(inference(event("op", 0, 1, instruction=0))), b"1234")
    assert block.events[0].debug_data == []
    assert block.run_output == []


def test_an_event_that_only_logged_has_no_times(tmp_path: Path) -> None:
    trace = trace_of_runs(inference(logged(7, name="half", instruction=0)))
    (only,) = opened(tmp_path, trace, b"1234").events
    assert not only.is_timed
    assert (only.perf_data, only.start_time) == (None, None)
    assert only.debug_data == [7]
    assert only.raw_delegate_debug_metadatas == []


def test_figures_of_an_event_are_those_of_its_samples(tmp_path: Path) -> None:
    runs = [inference(event("op", 0, 1000 * n, instruction=0)) for n in (3, 1, 2)]
    (only,) = opened(tmp_path, trace_of_runs(*runs)).events
    found = only.perf_data
    assert found is not None
    assert found.raw == only.samples == [0.003, 0.001, 0.002]
    assert (found.p50, found.min, found.max, found.count) == (0.002, 0.001, 0.003, 3)
    assert found.avg == np.mean(found.raw)
    assert only.start_time == [0, 0, 0]
    assert only.perf_data is found


def delegated(blob: bytes | None) -> Run:
    inner = event(None, 0, 5, instruction=0, delegate=4, metadata=blob)
    return inference(inner, event("DELEGATE_CALL", 0, 9, instruction=0))


WITH_METADATA = trace_of_runs(delegated(b"\1\2"), delegated(None), delegated(b"\0"))


def test_metadata_is_one_item_per_sample(tmp_path: Path) -> None:
    inner, call = opened(tmp_path, WITH_METADATA).events
    assert inner.raw_delegate_debug_metadatas == [[1, 2], "", [0]]
    assert inner.delegate_debug_metadatas == [[1, 2], "", [0]]
    assert call.raw_delegate_debug_metadatas == []


def test_a_parser_is_asked_once_for_each_delegated_event(tmp_path: Path) -> None:
    asked: list[Any] = []

    def parse(metadata: list[Any]) -> dict[str, Any]:
        asked.append(metadata)
        return {"bytes": sum(len(blob) for blob in metadata)}

    inner, call = opened(tmp_path, WITH_METADATA, delegate_metadata_parser=parse).events
    assert asked == []
    for _ in range(2):
        assert inner.delegate_debug_metadatas == {"bytes": 3}
    assert call.delegate_debug_metadatas == []
    assert asked == [[[1, 2], "", [0]]]


def one_row(made: Callable[[], Any]) -> dict[str, Any]:
    frame = made()
    assert len(frame) == 1
    return {str(name): frame[name].iloc[0] for name in frame.columns}


def test_an_event_is_a_row_or_a_dictionary(tmp_path: Path) -> None:
    call = opened(tmp_path, WITH_METADATA).events[1]
    row = one_row(call.to_dataframe)
    assert (row["event_name"], row["p50"], row["is_delegated_op"]) == ("DELEGATE_CALL", 9e-6, False)
    assert "event_block_name" not in row
    made = call.asdict(" (ms)")
    assert (made["event_name"], made["p50 (ms)"]) == ("DELEGATE_CALL", 9e-6)
