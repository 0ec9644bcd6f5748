"""What figures over the steps of a method share: the axis, and the mark of the peak."""

from __future__ import annotations

from typing import Any

from etscope.dashboard import palette
from etscope.dashboard.figures.layout import narrow_legend
from etscope.dashboard.memory_values import instruction_name
from etscope.dashboard.wording import label
from etscope.inspector.memory.plan import MemoryPlan

#: Figures over steps stand under each other: their axes begin at the same pixel.
STEP_MARGIN = {"l": 76, "r": 16, "t": 64, "b": 48}
STEP_AXIS: dict[str, Any] = {
    "zeroline": False,
    "showgrid": False,
    "automargin": False,
    "fixedrange": False,
}


def narrow_steps(title: str, height: int, data: list[dict[str, Any]], peak: str) -> dict[str, Any]:
    """What to change on a phone: a finger that moves over a figure scrolls the page there."""
    return {
        **narrow_legend(data, height),
        "title.text": title,
        "dragmode": False,
        "xaxis.fixedrange": True,
        "margin.l": 60,
        "annotations.0.text": peak,
    }


def reach(plan: MemoryPlan) -> list[float]:
    """From before the first instruction to behind the last."""
    return [-1.5, plan.instructions + 0.5]


def step_name(plan: MemoryPlan, step: int) -> str:
    """A step in words."""
    if step < 0:
        return "before the first instruction"
    if step >= plan.instructions:
        return "after the last instruction"
    return f"{instruction_name(plan, step)} #{step}"


def peak_line(plan: MemoryPlan, step: int, text: str) -> dict[str, Any]:
    """A vertical line at a step, with words at its top, as parts of a layout."""
    left, right = reach(plan)
    inside = 0 <= step < plan.instructions
    late = step > left + 0.6 * (right - left)
    return {
        "shapes": [
            {
                "type": "line",
                "xref": "x",
                "yref": "paper",
                "x0": step,
                "x1": step,
                "y0": 0,
                "y1": 1,
                "line": {"color": palette.PEAK, "width": 1.6, "dash": "dot"},
            }
        ],
        "annotations": [
            {
                "x": step,
                "xref": "x",
                "y": 1,
                "yref": "paper",
                "yanchor": "top",
                "xanchor": "right" if late else "left",
                "xshift": -4 if late else 4,
                "showarrow": False,
                "text": f"{text} {'at ' if inside else ''}{label(step_name(plan, step), 40)}",
                "font": {"size": 12},
            }
        ],
    }
