"""How fast a backend did work of a kind in this trace: what an estimate of its time stands on."""

from __future__ import annotations

import math
from typing import NamedTuple

from etscope.etdump.columns import Ints
from etscope.etdump.program_graph import ProgramGraph
from etscope.inspector.backends import resolution_ns
from etscope.inspector.backends.operations import Confidence
from etscope.inspector.categories import category_of
from etscope.inspector.correlate.operators import parts_of
from etscope.inspector.correlate.origins import Origins
from etscope.inspector.operators import OperatorRows
from etscope.inspector.units import TimeScale, ticks_per_unit

#: Kinds of work of which one operator says nothing about another.
_NO_KIND = ("other", "control", "reduction")
#: Samples of a category must take this many steps of the clock together to be a speed.
_STEPS = 3
#: More work than fits 64 bits is none that was done: the sizes are not true.
_MOST = 2**63 - 1


class Estimate(NamedTuple):
    """What an operator would take inside of a delegate."""

    time: float  # estimated, per inference
    basis: str  # "as fast per element as 6 add inside the delegates of this trace"


class Throughput:
    """The speeds of the operations inside the delegates of one method."""

    def __init__(self, rows: OperatorRows, origins: Origins, unit: str) -> None:
        self._rows, self._origins = rows, origins
        self._by_op: dict[str, list[tuple[float, float]]] = {}
        self._by_category: dict[str, list[tuple[float, float]]] = {}
        self._step = 0.0
        if origins.graph is not None:
            for row, kind in enumerate(rows.kind):
                if kind == "delegated":
                    self._learn(row, origins.graph, unit)

    def _learn(self, row: int, graph: ProgramGraph, unit: str) -> None:
        origin, node = self._origins[row], int(self._origins.node[row])
        time = float(self._rows.total[row])
        if node < 0 or origin.inserted or origin.confidence < Confidence.ALIGNED:
            return
        step = resolution_ns(self._rows.backend[row])
        if step is not None and TimeScale(unit) is not TimeScale.CYCLES:
            self._step = max(self._step, step / ticks_per_unit(TimeScale.NS, TimeScale(unit)))
        work = work_of(graph, node)
        if work > 0 and math.isfinite(time):
            op = graph.text(int(graph.nodes.op[node])) or ""
            self._by_op.setdefault(parts_of(op)[1], []).append((work, time))
            self._by_category.setdefault(category_of(op), []).append((work, time))

    def estimate(self, row: int) -> Estimate | None:
        """What an operator outside would take inside; None: nothing to compare it with."""
        graph, node = self._origins.graph, int(self._origins.node[row])
        if graph is None or node < 0:
            return None
        work = work_of(graph, node) * float(self._rows.calls[row])
        op = graph.text(int(graph.nodes.op[node])) or ""
        name, category = parts_of(op)[1], category_of(op)
        for what, known in ((name, self._by_op.get(name)), (category, None)):
            if known is None and what == category and category not in _NO_KIND:
                known = self._by_category.get(category)
            speed = self._speed(known or [])
            if work > 0 and speed is not None:
                many = len(known or [])
                word = f"{what} operation{'' if many == 1 else 's'}"
                return Estimate(work / speed, f"as fast per element as {many} {word} inside")
        return None

    def _speed(self, samples: list[tuple[float, float]]) -> float | None:
        work, time = sum(w for w, _ in samples), sum(t for _, t in samples)
        return work / time if time > 0 and time >= _STEPS * self._step else None


def work_of(graph: ProgramGraph, node: int) -> float:
    """How much a node does: multiplications of matmuls and convolutions, elements else; 0: unknown.

    Symbolic sizes count as in the example inputs.
    """
    op = graph.text(int(graph.nodes.op[node])) or ""
    given = [_shape(graph, v) for v in graph.input_value[_span(graph.nodes.inputs, node)].tolist()]
    made = [_shape(graph, v) for v in range(*_ends(graph.nodes.values, node))]
    tensors = [shape for shape in (*given, *made) if shape is not None]
    if not made or made[0] is None or any(size < 0 for shape in tensors for size in shape):
        return 0.0
    out, category = _product(made[0]), category_of(op)
    work = sum(map(_product, tensors))
    if category == "matmul":
        place = int(parts_of(op)[1] in ("addmm", "baddbmm"))
        first = given[place] if len(given) > place else None
        work = out * first[-1] if first else 0
    elif category == "convolution":
        weight = given[1] if len(given) > 1 else None
        work = out * _product(weight[1:]) if weight else 0
    return float(work) if work <= _MOST else 0.0


def _product(shape: tuple[int, ...]) -> int:
    """Elements of a shape; of one beyond all memory, some number above _MOST."""
    if 0 in shape:
        return 0
    elements = 1
    for size in shape:
        elements *= size
        if elements > _MOST:
            break
    return elements


def _span(edges: Ints, row: int) -> slice:
    return slice(*_ends(edges, row))


def _ends(edges: Ints, row: int) -> tuple[int, int]:
    return int(edges[row]), int(edges[row + 1])


def _shape(graph: ProgramGraph, value: int) -> tuple[int, ...] | None:
    """Sizes of a tensor; None: a symbolic number, or a value that is not known."""
    values = graph.values
    if value < 0 or values.scalar_type[value] < 0:
        return None
    return tuple(values.sizes[_span(values.dims, value)].tolist())
