"""The memory report as one HTML file that needs nothing else: no server, no network, no viewer."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from etscope.dashboard import report_summary
from etscope.dashboard.drawings import Drawings
from etscope.dashboard.figures.layout import CONFIG
from etscope.dashboard.memory_coverage import coverage_words
from etscope.dashboard.memory_methods import methods
from etscope.dashboard.memory_process import process, program_ledger
from etscope.dashboard.memory_roofline import roofline_parts
from etscope.dashboard.memory_summary import summary
from etscope.dashboard.page import asset, embedded_json, fill, policy, script_text, write_page
from etscope.dashboard.table_markup import plain_table
from etscope.dashboard.wording import markup
from etscope.inspector.memory.report import MemoryReport

_NOTES = 200


def memory_html(report: MemoryReport) -> str:
    """The report as a page; the same report always gives the same page."""
    from plotly.offline import get_plotlyjs  # 5 MB: only a written page needs it

    drawings = Drawings()
    plotly, script = script_text(get_plotlyjs()), script_text(asset("report.js"))
    slots = {
        "title": markup(_name(report), 120),
        "summary": summary(report),
        "findings": report_summary.findings(report.findings),
        "methods": methods(report, drawings),
        "program": program_ledger(report, drawings),
        "process": process(report, drawings),
        "roofline": roofline_parts(report.rooflines, drawings),
        "coverage": _coverage(report),
        # A double click on a figure that can be enlarged shows all of it again.
        "figures": embedded_json(
            {"figures": drawings.figures, "config": {**CONFIG, "doubleClick": "reset"}}
        ),
        "policy": policy([plotly, script]),
        "style": asset("report.css") + asset("memory.css"),
        "plotly": plotly,
        "script": script,
    }
    return fill(asset("memory.html"), slots)


def write_memory_page(report: MemoryReport, path: str | PathLike[str]) -> None:
    """Write the page to a file; whatever happens, the file is whole or as it was.

    Raises:
        UsageError: the file cannot be written.
    """
    write_page(memory_html(report), path)


def _name(report: MemoryReport) -> str:
    if report.recording is not None:
        source = report.recording.source
        return Path(source).name or source
    return Path(report.program.path or "program").name


def _coverage(report: MemoryReport) -> str:
    """What was looked at and what was not, in words."""
    notes = report.coverage["notes"]
    items = "".join(f"<li>{markup(str(note), 1000)}</li>" for note in notes[:_NOTES])
    more = len(notes) - _NOTES
    rest = f"<p>{more:,} more notes are in the JSON report.</p>" if more > 0 else ""
    rows = [[markup(what), markup(known, 300)] for what, known in coverage_words(report.coverage)]
    listed = f"<ul>{items}</ul>{rest}" if items else ""
    return listed + plain_table("Coverage", ["what", "known"], rows)
