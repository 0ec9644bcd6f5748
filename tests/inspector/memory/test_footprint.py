"""The growth of a process by name, on footprints made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import program_builder as make
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etscope.etdump.footprint import (
    ANONYMOUS,
    FIRST,
    HEAP,
    LIBRARIES,
    LIBRARY,
    METHOD,
    OTHER,
    PROGRAM,
    PROGRAM_FILE,
    STACK,
    START,
    STEADY,
    UNLOADED,
    Footprint,
    Mapped,
    Phase,
)
from etscope.etdump.program import Program, read_program
from etscope.inspector.memory.footprint import FootprintLedger, footprint_ledger
from etscope.inspector.memory.run_rows import growth_rows

KB = 1024
ALL = (START, LIBRARIES, PROGRAM, METHOD, FIRST, STEADY, UNLOADED)
HEAP_USED = (0, 500, 600, 630, 660, 660, 510)  # kB per phase


def a_program(*arenas: tuple[int, ...], delegate: bool = False) -> Program:
    """Methods `m0`, `m1`, …, each with arenas of these sizes."""
    delegates = [make.delegate("XnnpackBackend")] if delegate else []
    methods = [
        make.method(f"m{number}", arenas=[0, *sizes], delegates=delegates)
        for number, sizes in enumerate(arenas)
    ]
    return read_program(make.program(*methods, blobs=[b"blob"]))


def mapped(pages: Mapping[str, int]) -> tuple[Mapped, ...]:
    """Rows of kilobytes per kind; other names are libraries."""
    kinds = {"file": PROGRAM_FILE, "heap": HEAP, "anonymous": ANONYMOUS, "stack": STACK}
    kinds |= {"other": OTHER, "rest": LIBRARY}
    return tuple(
        Mapped(
            kinds.get(name, LIBRARY),
            None if name in kinds else f"lib{name}.so",
            dict.fromkeys(("pss_bytes", "settled_pss_bytes"), size * KB),
        )
        for name, size in pages.items()
    )


def a_footprint(
    before: Mapping[str, int],
    after: Mapping[str, int],
    *,
    sharing: int = 0,
    heap: tuple[int, ...] | None = HEAP_USED,
    kept: int | None = None,
) -> Footprint:
    """Pages by kind, in kilobytes, when the libraries are loaded and ever after."""
    phases = []
    for number, name in enumerate(ALL):
        pages = before if number < 2 else after
        size = sum(pages.values()) * KB
        figures = {"pss_bytes": size, "settled_pss_bytes": size, "rss_bytes": size}
        figures |= {"peak_rss_bytes": size + number * KB}
        if number >= 2:
            figures["pss_bytes"] += sharing * KB
        if heap is not None:
            figures["heap_used_bytes"] = heap[number] * KB
        if kept is not None and name == STEADY:
            figures["heap_kept_bytes"] = kept * KB
        method = "m0" if name == METHOD else None
        phases.append(Phase(name, float(number), figures, method, mapped(pages)))
    return Footprint(tuple(phases), peak_from_start=False)


def ledger(footprint: Footprint, program: Program | None = None) -> FootprintLedger:
    found = footprint_ledger(footprint, program)
    assert found is not None
    return found


def sizes(found: FootprintLedger) -> dict[str, float]:
    """Kilobytes by label."""
    return {part.label: part.size_bytes / KB for part in found.parts}


def test_pages_of_files_libraries_and_stacks_are_named_by_their_mappings() -> None:
    before = {"rest": 900, "one": 10, "heap": 500}
    after = {"rest": 900, "one": 30, "heap": 500, "file": 40, "stack": 8, "other": 4}

    found = ledger(a_footprint(before, after, heap=None))

    assert sizes(found) == {
        "pages of the program's file": 40,
        "libone.so: code and data": 20,
        "stacks of threads": 8,
        "pages of other files": 4,
    }
    assert {part.basis for part in found.parts} == {"measured"}
    assert (found.basis, found.growth_bytes, found.unattributed_bytes) == ("pss_bytes", 72 * KB, 0)
    assert found.explained == 1.0


def test_the_heap_is_named_by_the_phase_that_asked() -> None:
    found = ledger(a_footprint({"heap": 500}, {"heap": 700}, kept=16), a_program((64 * KB,)))

    assert [(p.label, p.size_bytes // KB, p.basis) for p in found.parts] == [
        ("planned arenas", 64, "planned"),
        ("runtime's structures of the program", 36, "derived"),
        ("runtime's structures of m0", 30, "derived"),
        ("results and runtime's objects of the first execution", 30, "derived"),
        ("kept free by the allocator", 16, "measured"),
    ]
    assert found.unattributed_bytes == (200 - 160 - 16) * KB
    assert found.explained == pytest.approx(1 - 24 / 200)


def test_the_verdict_takes_libraries_as_one_and_always_tells_of_arenas() -> None:
    before, after = {"one": 1, "two": 1, "heap": 500}, {"one": 101, "two": 201, "heap": 660}
    after |= {"file": 90, "stack": 80}

    verdict = ledger(a_footprint(before, after), a_program((64 * KB,))).verdict

    assert verdict == (
        "The steady state holds 645 kB above the loaded libraries (settled PSS, measured): most "
        "of it 307 kB code and data of libraries (measured), 92.2 kB pages of the program's file "
        "(measured), 81.9 kB stacks of threads (measured), 65.5 kB planned arenas (planned); "
        "nothing is unattributed."
    )


def test_pages_that_were_there_before_are_not_counted_as_growth() -> None:
    found = ledger(a_footprint({"heap": 500}, {"heap": 540}), a_program((64 * KB,)))

    arenas = found.parts[0]
    assert (arenas.label, arenas.size_bytes, arenas.asked_bytes) == (
        "planned arenas",
        64 * KB * 40 // 160,
        64 * KB,
    )
    assert arenas.basis == "derived"
    assert arenas.evidence.endswith("; of 65,536 planned, its share of the heap's new pages")
    assert "16.4 kB of 65.5 kB planned arenas (derived)" in found.verdict
    assert found.unattributed_bytes == 0


def test_what_the_allocator_keeps_is_measured_only_where_all_of_it_is_left() -> None:
    kept = {
        size: next(p for p in ledger(made).parts if p.label == "kept free by the allocator")
        for size in (40, 41)
        for made in [a_footprint({"heap": 500}, {"heap": 700}, kept=size)]
    }

    assert (kept[40].size_bytes, kept[40].basis) == (40 * KB, "measured")
    assert (kept[41].size_bytes, kept[41].basis) == (40 * KB, "derived")
    assert kept[41].evidence.endswith("when asked, it gave back 41,984 (measured)")


def test_a_file_that_only_this_run_needs_has_its_name() -> None:
    made = a_footprint({"heap": 500}, {"heap": 660, "other": 8})
    named = [
        replace(p, mapped=tuple(replace(m, name="x.bin") for m in p.mapped)) for p in made.phases
    ]

    assert sizes(ledger(Footprint(tuple(named))))["x.bin: pages of this file"] == 8


def test_arenas_that_a_method_brings_are_found_where_it_is_loaded() -> None:
    used = (0, 500, 501, 601, 611, 611, 500)

    found = ledger(
        a_footprint({"heap": 500}, {"heap": 611}, heap=used), a_program((30 * KB, 60 * KB))
    )

    assert sizes(found)["planned arenas of m0"] == 90
    assert sizes(found)["runtime's structures of m0"] == 10


def test_methods_that_share_their_arenas_need_the_largest_of_each() -> None:
    program = a_program((30 * KB, 8 * KB), (10 * KB, 60 * KB))
    made = a_footprint({"heap": 500}, {"heap": 660})
    twice = (*made.phases[:4], made.phases[3], *made.phases[4:])

    assert sizes(ledger(Footprint(twice), program))["planned arenas, shared by all methods"] == 90


def test_delegates_hold_what_a_method_loads_besides_its_structures() -> None:
    made = a_footprint({"heap": 500}, {"heap": 660})

    found = ledger(made, a_program((64 * KB,), delegate=True))

    own = next(part for part in found.parts if part.label == "runtime's structures of m0")
    packed = next(part for part in found.parts if part.label.startswith("delegates of m0"))
    assert own.basis == "estimated"
    assert own.size_bytes + packed.size_bytes == 30 * KB
    assert sizes(found)["delegates and results of the first execution"] == 30


def test_what_other_processes_share_is_told_apart_from_growth() -> None:
    before, after = {"rest": 900, "heap": 500}, {"rest": 900, "heap": 660}

    found = ledger(a_footprint(before, after, sharing=-300))

    assert (found.growth_bytes, found.sharing_bytes) == (-140 * KB, -300 * KB)
    assert found.own_growth_bytes == 160 * KB
    assert (found.own_name, found.own_basis) == ("settled PSS", "derived")
    assert sum(row["share"] for row in growth_rows(found)) == pytest.approx(1)
    assert found.explained == 1.0
    assert "holds 164 kB above" in found.verdict


def test_a_heap_that_shrinks_is_told_as_such() -> None:
    found = ledger(a_footprint({"heap": 500, "one": 10}, {"heap": 480, "one": 60}))

    assert sizes(found) == {"libone.so: code and data": 50, "pages given back": -20}


@pytest.mark.parametrize("figure", ["rss_bytes", "uss_bytes"])
def test_without_shares_and_mappings_the_plan_alone_has_a_name(figure: str) -> None:
    phases = tuple(
        Phase(name, float(number), {figure: 1000 * KB + number * 100 * KB})
        for number, name in enumerate((LIBRARIES, FIRST, STEADY))
    )

    found = ledger(Footprint(phases), a_program((64 * KB,)))

    assert found.basis == figure
    assert sizes(found) == {"planned arenas": 64}
    assert found.unattributed_bytes == 136 * KB
    assert found.notes == (
        "Growth is not told by mapping: pages of files and libraries have no name.",
    )
    assert found.peak_rss_bytes is None
    assert [row.heap_bytes for row in found.rows] == [None, None, None]


def test_the_peak_is_that_of_the_phases_after_the_libraries() -> None:
    found = ledger(a_footprint({"heap": 500}, {"heap": 660}))

    assert (found.peak_rss_bytes, found.peak_phase) == ((660 + 6) * KB, UNLOADED)


def test_a_peak_far_above_the_steady_state_is_in_the_verdict() -> None:
    made = a_footprint({"heap": 500}, {"heap": 660})
    phases = list(made.phases)
    figures = {**phases[3].figures, "peak_rss_bytes": 1660 * KB}
    phases[3] = Phase(METHOD, 3.0, figures, "m0", phases[3].mapped)

    found = ledger(Footprint(tuple(phases), peak_from_start=False))

    assert found.verdict.endswith('Its peak, in "method loaded", was 1.02 MB above that (RSS).')


@pytest.mark.parametrize("missing", [LIBRARIES, STEADY])
def test_there_is_no_ledger_without_both_ends(missing: str) -> None:
    made = a_footprint({"heap": 500}, {"heap": 660})

    assert footprint_ledger(Footprint(made.phases[:0]), None) is None
    kept = tuple(phase for phase in made.phases if phase.name != missing)
    assert footprint_ledger(Footprint(kept), None) is None


def test_there_is_no_ledger_where_nothing_was_told_of_both_ends() -> None:
    phases = (Phase(LIBRARIES, 0.0, {"rss_bytes": 1}), Phase(STEADY, 1.0, {"pss_bytes": 1}))

    assert footprint_ledger(Footprint(phases), None) is None


_SIZES = st.integers(0, 2**40) | st.integers(0, 2**63 - 1)
_NAMES = (
    *("rss_bytes", "pss_bytes", "uss_bytes", "settled_pss_bytes"),
    *("heap_used_bytes", "heap_kept_bytes"),
)
_FIGURES = st.fixed_dictionaries({}, optional=dict.fromkeys(_NAMES, _SIZES))
_KINDS = st.sampled_from([PROGRAM_FILE, LIBRARY, HEAP, ANONYMOUS, STACK, OTHER, "new kind"])
_MAPPED = st.builds(Mapped, _KINDS, st.sampled_from([None, "a.so", "b.so"]), _FIGURES)


def _phase(*names: str) -> st.SearchStrategy[Phase]:
    mapped = st.lists(_MAPPED, max_size=3).map(tuple)
    method = st.sampled_from([None, "m0"])
    return st.builds(Phase, st.sampled_from(names), st.just(0.0), _FIGURES, method, mapped)


#: Both ends of the ledger, with any phases before, between and behind them.
_PHASES = st.builds(
    lambda base, between, steady, others: [*others[:1], base, *between, steady, *others[1:]],
    _phase(LIBRARIES),
    st.lists(_phase(*ALL), max_size=2),
    _phase(STEADY),
    st.lists(_phase(*ALL), max_size=2),
)


@settings(deadline=None, max_examples=50)
@given(_PHASES, st.booleans(), st.booleans())
def test_parts_always_add_up(phases: list[Phase], delegate: bool, alone: bool) -> None:
    program = None if alone else a_program((64,), delegate=delegate)

    found = footprint_ledger(Footprint(tuple(phases)), program)

    if found is None:
        return
    named = sum(part.size_bytes for part in found.parts)
    assert named + found.sharing_bytes + found.unattributed_bytes == found.growth_bytes
    assert sum(row["size_bytes"] for row in growth_rows(found)) == found.own_growth_bytes
    assert all(part.size_bytes and part.label and part.evidence for part in found.parts)
    assert found.explained is None or 0 <= found.explained <= 1
    assert found.verdict.endswith(".")
    assert len(found.rows) == len(phases)
