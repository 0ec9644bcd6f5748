"""Where rows of events come from in the user's model: the answer of the join."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints
from etscope.etdump.methods import Method
from etscope.etdump.program_graph import Frame, Module, ProgramGraph
from etscope.inspector.backends.operations import Confidence
from etscope.inspector.correlate.how import How


class Origin(NamedTuple):
    """Where one row comes from; made while the columns are filled."""

    how: How
    confidence: Confidence
    reason: str  # why it is not mapped, or not surer; "": nothing to add
    nodes: tuple[int, ...] = ()  # what the row is named after first, then what it runs besides
    handles: tuple[int, ...] = ()
    modules: tuple[Module, ...] = ()
    frames: tuple[Frame, ...] = ()
    source: Frame | None = None
    inserted: bool = False  # added by the export beside the node that it is named after


@dataclass(frozen=True, eq=False)
class Origins:
    """One entry per row of a tree of events (or per slot of a block), in its order.

    A whole delegate call has many nodes: its module is the innermost that holds
    all of them, its source the line of all of them, or None.
    """

    graph: ProgramGraph | None  # that the nodes are in; None: there is none
    how: NDArray[np.uint8]  # How
    confidence: NDArray[np.uint8]  # Confidence
    node: Ints  # the node that the row is; -1: none, or a whole delegate
    rows: tuple[Origin, ...]
    plan: Method | None = None  # the method in the program; None: not known
    instruction: Ints | None = None  # row of the plan's instructions; -1: none of them

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, row: int) -> Origin:
        return self.rows[row]

    def node_name(self, row: int) -> str | None:
        """The name of the row's node; None where it has none."""
        return self._text(row, "name")

    def op(self, row: int) -> str | None:
        """The operator of the row's node, "aten.addmm.default"; None where it has none."""
        return self._text(row, "op")

    def _text(self, row: int, column: str) -> str | None:
        node = int(self.node[row])
        if node < 0 or self.graph is None:
            return None
        return self.graph.text(int(getattr(self.graph.nodes, column)[node]))

    def module(self, row: int) -> str | None:
        """Path of the innermost module, "" for the root; None: not known."""
        modules = self.rows[row].modules
        return modules[-1].path if modules else None

    def source(self, row: int) -> str | None:
        """The user's line, "file:line"; None: not known."""
        frame = self.rows[row].source
        return None if frame is None else f"{frame.file}:{frame.line}"

    @property
    def mapped(self) -> NDArray[np.bool_]:
        """Per row whether anything of the graph or the source is known."""
        return self.how >= How.HANDLE


def origins_of(
    rows: Sequence[Origin],
    graph: ProgramGraph | None,
    plan: Method | None = None,
    instruction: Sequence[int] | None = None,
) -> Origins:
    """Rows as columns."""
    whole = [origin.how == How.DELEGATE and len(origin.nodes) != 1 for origin in rows]
    node = [
        origin.nodes[0] if origin.nodes and not many else -1
        for origin, many in zip(rows, whole, strict=True)
    ]
    return Origins(
        graph=graph,
        how=np.array([origin.how for origin in rows], np.uint8),
        confidence=np.array([origin.confidence for origin in rows], np.uint8),
        node=np.array(node, np.int64),
        rows=tuple(rows),
        plan=plan,
        instruction=None if plan is None else np.array(instruction, np.int64),
    )
