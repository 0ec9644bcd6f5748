"""Ledgers of memory as waterfalls: every bar begins where the one above it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from etscope.dashboard import palette
from etscope.dashboard.figures.layout import (
    LEGEND,
    Figure,
    axis,
    figure,
    narrow_legend,
    rows_axis,
)
from etscope.dashboard.figures.waterfall import starts
from etscope.dashboard.memory_values import ByteScale, byte_scale
from etscope.dashboard.wording import label, percent
from etscope.inspector.memory.footprint import FootprintLedger
from etscope.inspector.memory.ledger import Source
from etscope.inspector.memory.rows import basis_of
from etscope.inspector.waterfall import Part
from etscope.inspector.wording import counted, size_text

#: Bars of one figure; smaller ones are together in one, and so is what cannot be seen.
BARS = 16
_VISIBLE = 0.002

#: What a bar rests on: colour, and pattern. Only what was measured is plain.
_BASES = {
    "measured": (palette.OPERATOR, ""),
    "planned": (palette.DELEGATE, palette.HATCH),
    "file": (palette.CONTROL, "\\"),
    "estimated": (palette.OF_ROLE["output"], "x"),
    "derived": (palette.REST, "."),
}


def program_parts(totals: Mapping[Source, int]) -> list[Part]:
    """What a program brings into memory, by where it comes from."""
    if not totals:
        return []
    whole = Part("all that the program brings", float(sum(totals.values())), "derived", 0)
    ranked = sorted(totals.items(), key=lambda item: -item[1])
    return [whole] + [Part(source.value, float(n), basis_of(source), 1) for source, n in ranked]


def growth_parts(ledger: FootprintLedger) -> list[Part]:
    """The own growth of a process, its named parts, and what has no name; they add up.

    What other processes changed is not in it.
    """
    whole = ledger.own_growth_bytes
    parts = [Part(f"growth of {ledger.own_name}", float(whole), ledger.own_basis, 0)]
    seen = [p for p in ledger.parts if abs(p.size_bytes) > _VISIBLE * abs(whole)]
    most = seen[: BARS - 4]
    parts += [Part(one.label, float(one.size_bytes), one.basis, 1, one.evidence) for one in most]
    rest = len(ledger.parts) - len(most)
    if rest:
        size = sum(one.size_bytes for one in ledger.parts) - sum(one.size_bytes for one in most)
        parts.append(Part(counted(rest, "smaller part"), float(size), "derived", 1))
    nameless = float(ledger.unattributed_bytes)
    return [*parts, Part("unattributed", nameless, "derived", 1, "nothing accounts for it")]


def ledger_figure(title: str, parts: list[Part]) -> Figure | None:
    """The waterfall of some parts, the first of which is the whole; None where all are nothing."""
    if not any(part.value for part in parts):
        return None
    begins = starts(parts)
    edges = [
        edge for begin, p in zip(begins, parts, strict=True) for edge in (begin, begin + p.value)
    ]
    low, high = min(0.0, *edges), max(0.0, *edges)
    scale = byte_scale(max(high, -low))
    bases = [basis for basis in _BASES if any(part.basis == basis for part in parts)]
    axis_range = [low * scale.factor, (high + 0.22 * (high - low)) * scale.factor]
    data = [_bars(basis, parts, begins, scale) for basis in bases]
    height = 142 + 30 * len(parts)
    return figure(
        title,
        data,
        axis(f"bytes [{scale.symbol}]", range=axis_range),
        rows_axis([label(part.name, 44) for part in parts]),
        height=height,
        narrow={
            "yaxis.ticktext": [label(part.name, 20) for part in parts],
            "yaxis.tickfont.size": 11,
            "xaxis.range": [low * scale.factor, (high + 0.5 * (high - low)) * scale.factor],
            **narrow_legend(data, height),
        },
        showlegend=True,
        legend=LEGEND,
        barmode="overlay",
    )


def _bars(basis: str, parts: list[Part], begins: list[float], scale: ByteScale) -> dict[str, Any]:
    """The bars that rest on the same."""
    colour, pattern = _BASES[basis]
    places = [at for at, part in enumerate(parts) if part.basis == basis]
    some = [parts[at] for at in places]
    whole = parts[0].value
    return {
        "type": "bar",
        "orientation": "h",
        "name": "as large as in the file" if basis == "file" else basis,
        "y": places,
        "x": [part.value * scale.factor for part in some],
        "base": [begins[at] * scale.factor for at in places],
        "width": 0.7,
        "marker": {
            "color": colour,
            "line": {"color": colour, "width": 1},
            "pattern": {"shape": pattern, "size": 7, "solidity": 0.4},
        },
        "text": [_words(part, whole) for part in some],
        "meta": {"narrow": {"text": [size_words(part.value) for part in some]}},
        "textposition": "outside",
        "cliponaxis": False,
        "hovertext": [_hover(part) for part in some],
        "hoverinfo": "text",
    }


def _words(part: Part, whole: float) -> str:
    """Its size, and its share of a whole that is more than nothing."""
    size = size_words(part.value)
    return f"{size} · {percent(part.value / whole)}" if whole > 0 else size


def size_words(size: float) -> str:
    """Bytes with their sign."""
    return f"-{size_text(int(-size))}" if size < 0 else size_text(int(size))


def _hover(part: Part) -> str:
    note = f"<br>{label(part.note, 90)}" if part.note else ""
    return f"<b>{label(part.name, 90)}</b><br>{size_words(part.value)}, {part.basis}{note}"
