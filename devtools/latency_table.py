"""The operators of one method as a table: which rows, in which order, which columns fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from etscope.devtools.column_fit import print_fitting
from etscope.devtools.quantities import bar, decimals_for, fixed
from etscope.devtools.terminal import Column, say
from etscope.inspector.correlate.origins import Origins
from etscope.inspector.latency import MethodLatency
from etscope.inspector.operators import OperatorRows
from etscope.inspector.resolution import below_text, clock_step, is_below
from etscope.inspector.rollups.modules import shown_module
from etscope.inspector.wording import counted, percent

#: What a table may be sorted by. Figures come largest first.
SORTS = ("time", "order", "name", "calls", "mean", "std", "min", "p50", "p90", "p99", "max")

Key = Callable[[int], tuple[float, str, int]]

_PLAIN_KINDS = ("method", "operator", "delegate", "delegated")
_BAR = 10
#: Left out in this order where a screen is too narrow.
_SPARE = ("n", "std", "mean", "calls", "", "module", "backend", "source")


@dataclass(frozen=True)
class Chosen:
    """Rows to show, parents before children, and what was not chosen."""

    rows: list[int]
    depth: dict[int, int]
    cut: int  # rows behind the limit
    cut_share: float  # of the method, those right under it
    hidden: int  # rows of kinds that were not asked for
    hidden_share: float


def choose(rows: OperatorRows, sort: str, top: int, every_kind: bool) -> Chosen:
    """Choose `top` rows (0: all) by the order asked for; a chosen row brings those around it."""
    visible = [row for row in range(len(rows)) if every_kind or _is_plain(rows, row)]
    depth: dict[int, int] = {}
    walk = list(_walk(rows, set(visible), _key(rows, sort), depth))
    ranked = walk if sort in ("order", "name") else sorted(walk, key=_key(rows, sort))
    ranked = [row for row in ranked if rows.kind[row] != "method"]
    wanted = set(ranked[:top] if top else ranked) | {r for r in walk if rows.kind[r] == "method"}
    for row in list(wanted):
        while (row := int(rows.parent[row])) >= 0 and row in depth:
            wanted.add(row)
    cut = [row for row in walk if row not in wanted]
    hidden = sorted(set(range(len(rows))) - set(visible))
    shown = [row for row in walk if row in wanted]
    return Chosen(shown, depth, len(cut), _share(rows, cut), len(hidden), _share(rows, hidden))


def _is_plain(rows: OperatorRows, row: int) -> bool:
    """Whether a row shows without --all; where no method was timed, whatever stands alone does."""
    timed = rows.kind[0] == "method"
    return rows.kind[row] in _PLAIN_KINDS or (not timed and int(rows.parent[row]) < 0)


def _walk(rows: OperatorRows, visible: set[int], key: Key, depth: dict[int, int]) -> list[int]:
    """Visible rows, each followed by those under it; fills in how deep each lies."""
    under: dict[int, list[int]] = {}
    for row in visible:
        above = int(rows.parent[row])
        while above >= 0 and above not in visible:
            above = int(rows.parent[above])
        under.setdefault(above, []).append(row)
    out: list[int] = []
    pending = [(row, 0) for row in sorted(under.get(-1, ()), key=key, reverse=True)]
    while pending:
        row, level = pending.pop()
        depth[row] = level
        out.append(row)
        # What lies right under the method is not indented: nearly everything does.
        deeper = level if rows.kind[row] == "method" else level + 1
        pending += [(r, deeper) for r in sorted(under.get(row, ()), key=key, reverse=True)]
    return out


def _key(rows: OperatorRows, sort: str) -> Key:
    """What rows are ordered by, ascending; the method itself comes first in any case."""

    def key(row: int) -> tuple[float, str, int]:
        first = -np.inf if rows.kind[row] == "method" else 0.0
        place = (int(rows.chain[row]) << 32) + int(rows.instruction[row])
        if sort == "order":
            return first, "", place
        if sort == "name":
            return first, label(rows, row), place
        value = float(_figure(rows, sort)[row])
        return (first or (-value if value == value else np.inf)), "", place

    return key


def _figure(rows: OperatorRows, sort: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if sort == "time":
        return rows.total
    figure = rows.calls if sort == "calls" else getattr(rows.statistics, sort)
    return np.asarray(figure)


def _share(rows: OperatorRows, some: Sequence[int]) -> float:
    """Share of the method of those rows that lie right under it; the others are in their parent."""
    top = [row for row in some if rows.parent[row] == 0]
    return float(rows.share[top].sum()) if top else 0.0


def label(rows: OperatorRows, row: int) -> str:
    """The name that a row goes by."""
    if rows.kind[row] == "kernel":
        return rows.event[row]
    return rows.op[row] or rows.event[row] or "(no name)"


def print_operators(
    latency: MethodLatency, origins: Origins, sort: str, top: int, every_kind: bool
) -> list[str]:
    """Write the table; returns what it left out, in sentences.

    Args:
        origins: of the rows of `latency`.
    """
    rows = latency.rows
    if not len(rows):
        say("No event of it was timed.")
        return []
    chosen = choose(rows, sort, top, every_kind)
    print_fitting(*_cells(latency, origins, chosen), _SPARE)
    return _left_out(chosen)


def _cells(
    latency: MethodLatency, origins: Origins, chosen: Chosen
) -> tuple[list[Column], list[list[str | None]]]:
    rows, unit, statistics = latency.rows, latency.unit, latency.rows.statistics
    figures = {name: getattr(statistics, name) for name in ("p50", "p90", "mean", "std")}
    places = decimals_for(value for name in figures for value in figures[name][chosen.rows])
    several = len(set(rows.chain[rows.chain >= 0].tolist())) > 1
    columns = [
        Column("instr", right=True),
        Column("operator"),
        Column("backend"),
        Column("calls", right=True),
        *(Column(f"{name} ({unit})", right=True) for name in figures),
        Column("share", right=True),
        Column("", style="cyan"),
        Column("n", right=True),
    ]
    known = bool(origins.mapped.any())
    columns += [Column("source"), Column("module")] if known else []
    cells = []
    for row in chosen.rows:
        share = float(rows.share[row])
        cells.append(
            [
                _place(rows, row, several),
                "  " * chosen.depth[row] + label(rows, row),
                rows.backend[row],
                f"{rows.calls[row]:.6g}",
                *_times(rows, row, {n: float(figures[n][row]) for n in figures}, unit, places),
                _share_of(rows, row, unit),
                bar(share, _BAR),
                str(int(statistics.count[row])),
                *([_line(origins, row), shown_module(origins.module(row))] if known else []),
            ]
        )
    return columns, cells


def _line(origins: Origins, row: int) -> str | None:
    """The user's line, by the name of its file."""
    source = origins[row].source
    return None if source is None else f"{PurePath(source.file).name}:{source.line}"


