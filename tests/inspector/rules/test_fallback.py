"""Rules about what ran outside of delegates: each fires on a small case, and not on a good one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fallback_models import island, island_events, island_record, island_report, report_of
from latency_reports import delegate, method, operator
from latency_reports import report_of as report_of_trace
from project import ROOT

from etscope.inspector.fallbacks.around import Around
from etscope.inspector.findings import Case, Finding
from etscope.inspector.latency_report import LatencyReport, latency_report
from etscope.inspector.recording import open_recording
from etscope.inspector.rules.conversion import boundary_conversions
from etscope.inspector.rules.fallback import no_delegate

SAMPLES = sorted((ROOT / "sample_traces").glob("*.etscope"))


def found(rule: str, report: LatencyReport) -> list[Finding]:
    return [finding for finding in report.findings if finding.rule == rule]


def test_the_line_with_the_most_to_gain_is_named() -> None:
    (one,) = found("top_fallback", island_report())
    assert one.severity == "high"
    assert one.message == (
        "m.py:4 in mid (log1p) ran outside of delegates in 0.04 ms, 40% of forward; inside it "
        "could save at most 0.0344 ms (estimated). Why: XnnpackBackend has no configuration for "
        "log1p"
    )
    assert one.evidence["instructions"] == [1]
    assert one.evidence["source"] == "m.py:4"
    assert one.evidence["per_inference_ms"] == pytest.approx(0.04)
    assert one.evidence["gain_estimated_ms"] == pytest.approx(0.0344, abs=1e-4)


def test_without_a_line_the_operator_is_named() -> None:
    (one,) = found("top_fallback", report_of(island(), None, island_events()))
    assert one.message.startswith("aten::log1p.out ran outside of delegates")


def test_nothing_to_gain_is_no_finding() -> None:
    cheap = island_events()[:3] + island_events()[5:]  # without the operator
    assert found("top_fallback", report_of(island(), island_record(), cheap)) == []
    assert found("portable_beside_delegates", report_of(island(), None, cheap)) == []


def test_conversions_at_the_edges_are_counted() -> None:
    (one,) = found("boundary_conversions", island_report())
    assert one.evidence == {
        "share": pytest.approx(0.08),
        "kinds": {"layout change": 2},
        "inside": 2,
    }
    assert "2 layout changes, all inside delegates" in one.message
    blind = report_of(island(), island_record(), island_events(layout=0))
    assert found("boundary_conversions", blind) == []  # 4 of 100 us


def test_operators_on_integers_are_counted() -> None:
    made = island("aten::add", scalar_type=4)
    wide = report_of(made, island_record("aten.add.Tensor"), island_events("add.out"))
    (one,) = found("wide_types", wide)
    assert one.severity == "medium"
    assert one.message.startswith("1 operator on int64 takes 40% of forward")
    assert one.message.endswith("aten::add.out, m.py:4 in mid")
    assert found("wide_types", island_report()) == []


def test_a_method_without_delegates() -> None:
    (one,) = found("no_delegate", report_of_trace(method(100, *operator("a.out", 0, 0, 50))))
    assert one.severity == "low"
    assert one.evidence == {"operators": 1, "share": pytest.approx(0.5)}
    assert found("no_delegate", island_report()) == []


def test_without_a_delegate_there_is_no_boundary() -> None:
    recording = open_recording(ROOT / "sample_traces" / "transformer_kv.etscope")
    report = latency_report(recording)
    (ledger,) = report.fallbacks
    copy = Around("copy", "aten::clone", 0, False, 1, report.methods[0].mean / 2, None)
    rows = (ledger.rows[0]._replace(around=(copy,)),)
    case = Case(recording, report.methods[0], report.origins[0], replace(ledger, rows=rows))
    assert list(boundary_conversions(case)) == []
    lowered = replace(case, fallbacks=replace(case.fallbacks, delegate_calls=1))
    (one,) = boundary_conversions(lowered)
    assert "takes 50% of forward: 1 copy (" in one.message


def test_operators_in_branches_and_loops_are_not_lowered() -> None:
    recording = open_recording(ROOT / "sample_traces" / "convnet_portable.etscope")
    report = latency_report(recording)
    case = Case(recording, report.methods[0], report.origins[0], report.fallbacks[0])
    (before,) = no_delegate(case)
    graph = report.origins[0].graph
    assert graph is not None
    row = next(one.row for one in case.fallbacks.rows if one.takers)
    scope = graph.nodes.scope.copy()
    scope[report.origins[0].node[row]] = 0
    inside = replace(graph, nodes=replace(graph.nodes, scope=scope))
    (after,) = no_delegate(replace(case, origins=replace(case.origins, graph=inside)))
    assert after.evidence["taken"] == before.evidence["taken"] - 1
    assert after.evidence["in_bodies"] == 1
    assert after.message.endswith(
        "not counted: 1 in branches or loops, which lowering does not enter"
    )


def test_what_a_backend_would_take_of_it() -> None:
    report = latency_report(open_recording(ROOT / "sample_traces" / "convnet_portable.etscope"))
    (one,) = found("no_delegate", report)
    assert one.severity == "medium"
    assert (one.evidence["takers"], one.evidence["taken"]) == ("XnnpackBackend", 14)
    assert 0.99 < one.evidence["taken_share"] < 1


def test_tiny_partitions() -> None:
    calls = [event for at in range(4) for event in delegate(at, 20 * at, 20 * at + 18, "add")]
    (one,) = found("tiny_partitions", report_of_trace(method(100, *calls)))
    assert one.evidence["calls"] == 4
    assert one.evidence["share"] == pytest.approx(0.68)
    assert found("tiny_partitions", report_of_trace(method(100, *calls[:4]))) == []
    assert found("tiny_partitions", island_report()) == []


def test_conversions_between_integers_and_floats() -> None:
    some = operator("quantized_decomposed::quantize_per_tensor.out", 0, 0, 30)
    (one,) = found("quantize_dequantize", report_of_trace(method(100, *some)))
    assert one.evidence == {"share": pytest.approx(0.3), "operations": 1, "outside": 1}
    assert found("quantize_dequantize", island_report()) == []


@pytest.mark.parametrize("folder", SAMPLES, ids=lambda path: path.stem)
def test_good_programs_raise_no_alarm(folder: Path) -> None:
    report = latency_report(open_recording(folder))
    quiet = {"top_fallback", "delegated_elsewhere", "wide_types", "boundary_conversions"}
    quiet |= {"quantize_dequantize", "tiny_partitions", "control_flow"}
    assert [finding.rule for finding in report.findings if finding.rule in quiet] == []
    if folder.stem.endswith("xnnpack"):
        assert found("portable_beside_delegates", report) + found("no_delegate", report) == []


def test_the_costliest_says_where_it_comes_from() -> None:
    (one,) = found("costliest", island_report())
    assert one.message.endswith("0.04 ms per inference, m.py:4 in mid")
    sample = latency_report(open_recording(ROOT / "sample_traces" / "convnet_xnnpack.etscope"))
    (one,) = found("costliest", sample)
    assert one.message.endswith("models.py:20 in body.1.conv")
    assert one.evidence["inside_source"].endswith("models.py:20")
