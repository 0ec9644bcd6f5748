"""The report as text: figures, columns that fit, what is left out, units that read well."""

from __future__ import annotations

import io
import math
import re
import sys
from pathlib import Path

import pytest
from project import ROOT
from traces import event, inference, trace_of_runs

from etscope.devtools.latency_text import SCREENFUL, Layout, print_report
from etscope.devtools.quantities import bar, decimals_for, fixed
from etscope.devtools.time_unit import clock_for, fitting_unit
from etscope.etdump.columns import Trace
from etscope.etdump.writer import write_etdump
from etscope.inspector.latency_report import LatencyReport, latency_report
from etscope.inspector.recording import Recording, open_recording
from etscope.inspector.units import TimeScale
from etscope.inspector.wording import percent

NAN = math.nan


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def recording_of(trace: Trace, folder: Path) -> Recording:
    write_etdump(trace, folder / "x.etdp")
    return open_recording(folder / "x.etdp")


@pytest.fixture
def report(tmp_path: Path) -> LatencyReport:
    """Thirty operators with long names, one after another, the later the longer they take."""
    events, now = [], 5
    for number in range(30):
        end = now + 10 * (number + 1)
        name = f"native_call_a_rather_long_name_of_an_operator_{number}.out"
        events.append(event(name, now, end, instruction=number))
        now = end
    call = inference(*events, event("Method::execute", 0, now))
    return latency_report(recording_of(trace_of_runs(*[call] * 12), tmp_path))


def on_screen(
    report: LatencyReport, monkeypatch: pytest.MonkeyPatch, width: int, layout: Layout | None = None
) -> list[str]:
    """The lines of a report on a screen without colours."""
    screen = Screen()
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    # Not in a fixture: pytest puts its own stdout back between setup and test.
    monkeypatch.setattr(sys, "stdout", screen)
    print_report(report, layout)
    return re.sub(r"\x1b\[\d*m", "", screen.getvalue()).splitlines()


# ----------------------------------------------------------------- figures


@pytest.mark.parametrize(
    ("values", "decimals"),
    [
        ([40_000.0, 1.0], 0),
        ([1234.5, NAN], 2),
        ([46.2, 0.01], 3),
        ([-1.5], 4),
        ([0.0047], 7),
        ([0.0], 4),
        ([], 4),
    ],
)
def test_a_column_has_the_decimals_that_it_needs(values: list[float], decimals: int) -> None:
    assert decimals_for(values) == decimals


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.23456, "1.235"), (0.0, "0.000"), (0.0002, "<0.001"), (-0.0002, ">-0.001"), (NAN, None)],
)
def test_something_is_never_written_as_nothing(value: float, text: str | None) -> None:
    assert fixed(value, 3) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0.123, "12.3%"), (0.0, "0.0%"), (0.0001, "<0.1%"), (NAN, None)]
)
def test_shares_are_percent(share: float, text: str | None) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("share", "drawn"), [(1.0, "████"), (3.0, "████"), (0.53, "██▏"), (0.0, ""), (NAN, "")]
)
def test_bars_are_drawn_in_eighths(share: float, drawn: str) -> None:
    assert bar(share, 4) == drawn


# ----------------------------------------------------------------- screen and pipe


def test_a_screen_gets_a_screenful_that_fits(
    report: LatencyReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = on_screen(report, monkeypatch, 80)
    assert max(map(len, lines)) <= 80
    # Names fold where nothing else can give way, so rows are counted by their shares.
    table = lines[next(i for i, line in enumerate(lines) if "instr  " in line) :]
    assert len([line for line in table if line.rstrip().endswith("%")]) == SCREENFUL + 1
    assert "std" not in "".join(table)
    assert any(line.startswith("… 10 more rows, ") for line in lines)


def test_a_wide_screen_gets_every_column_and_bars(
    report: LatencyReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = on_screen(report, monkeypatch, 200, Layout(top=0))
    assert [line.split()[0] for line in lines if "(ms)" in line] == ["part", "instr"]
    head = next(line for line in lines if "instr  " in line)
    assert all(title in head for title in ("backend", "calls", "mean", "std", "share", " n"))
    assert any("█" in line for line in lines)
    assert not any("more row" in line for line in lines)


def test_a_pipe_gets_everything_on_long_lines(
    report: LatencyReport, capsys: pytest.CaptureFixture[str]
) -> None:
    print_report(report)
    out = capsys.readouterr().out
    assert out.count("a_rather_long_name_of_an_operator_") >= 30
    assert "more row" not in out
    assert "\x1b" not in out
    assert "█" not in out
    assert out.splitlines()[0] == report.verdict


def test_times_below_the_clock_of_a_backend_are_no_zeros(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recording = open_recording(ROOT / "sample_traces" / "convnet_xnnpack.etscope")
    report = latency_report(recording, clock_for(recording, "ns", "us"))
    lines = on_screen(report, monkeypatch, 200, Layout(top=0))
    table = lines[next(n for n, line in enumerate(lines) if line.strip().startswith("instr")) :]
    (softmax,) = [line for line in table if "Softmax" in line]
    assert softmax.count("<1 ") == 3
    assert re.search(r"<1 +- .*<\d\.\d%", softmax)
    (slow,) = [line for line in table if "IGEMM #3" in line]
    assert "<" not in slow


# ----------------------------------------------------------------- units


@pytest.mark.parametrize(
    ("ticks", "unit"),
    [(500, "ns"), (40_000, "us"), (5_000_000, "ms"), (3_000_000_000, "s"), (0, "ms")],
)
def test_the_unit_is_one_in_which_the_method_reads_well(
    ticks: int, unit: str, tmp_path: Path
) -> None:
    trace = trace_of_runs(inference(event("Method::execute", 7, 7 + ticks)))
    found = fitting_unit(recording_of(trace, tmp_path), TimeScale.NS)
    assert found.value == unit


def test_without_a_method_the_slowest_event_decides(tmp_path: Path) -> None:
    events = [event("a", 0, 900, instruction=0), event("b", 900, 9_000_000, instruction=1)]
    recording = recording_of(trace_of_runs(inference(*events)), tmp_path)
    assert fitting_unit(recording, TimeScale.NS) is TimeScale.MS


def test_cycles_stay_cycles(tmp_path: Path) -> None:
    trace = trace_of_runs(inference(event("Method::execute", 0, 10**9)))
    recording = recording_of(trace, tmp_path)
    assert fitting_unit(recording, TimeScale.CYCLES) is TimeScale.CYCLES
    assert clock_for(recording, "cycles", None).target is TimeScale.CYCLES
    assert clock_for(recording, "us", None).target is TimeScale.MS
