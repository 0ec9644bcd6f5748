"""What the clock of a backend cannot tell from nothing."""

from __future__ import annotations

import json
import math

import pytest
from latency_reports import method, report_of
from project import ROOT
from traces import event

from etscope.inspector.latency_report import LatencyReport, latency_report
from etscope.inspector.recording import open_recording
from etscope.inspector.resolution import below_text, clock_step, is_below, known
from etscope.inspector.rollups.report import rollup_report
from etscope.inspector.row_figures import row_figures


@pytest.fixture(scope="module")
def report() -> LatencyReport:
    return latency_report(open_recording(ROOT / "sample_traces" / "convnet_xnnpack.etscope"))


@pytest.mark.parametrize(("unit", "step"), [("ns", 1000), ("us", 1), ("ms", 0.001), ("s", 1e-6)])
def test_the_step_of_xnnpack_in_every_unit(report: LatencyReport, unit: str, step: float) -> None:
    rows = report.methods[0].rows
    assert clock_step(rows, rows.kind.index("delegated"), unit) == pytest.approx(step)


def test_no_step_is_known_elsewhere(report: LatencyReport) -> None:
    rows = report.methods[0].rows
    assert clock_step(rows, rows.kind.index("delegated"), "cycles") is None
    assert clock_step(rows, rows.kind.index("delegate"), "ms") is None


def test_the_finding_names_the_step(report: LatencyReport) -> None:
    (one,) = [finding for finding in report.findings if finding.rule == "resolution"]
    assert one.evidence["clock_step"] == pytest.approx(0.001)
    assert "(0.001 ms): short, not free" in one.message


@pytest.mark.parametrize(
    ("value", "name", "below"),
    [
        (0.0, "p50", True),
        (0.5, "p50", True),  # between a reading of 0 and one of 1
        (1.0, "p50", False),
        (0.0, "mean", True),
        (0.3, "mean", False),  # of many readings
        (0.0, "total", True),
        (float("nan"), "p50", False),
    ],
)
def test_readings_below_a_step_and_means_of_nothing_are_below(
    value: float, name: str, below: bool
) -> None:
    assert is_below(value, 1.0, name) == below
    assert not is_below(value, None, name)
    assert known(value, 1.0, name) == (None if below or value != value else value)


def test_documents_have_no_zero_for_what_the_clock_cannot_tell(report: LatencyReport) -> None:
    latency = report.methods[0]
    rows = report.rows()
    blind = [row for row in rows if row["below_resolution"]]
    (finding,) = [finding for finding in report.findings if finding.rule == "resolution"]
    assert len(blind) == finding.evidence["operations"] > 0
    for row in blind:
        assert (row["kind"], row["resolution_ns"], row["p50_ms"]) == ("delegated", 1000.0, None)
    for row in rows:
        if row["resolution_ns"] is not None:
            figures = [value for key, value in row.items() if key.endswith("_ms")]
            assert 0 not in [value for value in figures if value != row["std_ms"]]
            assert (row["share"] is None) == (row["per_inference_ms"] is None)
    whole = row_figures(latency, 0)
    assert (whole["below_resolution"], whole["resolution_ns"], whole["share"]) == (False, None, 1.0)


def inside(*ends: int) -> LatencyReport:
    """A delegate of no known backend whose operations took these nanoseconds, 12 times each."""
    operations = [
        event(None, 0, end, instruction=0, delegate=f"op {at}") for at, end in enumerate(ends)
    ]
    call = event("DELEGATE_CALL", 0, 90_000, instruction=0)
    return report_of(*[method(100, *operations, call)] * 12)


def test_readings_of_whole_microseconds_tell_the_step() -> None:
    found = inside(0, 3000, 41000)
    (latency,) = found.methods
    blind = latency.rows.op.index("op 0")
    step = clock_step(latency.rows, blind, latency.unit)
    assert step is not None
    (one,) = [finding for finding in found.findings if finding.rule == "resolution"]
    assert one.evidence["clock_step"] == step
    assert f"({step:g} {latency.unit}, derived: all its readings" in one.message
    figures = row_figures(latency, blind)
    assert (figures["resolution_ns"], figures["below_resolution"]) == (1000, True)
    assert figures[f"p50_{latency.unit}"] is figures["share"] is None
    assert below_text(step) == f"<{step:g}"


@pytest.mark.parametrize("ends", [(0, 3001), (0, 0)])
def test_a_reading_of_nothing_without_a_step_is_not_known(ends: tuple[int, ...]) -> None:
    found = inside(*ends)
    (latency,) = found.methods
    blind = latency.rows.op.index("op 0")
    step = clock_step(latency.rows, blind, latency.unit)
    assert step is not None
    assert math.isnan(step)
    figures = row_figures(latency, blind)
    assert (figures["resolution_ns"], figures["below_resolution"]) == (None, True)
    assert figures[f"mean_{latency.unit}"] is figures["share"] is None
    (one,) = [finding for finding in found.findings if finding.rule == "resolution"]
    assert "clock, which is not known: short" in one.message
    assert below_text(step) is None
    assert not is_below(0.5, step, "p50")
    rollup = rollup_report(found, "op").to_json()
    (row,) = [row for row in rollup["rows"] if row["name"] == "op 0"]
    assert (
        row[f"self_{latency.unit}"]
        is row[f"self_at_most_{latency.unit}"]
        is row[f"at_most_{latency.unit}"]
        is None
    )
    json.dumps([rollup, found.to_json()], allow_nan=False)


def test_operations_of_which_the_clock_tells_nothing_take_no_zero() -> None:
    (parts,) = inside(0, 0).waterfalls
    (one,) = [part for part in parts if part.name == "operations inside"]
    assert math.isnan(one.value)
    assert one.note == "2 operations, each below the step of the backend's clock"
