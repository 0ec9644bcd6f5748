"""Findings on programs."""

from __future__ import annotations

import program_builder as make

from etscope.etdump.program import read_program
from etscope.inspector.findings import Finding
from etscope.inspector.program.report import program_report

SAME = bytes(range(256)) * 2


def found_in(data: bytes) -> dict[str, Finding]:
    return {finding.rule: finding for finding in program_report(read_program(data)).findings}


def test_a_sound_program_has_none() -> None:
    plan = make.method(values=[make.tensor([512], 1, buffer=1)])
    assert found_in(make.program(plan, segments=[SAME], constants=(0, [0, 0]))) == {}


def test_weights_that_lie_in_the_file_twice() -> None:
    plan = make.method(values=[make.tensor([512], 1, buffer=b) for b in (1, 2)])
    data = make.program(plan, segments=[SAME * 2], constants=(0, [0, 0, 512]))
    finding = found_in(data)["stored_twice"]
    assert finding.evidence == {"size_bytes": 512, "copies": [["value 0 512", "value 1 512"]]}
    assert finding.severity == "medium"
    other = make.program(plan, segments=[SAME + SAME[::-1]], constants=(0, [0, 0, 512]))
    assert found_in(other) == {}


def test_names_of_one_segment_are_no_copies() -> None:
    data = make.program(make.method(), segments=[SAME], named=[("a", 0), ("b", 0)])
    assert found_in(data) == {}


def test_data_that_nothing_refers_to() -> None:
    plan = make.method(values=[make.tensor([4], 1, buffer=1)])
    data = make.program(plan, segments=[b"abcdefgh", b"lost"], constants=(0, [0, 0, 4]))
    finding = found_in(data)["unused_data"]
    assert finding.evidence == {"size_bytes": 8, "pieces": ["constant 2", "segment 1"]}


def test_bytes_that_are_not_accounted_for() -> None:
    finding = found_in(make.program(make.method(), segments=[b"a"]) + b"more")["not_accounted_for"]
    assert finding.evidence == {"size_bytes": 4}


def test_source_lines_that_are_shipped() -> None:
    lines = make.frames(("model.py", 3, "forward", "return x" * 100))
    plan = make.method(values=[make.null()], chains=[[make.free(0)]], stacks=[[lines]])
    finding = found_in(make.program(plan))["source_lines"]
    assert finding.evidence["size_bytes"] == len("model.py" + "forward" + "return x" * 100)
    short = make.method("m" * 5000, values=[make.null()], chains=[[make.free(0)]], stacks=[[lines]])
    assert found_in(make.program(short))["source_lines"].evidence["share"] < 0.2


def test_weights_in_another_file() -> None:
    extra = make.extra_info("w", external=True)
    plan = make.method(values=[make.tensor([1], extra=extra), make.tensor([1], extra=extra)])
    finding = found_in(make.program(plan))["needs_other_files"]
    assert finding.evidence == {"tensors": ["w"]}
    assert finding.message.endswith("1 tensor is not in this file, but in a .ptd of the export: w")


def test_delegates_that_nobody_can_read() -> None:
    plan = make.method(delegates=[make.delegate("Gpu"), make.delegate("Gpu")])
    finding = found_in(make.program(plan, blobs=[b"x"]))["closed_delegates"]
    assert finding.evidence == {"delegates": [0, 1]}
    assert finding.message.count("no plug-in reads Gpu") == 1
