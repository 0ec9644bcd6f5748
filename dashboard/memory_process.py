"""The bottom of the memory page: what a program brings, and what the process really used."""

from __future__ import annotations

from etscope.dashboard.drawings import Drawings
from etscope.dashboard.figures.memory_footprint import PHASES, phases_figure, samples_figure
from etscope.dashboard.figures.memory_ledger import growth_parts, ledger_figure, program_parts
from etscope.dashboard.table_markup import ROWS, plain_table
from etscope.dashboard.wording import markup, percent
from etscope.inspector.memory.footprint import FootprintLedger, PhaseRow
from etscope.inspector.memory.report import MemoryReport
from etscope.inspector.memory.rows import basis_of
from etscope.inspector.wording import size_text

_PROGRAM = (
    "Planned, or as large as in the file; none of it is measured. Methods share what the file "
    "holds, arenas are each method's own."
)
_GROWTH = (
    "From the loaded libraries to the steady state. Each bar begins where the one above it ends; "
    "together they are the growth. Only plain bars are measured. Settled: without what changed "
    "only because other processes began or ceased to share pages."
)
_PHASES = (
    "Measured by the system, in a fresh process, at the end of each phase. What the interpreter "
    "and the libraries take is left out of the figure, and is in the table."
)
_SAMPLES = "Measured from outside. Dotted: the ends of the phases, numbered as in the figure above."
_ABSENT = (
    "The process was not measured: there is no footprint. A capture with the real runtime "
    "records one."
)


def program_ledger(report: MemoryReport, drawings: Drawings) -> str:
    """What the program brings into memory, by where it comes from."""
    totals = report.totals
    named = ", ".join(f"{source.value} {size_text(size)}" for source, size in totals.items())
    drawn = drawings.place(
        ledger_figure("What the program brings into memory", program_parts(totals)),
        f"Waterfall: {markup(named, 1000)}",
        _PROGRAM,
        "The program plans nothing and holds no data.",
    )
    rows = [
        [
            markup(entry.source.value),
            f"<bdi>{markup(entry.label)}</bdi>",
            f"{entry.size_bytes:,}" + (" at most" if entry.upper_bound else ""),
            basis_of(entry.source),
            f"<bdi>{markup(', '.join(entry.methods) or 'no method is known to')}</bdi>",
        ]
        for entry in sorted(report.ledger, key=lambda entry: -entry.size_bytes)[:ROWS]
    ]
    more = len(report.ledger) - len(rows)
    note = f"<p>{more:,} smaller entries are in the JSON report.</p>" if more > 0 else ""
    table = plain_table("Ledger", ["from", "what", "bytes", "basis", "used by"], rows)
    return f"{drawn}<details><summary>Every entry as a table</summary>{table}{note}</details>"


def process(report: MemoryReport, drawings: Drawings) -> str:
    """The footprint: its phases, its growth by name, its samples."""
    footprint, grown = report.footprint, report.growth
    if footprint is None:
        return f'<p class="absent">{_ABSENT}</p>'
    body = "" if grown is None else _growth(grown, drawings)
    drawn = drawings.place(
        phases_figure(footprint), "Memory of the process at the end of each phase", _PHASES, _ABSENT
    )
    body += drawn + ("" if grown is None else _phase_table(grown))
    more = len(footprint.phases) - PHASES
    body += f"<p>{more:,} more phases are not drawn.</p>" if more > 0 else ""
    return body + drawings.place(
        samples_figure(footprint),
        "Resident pages of the process over time",
        _SAMPLES,
        "Nothing was sampled between the phases.",
    )


def _growth(grown: FootprintLedger, drawings: Drawings) -> str:
    parts = growth_parts(grown)
    figure = ledger_figure("From the plan to what the process holds", parts)
    named = ", ".join(f"{part.name} {int(part.value):,} bytes" for part in parts)
    absent = "Nothing grew between the loaded libraries and the steady state."
    drawn = drawings.place(figure, f"Waterfall: {markup(named, 1000)}", _GROWTH, absent)
    whole = parts[0].value
    rows = [
        [
            markup(part.name),
            f"{int(part.value):,}",
            percent(part.value / whole) if whole > 0 else "–",
            markup(part.basis),
            markup(part.note),
        ]
        for part in parts
    ]
    table = plain_table("Growth", ["part", "bytes", "share", "basis", "how it is known"], rows)
    notes = "".join(f"<li>{markup(note, 1000)}</li>" for note in grown.notes[:50])
    listed = f"<ul>{notes}</ul>" if notes else ""
    fold = f"<details><summary>The growth as a table</summary>{table}</details>"
    return f"<p>{markup(grown.verdict, 2000)}{_sharing(grown)}</p>{drawn}{fold}{listed}"


def _sharing(grown: FootprintLedger) -> str:
    """How the settled growth and that of the figure in the phases differ."""
    if grown.counted_in == grown.basis:
        return ""
    name = grown.basis.removesuffix("_bytes").upper()
    return (
        f" {name} itself grew by {grown.growth_bytes:,} bytes (measured), of which "
        f"{grown.sharing_bytes:,} because other processes began or ceased to share pages (derived)."
    )


_FIGURES = ("rss_bytes", "pss_bytes", "uss_bytes", "peak_rss_bytes")


def _phase_table(grown: FootprintLedger) -> str:
    heads = ["phase", "at [ms]", *(f"{key.removesuffix('_bytes')} [bytes]" for key in _FIGURES)]
    heads += [f"growth of {grown.own_name} [bytes]", "heap [bytes]"]
    rows = [_phase_cells(row) for row in grown.rows[:ROWS]]
    table = plain_table("Phases", heads, rows)
    return f"<details><summary>The phases as a table</summary>{table}</details>"


def _phase_cells(row: PhaseRow) -> list[str]:
    phase = row.phase
    name = f"{phase.name} ({phase.method})" if phase.method else phase.name
    figures = [phase.figures.get(key) for key in _FIGURES]
    figures += [row.growth_bytes, row.heap_bytes]
    cells = ["–" if figure is None else f"{figure:,}" for figure in figures]
    return [f"<bdi>{markup(name)}</bdi>", f"{phase.at_ms:,.0f}", *cells]
