"""What a run adds to a memory report: the footprint of the process, allocations, the roofline."""

from __future__ import annotations

from etscope.devtools.column_fit import print_fitting
from etscope.devtools.quantities import bar
from etscope.devtools.stored_text import say_cut
from etscope.devtools.terminal import Column, paragraph, say
from etscope.etdump.footprint import Phase
from etscope.inspector.memory.allocations import NO_TIMES
from etscope.inspector.memory.footprint import FootprintLedger
from etscope.inspector.memory.report import MemoryReport
from etscope.inspector.memory.run_rows import growth_rows
from etscope.inspector.roofline.bounds import NO_CALIBRATION
from etscope.inspector.roofline.roofline import OperatorRoof, Roofline
from etscope.inspector.wording import base_name, counted, figure, percent

_BAR = 20
_PAGES = ("rss_bytes", "pss_bytes", "uss_bytes", "peak_rss_bytes")


def print_footprint(report: MemoryReport) -> None:
    """The phases of the process, and what it grew by; nothing where it was not measured."""
    footprint, grown = report.footprint, report.growth
    if footprint is None:
        return
    say()
    paragraph("footprint of the process, by phase (measured)", style="bold")
    columns = [Column("phase"), Column("at (ms)", right=True)]
    columns += [Column(f"{_pages(key)} (bytes)", right=True) for key in _PAGES]
    growths: list[int | None] = [None] * len(footprint.phases)
    of = ""
    if grown is not None:
        of = f" of {grown.own_name}"
        growths = [row.growth_bytes for row in grown.rows]
    columns += [Column(f"growth{of} (bytes)", right=True)]
    cells = [
        [_phase(phase), f"{phase.at_ms:,.0f}", *_sizes(phase), _size(growth)]
        for phase, growth in zip(footprint.phases, growths, strict=True)
    ]
    print_fitting(columns, cells, ("at", "uss", "rss", "peak rss"))
    if grown is not None:
        _print_growth(grown)


def _print_growth(grown: FootprintLedger) -> None:
    """Names for what the process grew by; they add up to it. What others changed stands below."""
    say()
    paragraph('growth from "libraries loaded" to "steady state"', style="bold")
    cells: list[list[str | None]] = [
        _part_cells(row["label"], row["size_bytes"], row["share"], row["basis"], row["evidence"])
        for row in growth_rows(grown)
    ]
    own, basis = grown.own_growth_bytes, grown.basis.removesuffix("_bytes").upper()
    name = f"growth of {grown.own_name}"
    cells.append(_part_cells(name, own, grown.share_of(own), grown.own_basis, "sum of the above"))
    if grown.counted_in != grown.basis:
        shared = "who else shares the pages: not this process"
        cells.append(_part_cells(_SHARING, grown.sharing_bytes, None, "derived", shared))
        cells.append(_part_cells(f"growth of {basis}", grown.growth_bytes, None, "measured"))
    columns = [
        Column("part"),
        Column("size (bytes)", right=True),
        Column("share", right=True),
        Column("", style="cyan"),
        Column("basis"),
        Column("how it is known"),
    ]
    print_fitting(columns, cells, ("", "how it is known"))
    for note in grown.notes:
        paragraph(note, "  ")


_SHARING = "changed by other processes"


def _part_cells(
    what: str, size: int, share: float | None, basis: str, evidence: str | None = None
) -> list[str | None]:
    drawn = "" if share is None else bar(share, _BAR)
    return [what, f"{size:,}", None if share is None else percent(share), drawn, basis, evidence]


def _pages(key: str) -> str:
    return key.removesuffix("_bytes").replace("_", " ")


def _phase(phase: Phase) -> str:
    return f"{phase.name} ({phase.method})" if phase.method else phase.name


def _sizes(phase: Phase) -> list[str | None]:
    return [_size(phase.figures.get(key)) for key in _PAGES]


def _size(size: int | None) -> str | None:
    return None if size is None else f"{size:,}"


