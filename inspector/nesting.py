"""Which event lies inside which, within a run.

The runtime writes an event when it ends, so a parent comes after its
children. Times decide, with two exceptions. Events from inside a delegate may
come from another clock (a GPU's, or times that a backend made up), so they
belong to the delegate call of their instruction. And instructions never lie
inside each other, even where a coarse clock gives them the same ticks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import EventShape, Ints, Kind, Words


def parents_of(shape: EventShape, start: Words, end: Words) -> Ints:
    """For each event of one run the row of its parent, -1 for none. Shape (events,).

    Args:
        start, end: the ticks of that run's events.
    """
    count = len(shape)
    parents = np.full(count, -1, np.int64)
    delegated = is_delegated(shape)
    timed = shape.kind == Kind.PROFILE
    begins, ends = start.tolist(), end.tolist()
    places = list(zip(shape.chain.tolist(), shape.instruction.tolist(), strict=True))
    open_rows: list[int] = []  # rows behind this one that may hold it, the innermost last
    call_at: dict[tuple[int, int], int] = {}
    for row in range(count - 1, -1, -1):
        if not timed[row]:
            continue
        if delegated[row]:
            parents[row] = call_at.get(places[row], -1)
            continue
        while open_rows and not (
            _may_hold(places[open_rows[-1]], places[row])
            and _holds(open_rows[-1], row, begins, ends)
        ):
            open_rows.pop()
        parents[row] = open_rows[-1] if open_rows else -1
        open_rows.append(row)
        call_at[places[row]] = row
    return parents


def _may_hold(outer: tuple[int, int], inner: tuple[int, int]) -> bool:
    """The framework (chain -1) holds instructions, an instruction only what is its own."""
    return outer[0] < 0 or inner[0] < 0 or outer == inner


def _holds(outer: int, inner: int, begins: list[int], ends: list[int]) -> bool:
    return begins[outer] <= begins[inner] and ends[inner] <= ends[outer]


def is_delegated(shape: EventShape) -> NDArray[np.bool_]:
    """Per event whether it comes from inside a delegate."""
    return np.asarray((shape.delegate_id >= 0) | (shape.delegate_name >= 0), np.bool_)


def runs_that_nest(shape: EventShape, parents: Ints, start: Words, end: Words) -> NDArray[np.bool_]:
    """Per run whether its times agree with these parents.

    Args:
        start, end: (runs, events) ticks.
    """
    inner = np.flatnonzero((parents >= 0) & ~is_delegated(shape))
    outer = parents[inner]
    holds = (start[:, outer] <= start[:, inner]) & (end[:, inner] <= end[:, outer])
    return np.asarray(holds.all(axis=1), np.bool_)
