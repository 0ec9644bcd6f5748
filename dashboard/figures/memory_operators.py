"""What single instructions do to memory: the bytes they move, begin and give up."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

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
from etscope.dashboard.memory_values import ByteScale, byte_scale, instruction_name
from etscope.dashboard.wording import label, percent
from etscope.etdump.columns import Ints
from etscope.inspector.memory.plan import MemoryPlan
from etscope.inspector.memory.traffic import Traffic
from etscope.inspector.wording import size_text

TOP = 20


def moved_figure(plan: MemoryPlan, traffic: Traffic, top: int = TOP) -> Figure | None:
    """The instructions that read and write the most; None where none carries data."""
    moved = traffic.read_bytes.astype(np.float64) + traffic.written_bytes
    chosen = _most(moved, top)
    if not len(chosen):
        return None
    scale = byte_scale(float(moved[chosen].max()))
    parts = (
        ("read", palette.OPERATOR, "", traffic.read_bytes, 1),
        ("written", palette.CONTROL, palette.HATCH, traffic.written_bytes, 1),
    )
    return _bars(
        plan,
        traffic,
        chosen,
        parts,
        scale,
        title=f"Instructions of {label(plan.method.name, 24)} that move the most bytes",
        narrow="Instructions by bytes moved",
        unit=f"bytes of their tensors, planned [{scale.symbol}]",
        rest=_rest(moved, chosen, "move"),
    )


def allocated_figure(plan: MemoryPlan, traffic: Traffic, top: int = TOP) -> Figure | None:
    """The instructions that bring the most bytes into use, and what each gives up after it."""
    chosen = _most(np.maximum(traffic.allocated_bytes, traffic.freed_bytes), top)
    if not len(chosen):
        return None
    # In the order of the program: what begins here ends further down.
    chosen = np.sort(chosen)
    largest = max(traffic.allocated_bytes[chosen].max(), traffic.freed_bytes[chosen].max())
    scale = byte_scale(float(largest))
    parts = (
        ("newly in use", palette.OPERATOR, "", traffic.allocated_bytes, 1),
        ("given up after it", palette.REST, palette.HATCH, traffic.freed_bytes, -1),
    )
    return _bars(
        plan,
        traffic,
        chosen,
        parts,
        scale,
        title=f"Instructions of {label(plan.method.name, 24)} that change the most what is in use",
        narrow="Bytes begun and given up",
        unit=f"planned bytes, given up to the left [{scale.symbol}]",
        rest=_rest(traffic.allocated_bytes, chosen, "begin"),
    )


def _most(size: NDArray[Any], top: int) -> Ints:
    """The instructions with the most bytes, the most first; those with none are left out."""
    ordered = np.argsort(-size, kind="stable")[:top]
    return ordered[size[ordered] > 0]


def _rest(size: NDArray[Any], chosen: Ints, verb: str) -> str:
    """What is not drawn, in words: as a bar it would make all others short."""
    total, shown = sum(size.tolist()), sum(size[chosen].tolist())
    count = int((size > 0).sum() - (size[chosen] > 0).sum())
    if not count:
        return ""
    share = percent((total - shown) / total) if total else "–"
    return f"{count:,} more {verb} {size_text(int(total - shown))}, {share} of all"


def _bars(
    plan: MemoryPlan,
    traffic: Traffic,
    chosen: Ints,
    parts: tuple[tuple[str, str, str, Ints, int], ...],
    scale: ByteScale,
    *,
    title: str,
    narrow: str,
    unit: str,
    rest: str,
) -> Figure:
    """A row per instruction; parts with the sign -1 go to the left."""
    hovers = [_hover(plan, traffic, row) for row in chosen.tolist()]
    data = [
        _part(name, colour, hatch, size[chosen] * (sign * scale.factor), hovers)
        for name, colour, hatch, size, sign in parts
    ]
    labels = [_label(plan, row, 38) for row in chosen.tolist()]
    short = [_label(plan, row, 18) for row in chosen.tolist()]
    if rest:
        data.append(words_row(rest, len(labels), rest.partition(",")[0]))
        labels, short = [*labels, "others"], [*short, "others"]
    return figure(
        title,
        data,
        axis(unit),
        rows_axis(labels),
        height=142 + 26 * len(labels),
        narrow={
            "title.text": narrow,
            "xaxis.title.text": f"planned bytes [{scale.symbol}]",
            "yaxis.ticktext": short,
            "yaxis.tickfont.size": 11,
            **NARROW_LEGEND,
        },
        showlegend=True,
        legend=LEGEND,
        barmode="relative",
    )


def _part(
    name: str, colour: str, hatch: str, size: NDArray[Any], hovers: list[str]
) -> dict[str, Any]:
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "y": list(range(len(size))),
        "width": 0.7,
        "x": size.tolist(),
        "marker": {
            "color": colour,
            "line": {"color": colour, "width": 1},
            "pattern": {"shape": hatch, "size": 7, "solidity": 0.4},
        },
        "hovertext": hovers,
        "hoverinfo": "text",
    }


def _label(plan: MemoryPlan, row: int, limit: int) -> str:
    return f"{label(instruction_name(plan, row), limit)}  #{row}"


def _hover(plan: MemoryPlan, traffic: Traffic, row: int) -> str:
    name = instruction_name(plan, row)
    figures = (
        ("read", traffic.read_bytes),
        ("written", traffic.written_bytes),
        ("in use while it runs", traffic.live_bytes),
        ("newly in use", traffic.allocated_bytes),
        ("given up after it", traffic.freed_bytes),
    )
    lines = [f"{what}: {size_text(int(size[row]))}" for what, size in figures]
    return "<br>".join([f"<b>{label(name, 90)}  #{row}</b>, planned", *lines])
