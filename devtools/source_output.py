"""The source view to every place that was asked for: screen, JSON, HTML."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from etscope.devtools.documents import STDOUT, check_targets, json_text, put, replace_file
from etscope.devtools.quantities import decimals_for, fixed
from etscope.devtools.source_choice import chosen_file, chosen_method, same_file
from etscope.devtools.source_listing import listing, print_listing, time_text
from etscope.devtools.source_text import read_source
from etscope.devtools.terminal import Column, is_terminal, paragraph, say, table
from etscope.devtools.time_unit import clock_for, fitting_unit
from etscope.etdump.errors import UsageError
from etscope.inspector.latency_report import latency_report
from etscope.inspector.recording import Recording
from etscope.inspector.source_view.document import source_json
from etscope.inspector.source_view.file_text import FileText
from etscope.inspector.source_view.module_names import folded
from etscope.inspector.source_view.verdict import (
    DERIVED,
    confidence,
    findings,
    short_place,
    verdict,
)
from etscope.inspector.source_view.view import MethodLines, SourceView, source_view
from etscope.inspector.wording import counted, listed, percent

#: Lines with the most time that are told about in full, where nobody says how many.
HOTTEST = 3
_OTHERS = 12


@dataclass(frozen=True)
class SourceWanted:
    """What to show of the source, and where. A target is a file's name, "-" or None."""

    file: str | None = None
    method: str | None = None
    roots: tuple[Path, ...] = ()
    context: int = 2
    all_lines: bool = False
    top: int | None = None  # lines to tell about in full; 0: all
    json: str | None = None
    html: str | None = None
    unit: str | None = None
    source_unit: str | None = None

    def check(self) -> None:
        """Refuse, before any work is done, what could only fail later.

        Raises:
            UsageError: two documents for one place, or one that would overwrite another file.
        """
        if self.html == STDOUT:
            raise UsageError("a page is no text for stdout: give --html a FILE.")
        check_targets((self.json, self.html))

    @property
    def hottest(self) -> int | None:
        """How many of the lines with the most time to tell about in full; None: all."""
        return HOTTEST if self.top is None else self.top or None

    @property
    def around(self) -> int | None:
        """Lines to show around each that has figures; None: all."""
        return None if self.all_lines else self.context


def deliver(recording: Recording, wanted: SourceWanted) -> int:
    """Write the view everywhere that was asked for; the exit code."""
    clock = clock_for(recording, wanted.source_unit, wanted.unit)
    view = source_view(latency_report(recording, clock))
    if wanted.json is not None:
        put(json_text(_document(view, wanted)), wanted.json)
        if wanted.json == STDOUT and wanted.html is None:
            return 0
    fitting = clock.target if wanted.unit else fitting_unit(recording, clock.source)
    if fitting is not clock.target:
        view = source_view(latency_report(recording, replace(clock, target=fitting)))
    if wanted.html is not None:
        _write_html(view, wanted)
    if wanted.json != STDOUT:
        print_source(view, wanted)
        written = [place for place in (wanted.json, wanted.html) if place is not None]
        if written:
            say(f"\nwritten: {', '.join(written)}")
    return 0


def _document(view: SourceView, wanted: SourceWanted) -> dict[str, object]:
    file = chosen_file(view, wanted.file) if wanted.file else None
    method = chosen_method(view, wanted.method, file) if wanted.method else None
    return source_json(
        view,
        lambda lines, other: (
            (file is None or same_file(other, file))
            and (method is None or lines.latency.method == method.latency.method)
        ),
    )


def _write_html(view: SourceView, wanted: SourceWanted) -> None:
    from etscope.dashboard.source_page import shown_files, source_html

    texts = {file: text_of(view, file, wanted) for file in shown_files(view)}
    page = source_html(view, texts, wanted.around)
    target = Path(wanted.html or "")
    replace_file(target, lambda place: place.write_text(page, encoding="utf-8", errors="replace"))


def text_of(view: SourceView, file: str, wanted: SourceWanted) -> FileText:
    """The text of one of the files, from below the roots, here, or beside the recording."""
    source = Path(view.report.recording.source)
    roots = (*wanted.roots, Path.cwd(), source.parent)
    named = Path(wanted.file) if wanted.file and same_file(file, wanted.file) else None
    return read_source(file, view.snippets.get(file, {}), roots, named)


