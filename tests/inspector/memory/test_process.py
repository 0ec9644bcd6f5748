"""What a measured process holds besides the plan, on footprints made by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import program_builder as make
import pytest
from project import ROOT

from etscope.etdump.footprint import (
    FIRST,
    HEAP,
    LIBRARIES,
    LIBRARY,
    METHOD,
    PROGRAM,
    PROGRAM_FILE,
    STEADY,
    Footprint,
    Mapped,
    Phase,
)
from etscope.etdump.program import read_program
from etscope.inspector.findings import Finding
from etscope.inspector.memory.footprint import footprint_ledger
from etscope.inspector.memory.ledger import Entry, Source
from etscope.inspector.memory.process import delegate_memory, process_text
from etscope.inspector.memory.report import MemoryReport, memory_report
from etscope.inspector.memory.rules.process import delegates_held, loading_peak, weights_packed
from etscope.inspector.recording import open_recording

KB = 1000


def report(
    *,
    arenas: int = 100,
    loaded: int = 0,
    run: int = 0,
    stored: int = 0,
    peak: int = 0,
    reset: bool = True,
) -> MemoryReport:
    """One delegate; kilobytes that it asks for, that the file has for it, and of a load's peak."""
    method = make.method(arenas=[0, arenas * KB], delegates=[make.delegate("XnnpackBackend")])
    program = read_program(make.program(method, blobs=[b"blob"]))
    used = (0, arenas, arenas + loaded, *[arenas + loaded + run] * 2)
    phases = []
    for at, name in enumerate((LIBRARIES, PROGRAM, METHOD, FIRST, STEADY)):
        pages = {LIBRARY: 5000, HEAP: 1000 + used[at], PROGRAM_FILE: 4 * min(at, 1)}
        whole = sum(pages.values()) * KB
        figures = {"rss_bytes": whole, "pss_bytes": whole, "heap_used_bytes": used[at] * KB}
        figures["peak_rss_bytes"] = whole + (peak * KB if name == METHOD else 0)
        mapped = [Mapped(kind, None, {"pss_bytes": size * KB}) for kind, size in pages.items()]
        named = "forward" if name == METHOD else None
        phases.append(Phase(name, float(at), figures, named, tuple(mapped)))
    footprint = Footprint(tuple(phases), peak_from_start=not reset)
    entries = [Entry(Source.NAMED_DATA, "weights", stored * KB, ("forward",))]
    entries.append(Entry(Source.NAMED_DATA, "of no method", 10**9, ()))
    made = SimpleNamespace(
        program=program,
        footprint=footprint,
        growth=footprint_ledger(footprint, program),
        ledger=entries,
    )
    return cast(MemoryReport, made)


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_delegates_that_hold_more_than_the_plan() -> None:
    finding = only([*delegates_held(report(loaded=200, run=700))])

    assert finding.severity == "medium"
    assert finding.message.startswith("delegates (XnnpackBackend) hold 90")
    assert "besides the arenas, 9 times the planned arenas of 100 kB: 700 kB since the first" in (
        finding.message
    )
    assert "workspace" in finding.advice
    held = {key: finding.evidence[key] for key in ("run_bytes", "arena_bytes", "growth_bytes")}
    assert held == {"run_bytes": 700 * KB, "arena_bytes": 100 * KB, "growth_bytes": 1004 * KB}


def test_delegates_are_told_where_nothing_is_planned() -> None:
    finding = only([*delegates_held(report(arenas=0, loaded=700, run=200))])

    assert "while nothing is planned" in finding.message
    assert "weights" in finding.advice


@pytest.mark.parametrize("sizes", [{"run": 99}, {"loaded": 60, "arenas": 10}, {}])
def test_delegates_that_hold_less_than_the_plan_or_next_to_nothing(sizes: dict[str, Any]) -> None:
    assert not [*delegates_held(report(**sizes))]


def test_packed_weights_are_a_copy_of_those_in_the_file() -> None:
    finding = only([*weights_packed(report(loaded=700, stored=650))])

    assert finding.severity == "medium"
    assert "650 kB are in the file, and 7" in finding.message
    assert finding.message.endswith("of the file itself 4 kB stayed in memory (measured)")
    assert finding.evidence["stored_bytes"] == 650 * KB


@pytest.mark.parametrize("sizes", [{"loaded": 300, "stored": 650}, {"loaded": 700}])
def test_what_a_load_asks_for_is_no_copy_of_much_larger_weights(sizes: dict[str, Any]) -> None:
    assert not [*weights_packed(report(**sizes))]


def test_a_load_that_takes_more_for_a_while_than_what_stays() -> None:
    finding = only([*loading_peak(report(loaded=700, peak=600))])

    assert finding.severity == "medium"
    assert finding.message.startswith("loading forward takes 600 kB more for a while than")
    assert (finding.evidence["phase"], finding.evidence["method"]) == (METHOD, "forward")


def test_peaks_that_count_from_the_start_and_small_ones_tell_nothing_of_a_load() -> None:
    assert not [*loading_peak(report(loaded=700, peak=600, reset=False))]
    assert not [*loading_peak(report(loaded=700, peak=60))]


def test_nothing_measured_is_nothing_found() -> None:
    made = SimpleNamespace(growth=None, footprint=None, ledger=[])
    for rule in (delegates_held, weights_packed, loading_peak):
        assert not [*rule(cast(MemoryReport, made))]
    assert process_text(None) == ""


def test_the_largest_part_of_the_growth_is_in_the_verdict() -> None:
    grown = report(loaded=700, run=150).growth
    assert grown is not None

    found = delegate_memory(grown)

    assert process_text(grown) == (
        f"the process holds 954 kB more than the loaded libraries, "
        f"{found.loaded_bytes / 954_000:.1%} of it packed weights and objects of delegates "
        "(derived)"
    )
    assert found.held_bytes == found.loaded_bytes + 150 * KB


def test_the_verdict_of_a_measured_program_does_not_end_with_its_arenas() -> None:
    recording = open_recording(ROOT / "sample_traces/convnet_xnnpack.etscope")
    assert recording.program is not None
    verdict = memory_report(recording.program, recording).verdict
    assert "forward sets aside 12.4 kB (planned); " in verdict
    assert "; the process holds 1.47 MB more than the loaded libraries (derived), " in verdict
    assert "the process" not in memory_report(recording.program).verdict
