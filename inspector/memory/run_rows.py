"""What a run and the runtime add to the plan, in flat rows."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from etscope.etdump.columns import Trace
from etscope.etdump.footprint import Footprint, Phase
from etscope.inspector.memory.allocations import NO_TIMES, allocations_of
from etscope.inspector.memory.allocators import NOT_COUNTED, MethodAllocator
from etscope.inspector.memory.footprint import FootprintLedger
from etscope.inspector.recording import Recording
from etscope.inspector.roofline.roofline import Roofline
from etscope.inspector.wording import finite

ALLOCATION = (
    "run",
    "allocator",
    "runs",
    "requests",
    "total_bytes",
    "most_bytes",
    "largest_bytes",
)
GROWTH = ("group", "label", "size_bytes", "share", "basis", "evidence", "asked_bytes")
PHASE = ("phase", "method", "at_ms", "growth_bytes", "heap_bytes")


def allocation_rows(trace: Trace) -> list[dict[str, Any]]:
    """A row per kind of run and allocator of a trace; none where its runtime tracks none."""
    found = allocations_of(trace)
    if found.is_empty:
        return []
    columns = zip(
        found.run,
        found.allocator,
        found.runs.tolist(),
        found.requests.tolist(),
        found.total_bytes,
        found.most_bytes,
        found.largest_bytes.tolist(),
        strict=True,
    )
    return [dict(zip(ALLOCATION, row, strict=True)) | {"note": NO_TIMES} for row in columns]


def allocator_json(found: MethodAllocator) -> dict[str, Any]:
    """What loading a method asks of the method allocator, estimated."""
    return {
        "basis": "estimated",
        "layout": found.layout.name,
        "size_bytes": found.size_bytes,
        "with_lookup_bytes": found.with_lookup_bytes,
        "requests": found.requests,
        "needs": [need._asdict() for need in (*found.needs, found.lookup)],
        "not_counted": NOT_COUNTED,
    }


def measured_coverage(
    recording: Recording | None,
    footprint: Footprint | None,
    found: tuple[Roofline, ...],
    allocations: list[dict[str, Any]] | None,
) -> dict[str, Any]:
    """What was measured, and why not where nothing was."""
    measured = "measured"
    if footprint is None:
        measured = (
            "not measured: no footprint in the bundle" if recording else "not measured: no run"
        )
    whole = sum(roof.whole_s for roof in found)
    counted = sum(roof.coverage * roof.whole_s for roof in found)
    events = None if allocations is None else sum(row["requests"] for row in allocations)
    return {
        "footprint": measured,
        "roofline_time_share": finite(counted / whole) if whole else None,
        "allocation_events": events,
    }


def growth_rows(grown: FootprintLedger) -> list[dict[str, Any]]:
    """The parts of a process's growth, then what has no name; they add up to its own growth.

    What other processes changed is not in them; shares are None where nothing grew.
    """
    rows: list[tuple[object, ...]] = [
        (
            part.group,
            part.label,
            part.size_bytes,
            grown.share_of(part.size_bytes),
            part.basis,
            part.evidence,
            part.asked_bytes,
        )
        for part in grown.parts
    ]
    size = grown.unattributed_bytes
    why = "what no part above names"
    rows.append(("rest", "unattributed", size, grown.share_of(size), "derived", why, None))
    return [dict(zip(GROWTH, row, strict=True)) for row in rows]


def phase_rows(footprint: Footprint, grown: FootprintLedger | None) -> list[dict[str, Any]]:
    """A row per phase of a process, in their order. Figures are measured."""
    rows: list[tuple[Phase, int | None, int | None]] = [
        (phase, None, None) for phase in footprint.phases
    ]
    if grown is not None:
        rows = [(row.phase, row.growth_bytes, row.heap_bytes) for row in grown.rows]
    return [
        dict(zip(PHASE, (phase.name, phase.method, phase.at_ms, growth, heap), strict=True))
        | {"figures": dict(phase.figures)}
        for phase, growth, heap in rows
    ]


def footprint_json(footprint: Footprint, grown: FootprintLedger | None) -> dict[str, Any]:
    """What the process used, measured, and names for what it grew by."""
    known: dict[str, Any] = {
        "verdict": "The phases do not tell how much the process grew.",
        "basis": None,
        "counted_in": None,
        "growth_bytes": None,
        "sharing_bytes": None,
        "own_growth_bytes": None,
        "explained_share": None,
        "peak_rss_bytes": None,
        "peak_phase": None,
        "parts": [],
        "notes": list(footprint.notes),
    }
    if grown is not None:
        known |= {
            "verdict": grown.verdict,
            "basis": grown.basis,
            "counted_in": grown.counted_in,
            "growth_bytes": grown.growth_bytes,
            "sharing_bytes": grown.sharing_bytes,
            "own_growth_bytes": grown.own_growth_bytes,
            "explained_share": grown.explained,
            "peak_rss_bytes": grown.peak_rss_bytes,
            "peak_phase": grown.peak_phase,
            "parts": growth_rows(grown),
            "notes": list(grown.notes),
        }
    samples = {
        "at_ms": list(footprint.samples.at_ms),
        "rss_bytes": list(footprint.samples.rss_bytes),
    }
    return known | {"phases": phase_rows(footprint, grown), "samples": samples}


def roofline_json(found: tuple[Roofline, ...]) -> dict[str, Any] | None:
    """Every kind of inference under the roof of its machine; None: nothing was timed."""
    if not found:
        return None
    peak = found[0].peak
    return {
        "machine_peak": None if peak is None else asdict(peak),
        "methods": [
            {
                "method": roof.latency.method,
                "ridge_flops_per_byte": roof.ridge,
                "time_share_counted": finite(roof.coverage),
                "time_ms": finite(roof.whole_s * 1e3),
                "unexplained_ms": finite(roof.unexplained_s * 1e3),
                "time_shares": {bound: finite(share) for bound, share in roof.time_shares.items()},
            }
            for roof in found
        ],
        "rows": [row for roof in found for row in roof.to_rows()],
    }
