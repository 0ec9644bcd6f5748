"""Memory reports of programs made by hand, and of bundles of them that were measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from planned import chain_program

from etscope.etdump.footprint import Footprint, Phase, Samples
from etscope.etdump.machine_peak import MachinePeak
from etscope.inspector.memory.report import MemoryReport, memory_report
from etscope.inspector.recording import open_recording

SAMPLES = Path(__file__).parents[1] / "sample_traces"

FOOTPRINT = Footprint(
    phases=(
        Phase("start", 10.0, {"rss_bytes": 10_000_000, "pss_bytes": 8_000_000}),
        Phase("libraries loaded", 900.0, {"rss_bytes": 30_000_000, "pss_bytes": 20_000_000}),
        Phase("steady state", 950.0, {"rss_bytes": 32_000_000, "pss_bytes": 21_000_000}),
    ),
    samples=Samples((0.0, 500.0, 1000.0), (1_000_000, 31_000_000, 32_000_000)),
)


def chain_report(
    sizes: Sequence[int], *, operator: tuple[str, str] = ("aten::add", "out")
) -> MemoryReport:
    """The report on a program of a chain of operators; nothing was run."""
    return memory_report(chain_program(sizes, operator=operator, view=True, slack=64))


def measured_report(name: str) -> MemoryReport:
    """The report on a sample as if its process and its machine had been measured as well."""
    recording = open_recording(SAMPLES / f"{name}.etscope")
    assert recording.bundle is not None
    assert recording.program is not None
    measured = replace(
        recording.bundle.manifest, footprint=FOOTPRINT, machine_peak=MachinePeak(1, 60.0, 12.0)
    )
    bundle = replace(recording.bundle, manifest=measured)
    return memory_report(recording.program, replace(recording, bundle=bundle))
