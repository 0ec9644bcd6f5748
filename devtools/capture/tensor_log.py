"""Logged values on their way to a debug buffer and to columns.

Every value is written at once: an in-place operator may change it the moment
after. Tensors are stored dense in the order of their strides, each blob padded
to 64 bytes, as the real runtime does; a tensor that is not dense (an expanded
or sliced view) is stored as a dense copy with the strides of that copy.
"""

from __future__ import annotations

from typing import BinaryIO, NamedTuple

import numpy as np
import torch

from etscope.etdump.columns import Ints, TensorColumns, ValueColumns, ValueKind
from etscope.etdump.scalar_types import SCALAR_TYPES

ALIGNMENT = 64
_INT64 = range(-(2**63), 2**63)

_NUMBERS = {
    getattr(torch, entry.name): entry.number
    for entry in SCALAR_TYPES.values()
    if hasattr(torch, entry.name)
}


class Logged(NamedTuple):
    """One debug event."""

    instruction: int
    is_output: bool  # an output of the program: chain -1


class TensorLog:
    """The debug events of one pass, in order, and the blobs they point to."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._position = 0
        self.events: list[Logged] = []
        self._kinds: list[ValueKind] = []
        self._integers: list[int] = []
        self._reals: list[float] = []
        self._tensors: list[int] = [0]
        self._types: list[int] = []
        self._offsets: list[int] = []
        self._sizes: list[tuple[int, ...]] = []
        self._strides: list[tuple[int, ...]] = []

    def returned(self, instruction: int, value: object, several: bool) -> None:
        """Log what an operator returned: one event per value.

        Args:
            instruction: its index.
            value: what it returned.
            several: a tuple or list stands for several values, not for one list of tensors.
        """
        values = value if several and isinstance(value, (tuple, list)) else (value,)
        for item in values:
            self._add(Logged(instruction, False), item)

    def output(self, value: object) -> None:
        """Log an output of the program."""
        self._add(Logged(0, True), value)

    def _add(self, event: Logged, value: object) -> None:
        kind, integer, real, tensors = _classified(value)
        self.events.append(event)
        self._kinds.append(kind)
        self._integers.append(integer)
        self._reals.append(real)
        for tensor in tensors:
            self._write(tensor)
        self._tensors.append(len(self._types))

    def _write(self, tensor: torch.Tensor) -> None:
        dense = _dense(tensor)
        self._types.append(_NUMBERS[tensor.dtype])
        self._sizes.append(tuple(dense.shape))
        self._strides.append(tuple(dense.stride()))
        if dense.numel() == 0:
            self._offsets.append(-1)
            return
        self._offsets.append(self._position)
        blob = torch.as_strided(dense, (dense.numel(),), (1,)).view(torch.uint8).numpy()
        self._file.write(blob.data)
        padding = -len(blob) % ALIGNMENT
        self._file.write(bytes(padding))
        self._position += len(blob) + padding

    def columns(self, event_rows: Ints) -> ValueColumns:
        """All values as columns.

        Args:
            event_rows: the row of each debug event in the trace, ascending, shape (events,).
        """
        lengths = [len(sizes) for sizes in self._sizes]
        return ValueColumns(
            event=event_rows,
            kind=np.array(self._kinds, np.uint8),
            is_output=np.array([event.is_output for event in self.events], np.bool_),
            integer=np.array(self._integers, np.int64),
            real=np.array(self._reals, np.float64),
            tensors=np.array(self._tensors, np.int64),
            tensor=TensorColumns(
                scalar_type=np.array(self._types, np.int8),
                offset=np.array(self._offsets, np.int64),
                dims=np.append(np.int64(0), np.cumsum(np.array(lengths, np.int64))),
                sizes=np.array([size for sizes in self._sizes for size in sizes], np.int64),
                strides=np.array([step for steps in self._strides for step in steps], np.int64),
            ),
        )


def _classified(value: object) -> tuple[ValueKind, int, float, tuple[torch.Tensor, ...]]:
    """(kind, integer, real, tensors). NULL stands for None and for what the format cannot hold."""
    if isinstance(value, torch.Tensor):
        if _storable(value):
            return ValueKind.TENSOR, 0, 0.0, (value,)
    elif isinstance(value, bool):
        return ValueKind.BOOL, int(value), 0.0, ()
    elif isinstance(value, int):
        if value in _INT64:
            return ValueKind.INT, value, 0.0, ()
    elif isinstance(value, float):
        return ValueKind.DOUBLE, 0, value, ()
    elif isinstance(value, (list, tuple)) and value:
        tensors = tuple(item for item in value if isinstance(item, torch.Tensor))
        if len(tensors) == len(value) and all(map(_storable, tensors)):
            return ValueKind.TENSOR_LIST, 0, 0.0, tensors
    return ValueKind.NULL, 0, 0.0, ()


def _storable(tensor: torch.Tensor) -> bool:
    return tensor.dtype in _NUMBERS and tensor.device.type != "meta"


def _dense(tensor: torch.Tensor) -> torch.Tensor:
    """A dense copy on the CPU, without gaps and repeats, in the order of the strides."""
    plain = tensor.detach()
    if plain.layout is not torch.strided:
        plain = plain.to_dense()
    if plain.is_quantized:
        plain = plain.int_repr()
    plain = plain.resolve_conj().resolve_neg().cpu()
    return plain.clone(memory_format=torch.preserve_format)
