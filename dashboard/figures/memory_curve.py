"""Bytes in use per step, arena upon arena, with the peak and what the arenas take."""

from __future__ import annotations

from typing import Any

import numpy as np

from etscope.dashboard import palette
from etscope.dashboard.figures.layout import LEGEND, Figure, axis, figure
from etscope.dashboard.figures.memory_steps import (
    STEP_AXIS,
    STEP_MARGIN,
    narrow_steps,
    peak_line,
    reach,
    step_name,
)
from etscope.dashboard.memory_values import byte_scale
from etscope.dashboard.wording import label
from etscope.etdump.columns import Ints
from etscope.inspector.memory.arenas import ArenaUse
from etscope.inspector.memory.plan import MemoryPlan
from etscope.inspector.wording import size_text

#: Up to here every step is drawn.
DRAWN = 1500
_PARTS = 500
#: Arenas with a band of their own; all smaller ones are one.
_BANDS = 4
_COLOURS = (palette.OPERATOR, "#0e7c6b", palette.CONTROL, "#8a6500")


def drawn_steps(live: Ints) -> Ints:
    """The places of a curve to draw: all, or the ends and extremes of parts of equal length."""
    if len(live) <= DRAWN:
        return np.arange(len(live))
    edges = np.linspace(0, len(live), _PARTS + 1).astype(np.int64)
    places = {0, len(live) - 1}
    for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        part = live[low:high]
        places |= {low + int(part.argmin()), low + int(part.argmax())}
    return np.array(sorted(places), np.int64)


def memory_curve_figure(plan: MemoryPlan) -> Figure | None:
    """Stacked curves of the arenas of a method; None where it plans none."""
    if not plan.planned_bytes:
        return None
    scale = byte_scale(float(plan.planned_bytes))
    at = drawn_steps(plan.live_bytes)
    ranked = sorted(plan.arenas, key=lambda use: -use.size_bytes)
    own, rest = ranked[:_BANDS], ranked[_BANDS:]
    bands = [(f"arena {use.arena}", use.live_bytes) for use in own]
    if rest:
        bands.append((f"{len(rest)} smaller arenas", np.sum([u.live_bytes for u in rest], axis=0)))
    data = [
        _band(plan, name, live[at], at, scale.factor, (*_COLOURS, palette.REST)[number])
        for number, (name, live) in enumerate(bands)
    ]
    bound = _lower_bound(plan.arenas)
    sizes = [(f"planned {size_text(plan.planned_bytes)}", plan.planned_bytes, "dash")]
    # One line says it where the plan is as small as any for this order can be.
    if bound < plan.planned_bytes:
        sizes.append((f"lower bound for this order {size_text(bound)}", bound, "dot"))
    data += [_level(plan, name, size * scale.factor, dash) for name, size, dash in sizes]
    peak = f"peak {size_text(plan.peak_bytes)}"
    return figure(
        f"Bytes in use over the steps of {label(plan.method.name, 24)}",
        data,
        axis("instruction", range=reach(plan), **STEP_AXIS),
        axis(
            f"planned bytes in use [{scale.symbol}]",
            range=[0, plan.planned_bytes * scale.factor * 1.12],
            automargin=False,
        ),
        height=360,
        narrow=narrow_steps("Bytes in use over steps", 330, data, peak),
        dragmode="zoom",
        margin=STEP_MARGIN,
        showlegend=True,
        legend={**LEGEND, "traceorder": "normal"},
        **peak_line(plan, plan.peak_step, peak),
    )


def _lower_bound(arenas: tuple[ArenaUse, ...]) -> int:
    return sum(use.lower_bound_bytes for use in arenas)


def _band(
    plan: MemoryPlan, name: str, live: Ints, at: Ints, factor: float, colour: str
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": (at - 1).tolist(),
        "y": (live * factor).tolist(),
        "stackgroup": "arenas",
        "line": {"color": colour, "width": 1, "shape": "hvh"},
        "fillcolor": f"{colour}99",
        "hovertext": [
            f"<b>{label(step_name(plan, step), 60)}</b><br>"
            f"{label(name)}: {size_text(size)} in use, planned"
            for step, size in zip((at - 1).tolist(), live.tolist(), strict=True)
        ],
        "hoverinfo": "text",
    }


def _level(plan: MemoryPlan, name: str, height: float, dash: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": reach(plan),
        "y": [height, height],
        "line": {"color": palette.DELEGATE, "width": 1.6, "dash": dash},
        "hoverinfo": "name",
    }
