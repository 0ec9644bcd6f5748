"""The timeline in a real Chromium: paint, zoom and draw of a million slices, beside Plotly's bars.

Like the bounds, the path is fixed: six steps from all to a sixth of it around the middle,
two frames each. CPU is user and system time of all processes of the browser, taken from
interleaved repeats, medians. The bounds are those that were set for this machine's kind.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from statistics import median
from threading import Thread
from typing import TYPE_CHECKING, Any

import psutil
from benchmarks.real_dumps import real_dump
from benchmarks.report import Row, table
from browser.chromium import chromium, open_report
from timelines import column, of_slices

from etscope.dashboard.canvas import timeline_script, timeline_style
from etscope.dashboard.page import write_page
from etscope.dashboard.timeline.columns import Timeline, timeline_of
from etscope.dashboard.timeline.page import timeline_html
from etscope.inspector.latency_report import latency_report
from etscope.inspector.recording import open_recording

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_REPEATS = 3
_STEPS = 6
_SETTLED = 700  # milliseconds
_ENOUGH = 60  # seconds after which Plotly is not asked again
#: Shows a timeline that is served beside it, as a dashboard would.
_HOST = """<!doctype html><html lang="en"><meta charset="utf-8"><title>bench</title>
<style>{style}</style><link rel="icon" href="data:,"><div id="timeline"></div><script>{script}
(async () => {{
  const timeline = new etscope.Timeline(document.getElementById("timeline"), {{}});
  const [header, data] = await Promise.all([
    fetch("header.json").then((one) => one.json()),
    fetch("data.bin").then((one) => one.arrayBuffer())]);
  timeline.setData(data, header);
  timeline.surface.paint();
  self.timeline = timeline;
  document.documentElement.dataset.ready = "yes";
}})();</script></html>"""
_BARS = """<!doctype html><html lang="en"><meta charset="utf-8"><title>bench</title>
<link rel="icon" href="data:,"><div id="plot" style="width:1240px;height:400px"></div>
<script>{plotly}</script><script>
fetch("bars.json").then((one) => one.json()).then((bars) =>
  Plotly.newPlot("plot", bars.data, bars.layout)).then(() => {{
  document.documentElement.dataset.ready = "yes"; }});</script></html>"""
_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


class _Quiet(SimpleHTTPRequestHandler):
    def log_request(self, code: object = "-", size: object = "-") -> None:
        pass


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """The address of a server of these files on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _timeline(folder: Path, events: int) -> Timeline:
    recording = open_recording(real_dump(folder, "regular", events))
    return timeline_of(latency_report(recording))


def _serve(folder: Path, timeline: Timeline) -> None:
    folder.mkdir()
    (folder / "header.json").write_text(timeline.header_json)
    (folder / "data.bin").write_bytes(timeline.data)
    page = _HOST.format(style=timeline_style(), script=timeline_script())
    (folder / "index.html").write_text(page, encoding="utf-8")


def _serve_bars(folder: Path, timeline: Timeline) -> None:
    """The same slices and colours as Plotly's horizontal bars, one trace per row; without names."""
    import json

    from plotly.offline import get_plotlyjs

    folder.mkdir()
    start, duration = column(timeline, "start"), column(timeline, "duration")
    group = of_slices(timeline, "key_group")
    edges = timeline.header["tracks"]["first"]
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "base": start[low:high].tolist(),
            "x": duration[low:high].tolist(),
            "y": [row] * (high - low),
            "marker": {"color": group[low:high]},
        }
        for row, (low, high) in enumerate(pairwise(edges))
    ]
    layout = {"barmode": "overlay", "showlegend": False, "bargap": 0.1}
    (folder / "bars.json").write_text(json.dumps({"data": data, "layout": layout}))
    (folder / "index.html").write_text(_BARS.format(plotly=get_plotlyjs()), encoding="utf-8")


def _cpu_seconds() -> dict[int, float]:
    """By process of the browser its user and system time."""
    out = {}
    for process in psutil.Process(os.getpid()).children(recursive=True):
        try:
            if "chrom" in process.name():
                used = process.cpu_times()
                out[process.pid] = used.user + used.system
        except psutil.NoSuchProcess:
            continue
    return out


