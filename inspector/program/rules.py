"""Findings on a program: bytes that could go, files that it needs, delegates that stay closed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from etscope.etdump.columns import Bytes, Ints
from etscope.inspector.findings import Finding
from etscope.inspector.program.holders import Holder, Part
from etscope.inspector.wording import counted, percent, size_text

if TYPE_CHECKING:
    from etscope.inspector.program.report import ProgramReport

Rule = Callable[["ProgramReport"], Iterator[Finding]]

#: Smaller copies are not worth a sentence.
_LEAST_COPY = 256
#: First bytes to compare: layers of a model have many weights of one size, and few are copies.
_GLANCE = 4096
#: Share of the file from which on source lines are worth one.
_MUCH = 0.05
#: Names and reasons in one sentence; the evidence has all of them.
_TOLD = 4
_COMPARED = (Part.CONSTANTS, Part.STATES, Part.NAMED_DATA, Part.DELEGATES)


def stored_twice(report: ProgramReport) -> Iterator[Finding]:
    """Constants, named data and blobs that lie in the file more than once."""
    return copies(report.program.file, report.holders, report.owned.bytes_of)


def copies(file: Bytes, holders: Sequence[Holder], bytes_of: Ints) -> Iterator[Finding]:
    """The same of some holders, of which each has so many bytes of the file."""
    again = _copies(file, holders, bytes_of)
    spare = sum(_extent(same[0]) * (len(same) - 1) for same in again)
    if spare:
        largest = max(again, key=lambda same: _extent(same[0]) * (len(same) - 1))
        yield Finding(
            "stored_twice",
            "medium",
            f"{size_text(spare)} of the file are copies: {largest[0].label} is the same as "
            f"{largest[1].label}",
            {
                "size_bytes": spare,
                "copies": [[holder.label for holder in same] for same in again],
            },
            "Share the parameter in the model (tie the weights) before the export.",
        )


def _copies(file: Bytes, holders: Sequence[Holder], bytes_of: Ints) -> list[list[Holder]]:
    """Holders of the same bytes, together."""
    alike: dict[tuple[int, bytes], list[Holder]] = {}
    # Only what has its bytes alone is read, so all of it together is at most the file.
    for holder, held in zip(holders, bytes_of.tolist(), strict=True):
        if holder.part in _COMPARED and held >= _LEAST_COPY and held == _extent(holder):
            ((start, end),) = holder.spans
            glance = file[start : min(start + _GLANCE, end)].tobytes()
            alike.setdefault((held, glance), []).append(holder)
    found: dict[bytes, list[Holder]] = {}
    for same in alike.values():
        for holder in same if len(same) > 1 else ():
            ((start, end),) = holder.spans
            found.setdefault(hashlib.sha256(file[start:end].data).digest(), []).append(holder)
    return [same for same in found.values() if len(same) > 1]


def _extent(holder: Holder) -> int:
    return sum(end - start for start, end in holder.spans)


def unused_data(report: ProgramReport) -> Iterator[Finding]:
    """Bytes that are stored and nothing in the program refers to."""
    size = report.parts.get(Part.UNUSED, 0)
    if size:
        labels = [holder.label for holder in report.holders if holder.part is Part.UNUSED]
        yield Finding(
            "unused_data",
            "low",
            f"nothing refers to {size_text(size)} of the stored data "
            f"({counted(len(labels), 'piece')})",
            {"size_bytes": size, "pieces": labels},
            "Export the program again with a current exporter.",
        )


def not_accounted_for(report: ProgramReport) -> Iterator[Finding]:
    """Bytes of the file that no part of the format explains."""
    size = report.parts.get(Part.UNACCOUNTED, 0)
    if size:
        yield Finding(
            "not_accounted_for",
            "low",
            f"{size_text(size)} of the file are neither data that the program names nor padding",
            {"size_bytes": size},
            "Something was appended to the file, or its exporter is newer than etscope.",
        )


def source_lines(report: ProgramReport) -> Iterator[Finding]:
    """Source lines that a shipped program carries along."""
    size = report.parts.get(Part.SOURCE_LINES, 0)
    share = size / max(len(report.program.file), 1)
    if share >= _MUCH:
        yield Finding(
            "source_lines",
            "low",
            f"source lines of the model hold {percent(share)} of the file, with paths and code",
            {"size_bytes": size, "share": share},
            "For a program that is shipped, export without emit_stacktrace.",
        )


def needs_other_files(report: ProgramReport) -> Iterator[Finding]:
    """Weights that are not in the program."""
    missing = report.coverage["external_tensors"]
    if missing:
        names = list(dict.fromkeys(entry["name"] for entry in missing))
        yield Finding(
            "needs_other_files",
            "info",
            f"the data of {counted(len(names), 'tensor')} is not in this file, "
            f"but in a .ptd of the export: {_some(names)}",
            {"tensors": names},
            "Ship the .ptd beside it.",
        )


def _some(texts: list[str], between: str = ", ") -> str:
    """The first texts, and how many more there are."""
    more = f" and {len(texts) - _TOLD} more" if len(texts) > _TOLD else ""
    return between.join(texts[:_TOLD]) + more


def closed_delegates(report: ProgramReport) -> Iterator[Finding]:
    """Blobs that no plug-in could read."""
    closed = report.coverage["delegates_not_read"]
    if closed:
        reasons = _some(list(dict.fromkeys(str(entry["reason"]) for entry in closed)), "; ")
        yield Finding(
            "closed_delegates",
            "info",
            f"what {counted(len(closed), 'delegate')} holds is not known: {reasons}",
            {"delegates": [entry["delegate"] for entry in closed]},
            "A plug-in can tell: see docs/backends.md.",
        )


RULES: tuple[Rule, ...] = (
    stored_twice,
    unused_data,
    not_accounted_for,
    source_lines,
    needs_other_files,
    closed_delegates,
)
