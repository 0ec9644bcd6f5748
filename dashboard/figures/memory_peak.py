"""What the peak is made of: the values alive in it, and the modules that make them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from etscope.dashboard import palette
from etscope.dashboard.figures.layout import (
    LEGEND,
    Figure,
    axis,
    figure,
    narrow_legend,
    rows_axis,
    words_row,
)
from etscope.dashboard.memory_values import ValueNames, byte_scale
from etscope.dashboard.wording import label, percent
from etscope.inspector.memory.peak import Held, Holder, Peak
from etscope.inspector.memory.rows import saving_of
from etscope.inspector.wording import counted, size_text

TOP = 20

#: Why a value is there, in a word, and its colour; what only waits is hatched.
REASONS = {
    Held.USED: ("used at the peak", palette.OPERATOR, ""),
    Held.WAITING: ("waits for a later instruction", palette.DELEGATE, palette.HATCH),
    Held.OUTPUT: ("waits for the caller", palette.OF_ROLE["output"], palette.HATCH),
    Held.BUFFER: ("kept between inferences", palette.CONTROL, ""),
    Held.CONTROL: ("a loop or branch may need it", palette.REST, palette.HATCH),
}
_UNKNOWN = "(module not known)"


@dataclass
class _Bar:
    """One row of a figure."""

    name: str  # as the files have it
    size_bytes: int
    hover: str


@dataclass
class _Series:
    """The bars of one colour, and the rows they stand in."""

    name: str
    colour: str
    hatch: str = ""
    rows: list[int] = field(default_factory=list)
    bars: list[_Bar] = field(default_factory=list)


def holders_figure(peak: Peak, names: ValueNames, top: int = TOP) -> Figure | None:
    """The largest holders of a peak by why they are there; None where nothing is in use."""
    if not peak.holders:
        return None
    shown, rest = peak.holders[:top], peak.holders[top:]
    series = {held: _Series(*REASONS[held]) for held in REASONS}
    for place, holder in enumerate(shown):
        mine = series[holder.held]
        mine.rows.append(place)
        hover = names.hover(holder.row, *_why(holder))
        mine.bars.append(_Bar(names.name(holder.row), holder.size_bytes, hover))
    words = _left(len(rest), sum(holder.size_bytes for holder in rest), peak, "value")
    title = f"Who holds the peak, {size_text(peak.peak_bytes)}"
    return _figure(title, list(series.values()), peak, words, legend=True)


def modules_at_peak_figure(peak: Peak, names: ValueNames, top: int = TOP) -> Figure | None:
    """The peak by the module that makes each holder; None where no module is known."""
    found = module_shares(peak, names)
    if not any(name != _UNKNOWN for name in found):
        return None
    ranked = sorted(found.items(), key=lambda item: -item[1][0])
    known = _Series("planned, by module", palette.OPERATOR)
    unknown = _Series("module not known", palette.REST, palette.HATCH)
    for place, (name, (size, count)) in enumerate(ranked[:top]):
        share = percent(size / peak.peak_bytes)
        held = f"{size_text(size)}, {share} of the peak, planned"
        hover = f"<b>{label(name, 90)}</b><br>{held}<br>{counted(count, 'value')}"
        mine = unknown if name == _UNKNOWN else known
        mine.rows.append(place)
        mine.bars.append(_Bar(name, size, hover))
    rest = ranked[top:]
    words = _left(len(rest), sum(size for _, (size, _) in rest), peak, "module")
    title = f"The peak by module, {size_text(peak.peak_bytes)}"
    return _figure(title, [known, unknown], peak, words, legend=bool(unknown.bars))


def module_shares(peak: Peak, names: ValueNames) -> dict[str, tuple[int, int]]:
    """Module → (bytes that its values hold at the peak, how many values)."""
    found: dict[str, tuple[int, int]] = {}
    for holder in peak.holders:
        module = names.module(holder.row)
        name = _UNKNOWN if module is None else module or "(root)"
        size, count = found.get(name, (0, 0))
        found[name] = (size + holder.size_bytes, count + 1)
    return found


def _why(holder: Holder) -> list[str]:
    lines = [f"{percent(holder.share)} of the peak: {holder.held.value}"]
    if holder.next_step is not None:
        operator = (holder.next_operator or "").rpartition("::")[2]
        lines.append(f"next used by {label(operator, 60)} #{holder.next_step}")
    if saved_bytes := saving_of(holder):
        saved = size_text(saved_bytes)
        lines.append(f"if it only lived where it is used: peak {saved} lower, derived")
    return lines


def _left(count: int, size: int, peak: Peak, what: str) -> str:
    """What is not drawn, in words, so that all of it adds up to the peak."""
    parts = []
    if count:
        share = percent(size / peak.peak_bytes)
        parts.append(f"{counted(count, 'more ' + what)} of {size_text(size)} together, {share}")
    if peak.shared_bytes:
        parts.append(f"{size_text(peak.shared_bytes)} are counted twice where values overlap")
    return "; ".join(parts)


def _figure(title: str, series: list[_Series], peak: Peak, words: str, *, legend: bool) -> Figure:
    drawn = [one for one in series if one.bars]
    scale = byte_scale(float(max(bar.size_bytes for one in drawn for bar in one.bars)))
    by_row = {row: bar for one in drawn for row, bar in zip(one.rows, one.bars, strict=True)}
    labels, short = (
        [label(by_row[row].name, limit) for row in sorted(by_row)] for limit in (34, 20)
    )
    data = [_trace(one, peak, scale.factor) for one in drawn]
    if words:
        data.append(words_row(words, len(labels), words.partition(" together")[0]))
        labels, short = [*labels, "others"], [*short, "others"]
    longest = max(bar.size_bytes for bar in by_row.values()) * scale.factor
    height = 142 + 26 * len(labels)
    return figure(
        title,
        data,
        axis(f"planned bytes in use at the peak [{scale.symbol}]", range=[0, longest * 1.2]),
        rows_axis(labels),
        height=height,
        narrow={
            "yaxis.ticktext": short,
            "yaxis.tickfont.size": 11,
            "xaxis.title.text": f"bytes at the peak [{scale.symbol}]",
            "xaxis.range": [0, longest * 1.5],
            **(narrow_legend(data, height) if legend else {"title.font.size": 14}),
        },
        showlegend=legend,
        legend=LEGEND,
        barmode="overlay",
    )


def _trace(series: _Series, peak: Peak, factor: float) -> dict[str, Any]:
    sizes = [bar.size_bytes for bar in series.bars]
    return {
        "type": "bar",
        "orientation": "h",
        "name": series.name,
        "y": series.rows,
        "width": 0.7,
        "x": [size * factor for size in sizes],
        "text": [f"{size_text(s)} · {percent(s / peak.peak_bytes)}" for s in sizes],
        "meta": {"narrow": {"text": [size_text(size) for size in sizes]}},
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {
            "color": series.colour,
            "line": {"color": series.colour, "width": 1},
            "pattern": {"shape": series.hatch, "size": 7, "solidity": 0.4},
        },
        "hovertext": [bar.hover for bar in series.bars],
        "hoverinfo": "text",
    }
