"""Which node of its graph ExecuTorch was at when it wrote each instruction.

Taken from the exporter while it works: it says more than any file that it leaves,
and nothing of it goes through debug handles.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from executorch.exir.emit import _emitter

#: method → instruction → what is known of the node.
Emission = dict[str, dict[int, dict[str, Any]]]


@contextmanager
def emission() -> Iterator[Emission]:
    """Fill a table while programs are emitted inside the block."""
    found: Emission = {}
    original = _emitter._Emitter.run_node
    at = [""]

    def run_node(emitter: Any, node: Any) -> Any:
        if isinstance(emitter, _emitter._TopLevelEmitter):
            at[0] = emitter.name
        before = emitter.instruction_start_offset + len(emitter.chain.instructions)
        facts = _facts(emitter, node)  # now: the emitter overwrites the handle
        result = original(emitter, node)
        after = emitter.instruction_start_offset + len(emitter.chain.instructions)
        rows = found.setdefault(at[0], {})
        for instruction in range(before, after):
            # The body of a loop has been here before the loop itself.
            rows.setdefault(instruction, facts)
        return result

    _emitter._Emitter.run_node = run_node
    try:
        yield found
    finally:
        _emitter._Emitter.run_node = original


def _facts(emitter: Any, node: Any) -> dict[str, Any]:
    meta = node.meta
    return {
        "node": node.name,
        "kind": node.op,
        "target": operator_name(node.target),
        "handle": meta.get("debug_handle"),
        "stack_trace": meta.get("stack_trace"),
        "ancestors": ancestors(node),
        "modules": [str(path) for path, _ in (meta.get("nn_module_stack") or {}).values()],
        "inner": not isinstance(emitter, _emitter._TopLevelEmitter),
        "members": _members(emitter, node),
    }


def _members(emitter: Any, node: Any) -> list[dict[str, Any]]:
    """What a delegate call runs: the nodes of its graph, as they went into it."""
    if "call_delegate" not in str(node.target):
        return []
    lowered = getattr(emitter.module, node.args[0].target)
    return [
        {
            "node": inner.name,
            "target": operator_name(inner.target),
            "handle": inner.meta.get("debug_handle"),
            "stack_trace": inner.meta.get("stack_trace"),
            "ancestors": ancestors(inner),
        }
        for inner in lowered.original_module.graph.nodes
        if inner.op == "call_function"
    ]


def ancestors(node: Any) -> list[str]:
    """The names of what a node was made from, nearest first; its own name may be a new one."""
    chain, level = [], node.meta.get("from_node") or []
    while level:
        chain.append(level[-1].name)
        level = level[-1].from_node
    return chain


def operator_name(target: Any) -> str:
    """ "aten.add.out" of any operator, also of the edge dialect; a function by its name."""
    inner = getattr(target, "_op", None)
    overload = inner if hasattr(inner, "_schema") else target
    return str(overload) if hasattr(overload, "_schema") else getattr(target, "__name__", "")
