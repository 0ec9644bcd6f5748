"""Where every part of an ETDump that we write begins, and how large the file will be.

References can only point forward, so the order is: vtables, root, runs with
their events, what debug events logged, metadata, allocators, strings (each
once). All of it is known before the first byte is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from etscope.etdump.columns import Ints, Trace, ValueKind
from etscope.etdump.encoded_records import (
    ALLOCATOR,
    LIST,
    RECORD,
    ROOT,
    RUN,
    TENSOR,
    TRUE,
    VALUE,
    VTABLES,
)
from etscope.etdump.errors import CorruptTrace

PIECE = 1 << 21


def aligned(position: int, step: int = 8) -> int:
    """The next multiple of `step`."""
    return -(-position // step) * step


def edges_of(sizes: Ints, begin: int) -> Ints:
    """(n + 1,) boundaries of n parts that lie end to end."""
    out = np.empty(len(sizes) + 1, np.int64)
    out[0] = begin
    np.cumsum(sizes, out=out[1:])
    out[1:] += begin
    return out


@dataclass(frozen=True, eq=False)
class Layout:
    """Positions in bytes from the start of the file."""

    piece: int  # bytes made at a time
    prefix: int  # bytes in front of the FlatBuffer: 4 for the size, or none
    vtables: int
    root: int
    blocks: Ints  # (runs + 1,): a RunData, its vector of events, its records
    values: int
    true: int  # the Bool that every output points to
    lists: Ints  # (values + 1,): tensor lists; empty for other values
    tensors: int
    dims: int
    metadata: Ints  # (rows + 1,)
    allocator_runs: Ints  # the runs that declare allocators
    allocator_vectors: Ints  # (those runs + 1,)
    allocators: int
    raw_strings: tuple[bytes, ...]
    strings: Ints  # (strings + 1,)

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return int(self.strings[-1])


def block_head(counts: Ints) -> Ints:
    """Bytes in front of the records of runs with so many events."""
    return RUN.itemsize + (counts + 1) // 2 * 8


def _raw(text: str, trace: Trace) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as problem:
        raise CorruptTrace(
            f"the name {text!r} cannot be written as UTF-8", path=trace.path, cure="Rename it."
        ) from problem


def _list_sizes(trace: Trace) -> Ints:
    values = trace.values
    is_list = values.kind == ValueKind.TENSOR_LIST
    return np.where(is_list, LIST.itemsize + 4 * np.diff(values.tensors), 0)


def plan(trace: Trace, *, size_prefix: bool, piece: int = PIECE) -> Layout:
    """Place every part of the file. The trace must have passed `check`.

    Raises:
        CorruptTrace: a string cannot be written as UTF-8.
    """
    values, tensor, allocations = trace.values, trace.values.tensor, trace.allocations
    prefix = 4 if size_prefix else 0
    vtables = prefix + 8
    root = aligned(vtables + len(VTABLES))
    counts = np.diff(trace.runs.first_event)
    first_block = aligned(root + ROOT.itemsize + 4 * len(counts))
    blocks = edges_of(block_head(counts) + RECORD * counts, first_block)
    first_value = int(blocks[-1])
    true = first_value + VALUE.itemsize * len(values)
    lists = edges_of(_list_sizes(trace), true + TRUE.itemsize)
    tensors = aligned(int(lists[-1]))
    dims = tensors + TENSOR.itemsize * len(tensor)
    metadata = edges_of(
        4 + (trace.metadata.length + 3) // 4 * 4, dims + 16 * (len(tensor) + len(tensor.sizes))
    )
    allocator_runs, declared = np.unique(allocations.allocator_run, return_counts=True)
    vectors = edges_of(4 + 4 * declared, int(metadata[-1]))
    allocators = int(vectors[-1])
    raw = tuple(_raw(text, trace) for text in trace.strings)
    sizes = (aligned(4 + len(text) + 1, 4) for text in raw)
    first_string = allocators + ALLOCATOR.itemsize * len(allocations.allocator_run)
    return Layout(
        piece=piece,
        prefix=prefix,
        vtables=vtables,
        root=root,
        blocks=blocks,
        values=first_value,
        true=true,
        lists=lists,
        tensors=tensors,
        dims=dims,
        metadata=metadata,
        allocator_runs=allocator_runs.astype(np.int64),
        allocator_vectors=vectors,
        allocators=allocators,
        raw_strings=raw,
        strings=np.fromiter(accumulate(sizes, initial=first_string), np.int64, len(raw) + 1),
    )
