"""What the process used: its pages at the end of each phase, and all the time in between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from etscope.dashboard import palette
from etscope.dashboard.figures.layout import LEGEND, NARROW_LEGEND, Figure, axis, figure
from etscope.dashboard.memory_values import byte_scale
from etscope.dashboard.wording import label
from etscope.etdump.footprint import LIBRARIES, Footprint, Phase
from etscope.inspector.wording import size_text

#: Phases that are drawn; a capture of very many methods has more.
PHASES = 40

#: Figure of a phase → how it is called, colour, dash.
_SERIES = {
    "rss_bytes": ("RSS: shared pages counted whole", palette.OPERATOR, "solid"),
    "pss_bytes": ("PSS: shared pages by their share", palette.DELEGATE, "solid"),
    "uss_bytes": ("USS: without shared pages", palette.OF_ROLE["input"], "solid"),
    "peak_rss_bytes": ("peak RSS", palette.PEAK, "dot"),
}
#: Numbers of phases that end closer to each other than this part of the time stand as one.
_APART = 0.025


def phase_names(footprint: Footprint) -> list[str]:
    """The phases by number, as the other figure and the table name them."""
    names = []
    for number, phase in enumerate(footprint.phases[:PHASES], start=1):
        of = f" ({label(phase.method, 20)})" if phase.method else ""
        names.append(f"{number} {label(phase.name, 30)}{of}")
    return names


def phases_figure(footprint: Footprint) -> Figure | None:
    """What each phase came to above the loaded libraries; None where no phase was measured.

    The libraries are a hundred times what a program adds, so they are not drawn with it;
    where there is no such phase, figures are drawn whole.
    """
    names = phase_names(footprint)
    at = next((n for n, p in enumerate(footprint.phases[:PHASES]) if p.name == LIBRARIES), None)
    base = {} if at is None else footprint.phases[at].figures
    phases, names = footprint.phases[at or 0 : PHASES], names[at or 0 :]
    found = [
        key
        for key in _SERIES
        if any(key in phase.figures for phase in phases) and (at is None or _start(key) in base)
    ]
    if not found:
        return None
    lines = [_series(key, phases, names, base) for key in found]
    scale = byte_scale(float(max(abs(size or 0) for line in lines for size in line["y"])))
    for line in lines:
        line["y"] = [None if size is None else size * scale.factor for size in line["y"]]
    above = "" if at is None else " above the loaded libraries"
    return figure(
        f"What the process used at the end of each phase{above}",
        lines,
        axis(
            "phase, in the order in which they ended",
            tickmode="array",
            tickvals=list(range(len(phases))),
            ticktext=names,
            range=[-0.4, len(phases) - 0.6],
        ),
        axis(f"memory of the process{above} [{scale.symbol}]", rangemode="tozero"),
        height=420,
        narrow={
            "xaxis.ticktext": [name.partition(" ")[0] for name in names],
            "xaxis.title.text": "phase",
            "yaxis.title.text": f"memory{' above the libraries' if above else ''} [{scale.symbol}]",
            "title.text": "The process per phase",
            **{key: value for key, value in NARROW_LEGEND.items() if key != "xaxis.nticks"},
        },
        showlegend=True,
        legend=LEGEND,
    )


def _start(key: str) -> str:
    """What a figure starts from: the most of a phase, from what the libraries hold."""
    return "rss_bytes" if key == "peak_rss_bytes" else key


def _series(
    key: str, phases: tuple[Phase, ...], names: list[str], base: Mapping[str, int]
) -> dict[str, Any]:
    name, colour, dash = _SERIES[key]
    sizes = [phase.figures.get(key) for phase in phases]
    start = base.get(_start(key), 0)
    if base and key == "peak_rss_bytes":
        sizes[0] = None  # the peak of loading the libraries
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": list(range(len(phases))),
        "y": [None if size is None else size - start for size in sizes],
        "line": {"color": colour, "width": 2, "dash": dash},
        "marker": {"color": colour, "size": 8},
        "hovertext": [
            "" if size is None else f"<b>{phase}</b><br>{name}<br>{_words(size, start)}"
            for phase, size in zip(names, sizes, strict=True)
        ],
        "hoverinfo": "text",
    }


def _words(size: int, start: int) -> str:
    whole = f"{size_text(size)}, measured"
    if not start:
        return whole
    sign = "+" if size >= start else "-"
    return f"{whole}<br>{sign}{size_text(abs(size - start))} from the loaded libraries, derived"


def samples_figure(footprint: Footprint) -> Figure | None:
    """Resident pages over time with the ends of phases; None where nothing was sampled."""
    at, sizes = footprint.samples.at_ms, footprint.samples.rss_bytes
    if not at:
        return None
    scale = byte_scale(float(max(sizes)))
    phases = footprint.phases[:PHASES]
    end = max(at[-1], *(phase.at_ms for phase in phases)) if phases else at[-1]
    seconds = end >= 5000
    unit, factor = ("s", 1e-3) if seconds else ("ms", 1.0)
    line = {
        "type": "scatter",
        "mode": "lines",
        "name": "RSS",
        "x": [time * factor for time in at],
        "y": [size * scale.factor for size in sizes],
        "line": {"color": palette.OPERATOR, "width": 1.6},
        "fill": "tozeroy",
        "fillcolor": f"{palette.OPERATOR}33",
        "hovertemplate": f"%{{x:.4g}} {unit}: %{{y:.4g}} {scale.symbol}, measured<extra></extra>",
    }
    return figure(
        "Resident pages of the process over time",
        [line],
        axis(f"since the process was started [{unit}]", zeroline=False),
        axis(f"RSS [{scale.symbol}]", rangemode="tozero"),
        height=360,
        narrow={"title.text": "Resident pages over time", "xaxis.nticks": 6},
        **_ends(phases, factor, max(end * factor, 1e-9)),
    )


def _ends(phases: tuple[Phase, ...], factor: float, span: float) -> dict[str, Any]:
    """A vertical line at the end of each phase, with its number at the top."""
    lines = [
        {
            "type": "line",
            "xref": "x",
            "yref": "paper",
            "x0": phase.at_ms * factor,
            "x1": phase.at_ms * factor,
            "y0": 0,
            "y1": 1,
            "line": {"color": palette.REST, "width": 1, "dash": "dot"},
        }
        for phase in phases
    ]
    notes: list[dict[str, Any]] = []
    for number, phase in enumerate(phases, start=1):
        place = phase.at_ms * factor
        if notes and place - notes[-1]["x"] < _APART * span:
            first = notes[-1]["text"].partition("–")[0]
            notes[-1] |= {"text": f"{first}–{number}", "x": place}
            continue
        notes.append(
            {
                "x": place,
                "xref": "x",
                "y": 1,
                "yref": "paper",
                "yanchor": "bottom",
                "showarrow": False,
                "text": str(number),
                "font": {"size": 12},
            }
        )
    return {"shapes": lines, "annotations": notes}
