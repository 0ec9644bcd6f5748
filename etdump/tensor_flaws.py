"""Which rows of a trace's tensors can be read from a debug buffer, and why the others cannot."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import TensorColumns
from etscope.etdump.scalar_types import item_sizes

#: A view may repeat elements (stride 0). It may then be larger than the buffer, up to this size,
#: so that a few bytes of a hostile file cannot ask for terabytes.
BROADCAST_LIMIT = 64 * 2**20

Reals = NDArray[np.float64]

MAX_DIMENSIONS = 32
# Products are taken in float64, which does not wrap; below this they are exact integers.
_EXACT = 2.0**52


class Flaw(IntEnum):
    """Why a tensor cannot be read; `NONE` where it can."""

    NONE = 0
    UNKNOWN_TYPE = 1
    NEGATIVE_SIZE = 2
    TOO_MANY_DIMENSIONS = 3
    NOT_WRITTEN = 4
    NEGATIVE_OFFSET = 5
    NEGATIVE_STRIDE = 6
    BEHIND_THE_END = 7
    TOO_LARGE = 8


FLAW_TEXT: dict[Flaw, str] = {
    Flaw.NONE: "",
    Flaw.UNKNOWN_TYPE: "its scalar type is unknown",
    Flaw.NEGATIVE_SIZE: "a size is negative",
    Flaw.TOO_MANY_DIMENSIONS: f"it has more than {MAX_DIMENSIONS} dimensions",
    Flaw.NOT_WRITTEN: "the runtime did not write its data",
    Flaw.NEGATIVE_OFFSET: "its offset is negative",
    Flaw.NEGATIVE_STRIDE: "a stride is negative",
    Flaw.BEHIND_THE_END: "its data ends behind the debug buffer",
    Flaw.TOO_LARGE: "it repeats elements to more bytes than the debug buffer could hold",
}


def _products(tensors: TensorColumns) -> tuple[Reals, Reals, Reals]:
    """Per tensor: elements, elements without empty dimensions, elements from first to last + 1."""
    rows = len(tensors)
    owner = np.repeat(np.arange(rows), np.diff(tensors.dims))
    sizes = tensors.sizes.astype(np.float64)
    count, extent = np.ones(rows), np.ones(rows)
    with np.errstate(over="ignore", invalid="ignore"):
        np.multiply.at(count, owner, sizes)
        np.multiply.at(extent, owner, np.maximum(sizes, 1.0))
        reach = np.bincount(
            owner, weights=(sizes - 1.0) * tensors.strides.astype(np.float64), minlength=rows
        )
    return count, extent, np.asarray(reach + 1.0, np.float64)


def _any_per_tensor(tensors: TensorColumns, flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    owner = np.repeat(np.arange(len(tensors)), np.diff(tensors.dims))
    return np.bincount(owner[flags], minlength=len(tensors)) > 0


def ends_of(tensors: TensorColumns) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(byte behind the last one of each tensor, whether the tensor has bytes at all)."""
    count, _, span = _products(tensors)
    width = item_sizes(tensors.scalar_type).astype(np.float64)
    return tensors.offset + span * width, count != 0


def flaws_of(tensors: TensorColumns, buffer_size: int) -> NDArray[np.uint8]:
    """The `Flaw` of each row for a debug buffer of that many bytes."""
    count, extent, _ = _products(tensors)
    width = item_sizes(tensors.scalar_type)
    end, filled = ends_of(tensors)
    negative_size = _any_per_tensor(tensors, tensors.sizes < 0)
    negative_stride = _any_per_tensor(tensors, tensors.strides < 0)
    largest = float(max(buffer_size, BROADCAST_LIMIT))
    # Later rows win, so the most basic flaw comes last.
    rules = (
        (Flaw.TOO_LARGE, filled & ~(count * width <= largest)),
        (Flaw.BEHIND_THE_END, filled & ~(end <= buffer_size)),
        (Flaw.NEGATIVE_STRIDE, filled & negative_stride),
        (Flaw.NEGATIVE_OFFSET, filled & (tensors.offset < -1)),
        (Flaw.NOT_WRITTEN, filled & (tensors.offset == -1)),
        (Flaw.TOO_LARGE, ~filled & ~(extent * width < _EXACT)),
        (Flaw.TOO_MANY_DIMENSIONS, np.diff(tensors.dims) > MAX_DIMENSIONS),
        (Flaw.NEGATIVE_SIZE, negative_size),
        (Flaw.UNKNOWN_TYPE, width == 0),
    )
    found = np.zeros(len(tensors), np.uint8)
    for flaw, where in rules:
        found[where] = flaw
    return found
