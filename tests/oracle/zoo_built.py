"""Which node of the graph each operation inside an XNNPACK delegate was made from.

Taken from the exporter while it fills its own graph, before debug handles come in.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from executorch.backends.xnnpack import xnnpack_preprocess

#: Per delegate its operations in order: (node name, stack trace).
Built = list[list[tuple[str, str | None]]]


@contextmanager
def built() -> Iterator[Built]:
    """Fill a list while delegates are built inside the block."""
    found: Built = []
    original = xnnpack_preprocess.get_node_visitors

    def visitors(*given: Any) -> dict[str, Any]:
        rows: list[tuple[str, str | None]] = []
        found.append(rows)
        return {name: _Visitor(visitor, rows) for name, visitor in original(*given).items()}

    xnnpack_preprocess.get_node_visitors = visitors
    try:
        yield found
    finally:
        xnnpack_preprocess.get_node_visitors = original


class _Visitor:
    def __init__(self, visitor: Any, rows: list[tuple[str, str | None]]) -> None:
        self._visitor, self._rows = visitor, rows

    def define_node(self, node: Any, graph: Any, *rest: Any) -> None:
        before = len(graph.xnodes)
        self._visitor.define_node(node, graph, *rest)
        added = len(graph.xnodes) - before
        self._rows += [(node.name, node.meta.get("stack_trace"))] * added
