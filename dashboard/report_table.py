"""The tables of the report. They are whole without any script; scripts sort and filter them."""

from __future__ import annotations

import math
from typing import Any

from etscope.dashboard.figures.operators import name_of
from etscope.dashboard.table_markup import ROWS, head_cell, number_cell, sortable_table
from etscope.dashboard.wording import Scale, digits, markup, percent
from etscope.inspector.latency import MethodLatency
from etscope.inspector.resolution import clock_step, is_below
from etscope.inspector.rollups.modules import shown_module
from etscope.inspector.statistics import Reals

#: key of a row of the report, head of the column; these hold words.
_WORDS = (("backend", "backend"), ("module", "module"), ("source", "source"))
_TIMES = ("p10", "p50", "p90", "p99", "max")


def operator_table(latency: MethodLatency, rows: list[dict[str, Any]], scale: Scale) -> str:
    """Every event of one kind of inference, the costliest first.

    Args:
        rows: of the report, those of this kind of inference.
    """
    ordered = sorted(rows, key=lambda row: -(row[f"per_inference_{latency.unit}"] or 0.0))
    shown, words = (
        ordered[:ROWS],
        [pair for pair in _WORDS if any(_word(row, pair[0]) for row in rows)],
    )
    unit = f"[{scale.symbol}]"
    heads = [
        head_cell("operator or operation", "text"),
        head_cell("kind", "text"),
        head_cell("#", "number"),
    ]
    heads += [head_cell(name, "text") for _, name in words]
    heads += [head_cell("calls", "number"), head_cell(f"total {unit}", "number", "descending")]
    heads += [head_cell("share", "number")]
    heads += [head_cell(f"{name} {unit}", "number") for name in _TIMES]
    body = "\n".join(_row(latency, row, scale, words) for row in shown)
    note = _left_out(latency, ordered[ROWS:], scale)
    return sortable_table("All events", heads, body) + note


def _left_out(latency: MethodLatency, rows: list[dict[str, Any]], scale: Scale) -> str:
    if not rows:
        return ""
    total = sum(row[f"per_inference_{latency.unit}"] or 0.0 for row in rows if row["parent"] == 0)
    return (
        f"<p>{len(rows):,} cheaper events are not listed; those of them right under the method "
        f"take {scale.time(total)} per inference. The JSON report has them all.</p>"
    )


def _row(
    latency: MethodLatency, row: dict[str, Any], scale: Scale, words: list[tuple[str, str]]
) -> str:
    unit, kind, rows = latency.unit, row["kind"], latency.rows
    step = clock_step(rows, row["row"], unit)

    def blind(name: str, series: Reals) -> float | None:
        """The clock's step where a figure is below it."""
        return step if is_below(float(series[row["row"]]), step, name) else None

    name = markup(name_of(latency, row["row"]))
    cells = [
        f'<th scope="row"><bdi>{name}</bdi></th>',
        f'<td><span class="dot {kind}"></span>{kind}</td>',
        number_cell(row["instruction"] if row["chain"] >= 0 else None, _place(row)),
        *(f"<td><bdi>{markup(_word(row, key))}</bdi></td>" for key, _ in words),
        number_cell(row["calls"], f"{row['calls']:.4g}"),
        _time(row[f"per_inference_{unit}"], scale, blind("total", rows.total)),
        _share(row["share"]),
        *(
            _time(row[f"{name}_{unit}"], scale, blind(name, getattr(rows.statistics, name)))
            for name in _TIMES
        ),
    ]
    top = ' data-top=""' if row["parent"] == 0 else ""
    return f'<tr data-kind="{kind}"{top}>{"".join(cells)}</tr>'


def _word(row: dict[str, Any], key: str) -> str:
    found = shown_module(row[key]) if key == "module" else row[key]
    return "" if found is None else str(found)


def _place(row: dict[str, Any]) -> str:
    if row["chain"] < 0:
        return ""
    chain = f"{row['chain']}:" if row["chain"] else ""
    return f"{chain}{row['instruction']}"


def group_table(latency: MethodLatency, scale: Scale) -> str:
    """What lies right under the method, by operator: adds up to the method less the unexplained."""
    rows = latency.rows
    groups: dict[tuple[str, str], list[int]] = {}
    for row in rows.top.tolist():
        groups.setdefault((name_of(latency, row), rows.kind[row]), []).append(row)
    figures = [
        (float(rows.total[some].sum()), float(rows.share[some].sum()), len(some), *key)
        for key, some in groups.items()
    ]
    figures.sort(key=lambda one: -one[0] if math.isfinite(one[0]) else 0.0)
    heads = [
        head_cell("operator", "text"),
        head_cell("kind", "text"),
        head_cell("instructions", "number"),
    ]
    heads += [
        head_cell(f"total [{scale.symbol}]", "number", "descending"),
        head_cell("share", "number"),
    ]
    body = "\n".join(
        f'<tr><th scope="row"><bdi>{markup(name)}</bdi></th>'
        f'<td><span class="dot {kind}"></span>{kind}</td>{number_cell(count, f"{count:,}")}'
        f"{_time(total, scale)}{_share(share)}</tr>"
        for total, share, count, name, kind in figures[:ROWS]
    )
    more = len(figures) - ROWS
    note = f"<p>{more:,} cheaper operators are not listed.</p>" if more > 0 else ""
    return sortable_table("By operator", heads, body) + note


def _time(value: float | None, scale: Scale, step: float | None = None) -> str:
    """A time; `step` is that of the clock where it is too coarse for it."""
    if step is not None and math.isfinite(step):
        return f'<td class="number" data-value="0">&lt;{digits(step * scale.factor)}</td>'
    if value is None or step is not None:
        return number_cell(None, "–")
    return number_cell(value, digits(value * scale.factor))


def _share(value: float | None) -> str:
    if value is None:
        return number_cell(None, "–")
    width = min(max(value, 0.0), 1.0)
    bar = f'<meter aria-hidden="true" min="0" max="1" value="{width:.4f}"></meter>'
    return f'<td class="number share" data-value="{value!r}">{percent(value)}{bar}</td>'