def _opened(browser: Browser, address: str) -> tuple[Page, float]:
    """A page, and how long it took until it was painted."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    began = time.perf_counter()
    page.goto(address)
    page.wait_for_selector("html[data-ready]", timeout=120_000)
    page.evaluate(_FRAMES)
    return page, time.perf_counter() - began


def _zoomed(page: Page, show: str, span: float) -> float:
    """CPU milliseconds per step of the path; `show` is a function of x0 and x1."""
    page.wait_for_timeout(_SETTLED)  # what is left of loading is no zoom
    before = _cpu_seconds()
    for step in range(1, _STEPS + 1):
        part = 1 / step
        page.evaluate(show, [span * (1 - part) / 2, span * (1 + part) / 2])
        page.evaluate(_FRAMES)
    # Of processes that were there: another page's may end meanwhile.
    used = sum(now - before[pid] for pid, now in _cpu_seconds().items() if pid in before)
    return 1e3 * used / _STEPS


_SHOW = "([x0, x1]) => self.timeline.setView(x0, x1)"
_SHOW_BARS = "(range) => Plotly.relayout('plot', {'xaxis.range': range})"
#: Milliseconds of drawing all of it, again and again while it moves by less than a pixel.
_DRAW_ALL = """() => { const out = []; const { viewport, surface } = self.timeline;
  for (let at = 0; at < 60; at++) {
    const shift = viewport.span * 1e-4 * (at % 7);
    self.timeline.setView(shift, viewport.span);
    surface.paint(); out.push(surface.lastMs); }
  return out; }"""
#: And on a path in to a 500th of it and back out.
_DRAW_PATH = """() => { const out = []; const { viewport, surface } = self.timeline;
  const middle = viewport.span * 0.4;
  for (let at = 0; at < 120; at++) {
    viewport.zoom(at < 60 ? 0.9 : 1 / 0.9, middle); viewport.pan(0.02);
    surface.paint(); out.push(surface.lastMs); }
  return out; }"""


def _p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]


def _row(what: str, ours: float, bound: float, unit: str, peer: str = "") -> Row:
    ratio = ours / bound
    return Row(what, f"{ours:.3g} {unit}", peer, ratio, f"at most {bound:g} {unit}", ours <= bound)


def _million(browser: Browser, address: str, timeline: Timeline) -> list[Row]:
    paints, steps, slowest, path = [], [], [], []
    for _ in range(_REPEATS):
        page, seconds = _opened(browser, address)
        paints.append(seconds)
        steps.append(_zoomed(page, _SHOW, float(timeline.header["span"])))
        path += page.evaluate(_DRAW_PATH)
        slowest.append(_p95(page.evaluate(_DRAW_ALL)))
        page.close()
    count = f"{len(timeline):,} slices"
    return [
        _row(f"timeline, {count}: load and paint (T2)", median(paints), 1.5, "s", "prototype 0.8"),
        _row(f"timeline, {count}: zoom step (T2)", median(steps), 80, "CPU-ms", "prototype 50"),
        _row(f"timeline, {count}: draw p50 (T2)", median(path), 5, "ms", "prototype 5.0"),
        _row(f"timeline, {count}: draw p95, all shown (T2b)", median(slowest), 16, "ms",
             "prototype 114"),
    ]  # fmt: skip


def _against_bars(browser: Browser, ours: str, bars: str, span: float) -> Row:
    """Interleaved, on the same slices and path."""
    canvas: list[float] = []
    plotly: list[float] = []
    began = time.perf_counter()
    while len(plotly) < _REPEATS and time.perf_counter() - began < _ENOUGH:
        for address, show, times in ((ours, _SHOW, canvas), (bars, _SHOW_BARS, plotly)):
            page, _ = _opened(browser, address)
            times.append(_zoomed(page, show, span))
            page.close()
    mine, theirs = median(canvas), median(plotly)
    ratio = theirs / max(mine, 1e-9)
    what = "timeline, 10k slices: zoom step against Plotly's bars (T11)"
    return Row(
        what, f"{mine:.3g} CPU-ms", f"{theirs:.4g} CPU-ms", ratio, "at least 50x", ratio >= 50
    )


def _file(browser: Browser, folder: Path, timeline: Timeline) -> list[Row]:
    """The page as one file."""
    place = folder / "timeline.html"
    write_page(timeline_html(timeline, "regular.etdp"), place)
    seconds, asked = [], 0
    for _ in range(_REPEATS):
        began = time.perf_counter()
        opened = open_report(browser, place)
        seconds.append(time.perf_counter() - began)
        asked += len(opened.requests)
        opened.page.close()
    count = f"{len(timeline):,} slices"
    return [
        _row(f"one file, {count}: size (T8)", place.stat().st_size / 1e6, 2, "MB", "prototype 1.8"),
        _row(f"one file, {count}: load and paint (T8)", median(seconds), 1, "s", "prototype 0.66"),
        Row(f"one file, {count}: requests (T8)", str(asked), "0", float(asked), "none", not asked),
    ]


def measure() -> list[Row]:
    """The rows; needs executorch for real dumps, and a Chromium."""
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder = Path(name)
        small, large, huge = (_timeline(folder, n) for n in (10_000, 100_000, 1_000_000))
        pages: dict[str, Any] = {"small": small, "huge": huge}
        for page, timeline in pages.items():
            _serve(folder / page, timeline)
        _serve_bars(folder / "bars", small)
        with _served(folder) as address:
            rows = _million(browser, f"{address}/huge/", huge)
            span = float(small.header["span"])
            rows.append(_against_bars(browser, f"{address}/small/", f"{address}/bars/", span))
        return rows + _file(browser, folder, large)


def main() -> None:
    """Print the rows."""
    print(table(measure()))


if __name__ == "__main__":
    main()
