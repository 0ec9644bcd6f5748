"""Which file and which method of a source view a user means."""

from __future__ import annotations

import re

from etscope.etdump.errors import UsageError
from etscope.inspector.source_view.view import MethodLines, SourceView
from etscope.inspector.wording import listed

_LISTED = 12


def same_file(recorded: str, named: str) -> bool:
    """Whether one of two paths of any system ends with the other, in whole parts."""
    here, there = _parts(recorded), _parts(named)
    shorter = min(len(here), len(there))
    return shorter > 0 and here[-shorter:] == there[-shorter:]


def _parts(path: str) -> list[str]:
    return [part for part in re.split(r"[/\\]", path) if part not in ("", ".")]


def chosen_file(view: SourceView, named: str | None) -> str | None:
    """The recorded file that a user names; without a name that with the most time, if any.

    Raises:
        UsageError: no file fits the name, or several do.
    """
    if named is None:
        return view.files[0] if view.files else None
    if named in view.files:
        return named
    found = [file for file in view.files if same_file(file, named)]
    if len(found) == 1:
        return found[0]
    if not found:
        there = listed(view.files, _LISTED) or "none"
        raise UsageError(f"no line of {named} has a time. Files that have: {there}.")
    raise UsageError(f"{named} may be {listed(found, _LISTED)}: give more of the path.")


def chosen_method(view: SourceView, named: str | None, file: str | None) -> MethodLines | None:
    """The kind of inference with the most time of a method, and with lines in a file if any has.

    Raises:
        UsageError: no method has the name.
    """
    found = [lines for lines in view.methods if named in (None, lines.latency.method)]
    if not found and named is not None:
        names = [lines.latency.method or "(not known)" for lines in view.methods]
        there = listed(list(dict.fromkeys(names)), _LISTED) or "none"
        raise UsageError(f"no inference of a method {named} was recorded. Methods: {there}.")
    there_too = [lines for lines in found if file is not None and file in lines.index.files]
    return next(iter(there_too or found), None)
