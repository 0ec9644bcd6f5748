"""What a measured process holds besides the plan, in few figures: delegates, and what is most."""

from __future__ import annotations

from typing import NamedTuple

from etscope.etdump.footprint import LIBRARY
from etscope.inspector.memory.footprint import FootprintLedger
from etscope.inspector.memory.footprint_heap import ARENAS, DELEGATES_RUN, LOADED_DELEGATES
from etscope.inspector.memory.footprint_parts import MEASURED
from etscope.inspector.wording import percent, size_text


class DelegateMemory(NamedTuple):
    """Bytes asked of the C allocator and not given back until the steady state; derived."""

    loaded_bytes: int  # while methods were loaded, less the runtime's structures
    run_bytes: int  # in the first execution; results are in it
    arena_bytes: int  # planned, and found among what was asked for

    @property
    def held_bytes(self) -> int:
        """What delegates hold: results of the first execution are in it."""
        return self.loaded_bytes + self.run_bytes


def delegate_memory(grown: FootprintLedger) -> DelegateMemory:
    """What delegates hold besides the arenas, by when they asked for it."""
    sizes = dict.fromkeys((LOADED_DELEGATES, DELEGATES_RUN, ARENAS), 0)
    for part in grown.parts:
        if part.purpose in sizes:
            sizes[part.purpose] += max(part.asked_bytes or 0, 0)
    return DelegateMemory(*sizes.values())


_WORDS = {
    LOADED_DELEGATES: "packed weights and objects of delegates",
    DELEGATES_RUN: "delegates and results of the first execution",
    ARENAS: "planned arenas",
    LIBRARY: "code and data of libraries",
}


def process_text(grown: FootprintLedger | None) -> str:
    """That the arenas are not all, for a verdict: the growth and its largest part; "": unknown."""
    if grown is None or grown.own_growth_bytes <= 0:
        return ""
    sizes: dict[tuple[str, str], int] = {}
    for part in grown.parts:
        kind = LIBRARY if part.group == LIBRARY else part.purpose
        key = _WORDS.get(kind or "", part.label), part.basis
        sizes[key] = sizes.get(key, 0) + part.size_bytes
    text = f"the process holds {size_text(grown.own_growth_bytes)} more than the loaded libraries"
    if grown.own_basis != MEASURED or not sizes:
        text += f" ({grown.own_basis})"
    if not sizes:
        return text
    (label, basis), size = max(sizes.items(), key=lambda item: item[1])
    share = percent(size / grown.own_growth_bytes)
    return f"{text}, {share} of it {label} ({basis})" if size > 0 else text
