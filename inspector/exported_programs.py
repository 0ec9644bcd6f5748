"""The door to executorch: an ETRecord's programs as objects of torch.export.

Only executorch can make them: its file format is its own. Everything else reads
records without it.
"""

from __future__ import annotations

import tempfile
from importlib import import_module
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from etscope.etdump.errors import MissingExtra, UsageError
from etscope.etdump.record import Record

_EDGE = (None, "edge_dialect_exported_program", "edge_dialect_graph_module")


def executorch_record(given: Any) -> Any:
    """What was given as a record as an object of executorch.

    Args:
        given: a path, the bytes, a `Record` that was read from a file, or that object.

    Raises:
        MissingExtra: executorch is not installed.
        UsageError: a `Record` that came as bytes has no file to read again.
    """
    if isinstance(given, Record):
        if given.path is None:
            raise UsageError(
                "the record came as bytes: give the Inspector those bytes or a file "
                "to get exported programs"
            )
        given = given.path
    if isinstance(given, str | PathLike):
        return _parse(fspath(given))
    if isinstance(given, bytes):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "record.etrecord"
            path.write_bytes(given)
            return _parse(str(path))
    return given


def _parse(path: str) -> Any:
    try:
        devtools = import_module("executorch.devtools")
    except ModuleNotFoundError as error:
        raise MissingExtra(
            'exported programs need executorch: pip install "etscope[executorch]"'
        ) from error
    return devtools.parse_etrecord(path)


def program_of(record: Any, graph: str | None) -> Any:
    """One program of such an object; None: it has none of that name.

    Args:
        graph: None for the edge program (a dictionary where there are several methods),
            "exported_program" for that before lowering, or the name of a further graph.
    """
    if graph in _EDGE:
        return record.edge_dialect_program
    if graph == "exported_program":
        return record.exported_program
    graphs = record.graph_map or {}
    return graphs.get(graph, graphs.get(f"{graph}/forward"))