def print_allocations(report: MemoryReport) -> None:
    """Allocation events, where the runtime emitted any."""
    rows = report.allocations
    if not rows:
        return
    say()
    paragraph("asked of allocators (measured)", style="bold")
    columns = (
        Column("run"),
        Column("allocator"),
        Column("runs", right=True),
        Column("requests", right=True),
        Column("most in a run (bytes)", right=True),
        Column("largest (bytes)", right=True),
    )
    cells = [
        [
            row["run"],
            row["allocator"],
            f"{row['runs']:,}",
            f"{row['requests']:,}",
            f"{row['most_bytes']:,}",
            f"{row['largest_bytes']:,}",
        ]
        for row in rows
    ]
    print_fitting(columns, cells, ("runs", "requests"))
    paragraph(NO_TIMES, "  ")


def print_rooflines(report: MemoryReport, limit: int) -> None:
    """The operators that take most time, and what bounds each."""
    for roof in report.rooflines:
        rows = sorted(roof.rows, key=lambda row: -(row.time_s or 0.0))
        if not rows:
            continue
        say()
        name = roof.latency.method or "the method"
        paragraph(
            f"roofline of {name}, per inference (time measured, work estimated)", style="bold"
        )
        for line in _machine(roof):
            paragraph(line)
        shown = rows[: limit or None]
        columns = (
            Column("instr", right=True),
            Column("operator"),
            Column("module"),
            Column("source"),
            Column("time (us)", right=True),
            Column("flops", right=True),
            Column("moved (bytes)", right=True),
            Column("GFLOP/s", right=True),
            Column("GB/s", right=True),
            Column("flops/byte", right=True),
            Column("of peak", right=True),
            Column("bound"),
        )
        spare = ("module", "flops", "moved", "flops/byte", "GB/s", "GFLOP/s", "source")
        print_fitting(columns, [_roof_cells(roof, row) for row in shown], spare)
        say_cut(len(rows) - len(shown), "operator")
        if any((one.peak_share or 0.0) > 1 for one in shown):
            paragraph(
                "more than 100% of peak: from a cache, or faster than the calibration was; "
                "--json says which"
            )


def _machine(roof: Roofline) -> list[str]:
    lines = []
    peak = roof.peak
    if peak is not None:
        lines.append(
            f"the machine reached {figure(peak.float32_gflops_per_s)} GFLOP/s (float32) and "
            f"{figure(peak.memory_gb_per_s)} GB/s {_with(peak.threads)} (measured)"
        )
    else:
        lines.append(NO_CALIBRATION)
    shares = {bound: share for bound, share in roof.time_shares.items() if share > 0}
    said = ", ".join(f"{bound} {percent(share)}" for bound, share in shares.items())
    rest = percent(roof.unexplained_s / roof.whole_s) if roof.whole_s else None
    if said:
        outside = "" if rest in (None, "0.0%", "-0.0%") else f", in no operator {rest}"
        lines.append(f"of its time: {said}{outside}")
    return lines


def _with(threads: int) -> str:
    """The calibration takes the better of all threads and of one."""
    return f"with {'at most ' if threads > 1 else ''}{counted(threads, 'thread')}"


def _roof_cells(roof: Roofline, row: OperatorRoof) -> list[str | None]:
    rows, at = roof.latency.rows, row.row
    source = roof.origins.source(at)
    inside = rows.delegate_id[at] is not None
    return [
        f"{int(rows.instruction[at])}" + ("+" if inside else ""),
        rows.op[at] or rows.backend[at] or rows.event[at],
        roof.origins.module(at) or None,
        None if source is None else base_name(source),
        None if row.time_s is None else figure(row.time_s * 1e6),
        None if row.operations is None else f"{row.operations:,.0f}",
        None if row.total_bytes is None else f"{row.total_bytes:,.0f}",
        *(
            None if rate is None else figure(rate)
            for rate in (row.gflops_per_s, row.gb_per_s, row.intensity)
        ),
        None if row.peak_share is None else percent(row.peak_share),
        row.bound,
    ]
