"""The timeline as one HTML file that needs nothing else; the data travels inside, packed."""

from __future__ import annotations

import base64
import gzip

from etscope.dashboard.canvas import embedding_script, timeline_script, timeline_style
from etscope.dashboard.page import asset, embedded_json, fill, policy
from etscope.dashboard.timeline.columns import Timeline
from etscope.dashboard.wording import markup
from etscope.inspector.wording import base_name, counted


def timeline_html(timeline: Timeline, source: str) -> str:
    """The page; the same timeline and source always give the same page.

    Args:
        source: what the timeline is of, as a path; its last part is the title.
    """
    script = f"{timeline_script()}\n{embedding_script()}"
    lanes = len(set(timeline.header["tracks"]["lane"]))
    told = f"{counted(len(timeline), 'slice')} in {counted(lanes, 'lane')}"
    return fill(
        asset("canvas/timeline.html"),
        {
            "title": markup(base_name(source), 120),
            "source": markup(source, 400),
            "told": told,
            "policy": policy([script]),
            "style": timeline_style(),
            "header": embedded_json(timeline.header),
            "data": packed_text(timeline.data),
            "script": script,
        },
    )


def packed_text(data: bytes) -> str:
    """Bytes as base64 of gzip, without the time of packing: the same bytes give the same text."""
    return base64.b64encode(gzip.compress(data, compresslevel=6, mtime=0)).decode("ascii")
