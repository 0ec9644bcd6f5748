"""The middle of the report: for every kind of inference its figures and its tables."""

from __future__ import annotations

from typing import Any

from etscope.dashboard.drawings import Drawings
from etscope.dashboard.figures.distribution import distribution_figure, is_thinned
from etscope.dashboard.figures.modules import modules_figure
from etscope.dashboard.figures.operators import operators_figure
from etscope.dashboard.figures.waterfall import waterfall_figure
from etscope.dashboard.report_rollups import module_table, operators_by_category
from etscope.dashboard.report_table import group_table, operator_table
from etscope.dashboard.table_markup import plain_table
from etscope.dashboard.wording import Scale, markup, percent, scale_of
from etscope.inspector.latency import MethodLatency
from etscope.inspector.latency_report import LatencyReport
from etscope.inspector.rollups import ROLLUPS
from etscope.inspector.waterfall import Part

#: Kinds of inference with figures and tables of their own; all others are one row each.
DETAILED = 6
_LISTED = 300

_ADDS_UP = (
    "Each bar begins where the one above it, of the same level, ends; indented bars make up the "
    "bar that they stand under. Hatched: derived, not measured."
)
_MODULES = (
    "Derived: sums of the own times of operators. Each box stands beside the module that calls it; "
    "boxes beside one add up to it, with its own time left blank. Grey modules only call others, "
    "blue ones take the time themselves; hatched is in no module. A click enlarges a module, one "
    "on the first column leads back."
)
_WHISKERS = (
    "Measured. Whiskers: p10 to p90 of one call; one without an end goes on beyond the figure. "
    "Hatched bars happen inside a delegate and are part of its bar; all others add up, with what "
    "is unexplained, to the method."
)


def methods(report: LatencyReport, drawings: Drawings) -> str:
    """A section per kind of inference, the one with the most time first and open."""
    if not report.methods:
        return "<p>The trace holds no inference: there is no time to show.</p>"
    rows = _rows_by_block(report)
    sections = [
        _section(report, number, rows.get(number, []), drawings)
        for number in range(min(len(report.methods), DETAILED))
    ]
    overview = _overview(report.methods) if len(report.methods) > 1 else ""
    return overview + "".join(sections)


def _rows_by_block(report: LatencyReport) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for row in report.rows():
        if row["block"] < DETAILED:
            found.setdefault(row["block"], []).append(row)
    return found


def _overview(latencies: list[MethodLatency]) -> str:
    rows = []
    for latency in latencies[:_LISTED]:
        scale = scale_of(latency)
        figures = latency.rows.statistics
        timed = len(latency.samples) > 0
        times = [scale.time(float(getattr(figures, p)[0])) for p in ("p50", "p90") if timed]
        gap = latency.unexplained / latency.mean if timed and latency.mean else float("nan")
        cells = [f"<bdi>{markup(_name(latency))}</bdi>", f"{len(latency.runs):,}"]
        cells += [f"{len(latency.rows):,}", *(times or ["–", "–"]), percent(gap)]
        rows.append(cells)
    heads = ["method", "inferences", "events", "p50", "p90", "unexplained"]
    table = plain_table("Kinds of inference", heads, rows)
    more = len(latencies) - DETAILED
    note = f"<p>The first {DETAILED} are shown below, {more} are not.</p>" if more > 0 else ""
    return (
        "<p>Inferences of the same method with the same events are one kind; the kind that took "
        f"the most time comes first.</p>{table}{note}"
    )


def _name(latency: MethodLatency) -> str:
    return latency.method or "the method"


