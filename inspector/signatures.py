"""Which events of a run are samples of the same thing.

A slot is one row of the event table: a name at an instruction, perhaps inside
a delegate. The order of slots and the way names are found follow
executorch.devtools.Inspector, with two differences on purpose: a slot keeps
*every* event of its kind (a loop's fifth pass does not overwrite the fourth),
and events of different chains are never one slot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import EventShape, Kind


class Signature(NamedTuple):
    """What makes two events samples of the same thing."""

    name: str
    instruction: int
    chain: int
    delegate: int | str | None
    is_profile: bool
    debug_name: str | None  # of the first value logged there; None: nothing was logged


@dataclass(frozen=True)
class Slot:
    """One row of the event table, with its rows in a run of this shape."""

    signature: Signature
    profile: tuple[int, ...]  # rows of its timings, counted from the run's first event
    debug: tuple[int, ...]  # rows of what was logged there

    @property
    def name(self) -> str:
        """The event's name: a delegate's events go by their identifier."""
        signature = self.signature
        name = signature.name if signature.delegate is None else str(signature.delegate)
        if not signature.is_profile:
            name = ""
        if signature.debug_name is None:
            return name
        # A value's own name wins; old dumps have none there.
        logged = signature.debug_name if signature.delegate is None else str(signature.delegate)
        return logged or name

    @property
    def is_delegated(self) -> bool:
        """Whether the event comes from inside a delegate."""
        return self.signature.delegate is not None


def slots_of(
    shape: EventShape, strings: tuple[str, ...], is_output: NDArray[np.bool_]
) -> tuple[Slot, ...]:
    """The slots of one run shape, in the order in which the run first meets them.

    Args:
        is_output: per event whether it logs an output of the program; those
            belong to the run, not to an instruction.
    """
    found: dict[Signature, tuple[list[int], list[int]]] = {}
    for place, (profile, logged) in _by_instruction(shape, strings).items():
        debug = [row for row in logged if not is_output[row]] if logged else logged
        first = _text(strings, shape.name[debug[0]]) if debug else None
        for row, index in profile:
            key = Signature(_text(strings, index), *place, True, first)
            entry = found.get(key)
            if entry is None:
                found[key] = ([row], debug)
            else:
                entry[0].append(row)
        if debug and not profile:
            found[Signature("", *place, False, first)] = ([], debug)
    return tuple(Slot(key, tuple(rows), tuple(debug)) for key, (rows, debug) in found.items())


_Place = tuple[int, int, "int | str | None"]


def _by_instruction(
    shape: EventShape, strings: tuple[str, ...]
) -> dict[_Place, tuple[list[tuple[int, int]], list[int]]]:
    """((profile row, its name), debug rows) by instruction, chain and delegate id, as first met."""
    groups: dict[_Place, tuple[list[tuple[int, int]], list[int]]] = {}
    columns = (column.tolist() for column in shape.columns())
    rows = zip(*columns, strict=True)
    for row, (kind, name, chain, instruction, number, text) in enumerate(rows):
        if kind == Kind.ALLOCATION:
            continue
        delegate = number if number != -1 else _text(strings, text) or None
        place = (instruction, chain, delegate)
        entry = groups.get(place)
        if entry is None:
            entry = groups[place] = ([], [])
        if kind == Kind.PROFILE:
            entry[0].append((row, name))
        else:
            entry[1].append(row)
    return groups


def _text(strings: tuple[str, ...], index: int) -> str:
    return strings[index] if index >= 0 else ""
