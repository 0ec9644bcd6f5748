"""The latency report as one HTML file that needs nothing else: no server, no network, no viewer.

Whatever the trace says is escaped, and a policy inside of the file allows only the
scripts whose hashes it names, and no request at all.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import re
import tempfile
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any

from etscope.dashboard import report_origin, report_summary
from etscope.dashboard.figures.layout import CONFIG
from etscope.dashboard.report_methods import Drawings, methods
from etscope.dashboard.wording import markup
from etscope.etdump.errors import UsageError
from etscope.inspector.latency_report import LatencyReport

_SLOT = re.compile(r"\{\{(\w+)\}\}")


def report_html(report: LatencyReport) -> str:
    """The report as a page; the same report always gives the same page."""
    from plotly.offline import get_plotlyjs  # 5 MB: only a written report needs it

    drawings = Drawings()
    plotly, script = _script(get_plotlyjs()), _script(_asset("report.js"))
    style = _asset("report.css")
    slots = {
        "title": markup(_name(report), 120),
        "source": markup(report.recording.source, 400),
        "summary": report_summary.summary(report),
        "findings": report_summary.findings(report.findings),
        "methods": methods(report, drawings),
        "environment": report_origin.environment(report),
        "losses": report_origin.losses(report),
        "coverage": report_origin.coverage_table(report),
        "figures": embedded_json({"figures": drawings.figures, "config": CONFIG}),
        "policy": _policy([plotly, script]),
        "style": style,
        "plotly": plotly,
        "script": script,
    }
    # In one pass: what is put in is not searched for slots again.
    return _SLOT.sub(lambda slot: slots[slot[1]], _asset("report.html"))


def write_report(report: LatencyReport, path: str | PathLike[str]) -> None:
    """Write the report to a file; whatever happens, the file is whole or as it was.

    Raises:
        UsageError: the file cannot be written.
    """
    place = Path(path)
    content = report_html(report).encode("utf-8", errors="replace")
    unfinished = None
    try:
        handle, unfinished = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(unfinished, 0o644)
        os.replace(unfinished, place)
    except OSError as why:
        raise UsageError(
            f"{place} cannot be written ({why.strerror or why}); name another file."
        ) from why
    finally:
        if unfinished is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(unfinished)


def embedded_json(value: Any) -> str:
    """JSON that can stand in a script element: nothing in it can close or open one."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _name(report: LatencyReport) -> str:
    return Path(report.recording.source).name or report.recording.source


def _asset(name: str) -> str:
    return files("etscope.dashboard").joinpath("assets", name).read_text(encoding="utf-8")


def _script(text: str) -> str:
    """As the browser will see it, which hashes line ends of its own making."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _policy(scripts: list[str]) -> str:
    digests = [hashlib.sha256(text.encode()).digest() for text in scripts]
    allowed = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    # Plotly sets styles of elements by attribute, which only this allows.
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
