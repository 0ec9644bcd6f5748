"""The maps of an ETRecord as columns: what each instruction of the program came from.

Formats (all JSON, keyed by method and instruction): debug_handle_map has one
handle, or for a delegate a list in the order of its graph with repetitions;
delegate_map the backend and its own ids; instruction_id_to_num_outs_map counts.
Instructions without a handle are missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints, Ints32
from etscope.etdump.ragged import edges_of
from etscope.etdump.record_json import Member
from etscope.etdump.text_index import readable

#: The name of the only method where a file names none.
ONLY_METHOD = "forward"


@dataclass(frozen=True, eq=False)
class InstructionKeys:
    """One row per instruction in a map, in file order."""

    methods: tuple[str, ...]
    method: Ints32  # index into methods
    instruction: Ints

    def __len__(self) -> int:
        return len(self.method)

    def rows_of(self, method: str) -> Ints:
        """The rows of a method; none for one that the map does not know."""
        number = self.methods.index(method) if method in self.methods else -1
        return np.flatnonzero(self.method == number)

    def row_of(self, method: str, instruction: int) -> int:
        """The row of an instruction; -1 where the map says nothing about it."""
        rows = self.rows_of(method)
        found = rows[self.instruction[rows] == instruction]
        return int(found[0]) if len(found) else -1


@dataclass(frozen=True, eq=False)
class HandleMap(InstructionKeys):
    """Instruction → debug handles: row r owns handle[edges[r]:edges[r + 1]]."""

    edges: Ints
    handle: Ints
    is_list: NDArray[np.bool_]  # written as a list, which is done for delegates

    def handles_of(self, method: str, instruction: int) -> Ints:
        """Handles in file order, duplicates kept; empty where the map has none."""
        row = self.row_of(method, instruction)
        return self.handle[:0] if row < 0 else self.handle[self.edges[row] : self.edges[row + 1]]


@dataclass(frozen=True, eq=False)
class DelegateMap(InstructionKeys):
    """Instruction → backend, and the ids that the backend gives to what it runs.

    Row r owns ids first_id[r]:first_id[r + 1]; id i owns handle[edges[i]:edges[i + 1]].
    """

    backend: tuple[str, ...]  # (rows,)
    first_id: Ints
    identifier: tuple[str, ...]  # (ids,): a number is written as text
    edges: Ints
    handle: Ints

    def handles_of(self, method: str, instruction: int, identifier: str | int) -> Ints:
        """Handles of what a delegate calls `identifier`; empty where the map has none."""
        row = self.row_of(method, instruction)
        if row < 0:
            return self.handle[:0]
        start, end = self.first_id[row : row + 2].tolist()
        for number in range(start, end):
            if self.identifier[number] == str(identifier):
                return self.handle[self.edges[number] : self.edges[number + 1]]
        return self.handle[:0]


@dataclass(frozen=True, eq=False)
class OutputCounts(InstructionKeys):
    """Delegate call → how many outputs it has."""

    outputs: Ints


def _instructions(member: Member, value: Any) -> Iterator[tuple[str, int, Any]]:
    """(method, instruction, content); a file without methods has only one."""
    table = member.table(value, "the map")
    if table and all(key.isascii() and key.isdecimal() for key in table):
        table = {ONLY_METHOD: table}
    for method, below in table.items():
        method = readable(method)
        for key, content in member.table(below, f"method {method[:80]!r}").items():
            yield method, member.key_number(key, "an instruction"), content


def _methods(value: Any) -> tuple[str, ...]:
    if value and all(key.isascii() and key.isdecimal() for key in value):
        return (ONLY_METHOD,)
    return tuple(dict.fromkeys(map(readable, value)))


def _keys(value: Any, rows: list[tuple[str, int, Any]]) -> tuple[tuple[str, ...], Ints32, Ints]:
    methods = _methods(value)
    number = {name: n for n, name in enumerate(methods)}
    method = np.array([number[name] for name, _, _ in rows], np.int32)
    return methods, method, np.array([instruction for _, instruction, _ in rows], np.int64)


def _ragged(lists: list[list[int]]) -> tuple[Ints, Ints]:
    counts = np.array([len(row) for row in lists], np.int64)
    return edges_of(counts), np.array([item for row in lists for item in row], np.int64)


def _handles(member: Member, value: Any) -> list[int]:
    values = value if isinstance(value, list) else [value]
    return [member.integer(handle, "a debug handle") for handle in values]


def read_handles(member: Member, value: Any) -> HandleMap:
    """The debug_handle_map; `value` is its JSON. Raises CorruptTrace for a wrong type."""
    rows = list(_instructions(member, value))
    edges, handle = _ragged([_handles(member, content) for _, _, content in rows])
    is_list = np.array([isinstance(content, list) for _, _, content in rows], np.bool_)
    return HandleMap(*_keys(value, rows), edges, handle, is_list)


def read_delegates(member: Member, value: Any) -> DelegateMap:
    """The delegate_map; `value` is its JSON. Raises CorruptTrace for a wrong type."""
    rows = list(_instructions(member, value))
    backends: list[str] = []
    identifiers: list[str] = []
    handles: list[list[int]] = []
    counts: list[int] = []
    for _, instruction, content in rows:
        what = f"the delegate of instruction {instruction}"
        fields = member.table(content, what)
        backends.append(readable(member.text(fields.get("name"), f"the name of {what}")))
        below = member.table(fields.get("delegate_map") or {}, f"the ids of {what}")
        counts.append(len(below))
        identifiers += map(readable, below)
        handles += [_handles(member, entry) for entry in below.values()]
    edges, handle = _ragged(handles)
    first_id = edges_of(np.array(counts, np.int64))
    keys = _keys(value, rows)
    return DelegateMap(*keys, tuple(backends), first_id, tuple(identifiers), edges, handle)


def read_output_counts(member: Member, value: Any) -> OutputCounts:
    """The instruction_id_to_num_outs_map. Raises CorruptTrace for a wrong type."""
    rows = list(_instructions(member, value))
    counts = [member.integer(content, "a number of outputs") for _, _, content in rows]
    return OutputCounts(*_keys(value, rows), np.array(counts, np.int64))
