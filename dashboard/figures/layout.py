"""What all figures share: fonts, axes, and a mode bar that leads nowhere outside."""

from __future__ import annotations

from typing import Any

Figure = dict[str, Any]

#: Marks that one figure may hold: more are slow, and no longer tell anything.
MARK_LIMIT = 500

#: Plotly's bar has a button that uploads the figure to a cloud service, and a logo with a
#: link. The list of buttons is therefore complete, and the switches are off besides.
CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "showSendToCloud": False,
    "showEditInChartStudio": False,
    "plotlyServerURL": "",
    "showTips": False,
    "editable": False,
    "modeBarButtons": [["toImage"]],
    "modeBarButtonsToRemove": ["sendChartToCloud"],
    "toImageButtonOptions": {"format": "png", "scale": 2},
    "displayModeBar": True,
    "responsive": True,
    "scrollZoom": False,
    "doubleClick": False,
}

#: Under the title; on a phone, where it takes several lines, at the foot of the figure.
LEGEND = {
    "orientation": "h",
    "x": 0,
    "y": 1,
    "yanchor": "bottom",
    "itemclick": False,
    "itemdoubleclick": False,
}
NARROW_LEGEND = {
    "legend.yref": "container",
    "legend.y": 0,
    "margin.b": 118,
    "xaxis.nticks": 6,
    "title.font.size": 14,
}


def narrow_legend(data: list[dict[str, Any]], height: int) -> dict[str, Any]:
    """What to change on a phone, where each of several long names takes a line at the foot.

    Args:
        height: of the figure without its legend.
    """
    lines = 22 * sum(trace.get("showlegend", True) for trace in data)
    return {**NARROW_LEGEND, "height": height + lines, "margin.b": 60 + lines}


_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_INK, _GRID = "#1b2430", "#dfe4ea"


def axis(title: str = "", **more: Any) -> dict[str, Any]:
    """An axis; the title says the unit."""
    return {
        "title": {"text": title, "standoff": 8, "font": {"size": 13}},
        "fixedrange": True,
        "automargin": True,
        "exponentformat": "none",  # 15,000 µs, not 15k µs
        "separatethousands": True,
        "gridcolor": _GRID,
        "zerolinecolor": _GRID,
        **more,
    }


def rows_axis(labels: list[str], **more: Any) -> dict[str, Any]:
    """The axis of horizontal bars: bar i, from the top, at y = i."""
    return axis(
        tickmode="array",
        tickvals=list(range(len(labels))),
        ticktext=labels,
        range=[len(labels) - 0.5, -0.5],
        showgrid=False,
        zeroline=False,
        ticks="",
        ticklabelstandoff=6,
        **more,
    )


def words_row(text: str, place: int, short: str | None = None) -> dict[str, Any]:
    """What is not drawn, in words, as a row of horizontal bars: as one it would make all short.

    Args:
        short: for a phone; None: the same.
    """
    return {
        "type": "scatter",
        "mode": "text",
        "y": [place],
        "x": [0],
        "text": [f" {text}"],
        "meta": {"narrow": {"text": [f" {short or text}"]}},
        "textposition": "middle right",
        "cliponaxis": False,
        "showlegend": False,
        "hoverinfo": "skip",
    }


def figure(
    title: str,
    data: list[dict[str, Any]],
    xaxis: dict[str, Any],
    yaxis: dict[str, Any],
    *,
    height: int,
    narrow: dict[str, Any] | None = None,
    **more: Any,
) -> Figure:
    """A figure in plotly's words.

    Args:
        narrow: what to change in the layout on a phone, as `Plotly.relayout` takes it.
    """
    heading = {"x": 0, "xanchor": "left", "y": 1, "yanchor": "top", "pad": {"l": 4, "t": 10}}
    layout = {
        "title": {"text": title, "font": {"size": 15}, **heading},
        "font": {"family": _FONT, "size": 13, "color": _INK},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "rgba(0, 0, 0, 0)",
        "height": height,
        "margin": {"l": 8, "r": 16, "t": 56, "b": 48},
        "xaxis": xaxis,
        "yaxis": yaxis,
        "dragmode": False,
        "hovermode": "closest",
        "showlegend": False,
        "meta": {"narrow": narrow or {}},
        **more,
    }
    return {"data": data, "layout": layout}
