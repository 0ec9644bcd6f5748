"""The same values in the same order, placed otherwise."""

from __future__ import annotations

from etscope.inspector.memory.replan import ALIGNMENT, is_slow
from etscope.inspector.memory.what_if.answer import LEAST, Baseline, Change, WhatIf
from etscope.inspector.memory.what_if.ways import PLACES, alignment_way
from etscope.inspector.wording import size_text

#: Places at multiples of these; 8 is the size of the largest element that is common.
_ALIGNMENTS = (8, 1)


def placement_answers(base: Baseline) -> list[WhatIf]:
    """What it saves to give the same values in the same order other places: see replan."""
    before, after = base.plan.planned_bytes, base.planned_again
    if before - after < LEAST * before or after >= before:
        return []
    return [
        WhatIf(
            kind="placement",
            rows=(),
            instruction=None,
            message="if the same values in the same order were placed otherwise (the largest or"
            " longest-lived first, each in the tightest gap), the arenas would need"
            f" {size_text(after)} instead of {size_text(before)}",
            condition="The exporter is given a planning algorithm that places values so: greedy by"
            " size, best fit, and three more orders.",
            peak_bytes=base.peak_bytes,
            planned_bytes=after,
            saves_peak_bytes=0,
            saves_planned_bytes=before - after,
            verified=True,
            way=PLACES,
        )
    ]


def alignment_answers(base: Baseline) -> list[WhatIf]:
    """What it saves to let values begin at multiples of fewer bytes than the exporter's 16.

    Not asked of a method with so many values alive at once that each plan takes long.
    """
    found: list[WhatIf] = []
    if is_slow(base.lives):
        return found
    for alignment in _ALIGNMENTS:
        change = Change(
            kind="alignment",
            rows=(),
            instruction=None,
            what=f"if values began at multiples of {alignment} bytes instead of {ALIGNMENT}"
            if alignment > 1
            else f"if values began at any byte instead of multiples of {ALIGNMENT}",
            condition="Kernels and delegates take memory that begins there.",
            way=alignment_way(alignment, base.before == base.plan.planned_bytes),
        )
        answer = base.answer(change, base.lives, alignment)
        if answer is not None:
            found.append(answer)
    # max takes the first of equals, the larger alignment.
    return [max(found, key=lambda answer: answer.saves_planned_bytes)] if found else []
