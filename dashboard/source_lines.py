"""One user's file as HTML: figures and heat before each line, what is behind it on hover."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass

from etscope.dashboard.python_spans import coloured
from etscope.dashboard.wording import Scale, markup, percent, plain
from etscope.inspector.source_view.file_text import FileText, shown_lines
from etscope.inspector.source_view.line_figures import OperatorUse
from etscope.inspector.source_view.module_names import folded
from etscope.inspector.source_view.view import MethodLines
from etscope.inspector.wording import listed

#: Of one line: characters, operators and modules; of one file: lines. More are counted.
_LONGEST = 400
_OPERATORS = 12
_MODULES = 8
MOST_LINES = 5000


@dataclass(frozen=True)
class Sheet:
    """One file in one method, and how its figures are written."""

    lines: MethodLines
    text: FileText
    scale: Scale
    mark: str  # what the ids of its lines start with

    def anchor(self, line: int) -> str:
        """The id of a line."""
        return f"{self.mark}-L{line}"


def code_table(sheet: Sheet, context: int | None) -> str:
    """The lines of a file with their figures.

    Args:
        context: as `shown_lines`.
    """
    lines, text = sheet.lines, sheet.text
    numbers = {int(lines.index.line[n]): n for n in lines.lines_of(text.file).tolist()}
    shown = shown_lines(text, numbers, context)
    more = len(shown) - MOST_LINES
    shown = shown[:MOST_LINES]
    sources = ["" if line is None else _source(text, line) for line in shown]
    hottest = max((float(lines.self_time[n]) for n in numbers.values()), default=0.0)
    rows = []
    for line, parts in zip(shown, coloured(sources), strict=True):
        if line is None:
            rows.append(
                '<tr class="gap"><td colspan="5"></td><td class="text">⋮</td><td></td></tr>'
            )
        else:
            rows.append(_row(sheet, line, numbers.get(line), _code(parts), hottest))
    rest = f"<p>{more:,} more lines are not shown.</p>" if more > 0 else ""
    unit = html.escape(sheet.scale.symbol)
    return (
        '<table class="code"><caption>Source with the time of each line</caption><thead><tr>'
        f'<th class="figure" scope="col">self [{unit}]</th><th class="figure" scope="col">self</th>'
        '<th class="figure total" scope="col">total</th><th class="track"></th>'
        '<th class="line" scope="col">line</th><th scope="col">source</th>'
        f'<th class="brief" scope="col">operators</th></tr></thead><tbody>{"".join(rows)}</tbody>'
        f"</table>{rest}"
    )


def _source(text: FileText, line: int) -> str:
    return plain(text.lines.get(line, "").expandtabs(4), _LONGEST)


def _code(parts: list[tuple[str, str]]) -> str:
    text = "".join(part for part, _ in parts)
    # What folds goes on further in than it began.
    indent = min(len(text) - len(text.lstrip()) + 4, 40)
    words = "".join(
        f'<span class="{_CLASS.get(kind, kind)}">{html.escape(part)}</span>'
        if kind
        else html.escape(part)
        for part, kind in parts
    )
    return f'<code style="--indent:{indent}">{words}</code>'


#: Classes that would mean something else in the style of reports.
_CLASS = {"number": "numeral"}


def _row(sheet: Sheet, line: int, number: int | None, code: str, hottest: float) -> str:
    if number is None:
        return _quiet_row(str(line), code)
    lines = sheet.lines
    own, total = float(lines.self_time[number]), float(lines.total_time[number])
    stands = bool(len(lines.index.rows_of(number)))
    self_time = time_of(sheet.scale, own, float(lines.untold[number])).partition(" ")[0]
    heat = own / hottest if hottest else 0.0
    name = sheet.anchor(line)
    uses = lines.operators(number)
    cold = " cold" if lines.share(total) - lines.share(own) < 1e-9 else ""
    return (
        f'<tr class="timed" id="{name}" style="--heat:{heat:.3f}">'
        f'<td class="figure self">{self_time if stands else ""}</td>'
        f'<td class="figure self">{percent(lines.share(own)) if own else ""}</td>'
        f'<td class="figure total{cold}">{percent(lines.share(total)) if total else ""}</td>'
        f'<td class="track">{bar(heat)}</td><th class="line"><a href="#{name}">{line}</a></th>'
        f'<td class="text">{code}{_behind(sheet, number, uses)}</td>'
        f'<td class="brief">{markup(", ".join(use.brief for use in uses))}</td></tr>'
    )


def _quiet_row(line: str, code: str, style: str = "") -> str:
    return (
        f'<tr class="{style}"><td></td><td></td><td class="total"></td><td class="track"></td>'
        f'<th class="line"><span>{line}</span></th><td class="text">{code}</td>'
        '<td class="brief"></td></tr>'
    )


def bar(part: float) -> str:
    """A bar as long as a part of all."""
    return f'<span><i style="width:{100 * part:.1f}%"></i></span>' if part > 0 else ""


def time_of(scale: Scale, value: float, untold: float) -> str:
    """A time with its unit; what a clock could not tell from nothing is below its step, not 0."""
    if not value and untold:
        return f"&lt;{scale.time(untold)}" if math.isfinite(untold) else "–"
    return scale.time(value)


def _behind(sheet: Sheet, number: int, uses: list[OperatorUse]) -> str:
    """What shows when the mouse or the keyboard is on a line."""
    lines = sheet.lines
    below = float(lines.untold_total[number])
    total = time_of(sheet.scale, float(lines.total_time[number]), below)
    function = markup(lines.index.function[number], 80)
    head = f"<p>in <code>{function}</code>, total {total}</p>" if function else ""
    if not uses:
        return f'<div class="behind" role="note">{head}<p>calls what takes this time</p></div>'
    modules = folded(module for module in lines.modules(number) if module)
    if modules:
        named = listed([f"<code>{markup(module, 80)}</code>" for module in modules], _MODULES)
        head += f"<p>modules: {named}</p>"
    rows = "".join(_use(sheet, use) for use in uses[:_OPERATORS])
    more = len(uses) - _OPERATORS
    rest = f"<p>and {more} more operators</p>" if more > 0 else ""
    how = markup(", ".join(lines.grounds(number)))
    return (
        f'<div class="behind" role="note">{head}<table><thead><tr><th>operator</th><th>where</th>'
        '<th class="number">places</th><th class="number">calls</th><th class="number">self</th>'
        f"</tr></thead><tbody>{rows}</tbody></table>{rest}"
        f'<p class="muted">mapped by {how}: {lines.lowest[number].word}</p></div>'
    )


def _use(sheet: Sheet, use: OperatorUse) -> str:
    where = (use.backend or "a delegate") if use.delegated else "outside of delegates"
    time = sheet.scale.time(use.time) if use.time else "–"
    return (
        f"<tr><th>{markup(use.name, 80)}</th><td>{markup(where, 40)}</td>"
        f'<td class="number">{use.rows}</td><td class="number">{use.calls:.6g}</td>'
        f'<td class="number">{time}</td></tr>'
    )
