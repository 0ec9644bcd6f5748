"""What the footprints of the samples must hold: nearly all growth of the real runtime has a name.

They were measured once, with the bundles; what names them is worked out anew.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from project import ROOT

from etscope.etdump.footprint import LIBRARIES, STEADY
from etscope.inspector.memory.report import MemoryReport, memory_report
from etscope.inspector.recording import open_recording

BUNDLES = sorted((ROOT / "sample_traces").glob("*.etscope"))

each_sample = pytest.mark.parametrize("bundle", BUNDLES, ids=lambda path: path.stem)


@cache
def report_of(bundle: Path) -> MemoryReport:
    recording = open_recording(bundle)
    assert recording.program is not None
    return memory_report(recording.program, recording)


def test_there_are_six_samples() -> None:
    assert len(BUNDLES) == 6


@each_sample
def test_nine_tenths_of_the_growth_of_pss_have_names(bundle: Path) -> None:
    found = report_of(bundle).growth

    assert found is not None
    assert found.basis == "pss_bytes"
    named = sum(part.size_bytes for part in found.parts)
    assert found.own_growth_bytes > 0
    assert 0.9 <= named / found.own_growth_bytes <= 1.1
    assert abs(found.unattributed_bytes) <= 0.1 * found.growth_bytes


@each_sample
def test_names_sharing_and_the_rest_add_up_to_the_growth_of_pss(bundle: Path) -> None:
    report = report_of(bundle)
    found, measured = report.growth, report.footprint

    assert found is not None
    assert measured is not None
    base, steady = measured.phase(LIBRARIES), measured.phase(STEADY)
    assert base is not None
    assert steady is not None
    growth = steady.figures["pss_bytes"] - base.figures["pss_bytes"]
    named = sum(part.size_bytes for part in found.parts)
    assert named + found.sharing_bytes + found.unattributed_bytes == growth == found.growth_bytes


@each_sample
def test_a_report_tells_what_has_no_name(bundle: Path) -> None:
    found = report_of(bundle).growth

    written = report_of(bundle).to_json({})["footprint"]

    assert found is not None
    *named, rest = written["parts"]
    assert len(named) == len(found.parts)
    assert rest["size_bytes"] == found.unattributed_bytes
    assert sum(part["size_bytes"] for part in written["parts"]) == written["own_growth_bytes"]
