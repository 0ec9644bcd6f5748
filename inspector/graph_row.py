"""What the graph says of one row of an event block."""

from __future__ import annotations

from dataclasses import dataclass, field

#: The modules around a node, outermost first: key → (path, type).
Hierarchy = dict[str, tuple[str, str]]


@dataclass(frozen=True)
class GraphFields:
    """One row of a block. The first six fields are those of executorch.devtools."""

    debug_handles: int | list[int] | None = None
    num_outputs: int = 1
    delegate_backend_name: str | None = None
    op_types: list[str] = field(default_factory=list)
    stack_traces: dict[str, str | None] = field(default_factory=dict)
    module_hierarchy: dict[str, Hierarchy] = field(default_factory=dict)
    node: str | None = None  # the node that the row is; None: none, or a whole delegate
    op: str | None = None
    module: str | None = None  # "" is the root
    source: str | None = None  # "file:line"
    mapped_by: str = "not mapped"
    confidence: str = "none"
    reason: str = "there is no record and no program"
