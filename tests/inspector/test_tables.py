"""Frames, printed tables and TSV: the columns of executorch.devtools, in its order."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from traces import event, inference, logged, method_load, trace_of_runs

from etscope.etdump.writer import write_etdump
from etscope.inspector import Inspector, TimeScale
from etscope.inspector.tables import blocks_frame, printed_frame

COLUMNS = [
    "event_block_name",
    "event_name",
    "raw",
    "p10",
    "p50",
    "p90",
    "avg",
    "min",
    "max",
    "op_types",
    "delegate_debug_identifier",
    "stack_traces",
    "module_hierarchy",
    "is_delegated_op",
    "delegate_backend_name",
    "debug_data",
    "start_time",
]
PRINTED = [
    "event_block_name",
    "event_name",
    "p10",
    "p50",
    "p90",
    "avg",
    "min",
    "max",
    "op_types",
    "is_delegated_op",
    "delegate_backend_name",
    "start_time",
]
TIMES = {"p10", "p50", "p90", "avg", "min", "max"}
TRACE = trace_of_runs(
    method_load(event("Method::init", 0, 500)),
    inference(
        event("native_call_add.out", 2000, 5000, instruction=0),
        event("OPERATOR_CALL", 1000, 6000, instruction=0),
        event(None, 7000, 8000, instruction=1, delegate=0, metadata=b"\7"),
        event(None, 8000, 9000, instruction=1, delegate="conv #1"),
        event("DELEGATE_CALL", 7000, 9000, instruction=1),
        logged(1, name="only", instruction=2),
    ),
)


def opened(folder: Path, **options: Any) -> Inspector:
    write_etdump(TRACE, folder / "x.etdp")
    return Inspector(folder / "x.etdp", **options)


def test_columns_and_their_order(tmp_path: Path) -> None:
    frame = opened(tmp_path).to_dataframe(include_units=False)
    assert list(frame.columns) == COLUMNS
    assert len(frame) == 7


@pytest.mark.parametrize(("scale", "unit"), [(TimeScale.MS, "ms"), (TimeScale.US, "us")])
def test_units_end_the_names_of_times(tmp_path: Path, scale: TimeScale, unit: str) -> None:
    frame = opened(tmp_path, target_time_scale=scale).to_dataframe()
    assert list(frame.columns) == [f"{c} ({unit})" if c in TIMES else c for c in COLUMNS]


def test_cells(tmp_path: Path) -> None:
    frame = opened(tmp_path).to_dataframe(include_units=False)
    assert frame["event_block_name"].tolist() == ["Default"] + ["Execute"] * 6
    assert frame["raw"][2] == [0.005]
    assert frame["start_time"][2] == [1000]
    assert (
        frame["delegate_debug_identifier"].tolist() == [None, None, None, 0, "conv #1"] + [None] * 2
    )
    assert frame["is_delegated_op"].tolist() == [False] * 3 + [True, True, False, False]
    assert frame["op_types"].tolist() == [[]] * 7
    assert frame["debug_data"].tolist() == [[]] * 7


def test_a_row_without_times_has_none(tmp_path: Path) -> None:
    row = opened(tmp_path).to_dataframe(include_units=False).iloc[6]
    assert row["event_name"] == "only"
    assert (row["raw"], row["start_time"]) == (None, None)
    assert np.isnan([row[name] for name in TIMES]).all()


def test_rows_of_a_block_alone(tmp_path: Path) -> None:
    frame = opened(tmp_path).event_blocks[1].to_dataframe()
    assert list(frame.columns) == COLUMNS
    assert len(frame) == 6


def test_metadata_comes_last_and_only_when_asked_for(tmp_path: Path) -> None:
    frame = opened(tmp_path).to_dataframe(include_delegate_debug_data=True)
    assert frame.columns[-1] == "delegate_debug_metadata"
    cells = frame["delegate_debug_metadata"].tolist()
    assert cells[3] == [[7]]
    assert all(pd.isna(cell) for row, cell in enumerate(cells) if row != 3)


def test_a_parser_names_its_own_columns(tmp_path: Path) -> None:
    found = opened(tmp_path, delegate_metadata_parser=lambda blobs: {"kernel": len(blobs)})
    frame = found.to_dataframe(include_delegate_debug_data=True)
    assert frame.columns[-1] == "kernel"
    assert frame["kernel"].tolist()[3:5] == [1, 0]
    assert pd.isna(frame["kernel"][0])


def test_the_printed_table_leaves_out_what_is_too_wide_or_said_twice(tmp_path: Path) -> None:
    frame = printed_frame(opened(tmp_path).event_blocks, False, False)
    assert list(frame.columns) == PRINTED
    assert "OPERATOR_CALL" not in frame["event_name"].tolist()
    assert frame.index.tolist() == list(range(6))


def test_no_blocks_make_an_empty_frame_with_its_columns() -> None:
    frame = blocks_frame([], include_units=True, include_metadata=True)
    assert len(frame) == 0
    assert list(frame.columns)[:4] == ["event_block_name", "event_name", "raw", "p10 (ms)"]
    assert len(printed_frame([], True, False)) == 0


def test_a_block_without_rows_adds_none(tmp_path: Path) -> None:
    trace = trace_of_runs(inference(logged(1, is_output=True)), inference(event("x", 0, 1)))
    write_etdump(trace, tmp_path / "x.etdp")
    frame = Inspector(tmp_path / "x.etdp").to_dataframe()
    assert frame["event_name"].tolist() == ["x"]


def test_tsv_to_a_path_or_into_an_open_file(tmp_path: Path) -> None:
    found, stream = opened(tmp_path), io.StringIO()
    found.save_data_to_tsv(stream)
    for target in (tmp_path / "one.tsv", str(tmp_path / "two.tsv")):
        found.save_data_to_tsv(target)
        assert Path(target).read_text() == stream.getvalue()
    lines = stream.getvalue().splitlines()
    assert lines[0].split("\t")[:4] == ["", "event_block_name", "event_name", "p10 (ms)"]
    assert len(lines) == 7
    assert pd.read_csv(tmp_path / "one.tsv", sep="\t")["p50 (ms)"][1] == 0.003


def test_the_table_is_printed_into_any_file(tmp_path: Path) -> None:
    stream = io.StringIO()
    opened(tmp_path).print_data_tabular(stream)
    text = stream.getvalue()
    assert text.startswith("╒")
    assert "native_call_add.out" in text
    assert "p90 (ms)" in text
    assert "OPERATOR_CALL" not in text
