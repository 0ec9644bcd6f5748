"""Addresses over time: every planned value of an arena as the bytes it holds while it lives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from etscope.dashboard import palette
from etscope.dashboard.figures.layout import LEGEND, Figure, axis, figure
from etscope.dashboard.figures.memory_marks import (
    OUTLINED,
    alive,
    drawable,
    rectangles,
    span,
    split,
)
from etscope.dashboard.figures.memory_steps import (
    STEP_AXIS,
    STEP_MARGIN,
    narrow_steps,
    peak_line,
    reach,
)
from etscope.dashboard.memory_values import ByteScale, ValueNames, byte_scale
from etscope.dashboard.wording import label
from etscope.etdump.columns import Ints
from etscope.inspector.memory.arenas import ArenaUse
from etscope.inspector.memory.plan import MemoryPlan, Role
from etscope.inspector.wording import counted, size_text

_NAMED = 24
#: What is not alive at the peak stands back.
_FAINT = 0.38


def memory_map_figure(
    plan: MemoryPlan,
    use: ArenaUse,
    names: ValueNames | None = None,
    saves: Mapping[int, int] | None = None,
    around: int | None = None,
) -> Figure | None:
    """One arena; None where no value lives in it.

    Args:
        saves: row of the plan → how much lower the peak were if only that value held
            bytes in no step but those that use it.
        around: so many steps before and after the peak; None: all.
    """
    left, right = span(plan, use, around)
    rows = alive(plan, use, left, right)
    if not len(rows):
        return None
    names, scale = names or ValueNames(plan), byte_scale(float(use.size_bytes))
    marked, outlined, _ = split(plan, use, rows)
    data = _outlines(plan, outlined, scale) + _bars(plan, use, marked, names, scale, saves or {})
    data += _views(plan, use, scale, left, right)
    data.append(_size_line(plan, use, scale))
    what = "who holds which bytes, when" if around is None else "around its peak"
    peak = f"peak {size_text(use.peak_bytes)}"
    short = "bytes over time" if around is None else what
    return figure(
        f"Arena {use.arena} of {label(plan.method.name, 24)}: {what}",
        data,
        axis("instruction", range=[left - 0.5, right + 0.5], **STEP_AXIS),
        axis(
            f"byte in the arena [{scale.symbol}]",
            range=[0, use.size_bytes * scale.factor * 1.1],
            automargin=False,
        ),
        height=520,
        narrow=narrow_steps(f"Arena {use.arena}: {short}", 440, data, peak),
        dragmode="zoom",
        margin=STEP_MARGIN,
        showlegend=True,
        legend=LEGEND,
        barmode="overlay",
        bargap=0,
        uniformtext={"minsize": 9, "mode": "hide"},
        **peak_line(plan, use.peak_step, peak),
    )


def _bars(
    plan: MemoryPlan,
    use: ArenaUse,
    rows: Ints,
    names: ValueNames,
    scale: ByteScale,
    saves: Mapping[int, int],
) -> list[dict[str, Any]]:
    """A trace of bars per role."""
    views = np.bincount(plan.shows[plan.shows != np.arange(len(plan))], minlength=len(plan))
    named = set(_named(plan, use, rows))
    out = []
    for role in palette.OF_ROLE:
        some = rows[plan.role[rows] == Role[role.upper()]]
        if len(some):
            bars = _places(plan, use, some, scale)
            bars["marker"]["color"] = palette.OF_ROLE[role]
            bars["name"] = role
            bars["text"] = [
                label(names.name(row), 26) if row in named else "" for row in some.tolist()
            ]
            bars["hovertext"] = [
                names.hover(row, *_more(int(views[row]), saves.get(row))) for row in some.tolist()
            ]
            out.append(bars)
    return out


def _places(plan: MemoryPlan, use: ArenaUse, rows: Ints, scale: ByteScale) -> dict[str, Any]:
    """Bars as wide as the lives of values and as high as their bytes."""
    at_peak = (plan.first[rows] <= use.peak_step) & (use.peak_step <= plan.last[rows])
    return {
        "type": "bar",
        "x": ((plan.first[rows] + plan.last[rows]) / 2).tolist(),
        "width": (plan.last[rows] - plan.first[rows] + 1).tolist(),
        "base": (plan.offset[rows] * scale.factor).tolist(),
        "y": (plan.size_bytes[rows] * scale.factor).tolist(),
        "marker": {
            "opacity": np.where(at_peak, 1.0, _FAINT).tolist(),
            "line": {"color": "#ffffff", "width": 0.5},
        },
        "textposition": "inside",
        "insidetextanchor": "middle",
        "insidetextfont": {"color": "#ffffff", "size": 11},
        "hoverinfo": "text",
    }


def _named(plan: MemoryPlan, use: ArenaUse, rows: Ints) -> list[int]:
    """The largest holders of the peak: their names are written on them."""
    alive = (plan.first[rows] <= use.peak_step) & (use.peak_step <= plan.last[rows])
    holders = rows[alive]
    order = np.argsort(-plan.size_bytes[holders], kind="stable")
    out: list[int] = holders[order[:_NAMED]].tolist()
    return out


def _more(views: int, saves: int | None) -> list[str]:
    """What the hover box says besides."""
    lines = [f"{counted(views, 'view')} of its bytes"] if views else []
    if saves:
        lines.append(f"alive only where it is used: peak {size_text(saves)} lower, derived")
    return lines


def _outlines(plan: MemoryPlan, rows: Ints, scale: ByteScale) -> list[dict[str, Any]]:
    """The many small ones: a path per role, which costs the browser one mark."""
    out = []
    for role in palette.OF_ROLE:
        some = rows[plan.role[rows] == Role[role.upper()]]
        if len(some):
            x, y = rectangles(plan, some, scale)
            out.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "name": f"{role}, small",
                    "x": x,
                    "y": y,
                    "fill": "toself",
                    "fillcolor": palette.OF_ROLE[role],
                    "opacity": _FAINT,
                    "line": {"width": 0},
                    "hoverinfo": "skip",
                    "showlegend": False,
                }
            )
    return out


def _views(
    plan: MemoryPlan, use: ArenaUse, scale: ByteScale, left: int, right: int
) -> list[dict[str, Any]]:
    """Views, dotted: their bytes are those of other values."""
    rows = np.flatnonzero(drawable(plan, use, left, right) & (plan.shows != np.arange(len(plan))))
    if not len(rows):
        return []
    places = np.stack([plan.first, plan.last, plan.offset, plan.size_bytes], 1)[rows]
    _, once = np.unique(places, axis=0, return_index=True)
    x, y = rectangles(plan, rows[np.sort(once)[:OUTLINED]], scale)
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": "view of another",
            "x": x,
            "y": y,
            "line": {"width": 1, "dash": "dot"},
            "opacity": 0.7,
            "meta": {"ink": True},
            "hoverinfo": "skip",
        }
    ]


def _size_line(plan: MemoryPlan, use: ArenaUse, scale: ByteScale) -> dict[str, Any]:
    left, right = reach(plan)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"arena size {size_text(use.size_bytes)}, planned",
        "x": [left, right],
        "y": [use.size_bytes * scale.factor] * 2,
        "line": {"color": palette.DELEGATE, "width": 1.6, "dash": "dash"},
        "hoverinfo": "name",
    }
