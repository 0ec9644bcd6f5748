"""Columns → ETDump: a file that this reader and the real Inspector open."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etscope.etdump import encoded_payloads as payloads
from etscope.etdump.columns import (
    AllocationColumns,
    MetadataColumns,
    RunColumns,
    TensorColumns,
    Trace,
    ValueColumns,
)
from etscope.etdump.consistency import check
from etscope.etdump.encoded_layout import PIECE, Layout, plan
from etscope.etdump.encoded_records import ROOT, ROOT_TABLE, VTABLES
from etscope.etdump.encoded_runs import run_blocks
from etscope.etdump.errors import TraceTooLarge
from etscope.etdump.schema import IDENTIFIER, SIZE_LIMIT
from etscope.etdump.times import Times


def encoded_size(trace: Trace, *, size_prefix: bool = True) -> int:
    """Bytes that the trace takes as an ETDump; nothing is encoded.

    Raises:
        CorruptTrace: the columns contradict each other.
    """
    check(trace)
    return plan(trace, size_prefix=size_prefix).size


def etdump_bytes(trace: Trace, *, size_prefix: bool = True, piece_bytes: int = PIECE) -> bytearray:
    """The ETDump of a trace, in memory.

    Args:
        size_prefix: begin with the size of the rest, as the runtime does. The real
            Inspector reads no other files.
        piece_bytes: encode about so many at a time.

    Raises:
        TraceTooLarge: it would reach 2^31 bytes.
        CorruptTrace: the columns contradict each other, or do not fit in the format.
    """
    layout = _layout(trace, size_prefix, piece_bytes, None)
    out = bytearray(layout.size)
    at = 0
    for piece in _pieces(trace, layout):
        out[at : at + len(piece)] = piece
        at += len(piece)
    return out


def write_etdump(
    trace: Trace,
    path: str | PathLike[str],
    *,
    size_prefix: bool = True,
    piece_bytes: int = PIECE,
) -> int:
    """Write a trace as an ETDump; the file appears whole or not at all.

    It is made piece by piece; what that takes besides is 8 bytes per run, value and
    blob of metadata, and the strings.

    Args: as of `etdump_bytes`.

    Returns:
        The bytes written.

    Raises:
        TraceTooLarge: it would reach 2^31 bytes; nothing has been written.
        CorruptTrace: the columns contradict each other, or do not fit in the format.
        OSError: the file cannot be written.
    """
    target = Path(path)
    layout = _layout(trace, size_prefix, piece_bytes, target)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            for piece in _pieces(trace, layout):
                file.write(piece)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return layout.size


def first_runs(trace: Trace, count: int) -> Trace:
    """The trace without the runs behind the first `count`; shares all arrays."""
    runs, metadata, allocations = trace.runs, trace.metadata, trace.allocations
    events = int(runs.first_event[count])
    blobs = int(np.searchsorted(metadata.event, events))
    allocated = int(np.searchsorted(allocations.event, events))
    declared = int(np.searchsorted(allocations.allocator_run, count))
    return replace(
        trace,
        runs=RunColumns(
            runs.name[:count],
            runs.bundled_input[:count],
            runs.shape[:count],
            runs.first_event[: count + 1],
        ),
        times=Times(trace.start[:events], trace.end[:events]),
        values=_first_values(trace.values, int(np.searchsorted(trace.values.event, events))),
        metadata=MetadataColumns(
            metadata.event[:blobs], metadata.start[:blobs], metadata.length[:blobs], metadata.data
        ),
        allocations=AllocationColumns(
            allocations.event[:allocated],
            allocations.allocator[:allocated],
            allocations.size_bytes[:allocated],
            allocations.allocator_run[:declared],
            allocations.allocator_name[:declared],
        ),
    )


def _first_values(values: ValueColumns, count: int) -> ValueColumns:
    tensor = values.tensor
    tensors = int(values.tensors[count])
    items = int(tensor.dims[tensors])
    return ValueColumns(
        event=values.event[:count],
        kind=values.kind[:count],
        is_output=values.is_output[:count],
        integer=values.integer[:count],
        real=values.real[:count],
        tensors=values.tensors[: count + 1],
        tensor=TensorColumns(
            tensor.scalar_type[:tensors],
            tensor.offset[:tensors],
            tensor.dims[: tensors + 1],
            tensor.sizes[:items],
            tensor.strides[:items],
        ),
    )


def _layout(trace: Trace, size_prefix: bool, piece: int, path: Path | None) -> Layout:
    check(trace)
    layout = plan(trace, size_prefix=size_prefix, piece=piece)
    if layout.size < SIZE_LIMIT:
        return layout

    def too_large(count: int) -> bool:
        return plan(first_runs(trace, count), size_prefix=size_prefix).size >= SIZE_LIMIT

    runs = len(trace.runs)
    fitting = bisect_left(range(runs), True, key=too_large) - 1
    raise TraceTooLarge(
        f"{len(trace):,} events in {runs:,} runs would take {layout.size:,} bytes, and an ETDump "
        f"must stay below {SIZE_LIMIT:,}; the first {max(fitting, 0):,} runs would fit",
        path=path,
    )


def _pieces(trace: Trace, layout: Layout) -> Iterator[memoryview]:
    """The file from its first byte to its last."""
    regions: tuple[tuple[int, Iterable[bytes | NDArray[Any]]], ...] = (
        (0, _opening(trace, layout)),
        (int(layout.blocks[0]), run_blocks(trace, layout)),
        (layout.values, payloads.values(trace, layout)),
        (int(layout.lists[0]), payloads.tensor_lists(trace, layout)),
        (layout.tensors, payloads.tensors(trace, layout)),
        (layout.dims, payloads.dims(trace, layout)),
        (int(layout.metadata[0]), payloads.metadata(trace, layout)),
        (int(layout.allocator_vectors[0]), payloads.allocators(trace, layout)),
        (int(layout.strings[0]), payloads.strings(layout)),
    )
    at = 0
    for begin, region in regions:
        yield memoryview(bytes(begin - at))
        at = begin
        for piece in region:
            view = memoryview(piece) if isinstance(piece, bytes) else piece.view(np.uint8).data
            yield view
            at += len(view)
    assert at == layout.size, (at, layout.size)


def _opening(trace: Trace, layout: Layout) -> Iterator[bytes | NDArray[Any]]:
    """Size, root offset, identifier, vtables, root table and the vector of runs."""
    if layout.prefix:
        yield (layout.size - layout.prefix).to_bytes(4, "little")
    yield (layout.root - layout.prefix).to_bytes(4, "little") + IDENTIFIER
    yield VTABLES.ljust(layout.root - layout.vtables, b"\0")
    table = layout.root - layout.vtables - ROOT_TABLE
    runs = len(trace.runs)
    yield np.array([(table, trace.version, 4, runs)], ROOT)
    vector = layout.root + ROOT.itemsize
    for low in range(0, runs, layout.piece):
        places = vector + 4 * np.arange(low, min(low + layout.piece, runs))
        yield (layout.blocks[low : low + len(places)] - places).astype(np.uint32)
