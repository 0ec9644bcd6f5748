"""The time of a method by what bounds it: arithmetic, memory, overhead, the kernel."""

from __future__ import annotations

import math
from typing import Any

from etscope.dashboard import palette
from etscope.dashboard.figures.layout import Figure, axis, figure, rows_axis
from etscope.dashboard.figures.roofline import LOOKS
from etscope.dashboard.wording import digits, label, percent
from etscope.inspector.roofline.bounds import UNKNOWN
from etscope.inspector.roofline.roofline import Roofline
from etscope.inspector.wording import counted

_OUTSIDE = "in no operator"


def bounds_figure(roofline: Roofline) -> Figure | None:
    """Bars that add up to the method; None where it was not timed in seconds."""
    whole = roofline.whole_s
    if not math.isfinite(whole) or whole <= 0:
        return None
    shares = {bound: share for bound, share in roofline.time_shares.items() if share > 0}
    shares[_OUTSIDE] = roofline.unexplained_s / whole
    most, least = max(shares.values()), min(0.0, *shares.values())
    return figure(
        f"The time of {label(roofline.latency.method or 'the method', 24)} by what bounds it",
        [_bars(roofline, shares)],
        axis(
            "share of the method's time [%]",
            range=[100 * least, max(130 * most, 1)],
            tickvals=list(range(0, 101, 20)) if most > 0.4 else None,
        ),
        rows_axis(list(shares)),
        height=112 + 32 * len(shares),
        narrow={"yaxis.tickfont.size": 11, "title.text": "Time by what bounds it"},
    )


def _bars(roofline: Roofline, shares: dict[str, float]) -> dict[str, Any]:
    colours = [LOOKS.get(name, (palette.WHOLE, ""))[0] for name in shares]
    hatched = [palette.HATCH if name in (UNKNOWN, _OUTSIDE) else "" for name in shares]
    return {
        "type": "bar",
        "orientation": "h",
        "y": list(range(len(shares))),
        "x": [100 * share for share in shares.values()],
        "width": 0.7,
        "marker": {
            "color": colours,
            "line": {"color": colours, "width": 1},
            "pattern": {"shape": hatched, "size": 7, "solidity": 0.4},
        },
        "text": [f"{percent(s)} · {_time(s * roofline.whole_s)}" for s in shares.values()],
        "meta": {"narrow": {"text": [percent(share) for share in shares.values()]}},
        "textposition": "outside",
        "cliponaxis": False,
        "hovertext": [_hover(roofline, name, share) for name, share in shares.items()],
        "hoverinfo": "text",
    }


def _hover(roofline: Roofline, bound: str, share: float) -> str:
    count = sum(roof.bound == bound for roof in roofline.rows)
    lines = [f"<b>{bound}</b>", f"{percent(share)} of the method, derived"]
    return "<br>".join(lines + [counted(count, "operator")] * (count > 0))


def _time(seconds: float) -> str:
    return f"{digits(seconds * 1e6)} µs" if abs(seconds) < 1e-3 else f"{digits(seconds * 1e3)} ms"
