"""The memory report on programs made by hand and on the samples."""

from __future__ import annotations

import dataclasses

import program_builder as make
import pytest
from planned_programs import chain_method, chain_program, overwritten_program, rich_program
from project import ROOT

from etscope.etdump.program import read_program
from etscope.inspector.memory.report import MemoryReport, memory_report
from etscope.inspector.recording import open_recording


def report_on(data: bytes, *methods: str) -> MemoryReport:
    return memory_report(read_program(data), methods=methods or None)


def test_the_verdict_names_size_share_step_line_and_holders() -> None:
    report = report_on(chain_program())
    assert report.verdict.startswith(
        "forward sets aside 6.14 kB (planned); 50.0% is in use at instruction 0 (aten::add.out), "
        "model.py:3, held by value 1 of add.out (66.7%) and input value 0 (33.3%)."
    )
    assert "estimated" not in report.verdict  # other places alone are nothing that an export gives
    assert report.confidence.startswith("high: ")
    assert (report.planned_bytes, report.peak_bytes) == (6144, 3072)


def test_of_several_methods_the_one_that_plans_most_is_told() -> None:
    report = report_on(rich_program())
    assert report.verdict.startswith("2 methods set aside 14.3 kB together (planned), encode")
    assert report.main.name == "encode"
    assert report.confidence.startswith("medium: 50.0% of the bytes at the peak are upper bounds")


def test_a_method_that_is_asked_for_is_alone() -> None:
    report = report_on(rich_program(), "decode")
    assert [memory.name for memory in report.methods] == ["decode"]
    assert report.coverage["methods_left_out"] == 1
    assert report.method("decode") is report.main
    with pytest.raises(KeyError, match="the report has decode"):
        report.method("encode")
    with pytest.raises(KeyError, match="no method 'x'; the program has encode, decode"):
        report_on(rich_program(), "x")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (make.program(), "The program has no method, so no memory is planned."),
        (make.program(make.method()), "No memory is planned for forward"),
        (
            make.program(make.method(arenas=[0, 64])),
            "forward sets aside 64 bytes (planned), and no instruction uses any of it.",
        ),
    ],
)
def test_nothing_planned_is_said(data: bytes, said: str) -> None:
    report = report_on(data)
    assert report.verdict.startswith(said)
    assert report.to_json({})["peak_bytes"] == 0


def test_rows_carry_place_lifetime_and_maker() -> None:
    rows = report_on(chain_program()).rows
    assert [row["label"] for row in rows] == [
        "input value 0",
        "value 1 of add.out",
        "value 2 of mul.out",
    ]
    wanted = {
        "method": "forward",
        "value": 1,
        "chain": 0,
        "instruction": 0,
        "op": "aten::add.out",
        "source": "model.py:3",
        "arena": 1,
        "offset_bytes": 1024,
        "size_bytes": 2048,
        "upper_bound": False,
        "first": 0,
        "last": 1,
        "role": "activation",
        "shows": None,
        "at_peak": True,
        "type": "float32 512",
    }
    assert wanted.items() <= rows[1].items()
    assert (rows[0]["instruction"], rows[0]["op"], rows[0]["first"]) == (None, None, -1)
    assert [row["at_peak"] for row in rows] == [True, True, False]


def test_holders_less_what_they_share_add_up_to_the_peak() -> None:
    for data in (chain_program(), overwritten_program(), rich_program()):
        for method in report_on(data).to_json({})["methods"]:
            held = sum(holder["size_bytes"] for holder in method["peak"]["holders"])
            assert held - method["peak"]["shared_bytes"] == method["peak_bytes"]


def test_the_ledger_adds_up_and_says_what_it_rests_on() -> None:
    ledger = report_on(rich_program()).to_json({})["ledger"]
    totals = {row["source"]: row["size_bytes"] for row in ledger["totals"]}
    assert sum(totals.values()) == sum(entry["size_bytes"] for entry in ledger["entries"])
    assert totals["planned arena"] == 8192 + 6144
    assert {e["source"]: e["basis"] for e in ledger["entries"]} == {
        "planned arena": "planned",
        "inputs and outputs of the caller": "planned",
        "constants": "file",
        "initial states": "file",
        "delegate blobs": "file",
    }


def test_a_value_of_the_caller_is_no_row_and_is_counted() -> None:
    coverage = report_on(rich_program(), "encode").coverage
    assert coverage["values_planned"] == 3
    assert coverage["values_unplanned"] == 1
    assert coverage["values_upper_bound"] == 2
    assert coverage["delegates_inside_unknown"] == ["Npu"]


def test_the_allocator_is_estimated() -> None:
    (method,) = report_on(chain_program()).to_json({})["methods"]
    allocator = method["allocator"]
    assert allocator["basis"] == "estimated"
    assert allocator["size_bytes"] == sum(need["size_bytes"] for need in allocator["needs"][:-1])


def test_a_bundle_tells_nodes_modules_and_lines() -> None:
    recording = open_recording(ROOT / "sample_traces/two_methods.etscope")
    assert recording.program is not None
    report = memory_report(recording.program, recording)
    assert report.coverage["bytes_placed"] == report.coverage["bytes_planned"] > 0
    assert "models.py:120 in features" in report.verdict
    assert "aten_permute_copy_default_1 (95.5%)" in report.verdict
    assert report.allocations == []


def test_two_methods_of_one_name_are_one() -> None:
    data = make.program(chain_method("a"), chain_method("a"))
    assert [memory.name for memory in report_on(data).methods] == ["a"]


def test_why_there_is_no_answer_is_told() -> None:
    memory = memory_report(read_program(chain_program())).main
    none = dataclasses.replace(memory, what_ifs=())
    assert none.no_answer_text.startswith("what if: nothing that was tried saves 0.5%")
    untried = dataclasses.replace(memory, what_ifs=(), planned_again=False)
    assert untried.no_answer_text.startswith("what if: not tried")
