"""What was asked of the C allocator in each phase of a footprint, and for what."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from etscope.etdump.footprint import FIRST, LIBRARIES, METHOD, PROGRAM, STEADY, Footprint, Phase
from etscope.etdump.methods import Method
from etscope.etdump.program import Program
from etscope.inspector.memory.allocators import method_allocator
from etscope.inspector.memory.devices import host_arenas

PLANNED, ESTIMATED, DERIVED = "planned", "estimated", "derived"

#: What memory was asked for.
ARENAS, STRUCTURES = "arenas", "runtime's structures"
LOADED_DELEGATES = "delegates, when loaded"
DELEGATES_RUN = "delegates and results, when first run"
RESULTS, LATER = "results", "later"

_USED = "heap_used_bytes"


class Asked(NamedTuple):
    """Memory asked for and not given back until the steady state, in the order of the phases."""

    purpose: str  # one of those above
    label: str
    size_bytes: int
    basis: str  # planned, estimated or derived
    evidence: str


def shared_arena_bytes(program: Program) -> int:
    """What the arenas of all methods take of the host where methods lay theirs over each other.

    The program loader of the runtime's bindings (executorch 1.5) does: each
    arena is as large as the largest of its number.
    """
    largest: dict[int, int] = {}
    for method in program.methods:
        for arena, size in host_arenas(method).items():
            largest[arena] = max(largest.get(arena, 0), size)
    return sum(largest.values())


def asked_of_heap(footprint: Footprint, program: Program | None) -> list[Asked] | None:
    """Who asked the C allocator for how much, from its own count at the end of each phase.

    The planned arenas are taken to be part of the first phase that asks for as
    much as they need. None where the allocator does not count.
    """
    phases = _measured(footprint)
    if len(phases) < 2 or any(_USED not in phase.figures for phase in phases):
        return None
    methods = {} if program is None else {method.name: method for method in program.methods}
    shared = 0 if program is None else shared_arena_bytes(program)
    placed = False
    out: list[Asked] = []
    for before, phase in pairwise(phases):
        size = phase.figures[_USED] - before.figures[_USED]
        method = methods.get(phase.method or "")
        planned = 0 if placed else shared
        if phase.name == METHOD and method is not None and not placed:
            planned = sum(host_arenas(method).values())
        if 0 < planned <= size:
            placed = placed or phase.name != METHOD
            out.append(_arenas(phase, planned, footprint))
            size -= planned
        out += _rest(phase, size, method, bool(program) and _delegates(program, footprint))
    return [asked for asked in out if asked.size_bytes]


def _measured(footprint: Footprint) -> list[Phase]:
    """From "libraries loaded" to the steady state."""
    names = [phase.name for phase in footprint.phases]
    if LIBRARIES not in names or STEADY not in names:
        return []
    return list(footprint.phases[names.index(LIBRARIES) : names.index(STEADY) + 1])


def _delegates(program: Program | None, footprint: Footprint) -> bool:
    """Whether any method that ran has delegates."""
    ran = {phase.method for phase in footprint.phases if phase.method}
    methods = () if program is None else program.methods
    return any(len(one.delegates) for one in methods if not ran or one.name in ran)


def _arenas(phase: Phase, planned: int, footprint: Footprint) -> Asked:
    several = sum(one.name == METHOD for one in footprint.phases) > 1
    if phase.name == PROGRAM:
        label = "planned arenas, shared by all methods" if several else "planned arenas"
    else:
        label = f"planned arenas of {phase.method}"
    return Asked(
        ARENAS, label, planned, PLANNED, f'the allocator gave out as much in "{phase.name}"'
    )


def _rest(phase: Phase, size: int, method: Method | None, delegates: bool) -> Iterator[Asked]:
    """What a phase asked for besides arenas."""
    seen = f'the allocator\'s count in "{phase.name}"'
    if phase.name == PROGRAM:
        yield Asked(STRUCTURES, "runtime's structures of the program", size, DERIVED, seen)
    elif phase.name == METHOD:
        yield from _of_method(phase.method or "?", size, method, seen)
    elif phase.name == FIRST:
        purpose = DELEGATES_RUN if delegates else RESULTS
        what = "delegates and results" if delegates else "results and runtime's objects"
        yield Asked(purpose, f"{what} of the first execution", size, DERIVED, seen)
    else:
        yield Asked(LATER, "asked for after the first execution", size, DERIVED, seen)


def _of_method(name: str, size: int, method: Method | None, seen: str) -> Iterator[Asked]:
    structures = f"runtime's structures of {name}"
    if method is None or not len(method.delegates) or size <= 0:
        yield Asked(STRUCTURES, structures, size, DERIVED, seen)
        return
    own = min(method_allocator(method).with_lookup_bytes, size)
    counted = "counted from the tables of the program"
    yield Asked(STRUCTURES, structures, own, ESTIMATED, counted)
    label = f"delegates of {name}: packed weights and objects"
    less = f"{seen}, less the runtime's structures"
    yield Asked(LOADED_DELEGATES, label, size - own, DERIVED, less)
