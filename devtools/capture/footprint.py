"""What the probe wrote down, worked out: the footprint of a run, phase by phase."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from etscope.devtools.capture.footprint_maps import Span, kinds_of, spans_of
from etscope.devtools.capture.footprint_probe import ROWS, TABLES
from etscope.devtools.capture.footprint_sampler import Reading, samples_of
from etscope.etdump.footprint import (
    ANONYMOUS,
    FIRST,
    HEAP,
    LIBRARIES,
    LIBRARY,
    METHOD,
    OTHER,
    Footprint,
    Mapped,
    Phase,
)

#: Samples that a bundle keeps.
MOST_SAMPLES = 400

#: Files that are named one by one, by kind: those that grew most since "libraries loaded".
MOST_FILES = {LIBRARY: 32, OTHER: 8}

_Key = tuple[str, str | None]  # kind, name
_Sizes = dict[_Key, list[int]]  # rss, pss, uss, settled pss

_FIGURES = ("rss_bytes", "pss_bytes", "uss_bytes", "settled_pss_bytes")


def read_footprint(
    folder: Path, program: str, origin_ns: int, readings: list[Reading]
) -> Footprint:
    """The footprint that a measured process left in its folder.

    Args:
        program: the path that the process loaded.
        origin_ns: when the process was started, on the monotonic clock.
        readings: of its resident pages, on the same clock.
    """
    document = json.loads((folder / ROWS).read_text(encoding="utf-8"))
    rows = document["rows"]
    states = _states(folder / TABLES, rows, program)
    named = _grown(states)
    border = next((row["at_ns"] for row in rows if row["name"] == LIBRARIES), origin_ns)
    return Footprint(
        phases=tuple(
            Phase(
                name=state.row["name"],
                at_ms=max(round((state.row["at_ns"] - origin_ns) / 1e6, 3), 0.0),
                figures=state.figures(),
                method=state.row["method"],
                mapped=_mapped(state.sizes, named),
            )
            for state in states
        ),
        samples=samples_of(readings, origin_ns, border, MOST_SAMPLES),
        peak_from_start=not document["peak_reset"],
        notes=_notes(states, document["peak_reset"]),
    )


class _State:
    """A process at the end of one phase; its mappings added up by kind and file."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.row = row
        self.sizes: _Sizes = {}
        self.files: int | None = None
        self.kept: int | None = None
        self.status = b""

    def add(self, spans: Sequence[Span], kinds: Sequence[_Key], settled: list[int] | None) -> None:
        self.files = sum(span.rss for span in spans if span.is_file)
        own = [None] * len(spans) if settled is None else settled
        for span, key, size in zip(spans, kinds, own, strict=True):
            row = (span.rss, span.pss, span.uss, *(() if size is None else (size,)))
            before = self.sizes.get(key, (0,) * len(row))
            self.sizes[key] = [one + more for one, more in zip(before, row, strict=True)]

    def anonymous(self) -> int:
        return sum(sizes[0] for (kind, _), sizes in self.sizes.items() if kind in (HEAP, ANONYMOUS))

    def figures(self) -> dict[str, int]:
        found: dict[str, int] = dict(self.row.get("figures", {}))
        if self.files is not None:
            columns = zip(*self.sizes.values(), strict=True)
            found |= {name: sum(column) for name, column in zip(_FIGURES, columns, strict=False)}
            found["mapped_file_bytes"] = self.files
        if self.row["heap"] is not None:
            found["heap_used_bytes"], found["heap_free_bytes"] = self.row["heap"]
        if self.kept is not None:
            found["heap_kept_bytes"] = self.kept
        for line in self.status.splitlines():
            words = line.split()
            if words[:1] == [b"VmHWM:"]:
                # The system counts it less exactly than the pages by mapping.
                found["peak_rss_bytes"] = max(int(words[1]) * 1024, found.get("rss_bytes", 0))
            elif words[:1] == [b"Threads:"]:
                found["threads"] = int(words[1])
        return found


