"""What each event of a method takes itself, without the events inside it, so that sums add up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints
from etscope.inspector.latency import MethodLatency
from etscope.inspector.operators import OperatorRows
from etscope.inspector.statistics import Reals

#: What lies inside of these counts as one of them; operations of a delegate stand for themselves.
_HOLDERS = frozenset({"operator", "delegate", "control"})


@dataclass(frozen=True, eq=False)
class OwnTimes:
    """Per row of a method's events, in the unit of the latency, per inference.

    `own` is derived: a row's total less those right inside it. It is 0 for rows
    that are not counted: the method itself, rows beside it, rows without a time. It
    is negative where a delegate's operations add up to more than their call.
    """

    own: Reals
    counted: NDArray[np.bool_]  # rows that lie in the method
    untimed: NDArray[np.bool_]  # rows of the method that have no time to add
    leader: Ints  # the row that a row counts as: a kernel as its operator
    whole: float  # the method, measured; where it was not timed, the sum of all rows
    timed: bool  # whether the method was timed, so that there are shares of it

    @property
    def unexplained(self) -> float:
        """What the method takes in none of its events; 0 where it was not timed."""
        return self.whole - float(self.own.sum()) if self.timed else 0.0


def own_times(latency: MethodLatency) -> OwnTimes:
    """The own times of a method's events."""
    rows = latency.rows
    if not len(rows):
        none = np.zeros(0)
        no = np.zeros(0, np.bool_)
        return OwnTimes(none, no, no, np.zeros(0, np.int64), 0.0, False)
    timed = rows.kind[0] == "method" and bool(np.isfinite(rows.total[0]))
    counted = _under_the_method(rows) if rows.kind[0] == "method" else np.ones(len(rows), np.bool_)
    total = np.asarray(rows.total, np.float64)
    inner = np.zeros(len(rows))
    has = (rows.parent >= 0) & np.isfinite(total)
    # A row without a time takes nothing from the one around it.
    np.add.at(inner, rows.parent[has], total[has])
    own = np.where(counted & np.isfinite(total), total - inner, 0.0)
    whole = float(total[0]) if timed else float(own.sum())
    untimed = counted & ~np.isfinite(total)
    return OwnTimes(own, counted, untimed, _leaders(rows), whole, timed)


def _under_the_method(rows: OperatorRows) -> NDArray[np.bool_]:
    """Per row whether it lies in the method, at any depth."""
    root = np.where(rows.parent >= 0, rows.parent, np.arange(len(rows)))
    while True:  # each round looks twice as far up
        further = root[root]
        if np.array_equal(further, root):
            break
        root = further
    inside = np.asarray(root == 0, np.bool_)
    inside[0] = False
    return inside


def _leaders(rows: OperatorRows) -> Ints:
    """For each row the outermost operator or delegate call that it is a part of, else itself."""
    leader = np.full(len(rows), -1, np.int64)
    parents = rows.parent.tolist()
    for row in range(len(rows)):
        chain = []
        at = row
        while leader[at] < 0:
            chain.append(at)
            if parents[at] < 0:
                leader[at] = at
                break
            at = parents[at]
        for below in reversed(chain):
            if leader[below] >= 0:
                continue
            above = int(leader[parents[below]])
            apart = rows.kind[below] == "delegated" or rows.kind[above] not in _HOLDERS
            leader[below] = below if apart else above
    return leader
