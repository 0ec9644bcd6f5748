"""Where the graphs of an Inspector come from: a record and a program, joined when first needed.

What reads and joins them is imported then, too: a bare trace needs nothing of it.
"""

from __future__ import annotations

import tempfile
import warnings
from functools import cached_property, partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etscope.etdump.errors import TraceError, UsageError

if TYPE_CHECKING:
    from etscope.etdump.program import Program
    from etscope.etdump.record import Record
    from etscope.inspector.blocks import Block
    from etscope.inspector.correlate.correlation import Correlation
    from etscope.inspector.graph_fields import BlockGraph
    from etscope.inspector.opened_trace import OpenedTrace
    from etscope.inspector.operator_graph import OperatorGraph

_EDGE = "edge_dialect_graph_module"


class NoRecord(UsageError, TypeError):
    """What was given as a record is none; a TypeError, too."""


class GraphSource:
    """A record, or what one can be made of, and a program; both may be missing.

    A file is looked at when it is given (its directory, no graph); an object of
    executorch is saved and read when a graph is first asked for.

    Raises:
        TraceError: the file is no record.
        NoRecord: it is neither a path, nor a `Record`, nor an object that can be saved.
    """

    def __init__(self, etrecord: Any, program: Program | None) -> None:
        self.given, self.program = etrecord, program
        self._opened = _opened(etrecord)
        self._told: set[str] = set()

    @staticmethod
    def of(etrecord: Any, opened: OpenedTrace) -> GraphSource:
        """What was given, and for the rest what came with the trace."""
        notes = list(opened.notes)
        bundle = opened.bundle
        if etrecord is None and bundle is not None and bundle.record is not None:
            from etscope.etdump.record import read_record

            try:
                etrecord = read_record(bundle.record)
            except TraceError as error:
                notes.append(f"the bundle's record is not used: {error}")
        made = GraphSource(etrecord, opened.program)
        for note in notes:
            made.tell(note)
        return made

    @property
    def is_given(self) -> bool:
        """Whether there is anything to join with."""
        return self.given is not None or self.program is not None

    @cached_property
    def record(self) -> Record | None:
        """The record. A warning says why it is missing where an object cannot be saved."""
        if self._opened is not None or self.given is None:
            return self._opened
        from etscope.etdump.record import read_record

        try:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "record.etrecord"
                self.given.save(str(path))
                return read_record(path.read_bytes())
        except Exception as error:  # whatever an export raises about what it cannot write
            self.tell(f"the ETRecord cannot be saved, so its graphs are not used: {error}")
            return None

    @cached_property
    def correlation(self) -> Correlation:
        """The join."""
        from etscope.inspector.correlate.correlation import Correlation

        return Correlation(self.record, self.program)

    def of_block(self, block: Block) -> BlockGraph:
        """A block with its graph. What does not fit or cannot be read becomes a warning."""
        from etscope.inspector.correlate.correlation import Correlation
        from etscope.inspector.graph_fields import graph_of_block

        try:
            found = graph_of_block(self.correlation, block)
        except TraceError as error:
            why = f"the record is not used: {error}"
            self.tell(why)
            return graph_of_block(Correlation(None, self.program, why), block)
        for note in self.correlation.notes:
            self.tell(note)
        return found

    def reference_cases(self, method: str | None) -> list[list[Any]]:
        """The outputs that the record expects of a method, by test case; [] where it has none.

        Args:
            method: what the record calls it; None: it has none that could be it.

        Raises:
            MissingExtra: torch is not installed.
        """
        if self.record is None or method is None:
            return []
        from etscope.inspector.reference_outputs import reference_cases

        try:
            return reference_cases(self.record, method)
        except TraceError as error:
            self.tell(f"the reference outputs are not used: {error}")
            return []

    def operator_graphs(self, by_module: bool) -> dict[str, OperatorGraph] | None:
        """The record's graphs as trees; None without a record. One that cannot be read is told."""
        record = self.record
        if record is None:
            return None
        from etscope.inspector.operator_graph import operator_graph

        alone = len(record.methods) == 1
        named = {
            _EDGE if alone else f"{_EDGE}/{method}": partial(record.edge_program, method)
            for method in record.methods
        }
        named |= {name: partial(record.extra, name) for name in record.extras}
        found = {}
        for name, read in named.items():
            try:
                found[name] = operator_graph(read(), by_module)
            except TraceError as error:
                self.tell(f"graph {name} is left out: {error}")
        return found

    def exported_program(self, graph: str | None) -> Any:
        """A program as executorch reads it; None, with a warning, without a record.

        Raises:
            MissingExtra: executorch is not installed.
        """
        if self.given is None:
            self.tell("there is no ETRecord to take an exported program from")
            return None
        from etscope.inspector.exported_programs import program_of

        return program_of(self._executorch_record, graph)

    @cached_property
    def _executorch_record(self) -> Any:
        from etscope.inspector.exported_programs import executorch_record

        return executorch_record(self.given)

    def tell(self, note: str) -> None:
        """Warn of something, once."""
        if note not in self._told:
            self._told.add(note)
            warnings.warn(note, stacklevel=2)


def _opened(etrecord: Any) -> Record | None:
    """A record that can be opened at once; None where there is none, or an object to save."""
    if etrecord is None:
        return None
    from etscope.etdump.record import Record, read_record

    if isinstance(etrecord, Record):
        return etrecord
    if isinstance(etrecord, str | PathLike | bytes):
        return read_record(etrecord)
    if callable(getattr(etrecord, "save", None)):
        return None
    kind = type(etrecord).__name__
    raise NoRecord(
        f"etrecord is {kind}, which is no ETRecord: give a path, or the object that the export made"
    )
