"""All answers about one method, what saves most first."""

from __future__ import annotations

from etscope.inspector.memory.plan import MemoryPlan
from etscope.inspector.memory.what_if.answer import WhatIf, baseline_of
from etscope.inspector.memory.what_if.calls import Calls
from etscope.inspector.memory.what_if.placing import alignment_answers, placement_answers
from etscope.inspector.memory.what_if.recompute import recompute_answers
from etscope.inspector.memory.what_if.reorder import reorder_answers
from etscope.inspector.memory.what_if.sharing import sharing_answers


def what_ifs(plan: MemoryPlan) -> tuple[WhatIf, ...]:
    """What would need less memory, by how much the arenas and the peak would shrink.

    Each answer is planned again and checked; those that save nothing are left out. All
    are estimated. There are none of a method without planned values, and of one
    that is too large to plan again.
    """
    base = baseline_of(plan)
    if base is None or not base.peak_bytes:
        return ()
    calls = Calls(plan, base.blocks)
    found = [
        *sharing_answers(base, calls),
        *reorder_answers(base, calls),
        *recompute_answers(base, calls),
        *placement_answers(base),
        *alignment_answers(base),
    ]
    found.sort(key=lambda answer: (-answer.saves_planned_bytes, -answer.saves_peak_bytes))
    return tuple(found)
