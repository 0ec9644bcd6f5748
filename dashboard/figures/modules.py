"""The tree of modules as an icicle: as high as their time, each beside the one that calls it."""

from __future__ import annotations

from typing import Any

from etscope.dashboard import palette
from etscope.dashboard.figures.layout import MARK_LIMIT, Figure, axis, figure
from etscope.dashboard.wording import Scale, label, percent
from etscope.inspector.rollups.modules import short_name
from etscope.inspector.rollups.table import Entry, Rollup

_HEIGHT = 460
_METHOD = "method"


def modules_figure(rollup: Rollup, scale: Scale, method: str) -> Figure | None:
    """The icicle of a roll-up by module; None where no time was given to a module.

    What has no time is not drawn; of more than MARK_LIMIT entries the smallest count as
    their module's own.
    """
    mapped = any(not entry.remainder and entry.total > 0 for entry in rollup.entries)
    if not mapped or not rollup.timed or not rollup.whole > 0:
        return None
    drawn = _drawn(rollup)
    return figure(
        f"Modules of {label(method, 24)} by time",
        [_icicle(rollup, drawn, scale, method)],
        axis(visible=False),
        axis(visible=False),
        height=_HEIGHT,
        narrow={"title.font.size": 14},
        margin={"l": 4, "r": 4, "t": 44, "b": 8},
        uniformtext={"minsize": 10, "mode": "hide"},
    )


def _drawn(rollup: Rollup) -> list[int]:
    """The entries to draw: those with the most time, with all above them."""
    entries = rollup.entries
    some = [row for row, entry in enumerate(entries) if entry.total > 0]
    ranked = sorted(some, key=lambda row: -entries[row].total)[:MARK_LIMIT]
    kept = set(ranked)
    # A negative rest can make an entry larger than the one above it.
    for row in ranked:
        while (row := entries[row].parent) >= 0:
            kept.add(row)
    return sorted(kept)


def _icicle(rollup: Rollup, drawn: list[int], scale: Scale, method: str) -> dict[str, Any]:
    entries, kept = rollup.entries, set(drawn)
    inside = dict.fromkeys(drawn, 0.0)
    for row in drawn:
        above = entries[row].parent
        if above in inside:
            inside[above] += entries[row].total
    # What is inside but not drawn counts as own: the boxes then fill the one around them.
    own = [max(entries[row].total - inside[row], 0.0) for row in drawn]
    names = [label(_name(rollup, row), 40) for row in drawn]
    shares = [percent(rollup.share(entries[row].total)) for row in drawn]
    small = [_undrawn(entries, kept, row) for row in drawn]
    hovers = [_hover(rollup, entries[r], scale, s) for r, s in zip(drawn, small, strict=True)]
    whole = f"<b>{label(method)}</b><br>{scale.time(rollup.whole)}, measured"
    return {
        "type": "icicle",
        "ids": [_METHOD, *map(str, drawn)],
        "labels": [label(method, 40), *names],
        "parents": [""] + [str(p) if (p := entries[row].parent) >= 0 else _METHOD for row in drawn],
        "values": [0.0, *own],
        "branchvalues": "remainder",
        "sort": False,
        "text": [scale.time(rollup.whole), *shares],
        "texttemplate": "%{label}  %{text}",  # on one line, which low boxes have room for
        "meta": {"narrow": {"texttemplate": "%{label}"}},
        "hovertext": [whole, *hovers],
        "hoverinfo": "text",
        "insidetextfont": {"color": "#ffffff"},
        "outsidetextfont": {"color": "#ffffff"},  # which plotly takes for the first box
        "leaf": {"opacity": 1},
        "tiling": {"orientation": "h", "pad": 1},
        "pathbar": {"visible": False},
        "marker": _marker([entries[row] for row in drawn]),
    }


def _marker(drawn: list[Entry]) -> dict[str, Any]:
    """The colours of the boxes; what is in no module is hatched."""
    return {
        "colors": [palette.WHOLE, *map(_colour, drawn)],
        "line": {"width": 0},
        "pattern": {
            "shape": ["", *(palette.HATCH if entry.remainder else "" for entry in drawn)],
            "size": 7,
            "solidity": 0.4,
            "fillmode": "overlay",
            "fgcolor": "#ffffff",
            "fgopacity": 0.25,
        },
    }


def _name(rollup: Rollup, row: int) -> str:
    entry = rollup.entries[row]
    above = rollup.entries[entry.parent] if entry.parent >= 0 else None
    return short_name(entry, above)


def _undrawn(entries: tuple[Entry, ...], kept: set[int], row: int) -> int:
    return sum(e.parent == row and at not in kept and e.total > 0 for at, e in enumerate(entries))


def _colour(entry: Entry) -> str:
    """Grey where a module only calls others, the bluer the more of its time is its own."""
    if entry.remainder:
        return palette.DELEGATE if entry.name.endswith("overhead)") else palette.REST
    return palette.between(palette.WHOLE, palette.OPERATOR, entry.own / (entry.total or 1.0))


def _hover(rollup: Rollup, entry: Entry, scale: Scale, undrawn: int) -> str:
    share = percent(rollup.share(entry.total))
    lines = [f"<b>{label(entry.name, 90)}</b>"]
    if entry.detail:
        lines.append(label(entry.detail, 90))
    lines.append(f"{scale.time(entry.total)} per inference, {share} of the method, derived")
    if not entry.remainder:
        lines.append(f"of that its own: {scale.time(entry.own)}")
        lines.append(f"operators: {entry.operators:.4g} per inference")
    if undrawn:
        lines.append(f"{undrawn} smaller inside are not drawn")
    return "<br>".join(lines)
