"""Rules about cost: each fires on a small case, and keeps silent on a clean one."""

from __future__ import annotations

import re

import pytest
from latency_reports import delegate, method, operator, report_of
from project import ROOT
from traces import Run, event, inference

from etscope.inspector.findings import Finding
from etscope.inspector.latency_report import latency_report
from etscope.inspector.recording import open_recording
from etscope.inspector.rules.cost import costliest


def found(rule: str, *runs: Run) -> list[Finding]:
    return [finding for finding in report_of(*runs).findings if finding.rule == rule]


@pytest.mark.parametrize(("end", "severity"), [(95, "high"), (30, "medium"), (15, "info")])
def test_the_costliest_instruction(end: int, severity: str) -> None:
    (one,) = found(
        "costliest", method(100, *operator("a.out", 0, 0, 5), *operator("b.out", 7, 6, end))
    )
    assert one.severity == severity
    assert one.evidence["instruction"] == 7
    assert one.evidence["share"] == pytest.approx((end - 6) / 100)
    assert one.message.startswith("b.out (instruction 7) takes")


def test_many_small_instructions_outweigh_the_costliest() -> None:
    small = [event for at in range(5) for event in operator("a.out", at, 9 * at, 9 * at + 9)]
    report = report_of(method(100, *small, *operator("b.out", 9, 50, 60)))
    (one,) = [finding for finding in report.findings if finding.rule == "costliest"]
    assert "of its kind" not in one.message
    assert one.advice == "The costliest single instruction: look here first."
    report = report_of(method(100, *small, *operator("a.out", 9, 50, 60)))
    (one,) = [finding for finding in report.findings if finding.rule == "costliest"]
    assert one.message.endswith("; all 6 of its kind take 55%")
    assert one.evidence["kind_instructions"] == 6
    assert one.evidence["kind_share"] == pytest.approx(0.55)
    assert "look at all of them" in one.advice
    assert report.verdict.endswith("a.out at instruction 9; all a.out together 55%.")


def test_nothing_is_costliest_where_nothing_is_known() -> None:
    assert found("costliest", method(100)) == []
    assert found("costliest", inference(*operator("a.out", 0, 0, 5))) == []
    backwards = event("OPERATOR_CALL", 2**40, 1, instruction=0)
    assert found("costliest", method(100, backwards)) == []


def test_an_instruction_of_unknown_time_is_not_the_costliest() -> None:
    backwards = event("OPERATOR_CALL", 2**40, 1, instruction=0)
    (one,) = found("costliest", method(100, backwards, *operator("a.out", 1, 10, 20)))
    assert one.evidence["instruction"] == 1


@pytest.mark.parametrize(("end", "severity"), [(60, "high"), (30, "medium"), (15, "low")])
def test_operators_beside_delegates(end: int, severity: str) -> None:
    run = method(
        100,
        *delegate(0, 0, 10, "conv"),
        *operator("a.out", 1, 10, 12),
        *operator("b.out", 2, 12, end),
    )
    (one,) = found("portable_beside_delegates", run)
    assert one.severity == severity
    assert one.evidence["operators"] == 2
    assert one.evidence["instructions"] == [2, 1]
    assert "2 operators outside of 1 delegate take" in one.message
    assert one.message.endswith("b.out, a.out")


def test_only_delegates_or_only_operators_are_as_intended() -> None:
    rule = "portable_beside_delegates"
    assert found(rule, method(100, *operator("a.out", 0, 0, 50))) == []
    assert found(rule, method(100, *delegate(0, 0, 50, "conv"))) == []
    untimed = inference(*delegate(0, 0, 10, "x"), *operator("a.out", 1, 10, 20))
    assert found(rule, untimed) == []


def test_calling_kernels_costs_more_than_it_should() -> None:
    (one,) = found("dispatch", method(10, *operator("a.out", 0, 0, 4), *operator("b.out", 1, 4, 8)))
    assert one.evidence["share"] == pytest.approx(0.4)
    assert one.evidence["kernels"] == 2


def test_an_operator_with_two_kernels_is_called_once() -> None:
    (one,) = found(
        "dispatch",
        inference(
            event("native_call_a.out", 10, 40, instruction=0),
            event("native_call_b.out", 40, 70, instruction=0),
            event("OPERATOR_CALL", 0, 100, instruction=0),
            event("Method::execute", 0, 100),
        ),
    )
    assert one.evidence["share"] == pytest.approx(0.4)


def test_cheap_calls_are_no_finding() -> None:
    assert found("dispatch", method(100, *operator("a.out", 0, 0, 100))) == []
    assert found("dispatch", method(100, event("OPERATOR_CALL", 0, 9, instruction=0))) == []


def test_time_that_no_event_covers() -> None:
    (one,) = found("unexplained", method(100, *operator("a.out", 0, 0, 80)))
    assert one.evidence["share"] == pytest.approx(0.2)
    assert found("unexplained", method(100, *operator("a.out", 0, 0, 95))) == []
    assert found("unexplained", inference(*operator("a.out", 0, 0, 95))) == []


def test_entering_delegates_costs_more_than_it_should() -> None:
    calls = [
        *delegate(0, 0, 20, "conv"),
        *delegate(3, 20, 50, "conv", "relu"),
        *delegate(5, 50, 90),
    ]
    (one,) = found("delegate_overhead", method(100, *calls))
    assert one.evidence["share"] == pytest.approx(0.47)
    assert one.evidence["instructions"] == [0, 3]
    assert one.message.startswith("2 delegate calls take 47% of the method")
    (one,) = found("delegate_overhead", method(100, *delegate(0, 0, 20, "conv")))
    assert one.message.startswith("1 delegate call takes 19% of the method")


def test_delegates_that_are_busy_or_say_nothing_have_no_overhead() -> None:
    assert found("delegate_overhead", method(100, *delegate(0, 0, 5, "conv"))) == []
    assert found("delegate_overhead", method(100, *delegate(0, 0, 50))) == []
    assert found("delegate_overhead", inference(*delegate(0, 0, 50, "conv"))) == []


def test_the_line_of_the_costliest_outweighs_it() -> None:
    bundle = ROOT / "sample_traces" / "transformer_kv.etscope"
    report = latency_report(open_recording(bundle), rules=(costliest,))
    (one,) = report.findings
    ending = r"; all 15 of its kind take (5|6)\d%; all 14 of its line take (3|4)\d%"
    assert re.search(f"{ending}$", one.message)
    assert one.evidence["line_share"] == pytest.approx(0.40, abs=0.05)
