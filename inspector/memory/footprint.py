"""From planned bytes to what the process really holds: the growth of a footprint, by name.

Between "libraries loaded" and the steady state a process grows. Every page that
came is in one kind of mapping, which names pages of files, of libraries and of
stacks; what is on the heap is named by the allocator's own count in each phase.
What neither names is unattributed.
"""

from __future__ import annotations

from dataclasses import dataclass

from etscope.etdump.footprint import LIBRARIES, LIBRARY, STEADY, Footprint, Phase
from etscope.etdump.printable import printable
from etscope.etdump.program import Program
from etscope.inspector.memory.footprint_heap import ARENAS, asked_of_heap
from etscope.inspector.memory.footprint_parts import MEASURED, GrowthPart, by_mapping, of_heap
from etscope.inspector.wording import percent, size_text

#: What growth is counted in, the best first: shared pages by their share, not at all, whole.
BASES = ("pss_bytes", "uss_bytes", "rss_bytes")

_SETTLED = "settled_pss_bytes"


@dataclass(frozen=True)
class PhaseRow:
    """A phase and what it added. Absent where the system did not tell: None."""

    phase: Phase
    growth_bytes: int | None  # of the ledger's `counted_in`, since the phase before
    heap_bytes: int | None  # asked of the C allocator less given back, since the phase before


@dataclass(frozen=True)
class FootprintLedger:
    """Parts, `sharing_bytes` and `unattributed_bytes` add up to `growth_bytes`, exactly."""

    basis: str  # the figure that grew: one of BASES
    counted_in: str  # what parts and phases are counted in: `basis`, or that settled
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
        """The growth but for what other processes changed; parts and the rest add up to it."""
        return self.growth_bytes - self.sharing_bytes

    @property
    def own_name(self) -> str:
        """What `own_growth_bytes` and the growth of phases are of: "settled PSS"."""
        name = self.basis.removesuffix("_bytes").upper()
        return name if self.counted_in == self.basis else f"settled {name}"

    @property
    def own_basis(self) -> str:
        """What `own_growth_bytes` is: "measured", or "derived" where sharing changed."""
        return "derived" if self.sharing_bytes else MEASURED

    def share_of(self, size_bytes: int) -> float | None:
        """A part of `own_growth_bytes`; None where nothing grew."""
        whole = self.own_growth_bytes
        return size_bytes / whole if whole > 0 else None

    @property
    def explained(self) -> float | None:
        """The share of `own_growth_bytes` that has names; None where nothing grew."""
        if self.own_growth_bytes <= 0:
            return None
        return max(1 - abs(self.unattributed_bytes) / self.own_growth_bytes, 0.0)

    @property
    def verdict(self) -> str:
        """One sentence."""
        return printable(self._verdict)

    @property
    def _verdict(self) -> str:
        name = self.own_name
        if self.own_growth_bytes <= 0:
            return f"In the steady state {name} is not above that of the loaded libraries."
        share = percent(abs(self.unattributed_bytes) / self.own_growth_bytes)
        held = f"The steady state holds {size_text(self.own_growth_bytes)} above the loaded"
        named = [f"{size_text(size)} {label} ({basis})" for label, size, basis in self._largest]
        most = f": most of it {', '.join(named)}" if named else ""
        rest = f"{share} is unattributed" if self.unattributed_bytes else "nothing is unattributed"
        return f"{held} libraries ({name}, {self.own_basis}){most}; {rest}.{self._peak_text}"

    @property
    def _largest(self) -> list[tuple[str, int, str]]:
        """Three parts for a sentence, libraries as one, and planned arenas in any case."""
        code = sum(part.size_bytes for part in self.parts if part.group == LIBRARY)
        others = [part for part in self.parts if part.group != LIBRARY]
        found = [("code and data of libraries", code, MEASURED)]
        found += [(_told(part), part.size_bytes, part.basis) for part in others]
        arenas = {_told(part) for part in others if part.purpose == ARENAS}
        found = sorted((one for one in found if one[1] > 0), key=lambda one: -one[1])
        return found[:3] + [one for one in found[3:] if one[0] in arenas]

    @property
    def _peak_text(self) -> str:
        steady = next(row.phase for row in reversed(self.rows) if row.phase.name == STEADY)
        above = (self.peak_rss_bytes or 0) - steady.figures.get("rss_bytes", 0)
        if self.peak_phase is None or above < self.own_growth_bytes / 20:
            return ""
        return f' Its peak, in "{self.peak_phase}", was {size_text(above)} above that (RSS).'


def _told(part: GrowthPart) -> str:
    """A part in a sentence; of arenas, how much is planned where not all is on new pages."""
    asked = part.asked_bytes
    if part.purpose != ARENAS or asked is None or asked == part.size_bytes:
        return part.label
    return f"of {size_text(asked)} {part.label}"


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
        parts, heap = by_mapping(base, steady, figure)
    else:
        notes.append("Growth is not told by mapping: pages of files and libraries have no name.")
    parts += of_heap(heap, steady, asked_of_heap(footprint, program), program)
    parts = [part for part in parts if part.size_bytes]
    peak, phase = _peak(footprint)
    return FootprintLedger(
        basis=basis,
        counted_in=figure,
        growth_bytes=growth,
        sharing_bytes=growth - own,
        parts=tuple(sorted(parts, key=lambda part: -part.size_bytes)),
        unattributed_bytes=own - sum(part.size_bytes for part in parts),
        rows=_rows(footprint, basis, figure),
        peak_rss_bytes=peak,
        peak_phase=phase,
        notes=tuple(notes),
    )


def _rows(footprint: Footprint, basis: str, figure: str) -> tuple[PhaseRow, ...]:
    rows = []
    before: Phase | None = None
    settling = False  # until the libraries are loaded, both figures are one
    for phase in footprint.phases:
        grown = _difference(before, phase, figure if settling else basis)
        settling = settling or phase.name == LIBRARIES
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
