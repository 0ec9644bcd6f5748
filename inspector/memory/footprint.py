"""From planned bytes to what the process really holds: the growth of a footprint, by name.

Between "libraries loaded" and the steady state a process grows. Every page that
came is in one kind of mapping, which names pages of files, of libraries and of
stacks; what is on the heap is named by the allocator's own count in each phase.
What neither names is unattributed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from etscope.etdump.footprint import (
    ANONYMOUS,
    HEAP,
    LIBRARIES,
    LIBRARY,
    OTHER,
    PROGRAM_FILE,
    STACK,
    STEADY,
    Footprint,
    Phase,
)
from etscope.etdump.program import Program
from etscope.inspector.memory.footprint_heap import (
    PLANNED,
    Asked,
    asked_of_heap,
    shared_arena_bytes,
)
from etscope.inspector.wording import percent, size_text

MEASURED, DERIVED = "measured", "derived"

#: What growth is counted in, the best first: shared pages by their share, not at all, whole.
BASES = ("pss_bytes", "uss_bytes", "rss_bytes")

_SETTLED = "settled_pss_bytes"


@dataclass(frozen=True)
class GrowthPart:
    """A named part of the growth."""

    group: str  # kind of mapping
    label: str
    size_bytes: int  # as many bytes of new pages; negative where pages went
    basis: str  # measured, planned, estimated or derived
    evidence: str  # why it has this name
    asked_bytes: int | None = None  # of the allocator: it may lie on pages that were there before


@dataclass(frozen=True)
class PhaseRow:
    """A phase and what it added. Absent where the system did not tell: None."""

    phase: Phase
    growth_bytes: int | None  # of the ledger's basis, since the phase before
    heap_bytes: int | None  # asked of the C allocator less given back, since the phase before


@dataclass(frozen=True)
class FootprintLedger:
    """Parts, `sharing_bytes` and `unattributed_bytes` add up to `growth_bytes`, exactly."""

    basis: str  # the figure that grew: one of BASES
    growth_bytes: int  # measured: from "libraries loaded" to the steady state
    sharing_bytes: int  # derived: of it, because other processes began or ceased to share pages
    parts: tuple[GrowthPart, ...]  # the largest first
    unattributed_bytes: int
    rows: tuple[PhaseRow, ...]  # every phase
    peak_rss_bytes: int | None  # the most of any phase after "libraries loaded"; measured
    peak_phase: str | None
    notes: tuple[str, ...] = ()

    @property
    def own_growth_bytes(self) -> int:
        """The growth but for what other processes changed."""
        return self.growth_bytes - self.sharing_bytes

    @property
    def explained(self) -> float | None:
        """The share of `own_growth_bytes` that has names; None where nothing grew."""
        if self.own_growth_bytes <= 0:
            return None
        return max(1 - abs(self.unattributed_bytes) / self.own_growth_bytes, 0.0)

    @property
    def verdict(self) -> str:
        """One sentence."""
        name = self.basis.removesuffix("_bytes").upper()
        if self.own_growth_bytes <= 0:
            return f"In the steady state {name} is not above that of the loaded libraries."
        share = percent(abs(self.unattributed_bytes) / self.own_growth_bytes)
        held = f"The steady state holds {size_text(self.own_growth_bytes)} above the loaded"
        named = [
            f"{size_text(part.size_bytes)} {part.label} ({part.basis})"
            for part in self.parts[:3]
            if part.size_bytes > 0
        ]
        most = f": most of it {', '.join(named)}" if named else ""
        rest = f"{share} is unattributed" if self.unattributed_bytes else "nothing is unattributed"
        return f"{held} libraries ({name}, measured){most}; {rest}.{self._peak_text}"

    @property
    def _peak_text(self) -> str:
        steady = next(row.phase for row in reversed(self.rows) if row.phase.name == STEADY)
        above = (self.peak_rss_bytes or 0) - steady.figures.get("rss_bytes", 0)
        if self.peak_phase is None or above < self.own_growth_bytes / 20:
            return ""
        return f' Its peak, in "{self.peak_phase}", was {size_text(above)} above that (RSS).'


def footprint_ledger(footprint: Footprint, program: Program | None) -> FootprintLedger | None:
    """Give names to the growth between "libraries loaded" and the steady state.

    Args:
        program: what ran, for planned arenas; None: it is not there.

    Returns:
        The ledger; None where the footprint lacks one of the two phases, or any figure of both.
    """
    base, steady = footprint.phase(LIBRARIES), footprint.phase(STEADY)
    if base is None or steady is None:
        return None
    both = base.figures.keys() & steady.figures.keys()
    basis = next((name for name in BASES if name in both), None)
    if basis is None:
        return None
    growth = steady.figures[basis] - base.figures[basis]
    figure = _SETTLED if basis == BASES[0] and _SETTLED in both else basis
    own = steady.figures[figure] - base.figures[figure]
    parts: list[GrowthPart] = []
    heap, notes = own, list(footprint.notes)
    if base.mapped and steady.mapped:
        parts, heap = _by_mapping(base, steady, figure)
    else:
        notes.append("Growth is not told by mapping: pages of files and libraries have no name.")
    parts += _of_heap(heap, steady, asked_of_heap(footprint, program), program)
    parts = [part for part in parts if part.size_bytes]
    peak, phase = _peak(footprint)
    return FootprintLedger(
        basis=basis,
        growth_bytes=growth,
        sharing_bytes=growth - own,
        parts=tuple(sorted(parts, key=lambda part: -part.size_bytes)),
        unattributed_bytes=own - sum(part.size_bytes for part in parts),
        rows=_rows(footprint, basis),
        peak_rss_bytes=peak,
        peak_phase=phase,
        notes=tuple(notes),
    )


def _by_mapping(base: Phase, steady: Phase, figure: str) -> tuple[list[GrowthPart], int]:
    """Parts that a mapping names, and the growth of those that none does."""
    before = {(row.kind, row.name): row.figures for row in base.mapped}
    after = {(row.kind, row.name): row.figures for row in steady.mapped}
    parts: list[GrowthPart] = []
    heap = 0
    for kind, name in {**before, **after}:
        there = after.get((kind, name), {}).get(figure, 0)
        size = there - before.get((kind, name), {}).get(figure, 0)
        if kind in (HEAP, ANONYMOUS):
            heap += size
        elif kind in _LABELS:
            label = f"code and data of {name}" if kind == LIBRARY and name else _LABELS[kind]
            parts.append(GrowthPart(kind, label, size, MEASURED, "pages of its mappings"))
    return parts, heap


_LABELS = {
    PROGRAM_FILE: "pages of the program's file",
    LIBRARY: "code and data of other libraries",
    STACK: "stacks of threads",
    OTHER: "pages of other files",
}


def _of_heap(
    grown: int, steady: Phase, asked: list[Asked] | None, program: Program | None
) -> list[GrowthPart]:
    """Name the growth of heap and anonymous memory; what is left over has no name."""
    if grown <= 0:
        evidence = "fewer pages than before"
        return [GrowthPart(HEAP, "pages given back", grown, MEASURED, evidence)]
    if asked is None:
        planned = 0 if program is None else shared_arena_bytes(program)
        evidence = "the plan alone: the allocator does not tell what it gave out"
        size = min(planned, grown)
        return [GrowthPart(HEAP, "planned arenas", size, PLANNED, evidence, planned)]
    total = sum(one.size_bytes for one in asked)
    sizes = _shared_out(asked, min(total, grown))
    parts = [
        GrowthPart(HEAP, one.label, size, one.basis, one.evidence, one.size_bytes)
        for one, size in zip(asked, sizes, strict=True)
    ]
    spare = min(max(grown - total, 0), steady.figures.get("heap_kept_bytes", 0))
    evidence = "it gave them back when asked after the steady state"
    return [*parts, GrowthPart(HEAP, "kept free by the allocator", spare, MEASURED, evidence)]


def _shared_out(asked: list[Asked], pages: int) -> list[int]:
    """New bytes per request. Where pages were there before, each has its share of the new ones.

    Requests that are negative gave back what others asked for, and count for nothing.
    """
    whole = sum(max(one.size_bytes, 0) for one in asked)
    edges = [0]
    for one in asked:
        edges.append(edges[-1] + max(one.size_bytes, 0))
    pages = max(pages, 0)
    places = [edge * pages // whole if whole else 0 for edge in edges]
    return [after - before for before, after in pairwise(places)]


def _rows(footprint: Footprint, basis: str) -> tuple[PhaseRow, ...]:
    rows = []
    before: Phase | None = None
    for phase in footprint.phases:
        grown = _difference(before, phase, _SETTLED if basis == BASES[0] else basis)
        if grown is None:
            grown = _difference(before, phase, basis)
        rows.append(PhaseRow(phase, grown, _difference(before, phase, "heap_used_bytes")))
        before = phase
    return tuple(rows)


def _difference(before: Phase | None, phase: Phase, name: str) -> int | None:
    if before is None or name not in before.figures or name not in phase.figures:
        return None
    return phase.figures[name] - before.figures[name]


def _peak(footprint: Footprint) -> tuple[int | None, str | None]:
    """The largest peak, and the phase it was in; not of what came before the program."""
    names = [phase.name for phase in footprint.phases]
    looked_at = footprint.phases[names.index(LIBRARIES) + 1 :]
    found = [(p.figures["peak_rss_bytes"], p) for p in looked_at if "peak_rss_bytes" in p.figures]
    if not found:
        return None, None
    size, phase = max(found, key=lambda one: one[0])
    return size, None if footprint.peak_from_start else phase.name
