"""Rules about trust: each fires on a small case, and keeps silent on a clean one."""

from __future__ import annotations

from pathlib import Path

import pytest
from bundle_folder import bundle_folder, manifest
from latency_reports import delegate, method, operator, report_of
from traces import Run, event, inference, trace_of_runs

from etscope.etdump.manifest import InferenceRun
from etscope.inspector.durations import Clock
from etscope.inspector.findings import Finding
from etscope.inspector.latency_report import latency_report
from etscope.inspector.recording import open_recording
from etscope.inspector.units import TimeScale


def found(rule: str, *runs: Run) -> list[Finding]:
    return [finding for finding in report_of(*runs).findings if finding.rule == rule]


def calls(*microseconds: int) -> list[Run]:
    return [method(us, *operator("a.out", 0, 0, us)) for us in microseconds]


@pytest.mark.parametrize(
    ("count", "text"), [(1, "only 1 inference of the method was"), (9, "were")]
)
def test_few_samples(count: int, text: str) -> None:
    (one,) = found("few_samples", *calls(*[50] * count))
    assert one.evidence == {"inferences": count}
    assert text in one.message


def test_ten_samples_are_enough() -> None:
    assert found("few_samples", *calls(*[50] * 10)) == []


def test_a_slow_first_inference() -> None:
    (one,) = found("warm_up", *calls(150, 50, 50, 50))
    assert one.evidence["ratio"] == pytest.approx(3.0)


@pytest.mark.parametrize("times", [(60, 50, 50, 50), (150, 50, 50), (50, 150, 50, 50)])
def test_an_ordinary_first_inference(times: tuple[int, ...]) -> None:
    assert found("warm_up", *calls(*times)) == []


def test_times_that_vary() -> None:
    (one,) = found("spread", *calls(*[50] * 6, *[90] * 6))
    assert one.severity == "medium"
    assert one.evidence["p10"] == pytest.approx(0.05)
    assert one.evidence["p90"] == pytest.approx(0.09)


def test_times_that_hardly_vary_or_are_too_few_to_say() -> None:
    assert found("spread", *calls(*[50] * 6, *[55] * 6)) == []
    assert found("spread", *calls(50, 90, 50, 90)) == []


def test_an_inference_without_a_duration_hides_nothing() -> None:
    backwards = inference(*operator("a.out", 0, 0, 50), event("Method::execute", 2**40, 0))
    assert len(found("spread", *calls(*[50] * 6, *[90] * 6), backwards)) == 1
    assert len(found("warm_up", *calls(150, 50, 50, 50), backwards)) == 1


@pytest.mark.parametrize(("untraced", "severity"), [(90_000, "info"), (50_000, "medium")])
def test_what_tracing_costs(tmp_path: Path, untraced: int, severity: str) -> None:
    made = manifest(
        InferenceRun("forward", 0, 2),
        traced={"forward/0": [100_000, 100_000]},
        untraced={"forward/0": [untraced] * 3},
    )
    folder = bundle_folder(tmp_path, made, trace_of_runs(*calls(50, 50)))
    findings = latency_report(open_recording(folder)).findings
    (one,) = [finding for finding in findings if finding.rule == "tracing_cost"]
    assert one.severity == severity
    assert one.evidence["ratio"] == pytest.approx(100_000 / untraced)


def test_a_traced_run_that_was_faster_says_that_the_machine_changed(tmp_path: Path) -> None:
    made = manifest(
        InferenceRun("forward", 0, 2),
        traced={"forward/0": [100_000, 100_000]},
        untraced={"forward/0": [150_000] * 3},
    )
    folder = bundle_folder(tmp_path, made, trace_of_runs(*calls(50, 50)))
    findings = latency_report(open_recording(folder)).findings
    (one,) = [finding for finding in findings if finding.rule == "tracing_cost"]
    assert one.severity == "medium"
    assert "the machine changed" in one.message


def test_without_walls_nobody_knows_what_tracing_costs() -> None:
    assert found("tracing_cost", *calls(50, 50)) == []


def test_operations_that_add_up_to_more_than_their_call() -> None:
    inner = event(None, 0, 60_000, instruction=4, delegate="conv")
    (one,) = found("clocks_disagree", method(100, inner, *delegate(4, 0, 50, "relu")))
    assert one.evidence == {"instruction": 4}


def test_operations_that_fit_into_their_call() -> None:
    assert found("clocks_disagree", method(100, *delegate(4, 0, 50, "conv", "relu"))) == []


def test_operations_shorter_than_the_clock_can_tell() -> None:
    short = event(None, 9000, 9000, instruction=0, delegate="relu")
    (one,) = found("resolution", method(100, short, *delegate(0, 0, 50, "conv")))
    assert one.evidence == {"operations": 1, "clock_step": pytest.approx(0.001)}
    assert one.message.startswith("1 of 2 operations")


def test_operations_of_some_length_or_in_cycles() -> None:
    assert found("resolution", method(100, *delegate(0, 0, 50, "conv"))) == []
    short = event(None, 9000, 9000, instruction=0, delegate="relu")
    recording = report_of(method(100, short, *delegate(0, 0, 50))).recording
    cycles = latency_report(recording, Clock(TimeScale.CYCLES, TimeScale.CYCLES))
    assert "resolution" not in [finding.rule for finding in cycles.findings]
