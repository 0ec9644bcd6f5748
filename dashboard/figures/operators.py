"""The costliest instructions, and what the delegates among them do inside."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from etscope.dashboard import palette
from etscope.dashboard.figures.layout import (
    LEGEND,
    NARROW_LEGEND,
    Figure,
    axis,
    figure,
    rows_axis,
    words_row,
)
from etscope.dashboard.wording import Scale, label, percent
from etscope.etdump.columns import Ints
from etscope.inspector.latency import MethodLatency
from etscope.inspector.resolution import clock_step, is_below

TOP = 20

_NAMES = {
    "operator": "operator",
    "delegate": "delegate",
    "delegated": "inside a delegate",
    "control": "control",
    "other": "other event",
}


def costliest(latency: MethodLatency, top: int = TOP) -> Ints:
    """The rows with the most time, the most first; kernels count with their operators."""
    rows = latency.rows
    known = np.array([kind in _NAMES for kind in rows.kind], np.bool_) & (rows.total > 0)
    some = np.flatnonzero(known)
    ordered = some[np.argsort(-rows.total[some], kind="stable")]
    return np.asarray(ordered[:top])


def name_of(latency: MethodLatency, row: int) -> str:
    """What a person calls a row: the operator, or the backend of a delegate."""
    rows = latency.rows
    if rows.kind[row] == "delegate":
        return rows.backend[row] or "delegate"
    return rows.op[row] or rows.event[row]


def operators_figure(latency: MethodLatency, scale: Scale, top: int = TOP) -> Figure | None:
    """Bars with p10 to p90 as whiskers; None where no event was timed."""
    chosen = costliest(latency, top)
    if not len(chosen):
        return None
    rows = latency.rows
    data = []
    for kind, name in _NAMES.items():
        places = [at for at, row in enumerate(chosen.tolist()) if rows.kind[row] == kind]
        if places:
            data.append(_bars(latency, scale, chosen[places], places, kind, name))
    labels = [_label(latency, row, 38) for row in chosen.tolist()]
    short = [_label(latency, row, 18, bare=True) for row in chosen.tolist()]
    rest = np.setdiff1d(latency.rows.top, chosen)
    if len(rest):
        labels.append(f"{len(rest)} more")
        short.append(labels[-1])
        data.append(_together(latency, rest, scale, len(chosen)))
    count = len(labels)
    return figure(
        f"Costliest instructions of {label(latency.method or 'the method', 24)}",
        data,
        axis(f"time per inference [{scale.symbol}]", range=[0, _longest(latency, chosen, scale)]),
        rows_axis(labels),
        height=142 + 26 * count,
        narrow={"yaxis.ticktext": short, "yaxis.tickfont.size": 11, **NARROW_LEGEND},
        showlegend=True,
        legend=LEGEND,
        barmode="overlay",
    )


def _longest(latency: MethodLatency, chosen: Ints, scale: Scale) -> float:
    """The end of the axis: of the longest whisker, unless that would make the bars short."""
    rows = latency.rows
    longest = float(rows.total[chosen].max())
    whisker = float(np.nan_to_num(rows.statistics.p90[chosen]).max())
    return 1.04 * max(longest, min(whisker, 2 * longest)) * scale.factor


def _bars(
    latency: MethodLatency, scale: Scale, some: Ints, places: list[int], kind: str, name: str
) -> dict[str, Any]:
    rows, factor = latency.rows, scale.factor
    total = rows.total[some]
    # A whisker is of one call: it belongs to a bar only where that is one call, too.
    once = rows.calls[some] == 1
    low = np.where(once, total - rows.statistics.p10[some], 0).clip(min=0) * factor
    high = np.where(once, rows.statistics.p90[some] - total, 0).clip(min=0) * factor
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "y": places,
        "width": 0.7,
        "x": (total * factor).tolist(),
        "marker": {
            "color": palette.OF_KIND[kind],
            "line": {"color": palette.OF_KIND[kind], "width": 1},
            "pattern": {
                "shape": palette.HATCH if kind == "delegated" else "",
                "size": 7,
                "solidity": 0.4,
            },
        },
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": np.nan_to_num(high).tolist(),
            "arrayminus": np.nan_to_num(low).tolist(),
            "thickness": 1.2,
            "width": 3,
        },
        "hovertext": [_hover(latency, scale, row) for row in some.tolist()],
        "hoverinfo": "text",
    }


def _together(latency: MethodLatency, rest: Ints, scale: Scale, place: int) -> dict[str, Any]:
    total = float(np.nansum(latency.rows.total[rest]))
    share = percent(float(np.nansum(latency.rows.share[rest])))
    text = scale.time(total)
    return words_row(f"{text} together, {share} of the method", place, f"{text}, {share}")


def _label(latency: MethodLatency, row: int, limit: int, *, bare: bool = False) -> str:
    """The name on the axis; `bare`: without the operator's namespace."""
    name = name_of(latency, row)
    text = label(name.rpartition("::")[2] if bare else name, limit)
    # Delegates give their operations names of their own, with numbers in them.
    inside = latency.rows.kind[row] == "delegated"
    return text if inside else f"{text}  #{latency.rows.instruction[row]}"


def _bound(step: float | None, scale: Scale) -> str:
    """What is said of a time below a clock's step."""
    known = step is not None and math.isfinite(step)
    return f"below {scale.time(step or 0.0)}" if known else "not known"


def _hover(latency: MethodLatency, scale: Scale, row: int) -> str:
    rows = latency.rows
    figures = rows.statistics
    total, share = scale.time(float(rows.total[row])), percent(float(rows.share[row]))
    step = clock_step(rows, row, latency.unit)
    low, middle, high = (
        _bound(step, scale)
        if is_below(float(series[row]), step, name)
        else scale.time(float(series[row]))
        for name, series in (("p10", figures.p10), ("p50", figures.p50), ("p90", figures.p90))
    )
    lines = [
        f"<b>{label(name_of(latency, row), 90)}</b>",
        f"{rows.kind[row]}, instruction {rows.instruction[row]}",
        f"{total} per inference, {share} of the method, measured",
        f"one call: p10 {low}, p50 {middle}, p90 {high}",
    ]
    return "<br>".join(lines)
