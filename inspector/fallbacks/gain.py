"""What moving an operator into a delegate could save: an estimate, and what it stands on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from etscope.inspector.fallbacks.around import Around
from etscope.inspector.fallbacks.throughput import Estimate
from etscope.inspector.wording import counted


class Gain(NamedTuple):
    """Estimated, per inference: outside - inside + edges + calls, and not below 0.

    What an island of several operators saves at its edges, it saves only when all of them
    move: each has an equal part of it.
    """

    value: float  # NaN: the operator was not timed
    at_most: bool  # an upper bound: what it would take inside is not known, or calls may stay
    outside: float  # measured: what the operator takes now
    inside: float  # estimated: what it would take in a delegate; NaN: not known
    edges: float  # measured: its part of the conversions at the island's edges; NaN: not known
    calls: float  # derived: its part of the calls that would be saved; NaN: not known
    basis: str


class Together(NamedTuple):
    """What the operators of an island save when all of them move."""

    edges: float  # measured: conversions at its edges; NaN: there are some, and none was timed
    calls: float  # derived: what the saved calls of delegates take; NaN: not known
    members: int  # operators, each with an equal part


#: An operator that has nothing to share.
ALONE = Together(0.0, 0.0, 1)


def together(edges: Sequence[Around], calls: float, members: int) -> Together:
    """What an island saves at its edges; `calls` and `members` as in `Together`."""
    timed = [one.time for one in edges if math.isfinite(one.time)]
    return Together(math.nan if edges and not timed else sum(timed), calls, max(members, 1))


def gain_of(
    time: float,
    estimate: Estimate | None,
    shared: Together = ALONE,
    *,
    vanishes: bool = False,
) -> Gain:
    """The gain of one operator.

    Args:
        time: that it takes now.
        estimate: of what it would take inside; None: not known.
        shared: what its island saves.
        vanishes: it only serves another operator, and is not needed when that one is inside.
    """
    edges, calls = shared.edges / shared.members, shared.calls / shared.members
    inside = 0.0 if vanishes else estimate.time if estimate is not None else math.nan
    left = max(time - (inside if math.isfinite(inside) else 0.0), 0.0)
    return Gain(
        value=left + sum(cost for cost in (edges, calls) if math.isfinite(cost))
        if math.isfinite(time)
        else math.nan,
        at_most=calls > 0 or (not vanishes and estimate is None),
        outside=time,
        inside=inside,
        edges=edges,
        calls=calls,
        basis=_basis(estimate, vanishes, edges, calls, shared.members),
    )


def no_gain(time: float, value: float, why: str) -> Gain:
    """A gain of nothing, or one that nothing can be said about (NaN)."""
    return Gain(value, False, time, math.nan, value, value, why)


def _basis(
    estimate: Estimate | None, vanishes: bool, edges: float, calls: float, members: int
) -> str:
    if vanishes:
        return "all of its time: not needed when the operator that it serves is inside"
    if estimate is None:
        text = "at most all of its time: nothing alike ran inside a delegate"
    else:
        text = f"its time less an estimate of it inside: {estimate.basis}"
    more = [
        what
        for what, cost in (("conversions at its edges", edges), ("calls of delegates", calls))
        if cost > 0
    ]
    if more:
        text += f"; plus {' and '.join(more)} that would go"
        if members > 1:
            text += f", a part each of {counted(members, 'operator')} that must move together"
    return text