def _times(
    rows: OperatorRows, row: int, figures: dict[str, float], unit: str, places: int
) -> list[str | None]:
    """The figures as text; what the backend's clock cannot tell from nothing is not a 0."""
    step = clock_step(rows, row, unit)
    if step is None:
        return [fixed(value, places) for value in figures.values()]
    texts = [
        below_text(step) if name != "std" and is_below(value, step, name) else fixed(value, places)
        for name, value in figures.items()
    ]
    # Nothing is known of how times vary none of which the clock could tell.
    blind = figures["mean"] == 0
    return [
        None if blind and name == "std" else text for name, text in zip(figures, texts, strict=True)
    ]


def _share_of(rows: OperatorRows, row: int, unit: str) -> str | None:
    """A row's share; what the backend's clock cannot tell from nothing has at most its step's."""
    step = clock_step(rows, row, unit)
    if step is None or rows.total[row] != 0 or rows.kind[0] != "method":
        return percent(float(rows.share[row]))
    most = percent(step * float(rows.calls[row]) / float(rows.total[0]))
    return most and "<" + most.removeprefix("<")


def _place(rows: OperatorRows, row: int, several_chains: bool) -> str | None:
    chain, instruction = int(rows.chain[row]), int(rows.instruction[row])
    if chain < 0:
        return None
    return f"{chain}:{instruction}" if several_chains else str(instruction)


def _left_out(chosen: Chosen) -> list[str]:
    out = []
    if chosen.cut:
        share = f", {percent(chosen.cut_share)} of the time" if chosen.cut_share > 0 else ""
        out.append(f"… {counted(chosen.cut, 'more row')}{share}: --top 0")
    if chosen.hidden:
        share = f", {percent(chosen.hidden_share)} of the time" if chosen.hidden_share > 0 else ""
        rows = counted(chosen.hidden, "row")
        out.append(f"… {rows} of kernels, control and framework{share}: --all")
    return out
