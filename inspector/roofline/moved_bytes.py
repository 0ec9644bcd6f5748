"""How many bytes an operator must read and write, from its tensors alone: estimated.

Compulsory traffic: each tensor once, whatever a kernel reads twice, and whether or
not a cache holds it. What is broadcast counts as it is stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from etscope.inspector.correlate.operators import parts_of
from etscope.inspector.roofline.operands import Call, Operand

#: Of their first tensor they read what they give, and the others whole.
_PICK = (
    "embedding index index_select gather slice slice_copy select select_copy narrow narrow_copy "
    "split split_copy split_with_sizes split_with_sizes_copy chunk unbind unbind_copy diagonal "
    "diagonal_copy as_strided as_strided_copy embedding_byte embedding_2bit embedding_4bit "
    "masked_select"
)
_PICK_FROM_FIRST = frozenset(_PICK.split())
#: In place they write no more than they are given to put there.
_PUT = frozenset({"index_put_", "index_copy_", "scatter_", "scatter_add_", "masked_scatter_"})
#: Give another shape to the same bytes.
_FREE = frozenset({"et_view", "alias", "detach"})
#: Read nothing of the tensors that they are given, but their shapes.
_FILL = frozenset({"full_like", "zeros_like", "ones_like", "empty_like", "empty", "fill_", "zero_"})


class Moved(NamedTuple):
    """The bytes of one call; None: the type or a size of a tensor is not known."""

    read_bytes: int | None
    written_bytes: int | None

    @property
    def total_bytes(self) -> int | None:
        """Read and written."""
        if self.read_bytes is None or self.written_bytes is None:
            return None
        return self.read_bytes + self.written_bytes


def moved_by(call: Call) -> Moved:
    """The bytes that one call must read and write."""
    name = parts_of(call.op)[1]
    if name in _FREE:
        return Moved(0, 0)
    read, written = bytes_of(call.inputs), bytes_of(call.outputs)
    if name == "copy_":  # what it is written to comes first
        return Moved(bytes_of(call.inputs[1:]), written)
    if name in _FILL:
        return Moved(0, written)
    if name in _PICK_FROM_FIRST and call.inputs and read is not None and written is not None:
        whole = call.inputs[0].size_bytes or 0
        return Moved(read - whole + min(whole, _picked(call, written)), written)
    if name in _PUT and len(call.inputs) > 1:
        return Moved(bytes_of(call.inputs[1:]), call.inputs[-1].size_bytes)
    return Moved(read, written)


def _picked(call: Call, written: int) -> int:
    """Bytes of the elements picked, as stored: an embedding may be stored smaller than it gives."""
    first = call.inputs[0]
    if not first.shape or not first.elements:
        return 0
    name = parts_of(call.op)[1]
    if name.startswith("embedding_") and len(call.inputs) > 1:
        rows = call.inputs[-1].elements
        return rows * (first.size_bytes or 0) // max(first.shape[0], 1)
    given = sum(operand.elements for operand in call.outputs)
    return given * (first.size_bytes or 0) // first.elements if given else written


def bytes_of(operands: Iterable[Operand]) -> int | None:
    """Bytes of tensors, each once; None: one of them is not known."""
    total, seen = 0, set()
    for operand in operands:
        if operand.key >= 0 and operand.key in seen:
            continue
        seen.add(operand.key)
        size = operand.size_bytes
        if size is None:
            return None
        total += size
    return total
