"""What a process used while it loaded and ran a program, as a capture measured it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from etscope.etdump.json_fields import Fields, all_texts

#: Phases of a capture, in this order; "method loaded" stands once per method.
START = "start"
LIBRARIES = "libraries loaded"
PROGRAM = "program mapped"
METHOD = "method loaded"
FIRST = "first execution"
STEADY = "steady state"
UNLOADED = "unloaded"

#: Kinds of mappings; each page belongs to one.
PROGRAM_FILE = "program file"
LIBRARY = "library"  # code and data of a file that is executed, its zeroed data included
HEAP = "heap"  # where the C allocator takes small blocks from
ANONYMOUS = "anonymous"  # its large blocks, and what others ask the system for
STACK = "thread stack"
OTHER = "other file"

#: No capture writes more; a manifest that does is not believed.
PHASE_LIMIT, MAPPED_LIMIT, SAMPLE_LIMIT = 4096, 1024, 4096

#: Times of a process that ran longer than three years are not believed.
_LAST_MS = 1e11


@dataclass(frozen=True)
class Mapped:
    """The pages of some mappings of a process. What the system does not tell is absent."""

    kind: str
    name: str | None  # of a library or other file, without folder; None: the rest of this kind
    figures: Mapping[str, int]  # bytes: as in Phase, without peak and heap

    @classmethod
    def read(cls, fields: Fields) -> Mapped:
        """One row of a phase of a manifest."""
        return cls(fields.text("kind"), fields.maybe_text("name"), fields.counts("figures"))


@dataclass(frozen=True)
class Phase:
    """The process at the end of one phase. What the system does not tell is absent.

    Figures are measured and in bytes, but for `threads`, a count:
    `rss_bytes`, `pss_bytes`, `uss_bytes`: resident pages; those shared with other
    processes counted whole, by halves, thirds, …, or not at all.
    `settled_pss_bytes`: `pss_bytes` without what changed since "libraries loaded"
    only because other processes began or ceased to share pages; derived.
    `peak_rss_bytes`: the most within the phase; see `Footprint.peak_from_start`.
    `mapped_file_bytes`: resident pages of files, part of `rss_bytes`.
    `heap_used_bytes`, `heap_free_bytes`: what the C allocator counts as asked for
    and not given back, and what it keeps for later, resident or not.
    `heap_kept_bytes`: resident pages that it kept and gave back when asked right
    after a steady state.
    """

    name: str
    at_ms: float  # since the process was started
    figures: Mapping[str, int]
    method: str | None = None  # of a "method loaded"
    mapped: tuple[Mapped, ...] = ()  # every page once; none where the system does not tell

    @classmethod
    def read(cls, fields: Fields) -> Phase:
        """One phase of a manifest."""
        rows = _rows(fields, "mapped", MAPPED_LIMIT)
        return cls(
            name=fields.text("name"),
            at_ms=_time(fields, fields.number("at_ms")),
            figures=fields.counts("figures"),
            method=fields.maybe_text("method"),
            mapped=tuple(Mapped.read(row) for row in rows),
        )


@dataclass(frozen=True)
class Samples:
    """Resident pages over time, read from outside; one entry per sample, in the order of time.

    Where they are equal for a while, only the first and the last of them are kept.
    """

    at_ms: tuple[float, ...] = ()  # since the process was started
    rss_bytes: tuple[int, ...] = ()

    @classmethod
    def read(cls, fields: Fields) -> Samples:
        """The samples of a manifest.

        Raises:
            CorruptTrace: they cannot be true.
        """
        at, rss = fields.rows("at_ms"), fields.rows("rss_bytes")
        if len(at) != len(rss) or len(at) > SAMPLE_LIMIT:
            raise fields.error(f"{fields.place} has {len(at)} times and {len(rss)} figures")
        good = all(_is_figure(time) and time <= _LAST_MS for time in at)
        good = good and all(type(size) is int and 0 <= size < 2**63 for size in rss)
        if not good or any(one > next_ for one, next_ in pairwise(at)):
            raise fields.error(f"{fields.place} is not a series of sizes over time")
        return cls(tuple(float(time) for time in at), tuple(rss))


@dataclass(frozen=True)
class Footprint:
    """Phases in the order in which they ended."""

    phases: tuple[Phase, ...]
    samples: Samples = field(default_factory=Samples)
    peak_from_start: bool = True  # peaks are those since the process was started, not per phase
    notes: tuple[str, ...] = ()

    def phase(self, name: str) -> Phase | None:
        """The last phase of a name; None where there is none."""
        return next((one for one in reversed(self.phases) if one.name == name), None)

    @classmethod
    def read(cls, fields: Fields) -> Footprint:
        """The footprint of a manifest.

        Raises:
            CorruptTrace: a field of it cannot be true.
        """
        phases = tuple(Phase.read(row) for row in _rows(fields, "phases", PHASE_LIMIT))
        if any(one.at_ms > after.at_ms for one, after in pairwise(phases)):
            raise fields.error(f"the phases of {fields.place} go back in time")
        samples = Fields(fields.table("samples"), f"{fields.place}/samples", fields.path)
        notes = fields.rows("notes")
        all_texts(fields, f"{fields.place}/notes", notes)
        return cls(
            phases=phases,
            samples=Samples.read(samples),
            peak_from_start=fields.flag("peak_from_start"),
            notes=tuple(notes),
        )


def _rows(fields: Fields, key: str, limit: int) -> list[Fields]:
    rows = fields.rows(key)
    if len(rows) > limit:
        raise fields.error(f"'{key}' of {fields.place} has {len(rows)} rows, of at most {limit}")
    place = f"{fields.place}/{key}"
    return [Fields(row, f"{place}[{number}]", fields.path) for number, row in enumerate(rows)]


def _is_figure(value: Any) -> bool:
    return type(value) in (int, float) and value >= 0


def _time(fields: Fields, at_ms: float) -> float:
    if at_ms > _LAST_MS:
        raise fields.error(f"'at_ms' of {fields.place} is {at_ms:g}, which cannot be true")
    return at_ms
