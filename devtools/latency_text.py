"""The latency report as text: verdict, coverage, confidence, findings, waterfall, operators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from etscope.devtools.column_fit import print_fitting
from etscope.devtools.findings_text import print_findings
from etscope.devtools.latency_table import print_operators
from etscope.devtools.mapping_text import mapping_lines
from etscope.devtools.quantities import decimals_for, fixed
from etscope.devtools.terminal import Column, is_terminal, paragraph, say
from etscope.inspector.latency import MethodLatency
from etscope.inspector.latency_report import LatencyReport
from etscope.inspector.waterfall import METHOD, Part
from etscope.inspector.wording import counted, percent

#: Rows of a table on a screen, where nothing else was asked for. A pipe gets all.
SCREENFUL = 20
#: Kinds of inference that get a waterfall and a table each.
MOST_KINDS = 6

_HOW = {
    "manifest": "told by the manifest",
    "matched": "found by the program's operators",
    "similar": "guessed: most operators fit the program",
    "ambiguous": "not known: several methods of the program fit equally",
    "unmatched": "not known: none of the program fits",
    "no program": "not known: no program was given",
}


@dataclass(frozen=True)
class Layout:
    """What of a report to show.

    Attributes:
        sort: one of latency_table.SORTS.
        top: rows of a table, and tables; 0: all; None: a screenful, or all in a pipe.
        every_kind: also kernels, control and framework rows.
    """

    sort: str = "time"
    top: int | None = None
    every_kind: bool = False

    @property
    def limit(self) -> int:
        """Rows of a table; 0: all."""
        if self.top is None:
            return SCREENFUL if is_terminal() else 0
        return self.top

    @property
    def kinds(self) -> int:
        """Kinds of inference that get tables; 0: all. Hundreds of them are no text to read."""
        return 0 if self.top == 0 else min(self.top or MOST_KINDS, MOST_KINDS)


def print_report(report: LatencyReport, layout: Layout | None = None) -> None:
    """Write all of a report to stdout."""
    layout = layout or Layout()
    paragraph(report.verdict, style="bold")
    for line in coverage_lines(report):
        paragraph(line, indent="  ")
    paragraph(f"confidence in the times: {report.confidence}")
    if not report.methods:
        paragraph(f"What the file holds says: etscope doctor {report.recording.source}")
    print_findings(report.findings)
    count = min(layout.kinds or len(report.methods), len(report.methods))
    for number in range(count):
        say()
        _print_method(report, number, layout)
    if count < len(report.methods):
        say()
        say(f"… {counted(len(report.methods) - count, 'more kind')} of inference: --top 0")


def coverage_lines(report: LatencyReport) -> list[str]:
    """What was looked at and what was not, in sentences."""
    coverage = report.coverage
    lines = [_counted_inferences(coverage), *_unknowns(report), *mapping_lines(report)]
    lines += _origin(report)
    if coverage["values_logged"]:
        values = counted(coverage["values_logged"], "value")
        lines.append(f"{values} logged in the same runs: the times include writing them")
    if coverage["not_nesting"]:
        inferences = counted(coverage["not_nesting"], "inference")
        lines.append(f"{inferences} with events that lie differently inside each other")
    return lines + [f"note: {note}" for note in coverage["notes"]]


def _counted_inferences(coverage: dict[str, Any]) -> str:
    text = (
        f"coverage: {coverage['inferences_counted']:,} of "
        f"{counted(coverage['inferences'], 'inference')} counted"
    )
    if coverage["warmup_left_out"]:
        text += f" ({coverage['warmup_left_out']:,} warm-up left out)"
    text += f", {counted(coverage['events'], 'event')} in {counted(coverage['runs'], 'run')}"
    shares = [share for share in coverage["time_explained_share"] if share is not None]
    if not shares:
        return text
    least = percent(min(shares))
    which = "of the method's time" if len(shares) == 1 else "of each method's time or more"
    return f"{text}; events of instructions explain {least} {which}"


def _origin(report: LatencyReport) -> list[str]:
    """How a bundle was recorded."""
    bundle = report.recording.bundle
    if bundle is None:
        return []
    manifest = bundle.manifest
    runtime, backend = manifest.runtime.get("name"), manifest.model.get("backend")
    told = [f"runtime {runtime}"]
    if backend and runtime != "reference":  # which has none
        told.append(f"backend {backend}")
    if manifest.model.get("quantize"):
        told.append(f"quantized to {manifest.model['quantize']}")
    target = manifest.model.get("target")
    return [f"recorded: {', '.join([str(target or 'a model'), *told])}, {manifest.created}"]


def _unknowns(report: LatencyReport) -> list[str]:
    coverage, known = report.coverage, report.coverage["methods_known"]
    how = "; ".join(_HOW.get(word, str(word)) for word in coverage["methods_by"])
    lines = []
    if report.methods:
        found = [method.method for method in report.methods]
        names = ", ".join(dict.fromkeys(name for name in found if name is not None))
        lines.append(f"methods: {names or '-'} ({how})")
    blind = report.recording.program is None and not known
    if report.methods and (blind or coverage["operators_unnamed"]):
        unnamed = counted(coverage["operators_unnamed"], "operator")
        what = (
            f"{unnamed} without a name"
            if coverage["operators_unnamed"]
            else "names are the trace's"
        )
        cure = "" if report.recording.program else "; --program X.pte tells methods and backends"
        lines.append(what + cure)
    return lines


def _print_method(report: LatencyReport, number: int, layout: Layout) -> None:
    latency, parts = report.methods[number], report.waterfalls[number]
    name = latency.method or "method not known"
    counts = counted(len(latency.runs), "inference")
    say(f"{name}: {counts}", style="bold")
    if latency.mean == latency.mean:
        paragraph(_basis(latency))
        _print_waterfall(parts, latency.unit)
        if not is_terminal():
            say()
    else:
        paragraph("The method as a whole was not timed, so there are no shares of it.")
    origins = report.origins[number]
    for line in print_operators(latency, origins, layout.sort, layout.limit, layout.every_kind):
        say(line)


def _basis(latency: MethodLatency) -> str:
    """What the figures of a method are made of."""
    some = f"the {len(latency.typical):,} between the quartiles"
    typical = "all" if len(latency.typical) == len(latency.runs) else some
    return (
        f"Parts and shares are means over {typical}, so they add up; "
        "p50, p90, mean and std are of one call, over n samples."
    )


def _print_waterfall(parts: list[Part], unit: str) -> None:
    places = decimals_for(part.value for part in parts)
    # Shares are of the method here, in the table below and in the HTML report alike.
    whole = next((part.value for part in parts if part.name == METHOD), 0.0)
    rows = [
        (
            "  " * part.level + part.name,
            fixed(part.value, places),
            percent(part.value / whole) if whole else None,
            part.basis,
            part.note,
        )
        for part in parts
    ]
    columns = (
        Column("part"),
        Column(f"time ({unit})", right=True),
        Column("of the method", right=True),
        Column("figure"),
        Column("what it is"),
    )
    print_fitting(columns, rows, ("what it is",))
