"""What the clock of a backend cannot tell from nothing."""

from __future__ import annotations

import pytest
from project import ROOT

from etscope.inspector.latency_report import LatencyReport, latency_report
from etscope.inspector.recording import open_recording
from etscope.inspector.resolution import clock_step


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
