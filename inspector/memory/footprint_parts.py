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
from etscope.inspector.memory.footprint_heap import PLANNED, Asked, shared_arena_bytes

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
            label = f"code and data of {name}" if kind == LIBRARY and name else _LABELS[kind]
            parts.append(GrowthPart(kind, label, size, MEASURED, "pages of its mappings"))
    return parts, heap


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
