"""Answers in which values take the place of others: in place, as views, and both together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from etscope.inspector.memory.replan import Lives, is_slow, live_bytes_of
from etscope.inspector.memory.what_if import in_place, view
from etscope.inspector.memory.what_if.answer import Baseline, Change, WhatIf
from etscope.inspector.memory.what_if.calls import Calls
from etscope.inspector.memory.what_if.merges import Merge, done_together
from etscope.inspector.memory.what_if.operators import name_of
from etscope.inspector.memory.what_if.ways import (
    CLONES,
    IN_PLACE,
    REINPLACE,
    RESHAPES,
    SHOWN,
    VIEWS,
    Effort,
    Way,
    all_of,
)
from etscope.inspector.wording import counted, listed, size_text

#: Single merges of one kind that are planned again, the largest first.
_MOST_SINGLE = 3
#: The one operator that the exporter's pass rewrites by itself, and the runtime has in place.
_PUTS = "aten::index_put"
_CLONES = frozenset({"aten::clone", "dim_order_ops::_clone_dim_order"})
_VIEW, _SHOWS = "aten::view_copy", "executorch_prim::et_view"
_SHAPES = frozenset({"aten::expand_copy", "aten::squeeze_copy", "aten::unsqueeze_copy"})
_CONDITIONS = {"in_place": in_place.CONDITION, "view": view.CONDITION}


def sharing_answers(base: Baseline, calls: Calls) -> list[WhatIf]:
    """What it saves to do operators in place, to show bytes instead of copying them, and both.

    Apart by what has to be done for them; then what can be done today together, and all.
    """
    groups: dict[tuple[str, Way], list[Merge]] = {}
    for merge in (*in_place.in_place(calls), *view.views(calls)):
        groups.setdefault((merge.kind, way_of(calls, merge)), []).append(merge)
    out: list[WhatIf | None] = []
    for (_, way), merges in groups.items():
        out += _of_group(base, calls, way, merges)
    doable = [group for group in groups if group[1].effort.doable]
    for together in (doable, list(groups)) if len(doable) < len(groups) else (doable,):
        if len(together) > 1:
            merges = [merge for group in together for merge in groups[group]]
            needed, lives = _needed(base, calls, merges)
            ways = [way_of(calls, merge) for merge in needed]
            if len({merge.kind for merge in needed}) > 1 or len(set(ways)) > 1:
                out.append(_answer(base, needed, lives, all_of(ways)))
    return [answer for answer in out if answer is not None]


def way_of(calls: Calls, merge: Merge) -> Way:
    """How one merge can be had."""
    operator = calls.operator(merge.instruction)
    if merge.kind == "in_place":
        mine = calls.inputs[merge.into] and not calls.blocks.lasting[merge.into]
        return REINPLACE if operator == _PUTS and not mine else IN_PLACE
    if operator in _CLONES:
        return CLONES
    if operator == _VIEW:
        made = any(name_of(name) == _SHOWS for name in calls.plan.method.operators)
        return SHOWN if made or calls.outputs[merge.gone] else VIEWS
    return RESHAPES if operator in _SHAPES else SHOWN


def _of_group(
    base: Baseline, calls: Calls, way: Way, merges: list[Merge]
) -> Iterator[WhatIf | None]:
    """All merges of a group that are needed for what they save together, and single ones.

    An option changes all that it can, so these are one answer.
    """
    if way.effort is Effort.OPTION:
        together = done_together(base, calls, merges)
        yield _answer(base, together.done, together.lives(), way)
        return
    needed, lives = _needed(base, calls, merges)
    yield _answer(base, needed, lives, way)
    if len(needed) > 1 and not is_slow(base.lives):
        for merge in _alone_at_the_peak(base, needed)[:_MOST_SINGLE]:
            alone = done_together(base, calls, [merge])
            yield _answer(base, alone.done, alone.lives(), way)


def _needed(base: Baseline, calls: Calls, merges: list[Merge]) -> tuple[list[Merge], Lives]:
    """Of merges that go together those without which the peak would not fall as far.

    Where the peak does not fall they may still make the arenas smaller: all are needed.
    """
    together = done_together(base, calls, merges)
    lives = together.lives()
    left = int(live_bytes_of(lives, base.steps).max(initial=0))
    above = np.concatenate([[0], np.cumsum(base.live_bytes > left)])
    needed = []
    for merge in together.done:
        low, high = _overlap(base, merge)
        if above[high + 2] > above[low + 1]:
            needed.append(merge)
    if left == base.peak_bytes or len(needed) == len(together.done):
        return together.done, lives
    fewer = done_together(base, calls, needed)
    lives_of_fewer = fewer.lives()
    if int(live_bytes_of(lives_of_fewer, base.steps).max(initial=0)) > left:
        return together.done, lives
    return fewer.done, lives_of_fewer


def _overlap(base: Baseline, merge: Merge) -> tuple[int, int]:
    """The steps in which both values of a merge are alive."""
    first, last = base.blocks.first, base.blocks.last
    both = merge.into, merge.gone
    return max(int(first[block]) for block in both), min(int(last[block]) for block in both)


def _alone_at_the_peak(base: Baseline, merges: Iterable[Merge]) -> list[Merge]:
    """Merges that lower the peak each for itself, the largest first."""
    low, high = int(base.peak_steps[0]), int(base.peak_steps[-1])
    found = []
    for merge in merges:
        since, until = _overlap(base, merge)
        if since <= low and high <= until:
            found.append(merge)
    return sorted(found, key=lambda merge: -int(base.blocks.size_bytes[merge.gone]))


def _answer(base: Baseline, merges: list[Merge], lives: Lives, way: Way) -> WhatIf | None:
    if not merges:
        return None
    blocks = dict.fromkeys(block for merge in merges for block in (merge.into, merge.gone))
    kinds = sorted({merge.kind for merge in merges})
    change = Change(
        kind=kinds[0] if len(kinds) == 1 else "together",
        rows=tuple(int(base.blocks.row[block]) for block in blocks),
        instruction=merges[0].instruction if len(merges) == 1 else None,
        what=_one(base, merges[0]) if len(merges) == 1 else _several(base, merges),
        condition=" ".join(_CONDITIONS[kind] for kind in kinds),
        way=way,
    )
    return base.answer(change, lives)


def _one(base: Baseline, merge: Merge) -> str:
    name, size = base.operator(merge.instruction), int(base.blocks.size_bytes[merge.gone])
    if merge.kind == "view":
        return f"if {name} showed the bytes of what it reads instead of copying {size_text(size)}"
    if merge.back < 0:
        return f"if {name} wrote its {size_text(size)} over what it reads"
    copy = base.operator(merge.back)
    return f"if {name} wrote its {size_text(size)} into the buffer, and {copy} were left out"


def _several(base: Baseline, merges: list[Merge]) -> str:
    """What several merges do, operators counted by name."""
    says: list[str] = []
    of_kind: dict[str, Callable[[str], str]] = {
        "in_place": lambda names: f"{names} wrote over what they read",
        "view": lambda names: f"{names} showed the bytes of what they read",
    }
    for kind, say in of_kind.items():
        names = Counter(
            base.plan.method.operator_of_instruction[merge.instruction]
            for merge in merges
            if merge.kind == kind
        )
        if names:
            texts = [f"{number:,} × {name}" for name, number in names.most_common()]
            says.append(say(listed(texts, 3)))
    back = sum(merge.back >= 0 for merge in merges)
    if back:
        says.append(f"{counted(back, 'copy', 'copies')} back into a buffer were left out")
    return "if " + " and ".join(says)
