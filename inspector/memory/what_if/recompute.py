"""Values that wait through the peak and could be computed again when they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from etscope.inspector.memory.replan import Lives, live_bytes_of
from etscope.inspector.memory.what_if.answer import Baseline, Change, WhatIf
from etscope.inspector.memory.what_if.calls import Calls
from etscope.inspector.memory.what_if.operators import ELEMENTWISE, MADE_OF_NOTHING, RESHAPES
from etscope.inspector.memory.what_if.ways import TWICE
from etscope.inspector.wording import size_text

#: Values that are looked at, the largest first, and those that are planned again.
_MOST_LOOKED_AT, _MOST_ANSWERS = 24, 2
_CHEAP = ELEMENTWISE | RESHAPES | MADE_OF_NOTHING


class Again(NamedTuple):
    """A value, and where it would be computed a second time."""

    block: int
    producer: int  # instruction
    before: int  # the last step in front of the peak that uses it
    use: int  # the first behind: it would be computed again right before
    operands: tuple[int, ...]  # blocks that the producer reads


def recompute_answers(base: Baseline, calls: Calls) -> list[WhatIf]:
    """What it saves to compute one value twice instead of keeping it through the peak.

    Only results of elementwise operators, reshapes and fills are asked about, whose operands
    nothing writes to in the meantime; they are kept as long as is needed.
    """
    found = []
    for again in _candidates(base, calls):
        lives = lives_with(base, again)
        saved = base.peak_bytes - int(live_bytes_of(lives, base.steps + 1).max())
        if saved > 0:
            found.append((-saved, again, lives))
    found.sort(key=lambda entry: entry[0])
    answers = [
        base.answer(_change(base, calls, again), lives) for _, again, lives in found[:_MOST_ANSWERS]
    ]
    return [answer for answer in answers if answer is not None]


def lives_with(base: Baseline, again: Again) -> Lives:
    """The lives with one more instruction in front of step `use`, and one more value."""
    arena, size, first, last = base.lives
    first, last = first + (first >= again.use), last + (last >= again.use)
    until = int(last[again.block])
    last[again.block] = again.before
    for operand in again.operands:
        last[operand] = max(int(last[operand]), again.use)
    return Lives(
        np.append(arena, arena[again.block]),
        np.append(size, size[again.block]),
        np.append(first, again.use),
        np.append(last, until),
    )


def _candidates(base: Baseline, calls: Calls) -> Iterator[Again]:
    """What waits through all steps of the peak, is cheap to make, and can be made again."""
    blocks = base.blocks
    low, high = int(base.peak_steps[0]), int(base.peak_steps[-1])
    waits = (blocks.first < low) & (blocks.last > high) & ~blocks.lasting & ~calls.inputs
    found = np.flatnonzero(waits)
    found = found[np.argsort(-blocks.size_bytes[found], kind="stable")][:_MOST_LOOKED_AT]
    cheap = set(calls.named(_CHEAP)) if len(found) else set()
    for block in found.tolist():
        used = blocks.step[blocks.uses(block)]
        place = int(np.searchsorted(used, low))
        producer = int(blocks.first[block])
        if not 0 < place < len(used) or used[place] <= high or producer not in cheap:
            continue
        again = Again(block, producer, int(used[place - 1]), int(used[place]), ())
        again = again._replace(operands=_operands(calls, again))
        if _can_be_made_again(calls, again):
            yield again


def _operands(calls: Calls, again: Again) -> tuple[int, ...]:
    read = (calls.block(tensor) for tensor in calls.reads(again.producer))
    return tuple(dict.fromkeys(block for block in read if block >= 0))


def _can_be_made_again(calls: Calls, again: Again) -> bool:
    if not calls.made_here(again.block, again.producer) or again.block in again.operands:
        return False
    if len(calls.writes(again.producer)) != 1 or calls.in_loop[again.producer]:
        return False
    if calls.border[again.producer] or calls.jumps[again.producer + 1 : again.use + 1].any():
        return False
    return not any(
        calls.moved[block] or calls.written_between(block, again.producer, again.use)
        for block in again.operands
    )


def _change(base: Baseline, calls: Calls, again: Again) -> Change:
    size = size_text(int(base.blocks.size_bytes[again.block]))
    end = base.plan.instructions
    use = base.operator(again.use) if again.use < end else "the end"
    read = sum(max(int(calls.specs.size_bytes[t]), 0) for t in calls.reads(again.producer))
    return Change(
        kind="recompute",
        rows=(int(base.blocks.row[again.block]),),
        instruction=again.producer,
        what=f"if the {size} of {base.operator(again.producer)} were computed again right before"
        f" {use} instead of kept",
        condition=f"It costs one more run of the operator, which reads {size_text(read)} and"
        f" writes {size}.",
        way=TWICE,
    )
