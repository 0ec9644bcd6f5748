"""Where a node comes from: the stack trace, module stack and lineage that an export attaches.

Their formats: a Python traceback; "key,path,type;key,path,type" with the
outermost module first; a JSON list of nested {name, target, graph_id, from_node}.
A text that is not in its format is counted as unreadable, never an error: it
explains a node, and the graph is whole without it.
"""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np

from etscope.etdump.columns import Ints32
from etscope.etdump.origin_columns import FrameStacks, Lineages, ModuleStacks
from etscope.etdump.ragged import edges_of
from etscope.etdump.text_index import TextIndex

_FRAME = re.compile(r'File "(.*)", line (\d{1,9}), in (.*)')
_MARKS = re.compile(r"[\s~^]*")  # below the part of a line that is meant
#: Stands for a module where a pass of the exporter made the node and named none.
_NO_MODULE = "_empty_nn_module_stack_from_metadata_hook"
#: What a strict export calls the root, once more, in the bodies of loops and branches.
_ROOT = "_export_root"
_UNREADABLE = -2
_CALL = re.compile(r"@(\d{1,6})$")  # behind the key of a module that is called again

#: Rows of one kind of stack: each row is a tuple of numbers.
_Rows = list[tuple[int, ...]]


class _Stacks:
    """Distinct texts of one kind, each read once into rows."""

    def __init__(self, index: TextIndex) -> None:
        self.index = index
        self.unreadable = 0
        self._seen: dict[str, int] = {}
        self._stacks: list[_Rows] = []
        self._texts: list[str] = []

    def row(self, text: Any) -> int:
        """The stack of a node; -1 for none and for one that cannot be read."""
        if text is None or text == "":
            return -1
        found = self._seen.get(text) if isinstance(text, str) else _UNREADABLE
        if found is None:
            rows = self.parsed(text)
            found = _UNREADABLE if rows is None else len(self._stacks) if rows else -1
            self._seen[text] = found
            if rows:
                self._stacks.append(rows)
                self._texts.append(text)
        self.unreadable += found == _UNREADABLE
        return max(found, -1)

    def parsed(self, text: str) -> _Rows | None:
        """The rows of a text; None where it is not in the format."""
        raise NotImplementedError

    def _written(self) -> Ints32:
        return np.array([self.index.number(text) for text in self._texts], np.int32)

    def _columns(self, count: int) -> tuple[Any, list[Ints32]]:
        edges = edges_of(np.array([len(rows) for rows in self._stacks], np.int64))
        flat = np.array([row for rows in self._stacks for row in rows], np.int64)
        return edges, [c.astype(np.int32) for c in flat.reshape(-1, count).T]


class FrameReader(_Stacks):
    """Stack traces."""

    def parsed(self, text: str) -> _Rows | None:
        rows: _Rows = []
        number = self.index.number
        empty = number("")
        for line in text.split("\n"):
            line = line.strip()
            found = _FRAME.fullmatch(line)
            if found:
                file, at, function = found.groups()
                rows.append((number(file), int(at), number(function), empty))
            elif rows and line and rows[-1][3] == empty and not _MARKS.fullmatch(line):
                rows[-1] = (*rows[-1][:3], number(line))
        return rows or None

    def columns(self) -> FrameStacks:
        edges, (file, line, function, source) = self._columns(4)
        return FrameStacks(edges, self._written(), file, line, function, source)


class ModuleReader(_Stacks):
    """Module stacks. The key is of no use: strict export writes object ids there."""

    def parsed(self, text: str) -> _Rows | None:
        rows: _Rows = []
        for entry in text.split(";"):
            parts = split_entry(entry)
            if len(parts) != 3:
                return None
            key, path, kind = parts
            if key == _NO_MODULE or path == _ROOT:
                continue
            path = path.removeprefix(_ROOT + ".")
            again = _CALL.search(key)
            call = int(again[1]) if again else 0
            rows.append((self.index.number(path), self.index.number(kind), call))
        return rows

    def columns(self) -> ModuleStacks:
        edges, (path, kind, call) = self._columns(3)
        return ModuleStacks(edges, self._written(), path, kind, call)


def split_entry(entry: str) -> list[str]:
    """The parts between commas that are in no brackets, without the spaces around them."""
    if "[" not in entry and "(" not in entry:
        return [part.strip() for part in entry.split(",")]
    parts, start, depth = [], 0, 0
    for position, letter in enumerate(entry):
        depth += (letter in "[(") - (letter in ")]")
        if letter == "," and depth == 0:
            parts.append(entry[start:position].strip())
            start = position + 1
    return [*parts, entry[start:].strip()]


def _graph_id(value: Any) -> int:
    return value if type(value) is int and 0 <= value < 2**63 else -1


class LineageReader(_Stacks):
    """Chains of ancestors; of several parents the last one counts, as everywhere upstream."""

    def __init__(self, index: TextIndex) -> None:
        super().__init__(index)
        self._graph_ids: list[int] = []

    def row(self, text: Any) -> int:
        # Nodes that come from nothing carry an empty list.
        return -1 if text in ("[]", "null") else super().row(text)

    def parsed(self, text: str) -> _Rows | None:
        try:
            level = json.loads(text)
        except (ValueError, RecursionError):
            return None
        rows: _Rows = []
        graph_ids: list[int] = []
        number = self.index.number
        while isinstance(level, list) and level and isinstance(level[-1], dict):
            entry = level[-1]
            name, target = entry.get("name"), entry.get("target")
            if not isinstance(name, str):
                return None
            rows.append((number(name), number(target) if isinstance(target, str) else -1))
            graph_ids.append(_graph_id(entry.get("graph_id")))
            level = entry.get("from_node")
        self._graph_ids += graph_ids
        return rows or None

    def columns(self) -> Lineages:
        edges, (name, target) = self._columns(2)
        return Lineages(edges, name, target, np.array(self._graph_ids, np.int64))
