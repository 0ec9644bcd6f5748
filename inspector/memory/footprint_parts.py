"""Names for pages that came: by the mapping they are in or, on the heap, by who asked for them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from etscope.etdump.footprint import (
    ANONYMOUS,
    HEAP,
    LIBRARY,
    OTHER,
    PROGRAM_FILE,
    STACK,
    Phase,
)
from etscope.etdump.program import Program
from etscope.inspector.memory.footprint_heap import (
    ARENAS,
    DERIVED,
    PLANNED,
    Asked,
    shared_arena_bytes,
)

MEASURED = "measured"

_LABELS = {
    PROGRAM_FILE: "pages of the program's file",
    LIBRARY: "code and data of other libraries",
    STACK: "stacks of threads",
    OTHER: "pages of other files",
}


@dataclass(frozen=True)
class GrowthPart:
    """A named part of the growth."""

    group: str  # kind of mapping
    label: str
    size_bytes: int  # as many bytes of new pages; negative where pages went
    basis: str  # measured, planned, estimated or derived
    evidence: str  # why it has this name
    asked_bytes: int | None = None  # of the allocator: it may lie on pages that were there before
    purpose: str | None = None  # what it was asked for, as in `Asked`


def by_mapping(base: Phase, steady: Phase, figure: str) -> tuple[list[GrowthPart], int]:
    """Parts that a mapping names, and the growth of heap and anonymous memory.

    Args:
        figure: by which rows of mappings are compared.
    """
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
            label = _label(kind, name)
            parts.append(GrowthPart(kind, label, size, MEASURED, "pages of its mappings"))
    return parts, heap


def _label(kind: str, name: str | None) -> str:
    """The name of a file comes first: in a figure, what is long is cut at its end."""
    if name is None or kind not in (LIBRARY, OTHER):
        return _LABELS[kind]
    return f"{name}: code and data" if kind == LIBRARY else f"{name}: pages of this file"


def of_heap(
    grown: int, steady: Phase, asked: list[Asked] | None, program: Program | None
) -> list[GrowthPart]:
    """Name the growth of heap and anonymous memory; what is left over has no name."""
    if grown <= 0:
        evidence = "fewer pages than before"
        return [GrowthPart(HEAP, "pages given back", grown, MEASURED, evidence)]
    if asked is None:
        planned = 0 if program is None else shared_arena_bytes(program)
        evidence = "the plan alone: the allocator does not tell what it gave out"
        one = Asked(ARENAS, "planned arenas", planned, PLANNED, evidence)
        return [_of_request(one, min(planned, grown))]
    total = sum(one.size_bytes for one in asked)
    sizes = _shared_out(asked, min(total, grown))
    parts = [_of_request(one, size) for one, size in zip(asked, sizes, strict=True)]
    return [*parts, _kept(max(grown - total, 0), steady.figures.get("heap_kept_bytes", 0))]


def _of_request(asked: Asked, size: int) -> GrowthPart:
    """What was asked for, as far as it is on new pages: which pages it lies on nobody tells."""
    basis, evidence = asked.basis, asked.evidence
    if size != asked.size_bytes:
        basis = DERIVED if basis == PLANNED else basis
        known = "planned" if asked.basis == PLANNED else "asked for"
        evidence += f"; of {asked.size_bytes:,} {known}, its share of the heap's new pages"
    told = asked.label, size, basis, evidence
    return GrowthPart(HEAP, *told, asked_bytes=asked.size_bytes, purpose=asked.purpose)


def _kept(left: int, kept: int) -> GrowthPart:
    """Pages that the allocator keeps free: as many as it gave back, where as many are left."""
    label = "kept free by the allocator"
    if left >= kept:
        evidence = "it gave them back when asked after the steady state"
        return GrowthPart(HEAP, label, kept, MEASURED, evidence)
    evidence = f"what is left of the heap's growth; when asked, it gave back {kept:,} (measured)"
    return GrowthPart(HEAP, label, left, DERIVED, evidence)


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
