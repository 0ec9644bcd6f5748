"""The waterfall: wall clock, method, operators and delegates, what is in them, what is left."""

from __future__ import annotations

import math
from typing import Any

from etscope.dashboard import palette
from etscope.dashboard.figures.layout import Figure, axis, figure, rows_axis
from etscope.dashboard.wording import Scale, label, percent
from etscope.inspector.waterfall import Part

_COLOURS = {
    "wall clock": palette.WHOLE,
    "method": palette.WHOLE,
    "operators": palette.OPERATOR,
    "delegates": palette.DELEGATE,
    "control": palette.CONTROL,
}
_NAMES, _NARROW_NAMES = 184, 140  # pixels


def starts(parts: list[Part]) -> list[float]:
    """Where each bar begins: the parts of a level lie end to end, inside of the bar above them."""
    out: list[float] = []
    cursors = [0.0]  # of each level: where its next bar begins
    for part in parts:
        begin = cursors[part.level]
        out.append(begin)
        cursors[part.level :] = [begin + part.value, begin]
    return out


def colours(parts: list[Part]) -> list[str]:
    """What is inside of a bar has the colour of it; what nobody accounts for is grey."""
    out: list[str] = []
    last = palette.REST
    for part in parts:
        if part.name in _COLOURS:
            last = _COLOURS[part.name]
            out.append(last)
        else:
            inside = last not in (palette.REST, palette.WHOLE) and part.name != "unexplained"
            out.append(last if inside else palette.REST)
    return out


def waterfall_figure(parts: list[Part], scale: Scale, method: str) -> Figure | None:
    """The bars of one method; None where it was not timed."""
    whole = next((part.value for part in parts if part.name == "method"), math.nan)
    if not whole > 0:
        return None
    # What a clock could not tell has no length; the table says why.
    parts = [part for part in parts if math.isfinite(part.value)]
    lowest, highest = _extent(parts, scale)
    title = f"mean time per typical inference [{scale.symbol}]"
    return figure(
        f"Where the time of {label(method, 24)} goes",
        [_bars(parts, scale, whole)],
        axis(title, range=[lowest, highest * 1.16]),
        rows_axis([""] * len(parts), showticklabels=False),
        height=112 + 34 * len(parts),
        narrow={
            "xaxis.range": [lowest, highest * 1.5],
            "xaxis.nticks": 5,
            "xaxis.title.text": f"mean time [{scale.symbol}]",
            "margin.l": _NARROW_NAMES,
            "annotations": _names(parts, _NARROW_NAMES, 8, 12),
        },
        bargap=0.28,
        margin={"l": _NAMES, "r": 16, "t": 56, "b": 48},
        annotations=_names(parts, _NAMES, 16),
    )


def _bars(parts: list[Part], scale: Scale, whole: float) -> dict[str, Any]:
    derived = [part.basis == "derived" for part in parts]
    return {
        "type": "bar",
        "orientation": "h",
        "y": list(range(len(parts))),
        "x": [part.value * scale.factor for part in parts],
        "base": [start * scale.factor for start in starts(parts)],
        "marker": {
            "color": colours(parts),
            "line": {"color": colours(parts), "width": 1},
            "pattern": {
                "shape": [palette.HATCH if hatched else "" for hatched in derived],
                "size": 7,
                "solidity": 0.4,
            },
        },
        "text": [f"{scale.time(p.value)} · {percent(p.value / whole)}" for p in parts],
        "meta": {"narrow": {"text": [scale.time(p.value) for p in parts]}},
        "textposition": ["outside" if hatched else "auto" for hatched in derived],
        "insidetextfont": {"color": "#ffffff"},
        "cliponaxis": False,
        "hovertext": [_hover(part, scale) for part in parts],
        "hoverinfo": "text",
    }


def _names(parts: list[Part], width: int, indent: int, size: int = 13) -> list[dict[str, Any]]:
    """The names, indented by level. Labels of an axis could only be aligned at the right."""
    return [
        {
            "text": f"<b>{label(part.name)}</b>" if part.name == "method" else label(part.name),
            "font": {"size": size},
            "xref": "paper",
            "x": 0,
            "xanchor": "left",
            "xshift": 4 - width + indent * part.level,
            "y": at,
            "showarrow": False,
        }
        for at, part in enumerate(parts)
    ]


def _extent(parts: list[Part], scale: Scale) -> tuple[float, float]:
    edges = [
        edge
        for begin, p in zip(starts(parts), parts, strict=True)
        for edge in (begin, begin + p.value)
    ]
    return min(0.0, *edges) * scale.factor, max(edges) * scale.factor


def _hover(part: Part, scale: Scale) -> str:
    note = f"<br>{label(part.note, 90)}" if part.note else ""
    return f"<b>{label(part.name)}</b><br>{scale.time(part.value)}, {part.basis}{note}"