def _section(
    report: LatencyReport, number: int, rows: list[dict[str, Any]], drawings: Drawings
) -> str:
    latency, parts = report.methods[number], report.waterfalls[number]
    scale = scale_of(latency)
    body = _waterfall(latency, parts, scale, drawings) + _distribution(latency, scale, drawings)
    body += _operators(latency, scale, drawings) + _rollups(report, number, scale, drawings)
    body += _tables(latency, rows, scale, number)
    count, name = len(latency.runs), markup(_name(latency), 60)
    how = f"{count:,} inferences, method known by: {latency.how}"
    title = f"<h3><bdi>{name}</bdi> <small>{how}</small></h3>"
    opened = " open" if number == 0 else ""
    return f'<details class="inferences"{opened}><summary>{title}</summary>{body}</details>'


def _waterfall(latency: MethodLatency, parts: list[Part], scale: Scale, drawings: Drawings) -> str:
    figure = waterfall_figure(parts, scale, _name(latency))
    named = ", ".join(f"{part.name} {scale.time(part.value)}" for part in parts)
    rows = [
        [
            f'<span class="level{min(part.level, 3)}">{markup(part.name)}</span>',
            scale.time(part.value),
            markup(part.basis),
            markup(part.note),
        ]
        for part in parts
    ]
    table = plain_table("Waterfall", ["part", "mean time", "basis", "note"], rows)
    absent = "This kind of inference was not timed as a whole, so there is no waterfall."
    drawn = drawings.place(figure, f"Waterfall: {markup(named, 1000)}", _ADDS_UP, absent)
    return f"{drawn}<details><summary>The waterfall as a table</summary>{table}</details>"


def _distribution(latency: MethodLatency, scale: Scale, drawings: Drawings) -> str:
    count = len(latency.samples)
    warm = latency.warmup_runs
    left_out = f" {warm:,} warm-up inferences are left out." if warm else ""
    caption = f"Measured: all {count:,} counted inferences.{left_out}"
    if is_thinned(latency):
        caption = (
            f"Measured: {count:,} counted inferences in 150 parts of equal length; of each part "
            f"the lowest, the highest and the median are drawn.{left_out}"
        )
    summary = f"Time of {count:,} inferences in the order in which they ran, with p10, p50 and p90"
    absent = "No inference of this kind was timed as a whole."
    return drawings.place(distribution_figure(latency, scale), summary, caption, absent)


def _operators(latency: MethodLatency, scale: Scale, drawings: Drawings) -> str:
    summary = "The costliest instructions as bars; the table of events below has the same figures"
    absent = "No event of an instruction was timed."
    return drawings.place(operators_figure(latency, scale), summary, _WHISKERS, absent)


def _rollups(report: LatencyReport, number: int, scale: Scale, drawings: Drawings) -> str:
    """Time by module and by category of work."""
    latency, origins = report.methods[number], report.origins[number]
    by_module = ROLLUPS["module"](latency, origins)
    figure = modules_figure(by_module, scale, _name(latency))
    absent = "No time could be given to modules: that needs the ETRecord of the export."
    summary = "Modules as boxes, as high as their time; the table below has the same figures"
    drawn = drawings.place(figure, summary, _MODULES, absent)
    tree = module_table(by_module, scale)
    categories = operators_by_category(ROLLUPS["category"](latency, origins), scale)
    return (
        f"{drawn}<details><summary>The modules as a table</summary>{tree}</details>"
        f"<h4>By category of work</h4>{categories}"
    )


def _tables(latency: MethodLatency, rows: list[dict[str, Any]], scale: Scale, number: int) -> str:
    mark = f"table-{number}"
    return (
        f"<h4>By operator</h4>{group_table(latency, scale)}"
        f'<h4>All events</h4><div class="filters" data-for="{mark}" hidden>'
        f'<label>Filter <input type="search" placeholder="conv, Xnnpack, #12 …" '
        f'aria-controls="{mark}"></label><label>Show <select aria-controls="{mark}">'
        '<option value="steps">operators, delegates, inside delegates</option>'
        '<option value="top">what adds up to the method</option>'
        '<option value="kernel">kernels</option><option value="">everything</option>'
        '</select></label><output aria-live="polite"></output></div>'
        f'<div id="{mark}">{operator_table(latency, rows, scale)}</div>'
    )
