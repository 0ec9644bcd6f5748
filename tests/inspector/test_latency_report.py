"""The report: verdict, coverage, confidence and rows that machines can read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bundle_folder import bundle_folder, manifest
from hypothesis import given, settings
from latency_reports import delegate, method, mixed, operator, report_of
from project import ROOT
from strategies import traces as any_trace
from traces import Run, event, inference, logged, method_load, trace_of_runs

from etscope.etdump.columns import Trace
from etscope.etdump.manifest import InferenceRun
from etscope.inspector.durations import Clock
from etscope.inspector.findings import SEVERITIES, Finding, find
from etscope.inspector.latency_report import LatencyReport, latency_report
from etscope.inspector.methods import methods_of_runs
from etscope.inspector.recording import Recording, open_recording
from etscope.inspector.units import TimeScale

#: What every row joins by.
KEYS = ["method", "instruction", "delegate_id", "node", "op", "module", "source"]


def strict(report: LatencyReport) -> Any:
    """The report through JSON that knows no NaN."""
    return json.loads(json.dumps(report.to_json(), allow_nan=False))


def assert_counts_add_up(report: LatencyReport) -> None:
    cover = report.coverage
    accounted = ("inferences_counted", "warmup_left_out", "inferences_without_events")
    assert sum(cover[name] for name in accounted) == cover["inferences"]
    assert cover["inferences"] <= cover["runs"]
    assert len(cover["time_explained_share"]) == len(report.methods)


ODD = {
    "no inference": (method_load(event("Method::init", 0, 1)),),
    "method not timed": (inference(*operator("a.out", 0, 0, 5)),),
    "nothing timed": (inference(logged(1, is_output=True)),),
    "an empty inference": (mixed(), Run(()), mixed()),
    "no time passes": (
        inference(event("OPERATOR_CALL", 5, 5, instruction=0), event("Method::execute", 5, 5)),
    ),
    "time runs backwards": (inference(event("Method::execute", 2**40, 5)),),
    "one of many runs backwards": (*[mixed()] * 9, inference(event("Method::execute", 2**40, 5))),
    "no names": (inference(event(None, 1, 2, instruction=0), event(None, 0, 4)),),
}


@pytest.mark.parametrize("runs", ODD.values(), ids=list(ODD))
def test_whatever_was_recorded_the_report_is_strict_json(runs: tuple[Run, ...]) -> None:
    report = report_of(*runs)
    assert strict(report)["schema"] == "etscope.latency"
    assert "nan" not in report.verdict
    assert all("nan" not in finding.message for finding in report.findings)
    assert_counts_add_up(report)


@given(any_trace())
@settings(max_examples=25)
def test_any_trace_has_a_report(trace: Trace) -> None:
    methods = methods_of_runs(trace, None, None, ())
    report = latency_report(Recording("x", trace, None, None, methods, ()))
    strict(report)
    assert_counts_add_up(report)
    for latency in report.methods:
        for row in range(len(latency.rows)):
            steps = 0
            while (row := int(latency.rows.parent[row])) >= 0:
                steps += 1
                assert steps < len(latency.rows)


def test_rows_carry_the_keys_they_join_by() -> None:
    rows = strict(report_of(mixed()))["rows"]
    assert all(key in row for row in rows for key in KEYS)
    delegated = rows[3]
    assert [delegated[key] for key in KEYS] == [None, 1, "conv #1", None, "conv #1", None, None]
    assert (delegated["kind"], delegated["parent"], delegated["row"]) == ("delegated", 5, 3)


def test_the_unit_is_in_the_name_of_every_time() -> None:
    recording = report_of(mixed(), mixed()).recording
    (row, *_) = latency_report(recording, Clock(TimeScale.NS, TimeScale.US)).rows()
    assert (row["p50_us"], row["per_inference_us"], row["std_us"]) == (100.0, 100.0, 0.0)
    assert not [key for key in row if key.endswith("_ms")]


def test_what_is_absent_is_null() -> None:
    (row, *_) = strict(report_of(inference(*operator("a.out", 0, 0, 5))))["rows"]
    assert (row["share"], row["std_ms"], row["method"]) == (None, None, None)
    (part, *_) = strict(report_of(inference(*operator("a.out", 0, 0, 5))))["waterfall"][0]["parts"]
    assert (part["name"], part["value"]) == ("method", None)


def test_rows_of_several_kinds_of_inference_name_their_block() -> None:
    rows = report_of(mixed(), method(500)).rows()
    assert [(row["block"], row["row"]) for row in rows[:2]] == [(0, 0), (1, 0)]
    assert rows[0]["p50_ms"] == 0.5


def test_the_verdict_says_how_long_and_where() -> None:
    text = report_of(mixed()).verdict
    assert text == (
        "the method takes 0.1 ms (p50 of 1 inference, measured); "
        "50% of it in DELEGATE_CALL at instruction 1."
    )
    assert report_of(mixed(), method(5)).verdict.endswith("1 more kind of inference below.")


def test_without_the_time_of_a_method_there_is_no_verdict() -> None:
    text = report_of(inference(*operator("a.out", 0, 0, 5))).verdict
    assert text.startswith("No method was timed as a whole")


@pytest.mark.parametrize(
    ("runs", "confidence"),
    [
        ([method_load(event("Method::init", 0, 1))], "none: "),
        ([mixed()] * 9, "low: only 9 inferences"),
        ([mixed()] * 10, "medium: no manifest"),
    ],
)
def test_confidence_without_a_manifest(runs: list[Run], confidence: str) -> None:
    assert report_of(*runs).confidence.startswith(confidence)


def test_confidence_with_one(tmp_path: Path) -> None:
    listed = InferenceRun("forward", 0, 2, warmup=True), InferenceRun("forward", 0, 10)
    folder = bundle_folder(tmp_path, manifest(*listed), trace_of_runs(*[mixed()] * 12))
    report = latency_report(open_recording(folder))
    assert report.confidence.startswith("high: ")
    assert report.coverage["warmup_left_out"] == 2
    assert report.coverage["methods_by"] == ["manifest"]
    assert report.coverage["methods_known"] == 1
    assert_counts_add_up(report)


def test_coverage_counts_what_has_no_name() -> None:
    prim = event("OPERATOR_CALL", 0, 1000, instruction=0)
    cover = report_of(method(10, prim, *operator("a.out", 1, 1, 10)), source="x").coverage
    assert cover["operators_unnamed"] == 1
    assert cover["time_explained_share"] == [pytest.approx(1.0)]
    assert (cover["events"], cover["runs"], cover["values_logged"]) == (4, 1, 0)


def test_notes_are_passed_on() -> None:
    assert report_of(mixed(), notes=("something",)).coverage["notes"] == ["something"]


def test_findings_come_most_severe_first_and_rules_can_be_chosen() -> None:
    findings = report_of(method(100, *operator("a.out", 0, 0, 60), *delegate(1, 60, 80))).findings
    ranks = [SEVERITIES.index(finding.severity) for finding in findings]
    assert ranks == sorted(ranks)
    assert len(findings) > 2
    recording = report_of(mixed()).recording
    report = latency_report(recording, rules=(lambda *_: iter([Finding("mine", "low", "!")]),))
    assert [finding.rule for finding in report.findings] == ["mine"]
    assert find([], ()) == []


SAMPLES = sorted((ROOT / "sample_traces").glob("*.etscope"))


@pytest.mark.parametrize("folder", SAMPLES, ids=lambda path: path.stem)
def test_the_samples_are_covered(folder: Path) -> None:
    report = latency_report(open_recording(folder))
    cover = strict(report)["coverage"]
    assert_counts_add_up(report)
    assert report.confidence.startswith("high: ")
    assert (cover["operators_unnamed"], cover["not_nesting"], cover["lost"]) == (0, 0, [])
    assert cover["notes"] == []
    assert cover["methods_known"] == len(report.methods)
    hashes = strict(report)["source"]["sha256"]
    assert set(hashes) >= {"trace.etdp", "program.pte"}


@pytest.mark.parametrize("folder", SAMPLES, ids=lambda path: path.stem)
def test_names_alone_find_the_method_that_the_manifest_lists(folder: Path) -> None:
    told = open_recording(folder)
    guessed = methods_of_runs(told.trace, told.program, None, ())
    assert guessed.method == told.methods.method
    assert {guessed.how[run] for run in told.inferences.tolist()} == {"matched"}


def test_the_same_finding_of_many_kinds_of_inference_is_counted() -> None:
    kinds = [inference(*operator(f"op{i}.out", 0, 0, 5)) for i in range(40)]
    findings = [f for f in report_of(*kinds).findings if f.rule == "few_samples"]
    assert len(findings) == 6
    assert findings[-1].evidence == {"places": 35}
