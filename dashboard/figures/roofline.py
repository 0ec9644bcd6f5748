"""The roofline: what operators reach against what their machine reaches."""

from __future__ import annotations

import math
from typing import Any

from etscope.dashboard import palette
from etscope.dashboard.figures.layout import (
    LEGEND,
    MARK_LIMIT,
    Figure,
    axis,
    figure,
    narrow_legend,
)
from etscope.dashboard.figures.operators import name_of
from etscope.dashboard.wording import digits, label, percent
from etscope.inspector.roofline.bounds import BOUNDS, COMPUTE, KERNEL, MEMORY, OVERHEAD, UNKNOWN
from etscope.inspector.roofline.roofline import OperatorRoof, Roofline

#: Colour and shape of a bound: told apart without colours.
LOOKS = {
    COMPUTE: (palette.DELEGATE, "diamond"),
    MEMORY: (palette.OPERATOR, "circle"),
    OVERHEAD: (palette.CONTROL, "triangle-up"),
    KERNEL: (palette.OF_ROLE["output"], "square"),
    UNKNOWN: (palette.REST, "x"),
}
_SMALL, _LARGE = 7.0, 34.0  # pixels


def placed(roofline: Roofline) -> list[OperatorRoof]:
    """Operators that have a place between the two axes, those with the most time first."""
    some = [
        roof for roof in roofline.rows if _positive(roof.intensity) and _positive(roof.gflops_per_s)
    ]
    return sorted(some, key=lambda roof: -(roof.time_s or 0.0))


def roofline_figure(roofline: Roofline) -> Figure | None:
    """Operators as points as large as their time; None where none has a place.

    Of more than MARK_LIMIT those with the least time are left out.
    """
    some = placed(roofline)[:MARK_LIMIT]
    if not some:
        return None
    x = [float(roof.intensity or 0) for roof in some]
    y = [float(roof.gflops_per_s or 0) for roof in some]
    ridge = roofline.ridge
    left, right = _around(x if ridge is None or not _positive(ridge) else [*x, ridge])
    roofs = _roofs(roofline, left, right)
    bottom, top = _around(y + [value for roof in roofs for value in roof["y"][1:]])
    data = roofs + [_points(roofline, some, bound) for bound in BOUNDS]
    drawn = [trace for trace in data if trace["x"]]
    name = label(roofline.latency.method or "the method", 24)
    return figure(
        f"Operators of {name} under the roof of their machine",
        drawn,
        axis("operations per byte, estimated [log scale]", **_log(left, right)),
        axis("billion operations per second [log scale]", **_log(bottom, top)),
        height=500,
        narrow={
            "title.text": f"Roofline of {name}",
            "yaxis.title.text": "Gop/s [log scale]",
            "xaxis.title.text": "operations per byte [log scale]",
            **narrow_legend(drawn, 400),
        },
        margin={"l": 8, "r": 16, "t": 92, "b": 48},
        showlegend=True,
        legend=LEGEND,
    )


def _positive(value: float | None) -> bool:
    return value is not None and math.isfinite(value) and value > 0


def _around(values: list[float]) -> tuple[float, float]:
    """A range with room on both sides of a logarithmic axis."""
    return min(values) / 2.2, max(values) * 2.2


def _log(low: float, high: float) -> dict[str, Any]:
    return {
        "type": "log",
        "dtick": 1,
        "zeroline": False,
        "range": [math.log10(low), math.log10(high)],
    }


def _roofs(roofline: Roofline, left: float, right: float) -> list[dict[str, Any]]:
    """What the machine reached: by memory up to the ridge, by arithmetic from there."""
    peak = roofline.peak
    if peak is None or not (peak.float32_gflops_per_s > 0 and peak.memory_gb_per_s > 0):
        return []
    lines = [_roof("memory", peak.memory_gb_per_s, peak.float32_gflops_per_s, left, right, "solid")]
    if _positive(peak.cache_gb_per_s):
        cache = float(peak.cache_gb_per_s or 0)
        lines.append(_roof("cache", cache, peak.float32_gflops_per_s, left, right, "dash"))
    if _positive(peak.int8_gops_per_s) and any(r.work.work.integer for r in roofline.rows):
        lines.append(_flat("int8", float(peak.int8_gops_per_s or 0), left, right))
    return lines


def _roof(
    what: str, bandwidth: float, most: float, left: float, right: float, dash: str
) -> dict[str, Any]:
    """A slope of a bandwidth, and the ceiling where it meets it."""
    ridge = most / bandwidth
    x = [left, ridge, right] if left < ridge < right else [left, right]
    name = f"{what} {digits(bandwidth)} GB/s, {digits(most)} GFLOP/s"
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": x,
        "y": [min(at * bandwidth, most) for at in x],
        "line": {"width": 1.6, "dash": dash},
        "meta": {"ink": True},
        "hoverinfo": "name",
    }


def _flat(what: str, most: float, left: float, right: float) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"{what} {digits(most)} Gop/s",
        "x": [left, right],
        "y": [most, most],
        "line": {"width": 1.6, "dash": "dot"},
        "meta": {"ink": True},
        "hoverinfo": "name",
    }


def _points(roofline: Roofline, some: list[OperatorRoof], bound: str) -> dict[str, Any]:
    mine = [roof for roof in some if roof.bound == bound]
    longest = max((roof.time_s or 0.0 for roof in some), default=0.0) or 1.0
    sizes = [_SMALL + (_LARGE - _SMALL) * math.sqrt((r.time_s or 0) / longest) for r in mine]
    colour, symbol = LOOKS[bound]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": bound,
        "x": [roof.intensity for roof in mine],
        "y": [roof.gflops_per_s for roof in mine],
        "marker": {
            "color": colour,
            "symbol": symbol,
            "size": sizes,
            "opacity": 0.8,
            "line": {"color": "#ffffff", "width": 1},
        },
        "hovertext": [hover(roofline, roof) for roof in mine],
        "hoverinfo": "text",
    }


def hover(roofline: Roofline, roof: OperatorRoof) -> str:
    """The lines of a hover box."""
    latency, source = roofline.latency, roofline.origins.source(roof.row)
    integer = "operations on integers" if roof.work.work.integer else "operations"
    lines = [
        f"<b>{label(name_of(latency, roof.row), 90)}</b>",
        f"{roof.bound}, instruction {int(latency.rows.instruction[roof.row])}",
        f"{digits((roof.time_s or 0) * 1e6)} µs per inference, measured",
        (
            f"{digits(roof.operations or 0)} {integer}, "
            f"{digits(roof.total_bytes or 0)} bytes, estimated"
        ),
        f"{digits(roof.gflops_per_s or 0)} Gop/s, {digits(roof.gb_per_s or 0)} GB/s, derived",
    ]
    if roof.peak_share is not None:
        lines.append(f"{percent(roof.peak_share)} of what the machine reaches")
    if source:
        lines.append(f"source {label(source, 90)}")
    if roof.reason:
        lines.append(label(roof.reason, 110))
    return "<br>".join(lines)
