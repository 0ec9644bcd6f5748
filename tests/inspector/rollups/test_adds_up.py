"""Whatever the events and wherever they come from: the parts of every roll-up are the method."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from origins_builder import Row, latency_and_origins
from project import ROOT

from etscope.inspector.backends.operations import Confidence
from etscope.inspector.latency_report import latency_report
from etscope.inspector.recording import open_recording
from etscope.inspector.rollups import ROLLUPS
from etscope.inspector.rollups.table import UNEXPLAINED, Rollup

KINDS = ("operator", "kernel", "delegate", "delegated", "control", "other")
MODULES = (None, "", "layer1", "layer10", "layers.0", "layers.1", "layers.1.norm", "a.b.c")
TIMES = st.integers(0, 1000).map(float) | st.just(math.nan)


@st.composite
def trees(draw: st.DrawFn) -> list[Row]:
    """A method, or none, with events of any kind inside each other in any order."""
    timed = draw(st.booleans())
    count = draw(st.integers(0, 12))
    rows = [Row("method", draw(TIMES), parent=-1)] if timed else []
    for _ in range(count):
        parent = draw(st.integers(-1, len(rows) - 1)) if rows else -1
        rows.append(
            Row(
                kind=draw(st.sampled_from(KINDS)),
                total=draw(TIMES),
                parent=parent,
                op=draw(st.sampled_from([None, "aten::add.out", "conv #1", "conv #2"])),
                module=draw(st.sampled_from(MODULES)),
                line=draw(st.sampled_from([None, 1, 2])),
                calls=draw(st.sampled_from([0.5, 1.0, 3.0])),
                backend=draw(st.sampled_from([None, "XnnpackBackend", "Gpu"])),
                call=draw(st.integers(0, 2)),
                confidence=draw(st.sampled_from(Confidence)),
            )
        )
    return rows


def check(rollup: Rollup) -> None:
    entries = rollup.entries
    assert sum(entry.own for entry in entries) == pytest.approx(rollup.whole)
    assert sum(e.total for e in entries if e.level == 0) == pytest.approx(rollup.whole)
    for row, entry in enumerate(entries):
        assert entry.parent < row
        below = sum(other.total for other in entries if other.parent == row)
        assert entry.total == pytest.approx(entry.own + below)
        above = entries[entry.parent].level if entry.parent >= 0 else -1
        assert entry.level == above + 1
    if rollup.timed:
        assert entries[-1].name == UNEXPLAINED
        shares = [rollup.share(entry.own) for entry in entries]
        assert not rollup.whole or sum(shares) == pytest.approx(1)


@pytest.mark.parametrize("by", ROLLUPS)
@given(rows=trees())
@settings(max_examples=40, deadline=None)
def test_parts_add_up(by: str, rows: list[Row]) -> None:
    latency, origins = latency_and_origins(*rows)
    rollup = ROLLUPS[by](latency, origins)
    check(rollup)
    timed = bool(rows) and rows[0].kind == "method" and math.isfinite(rows[0].total)
    assert rollup.timed == timed
    if timed:
        assert rollup.whole == rows[0].total


@pytest.mark.parametrize("by", ROLLUPS)
@given(rows=trees())
@settings(max_examples=40, deadline=None)
def test_every_operator_runs_in_one_entry(by: str, rows: list[Row]) -> None:
    """Operators, delegated operations: each is counted once, what lies in them never."""
    latency, origins = latency_and_origins(*rows)
    found = ROLLUPS[by](latency, origins)
    tops = sum(entry.operators for entry in found.entries if entry.level == 0)
    assert tops == pytest.approx(sum(row.calls for row in heads(rows)))


def heads(rows: list[Row]) -> list[Row]:
    """What counts as an operator: in the method, and a part of none."""
    timed = bool(rows) and rows[0].kind == "method"
    out = []
    for number, row in enumerate(rows):
        around = ancestors(rows, number)
        if timed and (not around or around[-1] != 0):
            continue
        apart = row.kind == "delegated" or not led(rows, number)
        if row.kind in ("operator", "delegated") and apart:
            out.append(row)
    return out


def ancestors(rows: list[Row], number: int) -> list[int]:
    out = []
    while (number := rows[number].parent) >= 0:
        out.append(number)
    return out


def led(rows: list[Row], number: int) -> bool:
    """Whether a row that is no operation of a delegate is part of a call around it."""
    for above in ancestors(rows, number):
        if rows[above].kind == "delegated":
            return False
        if rows[above].kind in ("operator", "delegate", "control"):
            return True
    return False


def test_the_samples_add_up() -> None:
    for bundle in sorted((ROOT / "sample_traces").glob("*.etscope")):
        report = latency_report(open_recording(bundle))
        for latency, origins in zip(report.methods, report.origins, strict=True):
            for roll_up in ROLLUPS.values():
                found = roll_up(latency, origins)
                check(found)
                assert found.whole == latency.mean
                assert np.isfinite(found.named)
