"""The source view as one HTML file: the user's files with time beside each line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from etscope.dashboard import report_summary
from etscope.dashboard.page import asset, fill, policy, script_text
from etscope.dashboard.source_lines import Sheet, bar, code_table
from etscope.dashboard.table_markup import plain_table
from etscope.dashboard.wording import markup, percent, scale_of
from etscope.inspector.source_view.file_text import FileText
from etscope.inspector.source_view.verdict import (
    DERIVED,
    confidence,
    confidence_parts,
    findings,
    short_place,
    verdict,
)
from etscope.inspector.source_view.view import MethodLines, SourceView
from etscope.inspector.wording import base_name, counted

#: Files of methods that have a tab each; more are counted.
MOST_TABS = 24
_HOTTEST = 8
_NOTES = 50


def source_html(view: SourceView, texts: Mapping[str, FileText], context: int | None = None) -> str:
    """The page; the same view and texts always give the same page.

    Args:
        texts: by recorded name the text of every one of `shown_files`.
        context: lines to show around each that has figures; None: all.
    """
    source = view.report.recording.source
    pairs = _pairs(view)
    sheets = [
        Sheet(lines, texts[file], scale_of(lines.latency), f"f{number}")
        for number, (lines, file) in enumerate(pairs[:MOST_TABS])
    ]
    script = script_text(asset("source.js"))
    return fill(
        asset("source.html"),
        {
            "title": markup(Path(source).name or source, 120),
            "summary": _summary(view),
            "findings": _findings(view),
            "hottest": _hottest(sheets),
            "tabs": "".join(_tab(view, sheet) for sheet in sheets),
            "panels": _panels(view, sheets, context, len(pairs) - len(sheets)),
            "remainder": "".join(_remainder(lines) for lines in view.methods),
            "notes": _notes(view),
            "policy": policy([script]),
            "base": asset("report.css"),
            "style": asset("source.css"),
            "script": script,
        },
    )


def shown_files(view: SourceView) -> list[str]:
    """The files that the page has a tab for."""
    return list(dict.fromkeys(file for _, file in _pairs(view)[:MOST_TABS]))


def _pairs(view: SourceView) -> list[tuple[MethodLines, str]]:
    return [(lines, file) for lines in view.methods for file in lines.files]


def _summary(view: SourceView) -> str:
    main = view.methods[0] if view.methods else None
    level, _, reason = confidence(view).partition(": ")
    cards = "" if main is None else "".join(_card(*card) for card in _cards(main))
    return (
        f'<p class="verdict">{markup(verdict(main), 2000)}</p>\n'
        f'<p class="confidence"><span class="badge {level}">{level} confidence</span> '
        f'{markup(reason, 2000)}</p>\n<dl class="cards">{cards}</dl>'
    )


def _card(name: str, value: str, note: str) -> str:
    return f"<div><dt>{name}</dt><dd>{value}<small>{note}</small></dd></div>"


def _cards(lines: MethodLines) -> list[tuple[str, str, str]]:
    scale, on = scale_of(lines.latency), float(lines.self_time.sum())
    sure = confidence_parts(lines)
    name = markup(lines.name, 40)
    count = counted(len(lines.latency.typical), "inference")
    basis = f"measured, mean of {count}" if lines.times.timed else f"{DERIVED} of {count}"
    files = counted(len(lines.index.files), "file")
    return [
        (f"Time of {name}", scale.time(lines.whole), basis),
        ("On lines of source", percent(lines.share(on)), f"derived; {scale.time(on)}"),
        ("Operator time on lines", percent(lines.ledger.mapped_share("time")), "derived"),
        ("Lines with time", f"{len(lines.hottest):,}", f"of {files}"),
        (
            "Mapped exactly",
            percent(sure["exact"]),
            f"aligned {percent(sure['aligned'])}, guessed {percent(sure['guessed'])}",
        ),
    ]


def _findings(view: SourceView) -> str:
    found = findings(view)
    return f"<section><h2>Findings</h2>{report_summary.findings(found)}</section>" if found else ""


def _hottest(sheets: list[Sheet]) -> str:
    """The lines with the most time of the first method, as links."""
    if not sheets:
        return "<p>No time stands on a line of source.</p>"
    lines = sheets[0].lines
    of_file = {sheet.text.file: sheet for sheet in sheets if sheet.lines is lines}
    most = lines.hottest[:_HOTTEST].tolist()
    first = max(float(lines.self_time[most[0]]) if most else 0.0, 0.0)
    rows = []
    for number in most:
        file, line = lines.index.files[int(lines.index.file[number])], int(lines.index.line[number])
        sheet, own = of_file.get(file), float(lines.self_time[number])
        place = markup(short_place(lines, number), 80)
        link = f'<a href="#{sheet.anchor(line)}">{place}</a>' if sheet else place
        text = "" if sheet is None else sheet.text.lines.get(line, "").strip()
        uses = ", ".join(use.brief for use in lines.operators(number))
        rows.append(
            f'<tr><th class="where" scope="row">{link}</th><td class="number">'
            f"{percent(lines.share(own)) if own else '–'}</td>"
            f'<td class="track">{bar(own / first if first else 0.0)}</td>'
            f"<td><code>{markup(text, 160)}</code></td><td>{markup(uses, 80)}</td></tr>"
        )
    several = any(sheet.lines is not lines for sheet in sheets)
    told = (
        f"<p>Of <bdi>{markup(lines.name, 60)}</bdi>, which takes the most.</p>" if several else ""
    )
    return (
        f"{told}"
        '<div class="scroll"><table class="hot"><caption>Lines with the most time</caption>'
        '<thead><tr><th scope="col">line</th><th scope="col" class="number">self</th>'
        '<th class="track"></th><th scope="col">source</th><th scope="col">operators</th></tr>'
        f"</thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _named(view: SourceView, sheet: Sheet) -> str:
    """The name of a file, with its method where there are several."""
    file, names = sheet.text.file, [base_name(file) for file in view.files]
    name = base_name(file) if names.count(base_name(file)) == 1 else file
    text = f"<bdi>{markup(name, 60)}</bdi>"
    several = len(view.methods) > 1
    return f"{text} in <bdi>{markup(sheet.lines.name, 40)}</bdi>" if several else text


def _tab(view: SourceView, sheet: Sheet) -> str:
    share = percent(sheet.lines.share(sheet.lines.file_time(sheet.text.file)))
    return (
        f'<button type="button" role="tab" id="tab-{sheet.mark}" '
        f'aria-controls="panel-{sheet.mark}">{_named(view, sheet)} <small>{share}</small></button>'
    )


def _panels(view: SourceView, sheets: list[Sheet], context: int | None, more: int) -> str:
    rest = f"<p>{counted(more, 'more file')} of methods not shown.</p>" if more > 0 else ""
    return "".join(_panel(view, sheet, context) for sheet in sheets) + rest


def _panel(view: SourceView, sheet: Sheet, context: int | None) -> str:
    lines, file = sheet.lines, sheet.text.file
    time = lines.file_time(file)
    told = f"{sheet.scale.time(time)}, {percent(lines.share(time))} of {markup(lines.name, 40)}"
    return (
        f'<div class="panel" role="tabpanel" id="panel-{sheet.mark}" '
        f'aria-labelledby="tab-{sheet.mark}"><header><h3>{_named(view, sheet)} '
        f"<small>{told}</small></h3><p><bdi>{markup(file, 300)}</bdi>: "
        f"{markup(sheet.text.note, 400)}</p></header>{code_table(sheet, context)}</div>"
    )


def _remainder(lines: MethodLines) -> str:
    scale, on = scale_of(lines.latency), float(lines.self_time.sum())
    rows = [["on lines of source", scale.time(on), percent(lines.share(on)), ""]]
    for bucket in lines.remainder:
        share = percent(lines.share(bucket.time))
        name, reason = markup(bucket.name, 80), markup(bucket.reason, 300)
        rows.append([name, scale.time(bucket.time), share, reason])
    name = markup(lines.whole_name, 80)
    rows.append([f"<strong>{name}</strong>", scale.time(lines.whole), percent(1.0), "the sum"])
    heads = ["part", "time per inference", "share", "why on no line"]
    return plain_table(f"What {name} is made of", heads, rows)


def _notes(view: SourceView) -> str:
    notes = view.notes
    if not notes:
        return ""
    items = "".join(f"<li>{markup(note, 1000)}</li>" for note in notes[:_NOTES])
    more = len(notes) - _NOTES
    return f"<ul>{items}</ul>" + (f"<p>{more} more notes.</p>" if more > 0 else "")
