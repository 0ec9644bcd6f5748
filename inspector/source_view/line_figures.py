"""Figures beside lines: columns that each say what they are, and what is behind a line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from etscope.etdump.columns import Ints
from etscope.inspector.backends.operations import Confidence
from etscope.inspector.correlate.origins import Origins
from etscope.inspector.operators import OperatorRows
from etscope.inspector.resolution import clock_step
from etscope.inspector.source_view.line_index import LineIndex
from etscope.inspector.statistics import Reals


@dataclass(frozen=True, eq=False)
class LineColumn:
    """One figure per line. NaN: nothing was looked at there."""

    name: str
    unit: str
    basis: str  # measured, planned, estimated or derived
    values: Reals


@dataclass(frozen=True)
class OperatorUse:
    """One operator behind a line, all of its events together."""

    name: str
    backend: str | None  # None: no backend, or not known which
    delegated: bool  # runs inside a delegate
    rows: int  # places in the program
    calls: float  # per inference
    time: float  # per inference, derived; 0: none that a clock could tell

    @property
    def brief(self) -> str:
        """As in "addmm ×2": without namespace and overload, or what a backend says of types."""
        name = self.name.partition(" (")[0]
        if not self.delegated:
            name = name.partition("::")[2] or name
            pieces = name.split(".")
            name = pieces[1] if len(pieces) > 2 else pieces[0]
        return f"{name} ×{self.rows}" if self.rows > 1 else name


def untold_times(rows: OperatorRows, unit: str) -> Reals:
    """Per event up to how much time the backend's clock could not tell from nothing; else 0.

    Infinite where it could not tell and nothing says how much that is.
    """
    steps = [
        (clock_step(rows, row, unit) or 0.0) if rows.total[row] == 0 else 0.0
        for row in range(len(rows))
    ]
    return np.nan_to_num(np.array(steps, np.float64) * rows.calls, nan=np.inf)


def calls_of(rows: OperatorRows) -> Reals:
    """Per event its calls per inference; a kernel is that of its operator and counts none."""
    kernel = np.array([kind == "kernel" for kind in rows.kind], np.bool_)
    return np.where(kernel, 0.0, rows.calls)


def operators_behind(
    rows: OperatorRows, origins: Origins, some: Ints, own: Reals
) -> list[OperatorUse]:
    """The operators of some events, the costliest first."""
    found: dict[tuple[str, str | None, bool], list[float]] = {}
    for row in some.tolist():
        inside = rows.kind[row] in ("delegated", "delegate")
        key = (operator_name(rows, origins, row), rows.backend[row], inside)
        count = found.setdefault(key, [0, 0.0, 0.0])
        if rows.kind[row] != "kernel":
            count[0] += 1
            count[1] += float(rows.calls[row])
        count[2] += float(own[row])
    uses = [
        OperatorUse(name, backend, inside, int(count[0]), count[1], count[2])
        for (name, backend, inside), count in found.items()
    ]
    return sorted(uses, key=lambda use: (-use.time, use.name))


def operator_name(rows: OperatorRows, origins: Origins, row: int) -> str:
    """What ran, in the words of the runtime or backend: without the number of the event."""
    name = rows.op[row] or rows.event[row] or origins.op(row) or "(no name)"
    if rows.kind[row] != "delegated":
        return name
    words, mark, number = name.rpartition(" #")
    return words if mark and number.isdigit() else name


def confidence_shares(index: LineIndex, origins: Origins, own: Reals) -> Reals:
    """(lines, 4): the time of each line by Confidence."""
    out = np.zeros((len(index), len(Confidence)))
    on = index.of_row >= 0
    np.add.at(out, (index.of_row[on], origins.confidence[on]), own[on])
    return out


def lowest_confidence(index: LineIndex, origins: Origins) -> list[Confidence]:
    """Per line how sure it is of the event that is least so; NONE where no event stands on it."""
    out = np.full(len(index), len(Confidence), np.int64)
    on = index.of_row >= 0
    np.minimum.at(out, index.of_row[on], origins.confidence[on].astype(np.int64))
    out[out == len(Confidence)] = Confidence.NONE
    return [Confidence(value) for value in out.tolist()]
