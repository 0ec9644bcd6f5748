"""What is said of source lines and modules: how much was mapped, and what cannot be read."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from project import ROOT

from etscope.dashboard.report_summary import summary
from etscope.devtools.fallback_text import print_fallbacks
from etscope.devtools.latency_text import print_report
from etscope.devtools.mapping_text import mapping_lines
from etscope.devtools.rollup_text import print_rollups
from etscope.inspector.correlate.ledger import Bucket, Ledger
from etscope.inspector.fallbacks.report import fallback_report
from etscope.inspector.latency_report import LatencyReport, latency_report
from etscope.inspector.recording import open_recording
from etscope.inspector.rollups.report import rollup_report

SAMPLE = ROOT / "sample_traces" / "convnet_portable.etscope"


@pytest.fixture(scope="module")
def unread(tmp_path_factory: pytest.TempPathFactory) -> LatencyReport:
    """The report of a bundle whose record was cut off."""
    folder: Path = tmp_path_factory.mktemp("cut") / "x.etscope"
    shutil.copytree(SAMPLE, folder)
    record = folder / "record.etrecord"
    record.write_bytes(record.read_bytes()[:2000])
    return latency_report(open_recording(folder))


def test_a_record_that_cannot_be_read_is_not_called_missing(
    unread: LatencyReport, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "source lines: none, the ETRecord cannot be read" in mapping_lines(unread)
    assert "<small>the ETRecord cannot be read</small>" in summary(unread)
    print_fallbacks(fallback_report(unread))
    assert "the ETRecord cannot be read: --record" in capsys.readouterr().out
    print_rollups(rollup_report(unread, "module"))
    assert "the ETRecord cannot be read, so no modules: --record" in capsys.readouterr().out


def test_confidence_says_that_it_is_of_the_times(
    unread: LatencyReport, capsys: pytest.CaptureFixture[str]
) -> None:
    assert unread.confidence.startswith("high: ")
    assert "high confidence</span> in the times: warm-up left out" in summary(unread)
    print_report(unread)
    assert "\nconfidence in the times: high: warm-up left out" in capsys.readouterr().out


@pytest.mark.parametrize(("reasons", "end"), [(4, "; 1 more reason"), (5, "; 2 more reasons")])
def test_reasons_that_are_left_out_are_counted(
    unread: LatencyReport, reasons: int, end: str
) -> None:
    buckets = [
        Bucket("not mapped", "unmapped", f"reason {n}", 1.0, 1, 1, 0) for n in range(reasons)
    ]
    mapped = Bucket("by debug handle, exact", "mapped", "", 1.0, 1, 1, 0)
    ledger = Ledger((mapped, *buckets), reasons + 1.0, "ms")
    (line, *_) = mapping_lines(replace(unread, ledgers=[ledger]))
    assert line.endswith(end)
    assert "by debug handle, exact" in line


def test_the_root_module_has_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    report = latency_report(open_recording(SAMPLE))
    assert any(row["module"] == "" for row in report.rows())
    print_report(report)
    assert "(root)" in capsys.readouterr().out
    print_fallbacks(fallback_report(report))
    assert "(root)" in capsys.readouterr().out
