"""The text of a user's file: all of it, or the lines that the export recorded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_HEAD = re.compile(r"\s*(?:async\s+def|def|class)\b")


@dataclass(frozen=True)
class FileText:
    """Lines of one file by their number, from 1."""

    file: str  # as the export recorded it
    lines: Mapping[int, str]
    whole: bool  # every line is there, and is as it was when the model was exported
    note: str  # where it was read, or why only some lines are there


def recorded_text(file: str, snippets: Mapping[int, str], why: str) -> FileText:
    """What the export itself recorded of a file."""
    return FileText(file, {line: text for line, text in snippets.items() if text}, False, why)


def shown_lines(text: FileText, marked: Iterable[int], context: int | None) -> list[int | None]:
    """The lines to show, ascending, with None for each gap between them.

    Args:
        marked: the lines that have figures.
        context: how many lines around each to show; None: all lines. Of a whole file
            the heads of the functions and classes around a marked line are shown, too.
    """
    wanted = set(marked)
    if text.whole:
        last = len(text.lines)
        if context is None:
            wanted |= set(text.lines)
        else:
            inside = [line for line in wanted if line in text.lines]
            for line in inside:
                around = range(max(1, line - context), min(last, line + context) + 1)
                wanted |= _without_blank_ends(text, around)
            wanted |= _heads(text, inside)
    out: list[int | None] = []
    before = None
    for line in sorted(wanted):
        if before is not None and line > before + 1:
            out.append(None)
        out.append(line)
        before = line
    return out


def _without_blank_ends(text: FileText, lines: range) -> set[int]:
    full = [line for line in lines if text.lines[line].strip()]
    return set(range(full[0], full[-1] + 1)) if full else set()


def _heads(text: FileText, marked: list[int]) -> set[int]:
    """The lines `def` and `class` that each marked line lies under, in one pass over the file."""
    open_heads: list[tuple[int, int]] = []  # (indent, line), outermost first
    wanted, found = set(marked), set()
    for line in range(1, len(text.lines) + 1):
        content = text.lines[line]
        if not content.strip():
            continue
        indent = len(content) - len(content.lstrip())
        while open_heads and indent <= open_heads[-1][0] and not content.lstrip().startswith(")"):
            open_heads.pop()
        if line in wanted:
            found |= {head for _, head in open_heads}
        if _HEAD.match(content):
            open_heads.append((indent, line))
    return found
