"""Which planned tensors share bytes on purpose, and which keep theirs between inferences.

The file says neither. A tensor that is read before anything wrote it shows
another's bytes if something was written to its place before: the exporter drops
views of static shape. If nothing was, it is a buffer with a state of its own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints
from etscope.etdump.methods import Method
from etscope.etdump.program_constants import Storage
from etscope.inspector.memory.touches import Touches


class Sharing(NamedTuple):
    """One entry per tensor of a method, as in TensorSpecs."""

    root: Ints  # the tensor whose bytes it shows; itself where they are its own
    lasting: NDArray[np.bool_]  # a buffer that keeps its bytes between inferences


def sharing_of(method: Method, touches: Touches) -> Sharing:
    """Find the views and the buffers with a state among the planned tensors of a method."""
    specs, count = method.values.tensors, len(method.values.tensors)
    planned = specs.memory_id >= 0
    given = np.zeros(count, np.bool_)
    inputs = method.values.tensor[method.inputs]
    given[inputs[inputs >= 0]] = True
    stated = planned & ((method.storage.kind == Storage.INITIAL_STATE) | (specs.name >= 0))
    first = _first_reads(method, touches)
    unwritten = np.flatnonzero(planned & ~given & ~stated & (first >= 0))
    place = _places(specs.memory_id, specs.memory_offset)
    root = np.arange(count)
    # Inputs and states are there before the first instruction.
    before = np.flatnonzero(planned & (given | stated))
    row = np.concatenate([np.full(len(before), -1), touches.row[touches.writes]])
    tensor = np.concatenate([before, touches.tensor[touches.writes]])
    # Of several that are written at once the largest counts, however they are numbered.
    order = np.lexsort((specs.size_bytes[tensor], row))
    row, tensor = row[order], tensor[order]
    root[unwritten] = _last_writer(place, row, tensor, unwritten, first[unwritten])
    views = touches.views[planned[touches.views].all(1)]
    views = views[place[views[:, 0]] == place[views[:, 1]]]
    root[views[:, 0]] = views[:, 1]
    lasting = stated & ~given
    alone = unwritten[root[unwritten] == unwritten]
    # Of several views of one buffer the one that is read first stands for it.
    alone = alone[np.argsort(first[alone], kind="stable")]
    _, leader, which = np.unique(place[alone], return_index=True, return_inverse=True)
    root[alone] = alone[leader[which]]
    lasting[alone[leader]] = True
    return Sharing(_settled(root), lasting)


def _first_reads(method: Method, touches: Touches) -> Ints:
    """Per tensor the instruction that reads it before any wrote it; -1: none.

    Outputs are read behind the last instruction.
    """
    count, end = len(method.values.tensors), len(method.instructions)
    read, written = np.full((2, count), end + 1, np.int64)
    outputs = method.values.tensor[method.outputs]
    read[outputs[outputs >= 0]] = end
    np.minimum.at(read, touches.tensor[touches.reads], touches.row[touches.reads])
    np.minimum.at(written, touches.tensor[touches.writes], touches.row[touches.writes])
    return np.where((read <= written) & (read <= end), read, -1)


def _places(memory_id: Ints, offset: Ints) -> Ints:
    """A number per different (arena, offset)."""
    pairs = np.stack([memory_id, offset], 1)
    return np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1)


def _last_writer(place: Ints, row: Ints, tensor: Ints, readers: Ints, at: Ints) -> Ints:
    """Per reader the tensor that was written to its place last before it; itself: none was."""
    steps = int(max(row.max(initial=0), at.max(initial=0))) + 3
    key = place[tensor] * steps + row + 1
    order = np.argsort(key, kind="stable")
    found = np.searchsorted(key[order], place[readers] * steps + at + 1) - 1
    if not len(order):
        return readers
    writer = tensor[order][np.maximum(found, 0)]
    fits = (found >= 0) & (place[writer] == place[readers])
    return np.where(fits, writer, readers)


def _settled(root: Ints) -> Ints:
    """Follow views of views to the end; those in a circle stand for themselves."""
    for _ in range(max(len(root), 1).bit_length()):
        root = root[root]
    return np.where(root[root] == root, root, np.arange(len(root)))
