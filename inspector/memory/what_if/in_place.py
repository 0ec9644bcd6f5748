"""Operators that could write their result over what they read."""

from __future__ import annotations

from collections import Counter
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
    that replaces some elements its first, if it reads that but once. The operand must
    not be needed behind the instruction; or it is a buffer, and the result is copied back into it
    before anything else looks at it.
    """
    for instruction in calls.named(ELEMENTWISE | PARTIAL):
        written = calls.writes(instruction)
        result = calls.block(written[0]) if len(written) == 1 else -1
        if result < 0 or not calls.made_here(result, instruction):
            continue
        read = calls.reads(instruction)
        if calls.operator(instruction) in PARTIAL:
            operands, needed = [calls.first_argument(instruction)], _read_again(calls, read)
        else:
            operands, needed = list(dict.fromkeys(read)), _unlike(calls, read, written[0])
        for operand in operands:
            merge = _merge(calls, instruction, operand, written[0])
            if merge is not None and merge.into not in needed:
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


def _unlike(calls: Calls, read: list[int], result: int) -> set[int]:
    """The blocks that an instruction reads in another shape than the result's."""
    return {calls.block(tensor) for tensor in read if not calls.same_layout(tensor, result)}


def _read_again(calls: Calls, read: list[int]) -> set[int]:
    """The blocks that two arguments read: an element may be needed after it was replaced."""
    times = Counter(calls.block(tensor) for tensor in read)
    return {block for block, number in times.items() if number > 1}


def _copied_back(calls: Calls, instruction: int, buffer: int, result: int) -> int | None:
    """The instruction that copies a result into the buffer that it was made of; None: none.

    Nothing else may use the buffer between the two, nor write to it while the result is
    needed.
    """
    blocks = calls.blocks
    back = calls.next_use(buffer, instruction)
    if not 0 <= back < calls.plan.instructions or calls.operator(back) != WRITES_BACK:
        return None
    read, written = calls.reads(back), calls.writes(back)
    copies = any(calls.block(tensor) == result for tensor in read)
    if not copies or [calls.block(tensor) for tensor in written] != [buffer]:
        return None
    if calls.written_between(buffer, back, int(blocks.last[result])) or calls.in_loop[instruction]:
        return None
    return None if calls.jumps_between(instruction, back) else back
