"""The time of a method inference by inference: warm-up, drift and outliers are seen here."""

from __future__ import annotations

from typing import Any

import numpy as np

from etscope.dashboard import palette
from etscope.dashboard.figures.layout import LEGEND, NARROW_LEGEND, Figure, axis, figure
from etscope.dashboard.wording import Scale, label
from etscope.etdump.columns import Ints
from etscope.inspector.latency import MethodLatency
from etscope.inspector.statistics import Reals

#: Up to here every inference is drawn.
DRAWN = 400
_BUCKETS = 150
_PERCENTILES = ((90, "dash"), (50, "solid"), (10, "dot"))
#: An outlier of so many medians would leave the rest a flat line.
_LOGARITHMIC = 20.0


def buckets(samples: Reals, count: int = _BUCKETS) -> tuple[Ints, Ints, Reals]:
    """The series in parts of equal length, so that no outlier is lost.

    Returns:
        (the places of the lowest and the highest of each part, in order; the
        middle place of each part; the median of each part).
    """
    edges = np.linspace(0, len(samples), count + 1).astype(np.int64)
    spans = list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
    parts = [samples[low:high] for low, high in spans]
    extremes = [
        low + place
        for (low, _), part in zip(spans, parts, strict=True)
        for place in sorted({int(part.argmin()), int(part.argmax())})
    ]
    middle = np.array([(low + high - 1) // 2 for low, high in spans], np.int64)
    return np.array(extremes, np.int64), middle, np.array([np.median(part) for part in parts])


def is_thinned(latency: MethodLatency) -> bool:
    """Whether there are more inferences than are drawn."""
    return len(_timed(latency)) > DRAWN


def distribution_figure(latency: MethodLatency, scale: Scale) -> Figure | None:
    """Points in the order of the inferences with p10, p50 and p90; None where none was timed."""
    samples = _timed(latency)
    if not len(samples):
        return None
    times = samples * scale.factor
    data = _thinned(times) if is_thinned(latency) else [_points(times)]
    low, middle, high = np.percentile(times, (10, 50, 90)).tolist()
    of_percent = {10: low, 50: middle, 90: high}
    for percent, dash in _PERCENTILES:
        text = f"p{percent} {scale.time(of_percent[percent] / scale.factor)}"
        data.append(_line(text, of_percent[percent], len(times), dash))
    steep = float(times.min()) > 0 and float(times.max()) > _LOGARITHMIC * middle
    title = f"method time [{scale.symbol}{', log scale' if steep else ''}]"
    return figure(
        f"Time of {label(latency.method or 'the method', 24)}, inference by inference",
        data,
        axis("counted inference, in the order in which they ran", zeroline=False),
        axis(title, **({"type": "log", "dtick": 1} if steep else {"rangemode": "tozero"})),
        height=360,
        narrow={"xaxis.title.text": "counted inference, in order", **NARROW_LEGEND},
        showlegend=True,
        legend=LEGEND,
    )


def _timed(latency: MethodLatency) -> Reals:
    return np.asarray(latency.samples[np.isfinite(latency.samples)])


def _points(times: Reals) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": "one inference",
        "x": list(range(1, len(times) + 1)),
        "y": times.tolist(),
        "line": {"color": palette.OPERATOR, "width": 1},
        "marker": {"color": palette.OPERATOR, "size": 6 if len(times) <= 100 else 4},
        "hovertemplate": "inference %{x}: %{y:.4g}<extra></extra>",
    }


def _thinned(times: Reals) -> list[dict[str, Any]]:
    extremes, middle, median = buckets(times)
    span = {
        "type": "scatter",
        "mode": "lines",
        "name": "lowest and highest of each part",
        "x": (extremes + 1).tolist(),
        "y": times[extremes].tolist(),
        "line": {"color": palette.OPERATOR, "width": 1},
        "hovertemplate": "inference %{x}: %{y:.4g}<extra></extra>",
    }
    medians = {
        "type": "scatter",
        "mode": "lines",
        "name": "median of each part",
        "x": (middle + 1).tolist(),
        "y": median.tolist(),
        "line": {"color": palette.CONTROL, "width": 2},
        "hovertemplate": "median around inference %{x}: %{y:.4g}<extra></extra>",
    }
    return [span, medians]


def _line(name: str, height: float, count: int, dash: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [1, max(count, 2)],
        "y": [height, height],
        "line": {"color": palette.DELEGATE, "width": 1.6, "dash": dash},
        "hoverinfo": "name",
    }
