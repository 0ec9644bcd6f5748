"""The report on a program as text: verdict, coverage, findings, parts, methods, constants."""

from __future__ import annotations

from typing import Any

from etscope.devtools.column_fit import print_fitting
from etscope.devtools.findings_text import print_findings
from etscope.devtools.quantities import bar
from etscope.devtools.stored_text import place_text, print_segments, print_stored, say_cut
from etscope.devtools.terminal import Column, is_terminal, paragraph, say
from etscope.inspector.program.contents import DelegateContents
from etscope.inspector.program.holders import Part
from etscope.inspector.program.report import ProgramReport
from etscope.inspector.wording import counted, percent

#: Rows of a table on a screen, where nothing else was asked for. A pipe gets all.
SCREENFUL = 12
_BAR = 20

_MEANING = {
    Part.CONSTANTS: "weights that operators outside of delegates read",
    Part.STATES: "what mutable buffers begin with",
    Part.DELEGATES: "what backends were given",
    Part.NAMED_DATA: "found by name, as a rule weights of delegates",
    Part.UNUSED: "nothing in the program refers to it",
    Part.TEST_CASES: "inputs and expected outputs of the bundle",
    Part.SOURCE_LINES: "files, functions and lines of the model",
    Part.TABLES: "methods, instructions, values, names",
    Part.BUNDLE: "what the bundle puts around the program",
    Part.PADDING: "zeros between the others",
    Part.UNACCOUNTED: "in no part of the format",
}


def print_program(report: ProgramReport, top: int | None = None) -> None:
    """Write all of a report to stdout.

    Args:
        top: rows of a table; 0: all; None: a screenful, or all in a pipe.
    """
    limit = (SCREENFUL if is_terminal() else 0) if top is None else top
    paragraph(report.verdict, style="bold")
    paragraph(_coverage(report), indent="  ")
    for line in _beside(report):
        paragraph(line, indent="  ")
    print_findings(report.findings)
    say()
    _print_parts(report)
    for row in report.methods:
        say()
        _print_method(row, limit)
    _print_delegates(report, limit)
    print_stored(report, limit)
    print_segments(report, limit)


def _coverage(report: ProgramReport) -> str:
    coverage = report.coverage
    total, known = coverage["file_bytes"], coverage["accounted_bytes"]
    text = f"coverage: {known:,} of {counted(total, 'byte')} accounted for"
    delegates, closed = coverage["delegates"], len(coverage["delegates_not_read"])
    if delegates:
        text += f"; looked into {delegates - closed} of {counted(delegates, 'delegate')}"
    return text


def _beside(report: ProgramReport) -> list[str]:
    """What is worth a line of its own: versions, test cases, source lines."""
    lines = []
    if report.cases is not None:
        methods = ", ".join(dict.fromkeys(report.cases.method))
        cases = counted(len(report.cases), "test case")
        lines.append(f"bundled: {cases}{' of ' + methods if methods else ''}")
    with_lines = [row["method"] for row in report.methods if row["source_lines"]]
    if with_lines:
        lines.append(f"source lines of the instructions are in the file: {', '.join(with_lines)}")
    return lines


def _print_parts(report: ProgramReport) -> None:
    total = len(report.program.file)
    columns = (
        Column("part"),
        Column("size (bytes)", right=True),
        Column("share", right=True),
        Column("", style="cyan"),
        Column("what it is"),
    )
    rows: list[list[str | None]] = [
        [part.value, f"{size:,}", percent(size / total), bar(size / total, _BAR), _MEANING[part]]
        for part, size in report.parts.items()
    ]
    rows.append(["file", f"{total:,}", percent(1.0), "", None])
    print_fitting(columns, rows, ("", "what it is"))


def _print_method(row: dict[str, Any], limit: int) -> None:
    calls = {kind: count for kind, count in row["calls"].items() if count}
    said = ", ".join(f"{count:,} {kind}" for kind, count in calls.items())
    text = f"{row['method']}: {counted(row['instructions'], 'instruction')}"
    if row["chains"] > 1:
        text += f" in {row['chains']} chains"
    paragraph(text + (f" ({said})" if said else ""), style="bold")
    arenas = ", ".join(
        f"arena {arena['arena']} {arena['planned_bytes']:,}"
        + (f" on {arena['device']}" if arena["device"] != "cpu:0" else "")
        for arena in row["arenas"]
    )
    ends = f"{counted(row['inputs'], 'input')}, {counted(row['outputs'], 'output')}"
    planned = f"memory planned: {arenas} bytes" if arenas else "no memory planned"
    paragraph(f"{ends}, {counted(row['tensors'], 'tensor')}; {planned}")
    if not row["operators"]:
        return
    shown = row["operators"][: limit or None]
    columns = (
        Column("operator outside of delegates"),
        Column("instructions", right=True),
        Column("run by"),
    )
    print_fitting(
        columns,
        [
            [
                entry["op"],
                str(entry["instructions"]),
                "the runtime" if entry["prim"] else "a kernel",
            ]
            for entry in shown
        ],
        ("run by",),
    )
    say_cut(len(row["operators"]) - len(shown), "operator")


def _print_delegates(report: ProgramReport, limit: int) -> None:
    if not report.delegates:
        return
    say()
    say("delegates", style="bold")
    ranked = sorted(report.delegates, key=lambda found: -found.delegate.size_bytes)
    shown = sorted(ranked[: limit or None], key=lambda found: found.number)
    several = len(report.program.methods) > 1
    columns = [
        Column("delegate", right=True),
        *([Column("method")] if several else []),
        Column("backend"),
        Column("blob (bytes)", right=True),
        Column("operations", right=True),
        Column("calls", right=True),
        Column("instr", right=True),
        Column("segment", right=True),
    ]
    print_fitting(columns, [_delegate(found, several) for found in shown], ("segment",))
    say_cut(len(ranked) - len(shown), "delegate")
    if any(found.operations is not None for found in report.delegates):
        say("What is inside: --delegate N")


def _delegate(found: DelegateContents, several: bool) -> list[str | None]:
    where = found.delegate
    return [
        str(found.number),
        *([found.method] if several else []),
        where.backend,
        f"{where.size_bytes:,}",
        None if found.operations is None else str(len(found.operations)),
        str(found.calls),
        None if found.place is None else place_text(*found.place),
        str(where.index) if where.in_segment else None,
    ]
