"""The latency report as one HTML file that needs nothing else: no server, no network, no viewer.

Whatever the trace says is escaped, and a policy inside of the file allows only the
scripts whose hashes it names, and no request at all.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from etscope.dashboard import report_fallbacks, report_origin, report_summary
from etscope.dashboard.drawings import Drawings
from etscope.dashboard.figures.layout import CONFIG
from etscope.dashboard.page import asset, embedded_json, fill, policy, script_text, write_page
from etscope.dashboard.report_methods import methods
from etscope.dashboard.wording import markup
from etscope.inspector.latency_report import LatencyReport


def report_html(report: LatencyReport) -> str:
    """The report as a page; the same report always gives the same page."""
    from plotly.offline import get_plotlyjs  # 5 MB: only a written report needs it

    drawings = Drawings()
    plotly, script = script_text(get_plotlyjs()), script_text(asset("report.js"))
    slots = {
        "title": markup(_name(report), 120),
        "source": markup(report.recording.source, 400),
        "summary": report_summary.summary(report),
        "findings": report_summary.findings(report.findings),
        "methods": methods(report, drawings),
        "environment": report_origin.environment(report),
        "fallbacks": report_fallbacks.fallbacks(report),
        "losses": report_origin.losses(report),
        "coverage": report_origin.coverage_table(report),
        "figures": embedded_json({"figures": drawings.figures, "config": CONFIG}),
        "policy": policy([plotly, script]),
        "style": asset("report.css"),
        "plotly": plotly,
        "script": script,
    }
    return fill(asset("report.html"), slots)


def write_report(report: LatencyReport, path: str | PathLike[str]) -> None:
    """Write the report to a file; whatever happens, the file is whole or as it was.

    Raises:
        UsageError: the file cannot be written.
    """
    write_page(report_html(report), path)


def _name(report: LatencyReport) -> str:
    return Path(report.recording.source).name or report.recording.source
