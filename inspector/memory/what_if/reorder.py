"""Another order of the same instructions, in which less is alive at the peak."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from etscope.etdump.columns import Ints
from etscope.etdump.instructions import InstructionKind
from etscope.inspector.memory.replan import Lives, live_bytes_of
from etscope.inspector.memory.what_if.answer import Baseline, Change, WhatIf
from etscope.inspector.memory.what_if.calls import Calls
from etscope.inspector.memory.what_if.moves import Move, moves_of, numbers_text
from etscope.inspector.memory.what_if.operators import WRITES_BACK
from etscope.inspector.memory.what_if.order import Stretch, backward_order, forward_order
from etscope.inspector.memory.what_if.ways import ORDER, WRITE_BACKS, all_of
from etscope.inspector.wording import counted

#: Instructions around the peak that may change places.
_LONGEST = 2048
#: Up to here both ways are tried one after the other, too.
_SHORT = 1024
#: Uses of bytes by instructions that may change places: some read thousands of values.
_MOST_USES = 65_536
#: Moves in a sentence, and numbers of instructions in one of them.
_TOLD = 3
_CONDITION = (
    "The exporter, or the model's source, puts the calls into this order; every call still comes"
    " behind what it depends on."
)


def reorder_answers(base: Baseline, calls: Calls) -> list[WhatIf]:
    """What it saves to run the instructions around the peak in another order.

    Only within a stretch without jumps, moves, sizes and random numbers, and only
    where all steps of the peak lie in one.
    """
    window = _window(base, calls)
    if window is None:
        return []
    first, last = window
    best: tuple[int, int, list[int]] | None = None
    for order in _orders(base, calls, first, last):
        lives = lives_in_order(base, first, order)
        peak = int(live_bytes_of(lives, base.steps).max())
        moved = sum(len(move.instructions) for move in moves_of(order))
        if peak < base.peak_bytes and (best is None or (peak, moved) < best[:2]):
            best = peak, moved, order
    if best is None or not keeps_dependencies(calls, first, best[2]):
        return []
    answer = base.answer(_change(base, calls, first, best[2]), lives_in_order(base, first, best[2]))
    return [] if answer is None else [answer]


def lives_in_order(base: Baseline, start: int, order: list[int]) -> Lives:
    """The lives if instructions start, start + 1, ... ran in another order of 0, 1, ..."""
    blocks, end = base.blocks, start + len(order)
    place = np.arange(base.steps)  # of step - 1, so that steps -1 and n fit
    place[start + 1 + np.array(order, np.int64)] = np.arange(start + 1, end + 1)
    used = np.flatnonzero(np.diff(blocks.edges) > 0)
    edges = blocks.edges[used]
    new = place[blocks.step + 1] - 1
    first, last = blocks.first.copy(), blocks.last.copy()
    if len(used):
        begins, ends = blocks.step[edges], blocks.step[blocks.edges[used + 1] - 1]
        here = (first[used] == begins) & (begins >= start) & (begins < end)
        first[used[here]] = np.minimum.reduceat(new, edges)[here]
        here = (last[used] == ends) & (ends >= start) & (ends < end)
        last[used[here]] = np.maximum.reduceat(new, edges)[here]
    return Lives(blocks.arena, blocks.size_bytes, first, last)


def keeps_dependencies(calls: Calls, start: int, order: list[int]) -> bool:
    """Whether each call still comes behind all writes that it came behind, and so on.

    Looks at every pair of uses of the same bytes of which one writes.
    """
    place = [0] * len(order)
    for at, one in enumerate(order):
        place[one] = at
    newest: dict[int, int] = {}  # bytes → the latest place of any use so far
    written: dict[int, int] = {}  # bytes → the latest place of a write so far
    for one, at in enumerate(place):
        for bytes_, writes in _accesses(calls, start + one):
            before = newest if writes else written
            if before.get(bytes_, -1) > at:
                return False
        for bytes_, writes in _accesses(calls, start + one):
            newest[bytes_] = max(newest.get(bytes_, -1), at)
            if writes:
                written[bytes_] = max(written.get(bytes_, -1), at)
    return sorted(order) == list(range(len(order)))


def _window(base: Baseline, calls: Calls) -> tuple[int, int] | None:
    """First and last instruction of the stretch around all steps of the peak."""
    low, high = int(base.peak_steps[0]), int(base.peak_steps[-1])
    if low < 0 or high >= base.plan.instructions or high - low >= _LONGEST:
        return None
    number = int(calls.stretch[low])
    if number < 0 or calls.stretch[high] != number:
        return None
    mine = np.flatnonzero(calls.stretch == number)
    spare = (_LONGEST - (high - low + 1)) // 2
    while True:
        first, last = max(int(mine[0]), low - spare), min(int(mine[-1]), high + spare)
        if calls.uses_between(first, last) <= _MOST_USES:
            return (first, last) if last > first else None
        if not spare:
            return None
        spare //= 2


def _orders(base: Baseline, calls: Calls, first: int, last: int) -> Iterator[list[int]]:
    stretch = _stretch(base, calls, first, last)
    forward = forward_order(stretch, base.peak_bytes)
    yield forward
    backward = backward_order(stretch, base.peak_bytes)
    yield backward
    if len(stretch) <= _SHORT:
        both = forward_order(stretch.in_order(backward), base.peak_bytes)
        yield [backward[place] for place in both]


def _stretch(base: Baseline, calls: Calls, first: int, last: int) -> Stretch:
    """The instructions first..last with what they touch and depend on."""
    blocks, lives = base.blocks, base.lives
    local: dict[int, int] = {}
    touched = []
    for instruction in range(first, last + 1):
        mine = dict.fromkeys(number for number, _ in _accesses(calls, instruction) if number >= 0)
        touched.append([local.setdefault(block, len(local)) for block in mine])
    kept = np.fromiter(local, np.int64, len(local))
    begins = blocks.step[blocks.edges[kept]]
    ends = blocks.step[blocks.edges[kept + 1] - 1]
    begins_here = (lives.first[kept] == begins) & (begins >= first)
    ends_here = (lives.last[kept] == ends) & (ends <= last)
    size, before = lives.size_bytes, lives.first < first
    return Stretch(
        touched=touched,
        after=_dependencies(calls, first, last),
        size_bytes=size[kept].tolist(),
        begins=begins_here.tolist(),
        ends=ends_here.tolist(),
        alive=int(size[before & (lives.last >= first)].sum()),
        alive_behind=int(size[(lives.first <= last) & (lives.last > last)].sum()),
    )


def _dependencies(calls: Calls, first: int, last: int) -> list[list[int]]:
    """Per instruction those behind it that need its result, or that it must not run behind."""
    table = calls.plan.method.instructions
    writer: dict[int, int] = {}
    readers: dict[int, list[int]] = {}
    called: dict[int, int] = {}  # delegate → its last call: what it keeps to itself is not known
    after: list[set[int]] = [set() for _ in range(first, last + 1)]
    for one in range(len(after)):
        accesses = _accesses(calls, first + one)
        for bytes_, writes in accesses:
            if bytes_ in writer:
                after[writer[bytes_]].add(one)
            if writes:
                for reader in readers.pop(bytes_, ()):
                    after[reader].add(one)
        for bytes_, writes in accesses:
            if writes:
                writer[bytes_] = one
            else:
                readers.setdefault(bytes_, []).append(one)
        if table.kind[first + one] == InstructionKind.DELEGATE_CALL:
            callee = int(table.callee[first + one])
            if callee in called:
                after[called[callee]].add(one)
            called[callee] = one
    return [sorted(others - {one}) for one, others in enumerate(after)]


def _accesses(calls: Calls, instruction: int) -> list[tuple[int, bool]]:
    """(bytes, whether it writes them) of each use: a block, or below 0 a tensor without one."""
    out = []
    for tensors, writes in ((calls.reads(instruction), False), (calls.writes(instruction), True)):
        for tensor in tensors:
            block = calls.block(tensor)
            out.append((block if block >= 0 else -1 - tensor, writes))
    return out


def _change(base: Baseline, calls: Calls, first: int, order: list[int]) -> Change:
    new = tuple(first + one for one in order)
    moves = moves_of(new)
    moved = [one for move in moves for one in move.instructions]
    back = [calls.operator(one) == WRITES_BACK for one in moved]
    return Change(
        kind="reorder",
        rows=_rows(base, moved),
        instruction=moved[0],
        what=_what(base, moves),
        condition=_CONDITION,
        order=new,
        way=WRITE_BACKS if all(back) else all_of([ORDER, WRITE_BACKS]) if any(back) else ORDER,
    )


def _what(base: Baseline, moves: list[Move]) -> str:
    """The largest moves in words; all others are counted."""
    told: list[str] = []
    for move in moves[:_TOLD]:
        where = "first" if move.after < 0 else f"right after {base.operator(move.after)}"
        which = base.operator(move.instructions[0])
        if len(move.instructions) > 1:
            which = f"instructions {numbers_text(move.instructions, _TOLD)}"
        told.append(f"{which} {where}" if told else f"{which} ran {where}")
    more = sum(len(move.instructions) for move in moves[_TOLD:])
    text = "if " + ", ".join(told)
    return f"{text}, and {counted(more, 'more instruction')} in other places" if more else text


def _rows(base: Baseline, instructions: list[int]) -> tuple[int, ...]:
    """The values that these instructions make."""
    made: Ints = np.flatnonzero(np.isin(base.plan.producer[base.blocks.row], instructions))
    return tuple(base.blocks.row[made].tolist())
