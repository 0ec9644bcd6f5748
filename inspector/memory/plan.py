"""The memory plan of a method: every planned value, its place, its lifetime, and the peak."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints
from etscope.etdump.errors import CorruptTrace
from etscope.etdump.methods import Method
from etscope.etdump.program import Program
from etscope.etdump.program_constants import Storage
from etscope.etdump.tensor_specs import TensorSpecs
from etscope.inspector.memory.arenas import ArenaUse, Places, arena_uses
from etscope.inspector.memory.lifetimes import Lifetimes, lifetimes_of
from etscope.inspector.memory.presence import Presence, presence_of
from etscope.inspector.memory.sharing import Sharing, sharing_of
from etscope.inspector.memory.touches import Touches, touches_of

#: Real plans have a few arenas; what is kept of each is as long as the method.
_MOST_ARENAS, _MOST_STEPS = 256, 2**22


class Role(IntEnum):
    """What a planned value is there for. Of several that fit, the last one counts."""

    ACTIVATION = 0  # made by one instruction for others
    OUTPUT = 1
    INPUT = 2
    VIEW = 3  # shows the bytes of another value
    BUFFER = 4  # keeps its bytes between inferences
    STATE = 5  # a buffer that begins with bytes of the program
    UNUSED = 6  # nothing touches it


@dataclass(frozen=True, eq=False)
class MemoryPlan:
    """The planned values of a method, a row each, by arena and place. All bytes are planned.

    A step is an instruction, counted over all chains; -1 is before the first
    one, where inputs are set, and `instructions` behind the last, where outputs
    are read. Curves have one entry per step, the first of step -1.
    """

    method: Method
    value: Ints  # in EValueColumns
    tensor: Ints  # in TensorSpecs
    arena: Ints  # memory id
    offset: Ints  # byte in its arena
    size_bytes: Ints  # an upper bound where `upper_bound`
    upper_bound: NDArray[np.bool_]  # the shape is only known when it runs
    first: Ints  # step; where nothing touches the value, first > last
    last: Ints  # step, inclusive
    present: Presence  # the spans of first..last in which it has bytes: see there
    producer: Ints  # instruction that writes it first; -1: none does
    role: NDArray[np.uint8]  # Role
    is_input: NDArray[np.bool_]
    is_output: NDArray[np.bool_]
    shows: Ints  # row of the value whose bytes it shows; its own row where they are its own
    arenas: tuple[ArenaUse, ...]  # one per arena but number 0, which is not one
    unplanned: Ints  # inputs and outputs (values) that are tensors whose memory the caller gives
    touches: Touches

    def __len__(self) -> int:
        return len(self.value)

    @property
    def instructions(self) -> int:
        """How many instructions the method has."""
        return len(self.method.instructions)

    @property
    def planned_bytes(self) -> int:
        """The size of all arenas together: what the runtime sets aside for this method."""
        return sum(use.size_bytes for use in self.arenas)

    @cached_property
    def live_bytes(self) -> Ints:
        """Bytes in use per step over all arenas, each byte counted once; (instructions + 2,)."""
        out = np.zeros(self.instructions + 2, np.int64)
        for use in self.arenas:
            out += use.live_bytes
        return out

    @property
    def peak_bytes(self) -> int:
        """The most bytes in use in one step, over all arenas."""
        return int(self.live_bytes.max())

    @property
    def peak_step(self) -> int:
        """The first step with `peak_bytes` in use."""
        return int(self.live_bytes.argmax()) - 1

    def alive_at(self, step: int, arena: int | None = None) -> Ints:
        """Rows alive in a step, the largest first; views of others are left out."""
        rows = self.present.at(step)
        rows = rows[self.shows[rows] == rows]
        if arena is not None:
            rows = rows[self.arena[rows] == arena]
        out: Ints = rows[np.argsort(-self.size_bytes[rows], kind="stable")]
        return out

    def operator_of(self, row: int) -> str | None:
        """The operator that makes one value; None: it is there before the first instruction."""
        producer = int(self.producer[row])
        return None if producer < 0 else self.method.operator_of_instruction[producer]


def memory_plan(program: Program, method: str) -> MemoryPlan:
    """The plan of one method, from the program alone.

    Lifetimes are those that the instructions prove. Sizes of dynamic shapes are
    upper bounds. The program does not say what delegates and kernels ask the
    runtime for while they run.

    Raises:
        KeyError: the program has no such method.
        CorruptTrace: a value is planned outside of its arena.
    """
    plan = program.method(method)
    specs = plan.values.tensors
    rows = np.flatnonzero(specs.memory_id >= 0)
    rows = rows[np.lexsort((specs.value[rows], specs.memory_offset[rows], specs.memory_id[rows]))]
    _check_places(program, plan, rows)
    touches = touches_of(program, plan)
    sharing = sharing_of(plan, touches)
    lives = lifetimes_of(plan, touches, sharing)
    size = np.maximum(specs.size_bytes[rows], 0)
    shows = _row_of(rows, len(specs))[sharing.root[rows]]
    start = specs.memory_offset[rows]
    present = presence_of(plan, touches, sharing.root, lives, specs.size_bytes)
    present = present.of(rows, len(specs))
    is_input, is_output = (_are_in(plan, ends, rows) for ends in (plan.inputs, plan.outputs))
    return MemoryPlan(
        method=plan,
        value=specs.value[rows].astype(np.int64),
        tensor=rows,
        arena=specs.memory_id[rows],
        offset=start,
        size_bytes=size,
        upper_bound=specs.dynamism[rows] != 0,
        first=lives.first[rows],
        last=lives.last[rows],
        present=present,
        producer=_producers(touches, len(specs))[rows],
        role=_roles(plan, rows, sharing, lives, is_input, is_output),
        is_input=is_input,
        is_output=is_output,
        shows=shows,
        arenas=arena_uses(plan, Places(specs.memory_id[rows], start, start + size, shows), present),
        unplanned=_unplanned(plan, specs),
        touches=touches,
    )


def _check_places(program: Program, plan: Method, rows: Ints) -> None:
    """Refuse what no runtime would load, before anything is added up."""
    specs, sizes = plan.values.tensors, plan.arena_bytes
    cure = "Copy the file again in binary mode, or export the program again."

    def refuse(what: str) -> CorruptTrace:
        return CorruptTrace(f"in method {plan.name!r}, {what}", path=program.path, cure=cure)

    if len(sizes) > _MOST_ARENAS or len(sizes) * len(plan.instructions) > _MOST_STEPS:
        raise refuse(f"there are {len(sizes) - 1} arenas, more than any exporter plans")
    total = float(np.maximum(sizes, 0).astype(np.float64).sum())
    if (sizes < 0).any() or total >= 2.0**62:
        raise refuse("the size of an arena cannot be true")
    # Whatever is added up of them later, alive or read, then fits 64 bits.
    if float(np.maximum(specs.size_bytes, 0).astype(np.float64).sum()) >= 2.0**62:
        raise refuse("the tensors together are larger than any memory")
    arena = specs.memory_id[rows]
    wrong = (arena < 1) | (arena >= len(sizes))
    if wrong.any():
        row = int(rows[wrong.argmax()])
        has = f"value {specs.value[row]} is planned in arena {specs.memory_id[row]}"
        raise refuse(f"{has}, but there are {max(len(sizes) - 1, 0)}")
    end = specs.memory_offset[rows] + np.maximum(specs.size_bytes[rows], 0)
    wrong = end > sizes[arena]
    if wrong.any():
        at = int(wrong.argmax())
        place = f"ends at byte {end[at]} of arena {arena[at]}, which has {sizes[arena[at]]}"
        raise refuse(f"value {specs.value[rows[at]]} {place}")


def _are_in(plan: Method, values: Ints, rows: Ints) -> NDArray[np.bool_]:
    return np.isin(rows, plan.values.tensor[values])


def _row_of(rows: Ints, tensors: int) -> Ints:
    """Per tensor its row in the plan; -1: not planned."""
    out = np.full(tensors, -1, np.int64)
    out[rows] = np.arange(len(rows))
    return out


def _producers(touches: Touches, tensors: int) -> Ints:
    """Per tensor the first instruction that writes it; -1: none."""
    none = np.iinfo(np.int64).max
    first = np.full(tensors, none, np.int64)
    np.minimum.at(first, touches.tensor[touches.writes], touches.row[touches.writes])
    first[touches.views[:, 0]] = -1
    return np.where(first == none, -1, first)


def _roles(
    plan: Method,
    rows: Ints,
    sharing: Sharing,
    lives: Lifetimes,
    is_input: NDArray[np.bool_],
    is_output: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    role = np.full(len(rows), Role.ACTIVATION, np.uint8)
    for which, fits in (
        (Role.OUTPUT, is_output),
        (Role.INPUT, is_input),
        (Role.VIEW, sharing.root[rows] != rows),
        (Role.BUFFER, sharing.lasting[rows]),
        (Role.STATE, plan.storage.kind[rows] == Storage.INITIAL_STATE),
        (Role.UNUSED, lives.first[rows] > lives.last[rows]),
    ):
        role[fits] = which
    return role


def _unplanned(plan: Method, specs: TensorSpecs) -> Ints:
    """Inputs and outputs that are tensors without a place and without data in the program."""
    values = np.unique(np.concatenate([plan.inputs, plan.outputs]))
    tensors = plan.values.tensor[values]
    free = plan.storage.kind == Storage.NONE
    values, tensors = values[tensors >= 0], tensors[tensors >= 0]
    out: Ints = values[free[tensors]].astype(np.int64)
    return out