def _states(path: Path, rows: list[dict[str, Any]], program: str) -> list[_State]:
    states = [_State(row) for row in rows]
    if not all("smaps" in row for row in rows):
        return states
    settling = None
    with path.open("rb") as file:
        for state in states:
            spans = spans_of(_text(file, state.row["smaps"]))
            if state.row["name"] == LIBRARIES:
                settling = _Settling()
            settled = None if settling is None else settling.next(spans)
            state.add(spans, kinds_of(spans, program, state.row["stacks"]), settled)
            state.status = _text(file, state.row["status"])
            if "trimmed" in state.row:
                after, spans = _State(state.row), spans_of(_text(file, state.row["trimmed"]))
                after.add(spans, kinds_of(spans, program, state.row["stacks"]), None)
                state.kept = max(state.anonymous() - after.anonymous(), 0)
    return states


def _text(file: BinaryIO, place: tuple[int, int]) -> bytes:
    begin, length = place
    file.seek(begin)
    return file.read(length)


class _Settling:
    """PSS as it would be if other processes had not begun or ceased to share pages meanwhile.

    Where pages of a file came or went, PSS may move by as much as they are and in
    their direction; what it moves besides is due to others.
    """

    def __init__(self) -> None:
        self._before: dict[tuple[str, int], tuple[int, int, int]] = {}

    def next(self, spans: Sequence[Span]) -> list[int]:
        now: dict[tuple[str, int], tuple[int, int, int]] = {}
        out: list[int] = []
        first = not self._before
        for span in spans:
            own = span.pss
            if span.is_file:
                key = (span.path, span.start)
                rss, pss, own = (span.rss, span.pss, span.pss) if first else self._of(key)
                grown = span.rss - rss
                own += min(max(span.pss - pss, min(grown, 0)), max(grown, 0))
                own = max(own, 0)
                now[key] = span.rss, span.pss, own
            out.append(own)
        self._before = now
        return out

    def _of(self, key: tuple[str, int]) -> tuple[int, int, int]:
        return self._before.get(key, (0, 0, 0))


def _grown(states: list[_State]) -> set[_Key]:
    """The files that deserve a row of their own."""
    names = [state.row["name"] for state in states]
    if LIBRARIES not in names:
        return set()
    base = states[names.index(LIBRARIES)].sizes
    growth: dict[_Key, int] = defaultdict(int)
    for state in states[names.index(LIBRARIES) :]:
        for key, sizes in state.sizes.items():
            if key[0] in MOST_FILES and key[1] is not None:
                growth[key] = max(growth[key], sizes[-1] - base.get(key, [0])[-1])
    ranked = sorted((key for key in growth if growth[key] > 0), key=lambda key: -growth[key])
    return {
        key
        for kind, most in MOST_FILES.items()
        for key in [key for key in ranked if key[0] == kind][:most]
    }


def _mapped(sizes: _Sizes, named: set[_Key]) -> tuple[Mapped, ...]:
    sums: _Sizes = {}
    for key, figures in sizes.items():
        row = sums.setdefault(key if key in named else (key[0], None), [0] * len(figures))
        for place, size in enumerate(figures):
            row[place] += size
    return tuple(
        Mapped(kind, name, dict(zip(_FIGURES, figures, strict=False)))
        for (kind, name), figures in sorted(sums.items(), key=lambda item: -item[1][0])
        if any(figures)
    )


def _notes(states: list[_State], reset: bool) -> tuple[str, ...]:
    names = {state.row["name"] for state in states}
    notes = []
    if not all(state.sizes for state in states):
        notes.append("This system does not tell pages by mapping, so growth has fewer names.")
    if not reset:
        notes.append("This system does not reset peaks: they count from the start of the process.")
    if FIRST in names and METHOD not in names:
        notes.append("The runtime's bindings load a method when it runs first.")
    return tuple(notes)