def print_source(view: SourceView, wanted: SourceWanted) -> None:
    """Write the view of one method and file to stdout."""
    file = chosen_file(view, wanted.file)
    lines = chosen_method(view, wanted.method, file if wanted.file else None)
    paragraph(verdict(lines), style="bold")
    for line in _coverage(view, lines):
        paragraph(line, indent="  ")
    paragraph(f"confidence: {confidence(view)}", indent="  ")
    for finding in findings(view):
        paragraph(f"{finding.severity}: {finding.message}. {finding.advice}".strip(), indent="  ")
    if lines is None:
        return
    if len(lines.index):
        file = file if wanted.file and file in lines.index.files else lines.files[0]
        _print_file(view, lines, file, wanted)
        _print_hottest(lines, wanted.hottest)
    _print_remainder(lines)
    for line in _others(view, lines, file):
        paragraph(line, indent="  ")


def _coverage(view: SourceView, lines: MethodLines | None) -> list[str]:
    out = []
    if lines is not None:
        on = float(lines.self_time.sum())
        mapped = percent(lines.ledger.mapped_share("time")) or "-"
        own, files = len(lines.hottest), len(lines.index.files)
        out.append(
            f"coverage: {mapped} of operator time stands on {counted(own, 'line')} of "
            f"{counted(files, 'file')}: {percent(lines.share(on)) or '-'} of {lines.whole_name}"
        )
        if lines.beside:
            out[0] += f"; {counted(lines.beside, 'event')} beside the method not counted"
    return out + [f"note: {note}" for note in view.notes]


def _print_file(view: SourceView, lines: MethodLines, file: str, wanted: SourceWanted) -> None:
    text = text_of(view, file, wanted)
    share = percent(lines.share(lines.file_time(file))) or "-"
    say()
    say(f"{file}: {share} of {lines.whole_name}", style="bold")
    paragraph(
        f"{text.note}; self: operators of the line, total: also what it calls; "
        f"per inference, {DERIVED}"
    )
    print_listing(listing(lines, text, wanted.around), lines.latency.unit)


def _print_hottest(lines: MethodLines, most: int | None) -> None:
    """What is behind the lines with the most time."""
    unit = lines.latency.unit
    some = lines.hottest[:most].tolist()
    places = decimals_for([float(lines.self_time[number]) for number in some])
    say()
    say("behind the hottest lines", style="bold")
    for number in some:
        own = float(lines.self_time[number])
        time = time_text(own, float(lines.untold[number]), places)
        share = percent(lines.share(own)) or "-"
        paragraph(f"{short_place(lines, number)}  {time} {unit}, {share}", "  ", "    ")
        paragraph(_behind(lines, number), "    ")


def _behind(lines: MethodLines, number: int) -> str:
    """Operators with their shares, where they ran, in which modules, and how that is known."""
    uses = lines.operators(number)
    named = [use.brief + _share_of(lines, use.time) for use in uses]
    backends = {use.backend or "a delegate" for use in uses if use.delegated}
    if any(not use.delegated for use in uses):
        backends.add("outside of delegates")
    text = f"{listed(named, 6)} ({', '.join(sorted(backends))})"
    modules = folded(module for module in lines.modules(number) if module)
    if modules:
        text += f"; in {listed(modules, 4)}"
    return text + f"; by {listed(lines.grounds(number), 3)}: {lines.lowest[number].word}"


def _share_of(lines: MethodLines, time: float) -> str:
    """Nothing for what took no time that a clock could tell."""
    return f" {percent(lines.share(time)) or '-'}" if time else ""


def _print_remainder(lines: MethodLines) -> None:
    """What stands on no line, so that the parts add up."""
    unit, on = lines.latency.unit, float(lines.self_time.sum())
    buckets = lines.remainder
    places = decimals_for([on, *(bucket.time for bucket in buckets), lines.whole])
    rows: list[tuple[str | None, ...]] = [
        ("on lines of source", fixed(on, places), percent(lines.share(on)), "")
    ]
    for bucket in buckets:
        share = percent(lines.share(bucket.time))
        rows.append((bucket.name, fixed(bucket.time, places), share, bucket.reason))
    rows.append((lines.whole_name, fixed(lines.whole, places), percent(1.0), "the sum"))
    if not is_terminal():
        say()
    columns = [Column("part"), Column(f"time ({unit})", right=True), Column("share", right=True)]
    table([*columns, Column("why on no line")], rows)


def _others(view: SourceView, lines: MethodLines, shown: str | None) -> list[str]:
    """What was not shown: other files, other methods."""
    out = []
    files = [file for file in lines.files if file != shown]
    if files:
        named = [f"{f} ({percent(lines.share(lines.file_time(f))) or '-'})" for f in files]
        out.append(f"other files: {listed(named, _OTHERS)}")
    others = [other for other in view.methods if other is not lines]
    names = [other.name for other in others if other.latency.method != lines.latency.method]
    if names:
        out.append(f"other methods: {listed(list(dict.fromkeys(names)), _OTHERS)} (--method NAME)")
    if same := len(others) - len(names):
        out.append(f"{counted(same, 'more kind')} of inference of {lines.name} not shown")
    return out
