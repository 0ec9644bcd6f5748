"""Results that are made of constants alone: what it saves to make them at the export."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints
from etscope.etdump.evalues import EValueColumns, EValueKind
from etscope.etdump.instructions import InstructionColumns, InstructionKind
from etscope.etdump.program_constants import Storage
from etscope.inspector.memory.loop_spans import loop_spans
from etscope.inspector.memory.plan import MemoryPlan, Role
from etscope.inspector.memory.replan import Lives
from etscope.inspector.memory.what_if.answer import Baseline, Change, WhatIf
from etscope.inspector.memory.what_if.operators import name_of, repeats
from etscope.inspector.memory.what_if.ways import CONST_PROP
from etscope.inspector.wording import counted, listed, size_text

_SHOWS = "executorch_prim::et_view"
#: Results of these are not made at the export: the pass leaves them, and what reads them.
_LEFT = ("quantized_decomposed::", "torchao::", "executorch_prim::")
#: Need no tensor, and are made at the export all the same; fills are not: they are large.
_OF_NUMBERS = frozenset({"aten::arange", "aten::scalar_tensor"})
_NUMBERS = (EValueKind.INT, EValueKind.DOUBLE, EValueKind.BOOL)
_NAMED = 3


def constant_answers(base: Baseline) -> list[WhatIf]:
    """What it saves to make at the export what is made of constants alone.

    Its results are constants of the program then, and have no place in an arena, but
    for those that the method gives back.
    """
    instructions = made_of_constants(base.plan)
    gone = np.isin(np.arange(len(base.blocks)), _results(base, instructions))
    if not gone.any():
        return []
    names = Counter(base.plan.method.operator_of_instruction[one] for one in instructions.tolist())
    texts = [f"{number:,} × {name}" for name, number in names.most_common()]
    adds = _adds_bytes(base, instructions)
    grow = "grow" if adds >= 0 else "shrink"
    change = Change(
        kind="constants",
        rows=tuple(base.blocks.row[gone].tolist()),
        instruction=int(instructions[0]) if len(instructions) == 1 else None,
        what=f"if {counted(int(gone.sum()), 'result')} of constants alone ({listed(texts, _NAMED)})"
        " were made at the export",
        condition=f"The constants of the program {grow} by {size_text(abs(adds))}, as far as no"
        " other method reads the same."
        if adds
        else "The constants of the program need as much as before.",
        way=CONST_PROP,
        adds_constant_bytes=adds,
    )
    answer = base.answer(change, Lives(*(column[~gone] for column in base.lives)))
    return [] if answer is None else [answer]


def made_of_constants(plan: MemoryPlan) -> Ints:
    """The kernel calls that give the same in every inference, as constants are all they read.

    Constants are the program's, and what these calls make of them. Calls in branches and
    loops are left out, as the exporter leaves them, and those that read a number that the
    method computes, or that give others each time.
    """
    method, touches, table = plan.method, plan.touches, plan.method.instructions
    constant = np.isin(method.storage.kind, (Storage.CONSTANT, Storage.EXTERNAL))
    writable = _writable(plan)
    edges = np.searchsorted(touches.row, np.arange(len(table) + 1)).tolist()
    shows = {int(tensor): int(of) for tensor, of in touches.views.tolist()}
    candidates = _candidates(plan)
    out: list[int] = []
    for one in np.flatnonzero(candidates | _is_view(plan)).tolist():
        span = slice(edges[one], edges[one + 1])
        tensors = touches.tensor[span]
        if not candidates[one]:
            for tensor in tensors.tolist():
                constant[tensor] |= tensor in shows and constant[shows[tensor]]
            continue
        written = tensors[touches.writes[span]]
        read = tensors[touches.reads[span]]
        nothing = not len(read) and method.operator_of_instruction[one]
        if nothing and name_of(nothing) not in _OF_NUMBERS:
            continue
        if len(written) and constant[read].all() and writable[written].all():
            constant[written] = True
            out.append(one)
    return np.array(out, np.int64)


def _candidates(plan: MemoryPlan) -> NDArray[np.bool_]:
    """Per instruction whether it may be run at the export, if it reads constants alone."""
    method, table = plan.method, plan.method.instructions
    may = [repeats(name) and not name.startswith(_LEFT) for name in method.operators]
    kernel = table.kind == InstructionKind.KERNEL_CALL
    out = kernel & np.append(np.array(may, np.bool_), False)[np.where(kernel, table.callee, -1)]
    out &= loop_spans(method).inner < 0
    # A jump forwards leads around a branch.
    row = np.flatnonzero(table.kind == InstructionKind.JUMP_FALSE_CALL)
    until = row + table.destination[row] - table.instruction[row]
    around = np.zeros(len(table) + 1, np.int64)
    np.add.at(around, row[until > row], 1)
    np.add.at(around, until[until > row], -1)
    out &= np.cumsum(around)[:-1] == 0
    computed = _computed(plan)
    owner = np.repeat(np.arange(len(table)), np.diff(table.args))
    out[owner[computed[table.arguments]]] = False
    return np.asarray(out, np.bool_)


def _is_view(plan: MemoryPlan) -> NDArray[np.bool_]:
    table = plan.method.instructions
    shows = np.array([name_of(name) == _SHOWS for name in plan.method.operators] + [False])
    kernel = table.kind == InstructionKind.KERNEL_CALL
    return np.asarray(kernel & shows[np.where(kernel, table.callee, -1)], np.bool_)


def _computed(plan: MemoryPlan) -> NDArray[np.bool_]:
    """Per value whether it is a number that the method is given or computes, or a list of such."""
    values: EValueColumns = plan.method.values
    table: InstructionColumns = plan.method.instructions
    out = np.zeros(len(values.kind), np.bool_)
    out[plan.method.inputs] = True
    some = np.flatnonzero(np.diff(table.args) > 0)
    # What is computed comes last, in moves too; a tensor that comes last is not looked at.
    out[table.arguments[table.args[some + 1] - 1]] = True
    out &= np.isin(values.kind, _NUMBERS)
    member = np.repeat(np.arange(len(out)), np.diff(values.items))
    held = out[values.item] & (values.kind[member] == EValueKind.INT_LIST)
    out[member[held]] = True
    return out


def _writable(plan: MemoryPlan) -> NDArray[np.bool_]:
    """Per tensor whether one call alone writes it, and nothing else gives it a value."""
    count = np.zeros(len(plan.method.values.tensors), np.int64)
    touches = plan.touches
    np.add.at(count, touches.tensor[touches.writes], 1)
    count[touches.moves[:, 1:]] = 0
    lasting = (plan.role == Role.BUFFER) | (plan.role == Role.STATE) | plan.is_input
    count[plan.tensor[lasting]] = 0
    return np.asarray(count == 1, np.bool_)


def _made(base: Baseline, instructions: Ints) -> Ints:
    """The blocks that these instructions alone write."""
    touches, blocks = base.plan.touches, base.blocks
    made = touches.writes & np.isin(touches.row, instructions)
    mine = np.unique(blocks.of_tensor[touches.tensor[made]])
    written = blocks.writes & ~np.isin(blocks.step, instructions)
    number = np.repeat(np.arange(len(blocks)), np.diff(blocks.edges))
    return mine[(mine >= 0) & ~np.isin(mine, number[written])]


def _given_back(base: Baseline) -> Ints:
    return base.blocks.of_tensor[base.plan.tensor[base.plan.is_output]]


def _results(base: Baseline, instructions: Ints) -> Ints:
    """The blocks that would need no place."""
    made = _made(base, instructions)
    return made[~np.isin(made, _given_back(base))]


def _adds_bytes(base: Baseline, instructions: Ints) -> int:
    """Results that something else reads, less constants that nothing else reads."""
    plan, touches, blocks = base.plan, base.plan.touches, base.blocks
    others = ~np.isin(touches.row, instructions) & touches.carries
    read_later = blocks.of_tensor[touches.tensor[others & touches.reads]]
    kept = np.concatenate([read_later, _given_back(base)])
    used = np.intersect1d(_made(base, instructions), kept)
    storage = plan.method.storage
    here = touches.tensor[np.isin(touches.row, instructions)]
    stored = np.flatnonzero(storage.kind == Storage.CONSTANT)
    start = storage.start[stored]
    read = np.unique(start[np.isin(stored, here)])
    still = start[np.isin(stored, touches.tensor[others])]
    gone = ~np.isin(read, still)
    first = np.searchsorted(np.sort(start), read[gone])
    size = storage.size_bytes[stored][np.argsort(start, kind="stable")][first]
    return int(blocks.size_bytes[used].sum()) - int(size.sum())
