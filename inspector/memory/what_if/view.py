"""Copies that could show the bytes of what they copy instead."""

from __future__ import annotations

from collections.abc import Iterator

from etscope.inspector.memory.what_if.calls import Calls
from etscope.inspector.memory.what_if.merges import Merge
from etscope.inspector.memory.what_if.operators import PARTS, RESHAPES

CONDITION = (
    "The exporter or the operator makes a view instead of a copy, and what reads it takes memory"
    " that begins inside of another value."
)


def views(calls: Calls) -> Iterator[Merge]:
    """Every result that has the bytes of what it was made of, in the same order.

    Left out are results inside of loops, and those that would hand a buffer or an input
    of the method to the caller as an output. That nothing writes to either
    while both are needed is for the merge to see.
    """
    for instruction in calls.named(RESHAPES | PARTS):
        source = calls.first_argument(instruction)
        into = calls.block(source) if source >= 0 else -1
        if into < 0 or calls.moved[into] or calls.in_loop[instruction]:
            continue
        part = calls.operator(instruction) in PARTS
        fits = _is_part if part else _is_whole
        results = calls.writes(instruction)
        for result in results if part else results[:1]:
            gone = calls.block(result)
            if gone < 0 or gone == into or not calls.made_here(gone, instruction):
                continue
            kept = calls.inputs[into] or calls.blocks.lasting[into]
            if (kept and calls.outputs[gone]) or not _has_room(calls, into, gone):
                continue
            if fits(calls, instruction, source, result):
                yield Merge("view", instruction, into, gone)


def _has_room(calls: Calls, into: int, gone: int) -> bool:
    blocks = calls.blocks
    fits = blocks.size_bytes[gone] <= blocks.size_bytes[into]
    return bool(fits and blocks.arena[into] == blocks.arena[gone])


def _is_whole(calls: Calls, instruction: int, source: int, result: int) -> bool:
    """Whether all bytes of the result are those of the source, one after another."""
    specs = calls.specs
    if specs.scalar_type[source] != specs.scalar_type[result]:
        return False
    if specs.size_bytes[source] != specs.size_bytes[result]:
        return False
    plain = calls.is_plain(source) and calls.is_plain(result)
    return plain or calls.same_layout(source, result)


def _is_part(calls: Calls, instruction: int, source: int, result: int) -> bool:
    """Whether the result's bytes are side by side in the source.

    So they are where dimensions before the one that is cut have one entry each.
    """
    specs = calls.specs
    if specs.scalar_type[source] != specs.scalar_type[result]:
        return False
    if not (calls.is_plain(source) and calls.is_plain(result)):
        return False
    operator, shape = calls.operator(instruction), specs.shape_of(source)
    split = operator in ("aten::split_copy", "aten::split_with_sizes_copy")
    dim = calls.integers(instruction, 2 if split else 1)
    if dim is None or len(dim) != 1 or not -len(shape) <= dim[0] < len(shape):
        return False
    if operator == "aten::slice_copy" and calls.integers(instruction, 4) != [1]:
        return False
    return all(length == 1 for length in shape[: dim[0] % len(shape)])
