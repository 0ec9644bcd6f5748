"""All answers about one method: what is nearest first, and of that what saves most."""

from __future__ import annotations

from etscope.inspector.memory.plan import MemoryPlan
from etscope.inspector.memory.what_if.answer import Baseline, WhatIf, baseline_of
from etscope.inspector.memory.what_if.calls import Calls
from etscope.inspector.memory.what_if.constants import constant_answers
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
    return answers_about(baseline_of(plan))


def answers_about(base: Baseline | None) -> tuple[WhatIf, ...]:
    """The same of a plan that was planned again; None: it could not be."""
    if base is None or not base.peak_bytes:
        return ()
    calls = Calls(base.plan, base.blocks)
    found = [
        *sharing_answers(base, calls),
        *constant_answers(base),
        *reorder_answers(base, calls),
        *recompute_answers(base, calls),
        *placement_answers(base),
        *alignment_answers(base),
    ]
    found.sort(key=_rank)
    return tuple(one for place, one in enumerate(found) if not _adds_nothing(one, found[:place]))


def _rank(answer: WhatIf) -> tuple[int, int, int]:
    return answer.effort.rank, -answer.saves_planned_bytes, -answer.saves_peak_bytes


def _adds_nothing(answer: WhatIf, nearer: list[WhatIf]) -> bool:
    """Whether several things together save no more than one that is nearer."""
    return answer.kind == "together" and any(
        one.saves_planned_bytes >= answer.saves_planned_bytes
        and one.saves_peak_bytes >= answer.saves_peak_bytes
        for one in nearer
    )
