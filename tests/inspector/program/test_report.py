"""What holds the bytes of a program, and what it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import program_builder as make
import pytest
import xnnpack_builder as xnn

from etscope.etdump.errors import CorruptTrace
from etscope.etdump.program import read_program
from etscope.inspector.program.holders import Part
from etscope.inspector.program.report import ProgramReport, program_report

GRAPH = xnn.graph(
    xnn.node("Conv2d", [0, 1], [2], 7, kernel=(3, 3)),
    xnn.node("Clamp", [2], [3], 65535),
    values=[xnn.value(0), xnn.value(1, constant=1), xnn.value(2), xnn.value(3)],
    outputs=[3],
    constants=[(0, ""), (8, "tied")],
)
#: A delegate beside two operators, one of them the runtime's own; a constant, a cache, names.
PLAN = make.method(
    "decode",
    values=[
        make.tensor([2, 2], memory=(1, 0)),
        make.tensor([3], 1, buffer=1, extra=make.extra_info("head.bias")),
        make.tensor([2], 1, buffer=1, memory=(1, 32), extra=make.extra_info("cache")),
        make.integer(1),
    ],
    inputs=[0],
    outputs=[0],
    operators=[("aten::add", "out"), ("executorch_prim::add", "Scalar"), ("aten::mul", "out")],
    delegates=[make.delegate("XnnpackBackend", location=1, index=2), make.delegate("Gpu")],
    chains=[
        [make.kernel(1, 3, 3), make.kernel(0, 0, 1), make.kernel(0, 2, 0)],
        [make.delegate_call(0, 0), make.delegate_call(0, 0), make.free(0)],
    ],
    arenas=[0, 64, 32],
    devices=[(2, 1, 0)],
)


def whole(**changes: Any) -> bytes:
    parts: dict[str, Any] = {
        "blobs": [b"for the gpu"],
        "segments": [b"xyz....", b"AB", GRAPH, b"weights!"],
        "constants": (0, [0, 0]),
        "states": [(1, [0, 0])],
        "named": [("key", 3), ("tied", 3)],
    }
    return make.program(PLAN, **(parts | changes))


def report_of(data: bytes) -> ProgramReport:
    return program_report(read_program(data))


def held(report: ProgramReport, part: Part) -> list[tuple[str, int]]:
    rows = [row for row in report.rows if row["part"] == part.value]
    return [(row["label"], row["size_bytes"]) for row in rows]


def test_every_part_has_what_belongs_to_it() -> None:
    report = report_of(whole())
    assert held(report, Part.CONSTANTS) == [("head.bias 3", 3)]
    assert held(report, Part.STATES) == [("cache 2", 2)]
    assert held(report, Part.DELEGATES) == [
        ("XnnpackBackend 0 of decode", len(GRAPH)),
        ("Gpu 1 of decode", 11),
    ]
    assert held(report, Part.NAMED_DATA) == [("key (and 1 more name)", 8)]
    assert Part.UNUSED not in report.parts


def test_parts_and_rows_add_up_to_the_file() -> None:
    data = whole()
    report = report_of(data)
    assert sum(report.parts.values()) == len(data)
    rest = report.parts.get(Part.PADDING, 0) + report.parts.get(Part.UNACCOUNTED, 0)
    assert sum(row["size_bytes"] for row in report.rows) == len(data) - rest
    assert report.coverage["file_bytes"] == len(data)
    shares = [part["share"] for part in report.coverage["parts"]]
    assert sum(shares) == pytest.approx(1.0)
    assert shares == sorted(shares, reverse=True)


def test_bytes_behind_the_program_are_not_accounted_for() -> None:
    report = report_of(whole() + b"\0appended")
    # The dots behind the constant are no padding either: padding is zeros.
    assert report.parts[Part.UNACCOUNTED] == 9 + 4
    assert report.coverage["accounted_bytes"] == len(report.program.file) - 13


def test_a_row_says_who_reads_its_data_first() -> None:
    (row,) = [row for row in report_of(whole()).rows if row["label"] == "head.bias 3"]
    assert (row["method"], row["chain"], row["instruction"]) == ("decode", 0, 1)
    assert (row["op"], row["name"], row["scalar_type"]) == ("aten::add.out", "head.bias", "int8")
    assert (row["shape"], row["segment"], row["methods"]) == ([3], 0, ["decode"])


def test_a_constant_that_methods_share_is_held_once() -> None:
    plan = [make.method(n, values=[make.tensor([4], 1, buffer=1)]) for n in ("enc", "dec")]
    data = make.program(*plan, segments=[b"abcd"], constants=(0, [0, 0]))
    (row,) = [row for row in report_of(data).rows if row["part"] == Part.CONSTANTS.value]
    assert (row["size_bytes"], row["methods"], row["name"]) == (4, ["enc", "dec"], None)
    assert row["label"] == "value 0 4"


def test_methods_in_figures() -> None:
    (row,) = report_of(whole()).methods
    assert row["calls"] == {
        "kernel": 3,
        "delegate": 2,
        "move": 0,
        "jump": 0,
        "free": 1,
        "other": 0,
    }
    assert row["operators"] == [
        {"op": "aten::add.out", "instructions": 2, "prim": False},
        {"op": "executorch_prim::add.Scalar", "instructions": 1, "prim": True},
    ]
    assert row["arenas"] == [
        {"arena": 1, "planned_bytes": 64, "device": "cpu:0"},
        {"arena": 2, "planned_bytes": 32, "device": "cuda:0"},
    ]
    assert (row["instructions"], row["chains"], row["planned_bytes"]) == (6, 2, 96)


def test_delegates_and_what_is_inside() -> None:
    first, second = report_of(whole()).delegates
    row = first.row()
    assert (row["backend"], row["size_bytes"], row["segment"]) == ("XnnpackBackend", len(GRAPH), 2)
    assert (row["calls"], row["chain"], row["instruction"], row["operations"]) == (2, 1, 0, 2)
    operations = [
        (row["kind"], row["detail"], row["debug_handle"]) for row in first.operation_rows()
    ]
    assert operations == [("Conv2d", "3x3", 7), ("Clamp", None, 7)]
    assert (second.row()["calls"], second.row()["instruction"]) == (0, None)
    assert second.row()["unread"] == "no plug-in reads Gpu"
    assert second.operation_rows() == []


def test_named_data_says_which_operation_reads_it() -> None:
    report = report_of(whole())
    (row,) = [row for row in report.rows if row["part"] == Part.NAMED_DATA.value]
    assert (row["name"], row["backend"]) == ("key", "XnnpackBackend")
    assert (row["delegate"], row["operation"], row["reader"]) == (0, 0, "Conv2d 3x3")
    assert [row["weight_bytes"] for row in report.delegates[0].operation_rows()] == [8, 0]


def test_a_damaged_blob_is_a_reason_not_an_end() -> None:
    data = whole(segments=[b"xyz....", b"AB", b"no graph", b"weights!"])
    report = report_of(data)
    unread = report.delegates[0].unread
    assert unread is not None
    assert "XN00" in unread
    assert [entry["delegate"] for entry in report.coverage["delegates_not_read"]] == [0, 1]


def test_segments_say_what_they_hold() -> None:
    found = report_of(whole(segments=[b"xyz....", b"AB", GRAPH, b"weights!", b"?"])).segments
    assert [(row["size_bytes"], row["holds"]) for row in found] == [
        (7, ["constants"]),
        (2, ["initial states"]),
        (len(GRAPH), ["delegate blobs"]),
        (8, ["named data"]),
        (1, ["unused data"]),
    ]


def test_a_parent_in_the_treemap_is_the_sum_of_its_children() -> None:
    data = whole()
    nodes = report_of(data).to_json({})["treemap"]
    assert len({node["id"] for node in nodes}) == len(nodes)
    sums: dict[str, int] = {}
    for node in nodes:
        sums[node["parent"]] = sums.get(node["parent"], 0) + node["size_bytes"]
    sizes = {node["id"]: node["size_bytes"] for node in nodes}
    assert sums.pop("") == sizes["file"] == len(data)
    assert sums == {name: sizes[name] for name in sums}
    assert {"part/constants", "part/delegate blobs", "part/named data"} <= set(sums)


def test_a_bundled_program_has_test_cases_and_tables_of_its_own() -> None:
    case = ([make.case_tensor([2], b"12345678")], [make.case_tensor([1], b"1234")])
    data = make.bundled(whole(), make.suite("decode", case, case))
    report = report_of(data)
    assert held(report, Part.TEST_CASES) == [("case 0 of decode", 12), ("case 1 of decode", 12)]
    assert report.parts[Part.BUNDLE] > 0
    assert sum(report.parts.values()) == len(data)
    assert held(report, Part.CONSTANTS) == [("head.bias 3", 3)]


def test_the_verdict_says_size_holder_and_what_runs() -> None:
    report = report_of(whole(segments=[b"xyz....", b"AB", GRAPH, bytes(7777)]))
    verdict = report.verdict
    assert verdict.startswith(f"{len(report.program.file) / 1000:.3g} kB, ")
    assert "of it named data" in verdict
    assert "1 method of 6 instructions: 2 calls of XnnpackBackend, Gpu" in verdict
    plain = make.program(make.method(operators=[("a", "")], chains=[[make.kernel(0)]]))
    assert "1 call of operators, none in a delegate." in report_of(plain).verdict


def test_a_program_of_an_array_is_read_too() -> None:
    data = np.frombuffer(make.bundled(whole(), make.suite("decode")), np.uint8)
    assert program_report(read_program(data)).cases is not None


def test_a_file_that_is_replaced_meanwhile_is_reported_as_it_was_opened(tmp_path: Path) -> None:
    path, other = tmp_path / "model.bpte", tmp_path / "other.bpte"
    path.write_bytes(make.bundled(whole(), make.suite("decode")))
    program = read_program(path)
    other.write_bytes(whole(segments=[b"xyz....", b"AB", GRAPH, b"weights!" * 2]))
    other.replace(path)
    report = program_report(program)
    assert report.cases is not None
    assert sum(report.parts.values()) == len(program.file)


def test_damaged_test_cases_are_told_with_their_file(tmp_path: Path) -> None:
    path = tmp_path / "model.bpte"
    damaged = make.suite("decode", ([make.case_tensor([-1], b"")], []))
    path.write_bytes(make.bundled(whole(), damaged))
    program = read_program(path)
    with pytest.raises(CorruptTrace, match="bundle the program again") as caught:
        program_report(program)
    assert caught.value.path == str(path)
