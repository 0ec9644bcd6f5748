"""Roll-ups as tables of the report: trees that are indented, parts that add up to the method."""

from __future__ import annotations

import math

from etscope.dashboard.table_markup import ROWS
from etscope.dashboard.wording import Scale, digits, markup, percent
from etscope.inspector.rollups.modules import short_name
from etscope.inspector.rollups.table import Entry, Rollup


def module_table(rollup: Rollup, scale: Scale) -> str:
    """The tree of modules."""
    unit = f"[{scale.symbol}]"
    words = ["module", "class"]
    numbers = ["calls", "operators", f"own {unit}", f"total {unit}", "share"]
    rows = []
    for entry in rollup.entries[:ROWS]:
        above = rollup.entries[entry.parent] if entry.parent >= 0 else None
        rows.append(
            [
                _name(entry, short_name(entry, above)),
                f"<bdi>{markup(entry.detail)}</bdi>",
                _count(entry.calls),
                _count(entry.operators or None),
                _time(entry.own, entry.own_below, scale),
                _time(entry.total, entry.below, scale),
                _share(rollup, entry),
            ]
        )
    return _table("By module", words, numbers, rows) + _more(rollup)


def operators_by_category(rollup: Rollup, scale: Scale) -> str:
    """Categories of work, and under each the types of operators."""
    words = ["category, operator", "backend"]
    numbers = ["calls", f"total [{scale.symbol}]", "share"]
    rows = [
        [
            _name(entry, entry.name),
            f"<bdi>{markup(entry.keys.get('backend') or '')}</bdi>",
            _count(entry.operators or None),
            _time(entry.total, entry.below, scale),
            _share(rollup, entry),
        ]
        for entry in rollup.entries[:ROWS]
    ]
    return _table("By category", words, numbers, rows) + _more(rollup)


def _table(caption: str, words: list[str], numbers: list[str], rows: list[list[str]]) -> str:
    """A table of texts that are markup already; a tree, so it cannot be sorted."""
    count = len(words)
    top = "".join(f'<th scope="col">{head}</th>' for head in words)
    top += "".join(f'<th scope="col" class="number">{head}</th>' for head in numbers)
    body = "\n".join(
        "<tr>"
        + "".join(f"<td>{cell}</td>" for cell in row[:count])
        + "".join(f'<td class="number">{cell}</td>' for cell in row[count:])
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{caption}"><table>'
        f"<caption>{caption}</caption><thead><tr>{top}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _name(entry: Entry, name: str) -> str:
    # A deep tree may not push its names out of sight.
    indent = f' style="padding-left:{1.2 * min(entry.level, 12):g}em"' if entry.level else ""
    return f"<span{indent}><bdi>{markup(name)}</bdi></span>"


def _count(value: float | None) -> str:
    return "–" if value is None else f"{value:,.4g}"


def _time(value: float, below: float | None, scale: Scale) -> str:
    """A time; what is below the clock of a backend is no zero."""
    if not below:
        return digits(value * scale.factor)
    return "–" if math.isnan(below) else f"&lt;{digits(below * scale.factor)}"


def _share(rollup: Rollup, entry: Entry) -> str:
    if entry.below and math.isnan(entry.below):
        return "–"
    if entry.below:
        return f"&lt;{percent(rollup.share(entry.below)).removeprefix('<')}"
    return markup(percent(rollup.share(entry.total)))


def _more(rollup: Rollup) -> str:
    left = len(rollup.entries) - ROWS
    return f"<p>{left:,} more entries are in the JSON report.</p>" if left > 0 else ""
