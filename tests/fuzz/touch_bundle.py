"""Everything that `etscope memory` says of a bundle: JSON, text, counters, and the page."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import zlib
from pathlib import Path

import numpy as np
from fuzz.bundle_mutations import unpack

from etscope.dashboard.memory_page import write_memory_page
from etscope.devtools.memory_text import print_memory
from etscope.inspector.memory.counters import counter_trace
from etscope.inspector.memory.opening import open_memory_input
from etscope.inspector.memory.report import MemoryReport, memory_report

#: A page takes as long as all the rest together: one bundle in so many has one.
_PAGES = 8


def touch_bundle(data: bytes) -> None:
    """Report on a packed bundle; raises TraceError where it is refused."""
    with tempfile.TemporaryDirectory(suffix=".etscope") as place:
        unpack(data, Path(place))
        opened = open_memory_input(place)
        report = memory_report(opened.program, opened.recording, record=opened.record)
        _touch(report)
        if zlib.crc32(data) % _PAGES == 0:
            page = Path(place) / "page.html"
            write_memory_page(report, page)
            assert page.stat().st_size


def _touch(report: MemoryReport) -> None:
    assert json.dumps(report.to_json({}), allow_nan=False)
    assert json.dumps(counter_trace(report), allow_nan=False)
    assert all(finding.message for finding in report.findings)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        print_memory(report, None)
    assert said.getvalue()
    for roofline in report.rooflines:
        parts = [*(roof.time_s or 0.0 for roof in roofline.rows), roofline.unexplained_s]
        if roofline.whole_s >= 0:  # not in cycles
            # Broken times may cancel that are longer than all there is.
            rounding = 1e-9 * float(np.nansum(roofline.latency.rows.total))
            assert abs(sum(parts) - roofline.whole_s) <= rounding
