"""The timeline as one file."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re

from latency_reports import method, mixed, operator, report_of

from etscope.dashboard.canvas import embedding_script, timeline_script
from etscope.dashboard.timeline.columns import timeline_of
from etscope.dashboard.timeline.page import packed_text, timeline_html

HOSTILE = "</script><script>document.title='owned'</script>"


def test_the_data_comes_out_as_it_went_in() -> None:
    made = timeline_of(report_of(mixed()))
    page = timeline_html(made, "trace.etdp")
    found = re.search(r'id="timeline-data">(.*?)<', page)
    assert found
    assert gzip.decompress(base64.b64decode(found[1])) == made.data


def test_the_same_timeline_gives_the_same_page() -> None:
    made = timeline_of(report_of(mixed()))
    assert timeline_html(made, "a/trace.etdp") == timeline_html(made, "a/trace.etdp")
    assert packed_text(b"data") == packed_text(b"data")


def test_only_the_script_of_the_page_may_run() -> None:
    page = timeline_html(timeline_of(report_of(mixed())), "trace.etdp")
    script = f"{timeline_script()}\n{embedding_script()}"
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in page
    assert "default-src 'none'" in page
    assert "http" not in page.partition("<body")[2].replace("http-equiv", "")


def test_names_cannot_leave_their_place() -> None:
    report = report_of(method(30, *operator(HOSTILE, 0, 0, 9)), source=f"{HOSTILE}.etdp")
    page = timeline_html(timeline_of(report), report.recording.source)
    assert HOSTILE not in page
    assert page.count("<script") == 3
