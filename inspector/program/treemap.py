"""The bytes of a file as a tree: file → part → holder; a parent is the sum of its children."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from etscope.inspector.program.holders import Part

ROOT = "file"


def treemap(rows: Iterable[Mapping[str, Any]], parts: Mapping[Part, int]) -> list[dict[str, Any]]:
    """Nodes as flat rows: id, parent ("" for the root), label, size_bytes. Empty ones are left out.

    Args:
        rows: those of the report, each with id, part, label and size_bytes.
        parts: bytes of each part, what no holder has included.
    """
    held = [row for row in rows if row["size_bytes"]]
    root = {"id": ROOT, "parent": "", "label": ROOT, "size_bytes": sum(parts.values())}
    branches = [
        {"id": f"part/{part.value}", "parent": ROOT, "label": part.value, "size_bytes": size}
        for part, size in parts.items()
    ]
    leaves = [
        {
            "id": row["id"],
            "parent": f"part/{row['part']}",
            "label": row["label"],
            "size_bytes": row["size_bytes"],
        }
        for row in held
    ]
    return [root, *branches, *leaves]
