"""Vectors of many tables laid end to end: row r owns values[edges[r]:edges[r + 1]]."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.flatbuffer import FlatBuffer, Positions


def edges_of(counts: Positions) -> Positions:
    """(rows + 1,): where each row begins, and where the last one ends."""
    edges = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=edges[1:])
    return edges


def numbers(
    buffer: FlatBuffer, at: Positions, dtype: str, what: str
) -> tuple[Positions, NDArray[Any]]:
    """(edges, values) of the number vectors at these positions; an absent vector (-1) is empty."""
    size = np.dtype(dtype).itemsize
    starts, counts = buffer.vectors(at, size, what)
    return edges_of(counts), buffer.gather(buffer.items(starts, counts, size, what), dtype, what)


def spread(edges: Positions, rows: Positions, counts: Positions) -> Positions:
    """Where the values of some rows go in the flat array: their places, end to end."""
    within = np.arange(int(counts.sum())) - np.repeat(edges_of(counts)[:-1], counts)
    return np.repeat(edges[rows], counts) + within


def texts(buffer: FlatBuffer, at: Positions, what: str) -> list[str | None]:
    """The strings at these positions; None for -1.

    Raises:
        CorruptTrace: bytes that are not UTF-8.
    """
    starts, counts = buffer.vectors(at, 1, what)
    out: list[str | None] = []
    for position, start, count in zip(at.tolist(), starts.tolist(), counts.tolist(), strict=True):
        if position < 0:
            out.append(None)
            continue
        buffer.take(count, 1, what)
        try:
            out.append(buffer.data[start : start + count].tobytes().decode())
        except UnicodeDecodeError:
            raise buffer.corrupt(f"{what} is not UTF-8 text", start) from None
    return out


def check_indices(
    buffer: FlatBuffer, indices: NDArray[np.generic], count: int, what: str, least: int = 0
) -> None:
    """Raise CorruptTrace unless least <= index < count for all."""
    wide = np.asarray(indices, dtype=np.int64)
    wrong = (wide < least) | (wide >= count)
    if wrong.any():
        raise buffer.corrupt(f"{what} names number {int(wide[wrong.argmax()])} of {count}")
