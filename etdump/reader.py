"""ETDump bytes → columns."""

from __future__ import annotations

from os import PathLike

import numpy as np

from etscope.etdump import schema
from etscope.etdump.columns import Bytes, RunColumns, Trace
from etscope.etdump.errors import EmptyTrace, NotATrace, TraceError, Truncated
from etscope.etdump.flatbuffer import FlatBuffer, Positions
from etscope.etdump.mapping import mapped
from etscope.etdump.runs import RunReader, RunTables
from etscope.etdump.strings import StringTable


def read_etdump(
    source: str | PathLike[str] | bytes | bytearray | Bytes, *, strict: bool = True
) -> Trace:
    """Read an ETDump: a file (memory-mapped, any suffix) or its bytes.

    Both framings are read: with the size prefix that ETDumpGen writes, and
    without. Fields that an older runtime did not write get their defaults.

    Args:
        strict: with False a damaged file gives up what is readable; the
            trace's `losses` say what is missing.

    Raises:
        NotATrace: the identifier is not ED00.
        EmptyTrace: no bytes, no runs or no events; nothing to salvage either.
        Truncated, CorruptTrace: something cannot be read (strict only, unless
            nothing at all can be salvaged).
    """
    data, path = mapped(source)
    try:
        return _read(data, path)
    except NotATrace:
        raise
    except TraceError as error:
        if strict or not data.any():
            raise
        from etscope.etdump.salvage import salvage

        return salvage(data, path, error)


def _read(data: Bytes, path: str | None) -> Trace:
    buffer = FlatBuffer(data, path=path)
    root, version = open_root(buffer)
    strings = StringTable(buffer)
    tables, _ = buffer.tables_of(buffer.references(root, schema.ETDump.RUNS), "the runs")
    runs = RunTables.read(buffer, strings, tables)
    if not int(runs.count.sum()):
        what = "no runs" if not len(tables) else f"{len(tables)} runs but no events"
        raise EmptyTrace(f"the dump holds {what}", path=path)
    reader = RunReader(buffer, strings, runs)
    reader.read_all()
    return assemble(reader, version=version, path=path)


def assemble(reader: RunReader, *, version: int, path: str | None) -> Trace:
    """The trace of a reader that has read its runs."""
    allocations = reader.allocations()
    return Trace(
        strings=reader.strings.strings,
        shapes=tuple(reader.shapes),
        runs=RunColumns(
            name=reader.runs.name,
            bundled_input=reader.runs.bundled_input,
            shape=reader.shape,
            first_event=reader.first_event,
        ),
        times=reader.times(),
        values=reader.values(),
        metadata=reader.metadata(),
        allocations=allocations,
        version=version,
        path=path,
    )


def open_root(buffer: FlatBuffer, *, whole: bool = True) -> tuple[Positions, int]:
    """(position of the root table, schema version) of either framing.

    Args:
        whole: refuse a file that is shorter than its size prefix says.

    Raises:
        EmptyTrace, NotATrace, Truncated: as `read_etdump`.
    """
    data, path = buffer.data, buffer.path
    if not len(data):
        raise EmptyTrace("the file is empty: the runtime wrote no dump", path=path)
    if data[8:12].tobytes() == schema.IDENTIFIER:
        base = 4
        claimed = buffer.number(0, "<u4", "the size prefix") + 4
        if whole and claimed > len(data):
            raise Truncated(
                f"the size prefix says {claimed} bytes, the file has {len(data)}",
                path=path,
                offset=len(data),
            )
    elif data[4:8].tobytes() == schema.IDENTIFIER:
        base = 0
    else:
        raise _not_a_dump(data, path)
    root = np.array([base + buffer.number(base, "<u4", "the root offset")], np.int64)
    return root, int(buffer.scalars(root, schema.ETDump.VERSION)[0])


def _not_a_dump(data: Bytes, path: str | None) -> TraceError:
    if not data.any():
        return EmptyTrace(
            "only zero bytes: this is a debug buffer that nothing was logged to, "
            "or space that a runtime reserved and never wrote",
            path=path,
            offset=0,
        )
    if len(data) < 12:
        return Truncated(f"only {len(data)} bytes, too few for an ETDump", path=path, offset=0)
    guess = ""
    if data[4:8].tobytes() == b"ET12":
        guess = "; it is an ExecuTorch program (.pte)"
    elif data[:4].tobytes() == b"PK\x03\x04":
        guess = "; it is a zip archive, perhaps an ETRecord"
    return NotATrace(
        f"no ETDump: the identifier ED00 is missing at byte 8 and at byte 4{guess}",
        path=path,
        offset=4,
    )
