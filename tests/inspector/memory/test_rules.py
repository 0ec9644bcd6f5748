"""What is found in memory plans, and what is not worth a sentence."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import program_builder as make
import pytest
from planned_programs import chain_method, chain_program, floats, overwritten_program, rich_program
from project import ROOT

from etscope.etdump.footprint import LIBRARIES, STEADY, Footprint, Phase
from etscope.etdump.program import read_program
from etscope.inspector.findings import SEVERITIES, Finding
from etscope.inspector.memory.footprint import footprint_ledger
from etscope.inspector.memory.report import MemoryReport, memory_report
from etscope.inspector.memory.rules.measured import unattributed
from etscope.inspector.recording import open_recording


def found(data: bytes) -> dict[str, list[Finding]]:
    out: dict[str, list[Finding]] = {}
    for finding in memory_report(read_program(data)).findings:
        out.setdefault(finding.rule, []).append(finding)
    return out


def test_a_tight_plan_has_no_finding() -> None:
    assert found(chain_program(arena=3072, values=_tight())) == {}


def _tight() -> Any:
    return [floats(256, 0), floats(512, 1024), floats(128, 0)]


def test_an_overwritten_result_is_the_worst() -> None:
    (finding,) = found(overwritten_program())["overwritten_result"]
    assert finding.severity == "high"
    assert finding.message == (
        "forward gives wrong answers: instruction 6 (aten::add.out) writes value 4 of add.out "
        "over the result of a branch, which is read as value 1 of MOVE_CALL until instruction 7 "
        "(aten::add.out); the same of 1 more result"
    )
    assert [lost["result"] for lost in finding.evidence["results"]] == [2, 3]


def test_free_bytes_at_the_peak() -> None:
    (finding,) = found(chain_program())["fragmentation"]
    assert finding.message == "3.07 kB of arena 1 of forward (50.0%) are free even at its peak"
    assert finding.evidence["lower_bound_bytes"] == 3072


@pytest.mark.parametrize("arena", [3072 + 1000, 3072 + 4])
def test_a_few_free_bytes_are_not_worth_it(arena: int) -> None:
    assert "fragmentation" not in found(chain_program(arena=arena, values=_tight()))


def test_weights_that_are_transposed_in_every_inference() -> None:
    values = [floats(256, 0), make.tensor([512], buffer=1), floats(512, 1024), floats(128, 0)]
    chain = [make.kernel(0, 1, 2, 2), make.kernel(1, 0, 2, 3, 3)]
    method = chain_method(values=values, outputs=[3], chains=[chain], arena=3072)
    data = make.program(method, segments=[bytes(2048)], constants=(0, [0, 0]))
    (finding,) = found(data)["remade_constants"]
    assert finding.severity == "medium"
    assert finding.message == (
        "2.05 kB are made of constants alone, the same in every inference, by 1 instruction of "
        "forward (aten::add.out); made at the export, the arenas would need 1.54 kB, 50.0% less "
        "(estimated)"
    )
    assert (finding.evidence["steps"], finding.evidence["values"]) == ([0], [2])
    assert finding.evidence["saves_planned_bytes"] == 3072 - 1536


def test_what_holds_the_peak_without_being_used() -> None:
    """0 waits while 1 → 2 → 3 are made, and is added at the end."""
    values = [floats(1024, 0), floats(2048, 4096), floats(1024, 12288), floats(1024, 4096)]
    chain = [
        make.kernel(0, 0, 1, 1),
        make.kernel(0, 1, 2, 2),
        make.kernel(0, 0, 2, 3, 3),
    ]
    told = found(chain_program(values=values, chains=[chain], outputs=[3], arena=16384))
    (finding,) = told["peak_holder"]
    assert "input value 0 holds 25.0% of the peak of forward and is not used there" in (
        finding.message
    )
    assert "it waits for instruction 2 (aten::add.out)" in finding.message


def test_growth_without_a_name() -> None:
    def phase(name: str, at_ms: float, rss: int) -> Phase:
        return Phase(name, at_ms, {"rss_bytes": rss})

    footprint = Footprint((phase(LIBRARIES, 1, 1000), phase(STEADY, 2, 9000)))
    report = SimpleNamespace(growth=footprint_ledger(footprint, None))
    (finding,) = unattributed(cast(MemoryReport, report))
    assert finding.message.startswith("100.0% of what the process grew by (8 kB) has no name")


def test_every_other_rule_has_its_finding() -> None:
    told = found(rich_program())
    assert {rule: finding.severity for rule, (finding, *_) in told.items()} == {
        "what_if_placement": "info",
        "upper_bounds": "medium",
        "fragmentation": "low",
        "stored_twice": "medium",
        "unused_values": "low",
        "methods_apart": "low",
        "constants_dominate": "low",
        "unplanned_ends": "info",
        "states_twice": "info",
        "delegates_unknown": "info",
    }
    assert told["upper_bounds"][0].evidence == {
        "method": "encode",
        "size_bytes": 3072,
        "values": [1, 0],
    }
    assert told["unused_values"][0].evidence["values"] == [4]
    assert told["unplanned_ends"][0].evidence["size_bytes"] == 2048
    assert told["states_twice"][0].evidence["size_bytes"] == 2048
    assert told["constants_dominate"][0].evidence["size_bytes"] == 32768
    assert told["methods_apart"][0].evidence["planned_bytes"] == {"encode": 8192, "decode": 6144}
    assert told["delegates_unknown"][0].evidence["backends"] == ["Npu"]


def test_the_most_severe_comes_first_and_each_says_what_to_do() -> None:
    findings = memory_report(read_program(rich_program())).findings
    ranks = [SEVERITIES.index(finding.severity) for finding in findings]
    assert ranks == sorted(ranks)
    assert all(finding.advice for finding in findings)


def test_the_key_of_named_data_is_cut_in_a_sentence() -> None:
    data = make.program(make.method(arenas=[0, 8]), segments=[bytes(4096)], named=[("ab" * 32, 0)])
    (finding,) = found(data)["constants_dominate"]
    assert "the largest is abababababababababababababababababab…bab, 4.1 kB" in finding.message
    assert finding.evidence["largest"] == "ab" * 32


def test_weights_that_only_delegates_read_are_not_spared_by_a_mapped_file() -> None:
    recording = open_recording(ROOT / "sample_traces/convnet_xnnpack.etscope")
    assert recording.program is not None
    findings = memory_report(recording.program, recording).findings
    (advice,) = [f.advice for f in findings if f.rule == "constants_dominate"]
    assert advice.endswith("so that loading the program mapped spares little.")
