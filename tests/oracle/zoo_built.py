"""Which node of the graph each operation inside an XNNPACK delegate was made from.

Taken from the exporter while it fills its own graph, before debug handles come in.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from executorch.backends.xnnpack import xnnpack_preprocess
from oracle.zoo_emission import ancestors

#: Per delegate the nodes that its operations were made from, in order.
Built = list[list[dict[str, Any]]]


@contextmanager
def built() -> Iterator[Built]:
    """Fill a list while delegates are built inside the block."""
    found: Built = []
    original = xnnpack_preprocess.get_node_visitors

    def visitors(*given: Any) -> dict[str, Any]:
        rows: list[dict[str, Any]] = []
        found.append(rows)
        return {name: _Visitor(visitor, rows) for name, visitor in original(*given).items()}

    xnnpack_preprocess.get_node_visitors = visitors
    try:
        yield found
    finally:
        xnnpack_preprocess.get_node_visitors = original


class _Visitor:
    def __init__(self, visitor: Any, rows: list[dict[str, Any]]) -> None:
        self._visitor, self._rows = visitor, rows

    def define_node(self, node: Any, graph: Any, *rest: Any) -> None:
        before = len(graph.xnodes)
        self._visitor.define_node(node, graph, *rest)
        added = len(graph.xnodes) - before
        facts = {
            "node": node.name,
            "handle": node.meta.get("debug_handle"),
            "stack_trace": node.meta.get("stack_trace"),
            "ancestors": ancestors(node),
        }
        self._rows += [facts] * added
