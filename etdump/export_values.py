"""The values of a serialized graph: which names an argument holds, and their types and sizes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from etscope.etdump.program_graph import ValueTable
from etscope.etdump.ragged import edges_of
from etscope.etdump.record_json import Member
from etscope.etdump.text_index import TextIndex

#: Scalar type as numbered by the export schema → as numbered by ETDump and .pte.
SCALAR_TYPE = dict(
    zip(range(1, 17), (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15, 27, 23, 24), strict=True)
)
#: One value, and lists of values; the name is in 'name' or, of a symbolic number, in 'as_name'.
_ONE = {"as_tensor": "name", "as_sym_int": "as_name", "as_sym_bool": "as_name",
        "as_sym_float": "as_name", "as_custom_obj": "name"}  # fmt: skip
_MANY = {"as_tensors": "name", "as_sym_ints": "as_name", "as_sym_bools": "as_name",
         "as_sym_floats": "as_name"}  # fmt: skip
#: Letters that paths to values in bodies may take more than their names in the file.
PREFIX_LETTERS = 2**25
_NAMED = {*_ONE, *_MANY, "as_optional_tensors"}


class _Scope:
    """What a graph says of its values, and those met so far."""

    def __init__(self, member: Member, graph: dict[str, Any], prefix: str) -> None:
        self.prefix = prefix
        self.tensors = member.table(graph.get("tensor_values"), "the table of tensors")
        self.symbols = [
            member.table(graph.get(key) or {}, f"'{key}'")
            for key in ("sym_int_values", "sym_bool_values", "sym_float_values")
        ]
        self.row: dict[str, int] = {}


class ValueReader:
    """The values met so far, by name; those of a body are seen in that body only."""

    def __init__(self, member: Member, index: TextIndex, graph: dict[str, Any]) -> None:
        self.member, self.index = member, index
        self._scope = _Scope(member, graph, "")
        self._letters = 0
        self._names: list[int] = []
        self._nodes: list[int] = []
        self._types: list[int] = []
        self._counts: list[int] = []
        self._sizes: list[int] = []
        self._expressions: list[int] = []
        self._symbol: list[int] = []

    def __len__(self) -> int:
        return len(self._nodes)

    @contextmanager
    def body(self, graph: dict[str, Any], prefix: str) -> Iterator[None]:
        """Read a body: other values are seen there, and `prefix` is put before their names."""
        outer, self._scope = self._scope, _Scope(self.member, graph, prefix)
        yield
        self._scope = outer

    def path(self, name: str) -> str:
        """A name of the graph being read, with the bodies that it is in.

        Raises:
            CorruptTrace: such names are many times longer than the file.
        """
        prefix = self._scope.prefix
        self._letters += len(prefix)
        if self._letters > PREFIX_LETTERS:
            raise self.member.error("the names of graphs in graphs are too long")
        return prefix + name

    def names_given(self, argument: Any) -> list[str]:
        """The names in an argument, a list of tensors included; none for a plain constant."""
        word, content = self.member.union(argument, "an argument")
        if word not in _NAMED:
            return []
        if word in _ONE:
            entry = self.member.table(content, "a named argument")
            # A symbolic number in an argument may be a plain one.
            found = entry.get(_ONE[word])
            if found is None and word != "as_tensor":
                return []
            return [self.member.text(found, "the name of an argument")]
        if word in _MANY:
            entries = self.member.rows(content, f"'{word}'")
            tables = [self.member.table(entry, "a named argument") for entry in entries]
            found = [table.get(_MANY[word]) for table in tables]
            kept = [name for name in found if name is not None or word == "as_tensors"]
            return [self.member.text(name, "the name of an argument") for name in kept]
        names = []
        for entry in self.member.rows(content, "'as_optional_tensors'"):
            word, content = self.member.union(entry, "an optional tensor")
            if word == "as_tensor":
                entry = self.member.table(content, "a named argument")
                names.append(self.member.text(entry.get("name"), "the name of an argument"))
        return names

    def rows_used(self, argument: Any) -> list[int]:
        """The rows of the values in an argument.

        Raises:
            CorruptTrace: one was not made before.
        """
        # Most arguments are plain constants: they are told apart first.
        if isinstance(argument, dict) and len(argument) == 1 and _NAMED.isdisjoint(argument):
            return []
        try:
            return [self._scope.row[name] for name in self.names_given(argument)]
        except KeyError as why:
            name = str(why.args[0])[:80]
            raise self.member.error(f"value {name!r} is used before it is made") from None

    def add(self, node: int, name: str) -> None:
        """A value that `node` gives.

        Raises:
            CorruptTrace: there is one of that name, or its type or sizes cannot be true.
        """
        scope = self._scope
        if name in scope.row:
            raise self.member.error(f"two values are called {name[:80]!r}")
        scope.row[name] = len(self._nodes)
        self._names.append(self.index.number(self.path(name)))
        self._nodes.append(node)
        kind, sizes = self._described(name)
        self._types.append(kind)
        self._symbol.append(-1 if name in scope.tensors else self._symbol_of(name))
        self._counts.append(len(sizes))
        for size in sizes:
            number, expression = self._size(size)
            self._sizes.append(number)
            self._expressions.append(expression)

    def _described(self, name: str) -> tuple[int, list[Any]]:
        """(scalar type, sizes) of a tensor; a symbolic number has no sizes."""
        meta = self._scope.tensors.get(name)
        if meta is None:
            return -1, []
        meta = self.member.table(meta, "the description of a tensor")
        number = self.member.integer(meta.get("dtype"), "a scalar type")
        sizes = self.member.rows(meta.get("sizes"), "the list of sizes")
        return SCALAR_TYPE.get(number, -1), sizes

    def _symbol_of(self, name: str) -> int:
        """The text of a symbolic number; a plain one has none."""
        for table in self._scope.symbols:
            if name in table:
                word, content = self.member.union(table[name], "a symbolic number")
                if word == "as_expr":
                    fields = self.member.table(content, "a symbolic number")
                    return self._expression(fields)
        return -1

    def _expression(self, fields: dict[str, Any]) -> int:
        return self.index.number(self.member.text(fields.get("expr_str"), "an expression"))

    def _size(self, size: Any) -> tuple[int, int]:
        """(number or hint or -1, index of the expression or -1)."""
        word, content = self.member.union(size, "a size")
        if word == "as_int":
            # Asked here and not in `integer`: there are more sizes than anything else.
            if type(content) is int and 0 <= content < 2**63:
                return content, -1
            raise self.member.error(
                f"a size is {str(content)[:40]!r}, which is no number of elements"
            )
        if word != "as_expr":
            raise self.member.error(f"a size is written as {word[:40]!r}, which is unknown")
        fields = self.member.table(content, "a symbolic size")
        text = self._expression(fields)
        hint = fields.get("hint")
        if isinstance(hint, dict) and type(hint.get("as_int")) is int:
            return self.member.integer(hint["as_int"], "the hint of a size"), text
        return -1, text

    def columns(self) -> ValueTable:
        """All values."""
        return ValueTable(
            node=np.array(self._nodes, np.int32),
            name=np.array(self._names, np.int32),
            scalar_type=np.array(self._types, np.int8),
            dims=edges_of(np.array(self._counts, np.int64)),
            sizes=np.array(self._sizes, np.int64),
            expression=np.array(self._expressions, np.int32),
            symbol=np.array(self._symbol, np.int32),
        )
