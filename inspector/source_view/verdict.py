"""What the source view says first: verdict, confidence, findings."""

from __future__ import annotations

import math

import numpy as np

from etscope.inspector.backends.operations import Confidence
from etscope.inspector.findings import Finding
from etscope.inspector.source_view.module_names import folded
from etscope.inspector.source_view.view import MethodLines, SourceView
from etscope.inspector.wording import base_name, counted, figure, listed, percent

#: What self and total are, in a sentence.
DERIVED = "derived: means of measured times"

_LEVELS = ("none", "low", "medium", "high")
#: Share of the time on lines that may be guessed, and of operator time that may be on none.
_GUESSED = (0.01, 0.1)
_UNMAPPED = 0.05
#: From this share of a method on no line on, the verdict says so.
_ELSEWHERE = 0.5
#: Modules that the verdict names.
_MODULES = 3


def verdict(lines: MethodLines | None) -> str:
    """The line that takes the most time, in one sentence."""
    if lines is None:
        return "No inference was timed: no line of source has a time."
    hottest = lines.hottest
    if not len(hottest):
        return f"No time of {lines.name} stands on a line of source: {why_not(lines)}."
    number = int(hottest[0])
    time = float(lines.self_time[number])
    count = counted(len(lines.latency.typical), "inference")
    share = percent(lines.share(time)) or "-"
    text = f"{short_place(lines, number)} takes {share} of {lines.whole_name}"
    unit = lines.latency.unit
    text += f": {figure(time)} of {figure(lines.whole)} {unit} ({DERIVED} of {count})"
    modules = folded(module for module in lines.modules(number) if module)
    text += f", in {listed(modules, _MODULES)}." if modules else "."
    return text + _elsewhere(lines)


def _elsewhere(lines: MethodLines) -> str:
    """Where the time is, if most of it stands on no line."""
    share = lines.share(lines.whole - float(lines.self_time.sum()))
    if not share > _ELSEWHERE or not lines.remainder:
        return ""
    most = max(lines.remainder, key=lambda bucket: bucket.time)
    return f" But {percent(share)} stands on no line, most of it: {most.name} ({most.reason})."


def why_not(lines: MethodLines) -> str:
    """The reason for which the most time is on no line."""
    lost = [bucket for bucket in lines.remainder if bucket.kind == "unmapped"]
    return lost[0].reason if lost else "no operator was timed"


def short_place(lines: MethodLines, number: int) -> str:
    """ "file:line" with no more of the path than tells the files apart."""
    place = lines.index.place(number)
    name = base_name(place)
    names = [base_name(file) for file in lines.index.files]
    return name if len(set(names)) == len(names) else place


def confidence_parts(lines: MethodLines) -> dict[str, float]:
    """By word the share of the time on lines that is as sure; NaN where there is no such time."""
    times = lines.confidence_times.sum(axis=0)
    whole = float(times.sum())
    sure = sorted(Confidence, reverse=True)[:-1]
    return {one.word: float(times[one]) / whole if whole else math.nan for one in sure}


def confidence(view: SourceView) -> str:
    """How far to trust the figures beside the lines: the mapping, and the times themselves."""
    if not view.methods or not len(view.methods[0].hottest):
        return "none: no time stands on a line of source"
    parts = confidence_parts(view.methods[0])
    guessed = parts["guessed"]
    mapping = 3 if guessed <= _GUESSED[0] else 2 if guessed <= _GUESSED[1] else 1
    told = ", ".join(f"{percent(share)} {word}" for word, share in parts.items() if share > 0)
    level, _, times = view.report.confidence.partition(": ")
    lowest = min(mapping, _LEVELS.index(level) if level in _LEVELS else 0)
    return f"{_LEVELS[lowest]}: of the time on lines {told or '-'}; the times: {times}"


def findings(view: SourceView) -> list[Finding]:
    """What speaks against the figures beside the lines."""
    return [finding for lines in view.methods for finding in _findings(view, lines)]


def _findings(view: SourceView, lines: MethodLines) -> list[Finding]:
    found = []
    share = lines.ledger.mapped_share("time")
    if np.isfinite(share) and share < 1 - _UNMAPPED:
        record = view.report.recording.record is not None
        advice = "" if record else "Give the ETRecord of the export with --record."
        message = f"{percent(1 - share)} of the operator time of {lines.name} stands on no line"
        evidence = {"method": lines.latency.method, "mapped_time_share": share}
        severity = "medium" if record else "high"
        message += f": {why_not(lines)}"
        found.append(Finding("lines_unknown", severity, message, evidence, advice))
    guessed = confidence_parts(lines)["guessed"]
    if guessed > _GUESSED[0]:
        message = f"{percent(guessed)} of the time on lines of {lines.name} may belong to others"
        evidence = {"method": lines.latency.method, "guessed_time_share": guessed}
        found.append(Finding("lines_guessed", "low", message, evidence))
    return found
