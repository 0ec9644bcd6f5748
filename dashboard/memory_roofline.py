"""The roofline on the memory page: figures and a table for each kind of inference."""

from __future__ import annotations

from collections.abc import Sequence

from etscope.dashboard.drawings import Drawings
from etscope.dashboard.figures.layout import MARK_LIMIT
from etscope.dashboard.figures.operators import name_of
from etscope.dashboard.figures.roofline import placed, roofline_figure
from etscope.dashboard.figures.roofline_bounds import bounds_figure
from etscope.dashboard.memory_tables import Column, table
from etscope.dashboard.wording import digits, markup, percent
from etscope.inspector.roofline.roofline import OperatorRoof, Roofline
from etscope.inspector.wording import counted

#: Kinds of inference with figures of their own.
DETAILED = 4

_CAPTION = (
    "Operations and bytes are estimated from shapes, times are measured, rates are derived; the "
    "roofs were measured by a short calibration. A point is as large as its time."
)
_BOUNDS = (
    "Derived from measured times. Hatched: nothing can be said of it. Overhead-bound: little work, "
    "and so short that half of it or more may be the call; kernel-bound: longer than a call "
    "explains, and far below what the machine reaches."
)


def roofline_parts(found: Sequence[Roofline], drawings: Drawings) -> str:
    """A part per kind of inference, the one with the most time first."""
    if not found:
        return '<p class="absent">No run was timed, so there is nothing to hold against a roof.</p>'
    parts = "".join(_part(roofline, at, drawings) for at, roofline in enumerate(found[:DETAILED]))
    more = len(found) - DETAILED
    return parts + (
        f"<p>{counted(more, 'more kind')} of inference not shown.</p>" if more > 0 else ""
    )


def _part(roofline: Roofline, number: int, drawings: Drawings) -> str:
    name = markup(roofline.latency.method or "the method", 60)
    bounds = drawings.place(
        bounds_figure(roofline),
        "The share of time by what bounds it as bars",
        _BOUNDS,
        "This kind of inference was not timed in seconds.",
    )
    points = drawings.place(
        roofline_figure(roofline),
        "Operations per second over operations per byte; the table below has the same figures",
        _CAPTION + _without(roofline),
        "No operator has both a time and a count of operations.",
    )
    told = "" if roofline.peak is not None else f"<p>{_NO_ROOF}</p>"
    fold = f"<details><summary>The operators as a table</summary>{_table(roofline)}</details>"
    known = percent(roofline.coverage)
    title = f"<h3><bdi>{name}</bdi> <small>work known of {known} of the time</small></h3>"
    opened = " open" if number == 0 else ""
    return (
        f'<details class="inferences"{opened}><summary>{title}</summary>'
        f"{told}{bounds}{points}{fold}</details>"
    )


_NO_ROOF = (
    "This recording has no calibration, so what its machine reaches is not known, and there is no "
    "roof to hold operators against."
)


def _without(roofline: Roofline) -> str:
    """A sentence on the operators that have no place in the figure."""
    some = len(placed(roofline))
    small = some - MARK_LIMIT
    if small > 0:
        return f" The {MARK_LIMIT} with the most time are drawn, {small:,} only in the table."
    left = len(roofline.rows) - some
    if not left:
        return ""
    return f" Only in the table: {counted(left, 'operator')} without arithmetic or without a time."


def _table(roofline: Roofline) -> str:
    latency, origins = roofline.latency, roofline.origins
    columns = [
        Column("operator", lambda roof: name_of(latency, roof.row)),
        Column("bound", lambda roof: roof.bound),
        Column("#", None, lambda roof: int(latency.rows.instruction[roof.row])),
        Column("module", lambda roof: origins.module(roof.row)),
        Column("source", lambda roof: origins.source(roof.row)),
        Column("time [µs]", None, _micro, digits, "descending"),
        Column("operations", None, lambda roof: roof.operations, digits),
        Column("bytes", None, lambda roof: roof.total_bytes, digits),
        Column("operations per byte", None, lambda roof: roof.intensity, digits),
        Column("Gop/s", None, lambda roof: roof.gflops_per_s, digits),
        Column("GB/s", None, lambda roof: roof.gb_per_s, digits),
        Column("of the roof", None, lambda roof: roof.peak_share, percent),
        Column("note", lambda roof: roof.reason),
    ]
    rows = sorted(roofline.rows, key=lambda roof: -(roof.time_s or 0.0))
    return table("Operators under the roof", columns, rows)


def _micro(roof: OperatorRoof) -> float | None:
    return None if roof.time_s is None else roof.time_s * 1e6
