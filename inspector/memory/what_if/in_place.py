"""Operators that could write their result over what they read."""

from __future__ import annotations

from collections.abc import Iterator

from etscope.inspector.memory.what_if.calls import Calls
from etscope.inspector.memory.what_if.merges import Merge
from etscope.inspector.memory.what_if.operators import ELEMENTWISE, PARTIAL, WRITES_BACK

CONDITION = (
    "The kernel reads each element before it writes in its place, shapes known only at run time"
    " are equal then, and the caller sets every input before each inference."
)


def in_place(calls: Calls) -> Iterator[Merge]:
    """Every result that fits into the place of a value that nothing needs any longer.

    An elementwise operator may take any operand of the result's type and shape, one
    that replaces some elements its first. The operand must not be needed behind
    the instruction; or it is a buffer, and the result is copied back into it
    before anything else looks at it.
    """
    for instruction in calls.named(ELEMENTWISE | PARTIAL):
        written = calls.writes(instruction)
        result = calls.block(written[0]) if len(written) == 1 else -1
        if result < 0 or not calls.made_here(result, instruction):
            continue
        read = calls.reads(instruction)
        if calls.operator(instruction) in PARTIAL:
            operands = [calls.first_argument(instruction)]
        else:
            operands = list(dict.fromkeys(read))
        for operand in operands:
            merge = _merge(calls, instruction, operand, written[0])
            if merge is not None and _alike(calls, read, merge.into, written[0]):
                yield merge
                break


def _merge(calls: Calls, instruction: int, operand: int, result: int) -> Merge | None:
    """The merge of a result into an operand, as far as these two allow it."""
    blocks, gone = calls.blocks, calls.block(result)
    into = calls.block(operand) if operand >= 0 else -1
    if into < 0 or into == gone or calls.moved[into] or not calls.same_layout(operand, result):
        return None
    if (
        blocks.arena[into] != blocks.arena[gone]
        or blocks.size_bytes[into] != blocks.size_bytes[gone]
    ):
        return None
    if not blocks.lasting[into]:
        return (
            Merge("in_place", instruction, into, gone) if blocks.last[into] == instruction else None
        )
    back = _copied_back(calls, instruction, into, gone)
    return None if back is None else Merge("in_place", instruction, into, gone, back)


def _alike(calls: Calls, read: list[int], into: int, result: int) -> bool:
    """Whether the instruction reads what it writes over in the result's shape alone."""
    mine = [tensor for tensor in read if calls.block(tensor) == into]
    return all(calls.same_layout(tensor, result) for tensor in mine)


def _copied_back(calls: Calls, instruction: int, buffer: int, result: int) -> int | None:
    """The instruction that copies a result into the buffer that it was made of; None: none.

    Nothing else may use the buffer between the two, nor write to it while the result is
    needed.
    """
    blocks = calls.blocks
    uses = blocks.step[blocks.uses(buffer)]
    later = uses[uses > instruction]
    if not len(later):
        return None
    back = int(later[0])
    if back >= calls.plan.instructions or calls.operator(back) != WRITES_BACK:
        return None
    read, written = calls.reads(back), calls.writes(back)
    copies = any(calls.block(tensor) == result for tensor in read)
    if not copies or [calls.block(tensor) for tensor in written] != [buffer]:
        return None
    if calls.written_between(buffer, back, int(blocks.last[result])) or calls.in_loop[instruction]:
        return None
    return None if calls.jumps[instruction + 1 : back + 1].any() else back
