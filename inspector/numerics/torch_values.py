"""Logged values as torch values: the one door of the inspector to torch."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.columns import Ints, Trace
from etscope.etdump.errors import MissingExtra, TraceError
from etscope.etdump.tensors import DebugBuffer, value_of

#: What numpy has no type of its own for goes over as plain words of the same width.
_AS_WORDS = {
    "bfloat16": np.int16,
    "float8_e5m2": np.uint8,
    "float8_e4m3fn": np.uint8,
    "float8_e5m2fnuz": np.uint8,
    "float8_e4m3fnuz": np.uint8,
}


@dataclass(frozen=True)
class Unreadable:
    """Stands where a logged value cannot be read; false, and says why."""

    reason: str

    def __bool__(self) -> bool:
        return False


def logged_values(trace: Trace, buffer: DebugBuffer, events: Ints) -> list[Any]:
    """The values of these debug events: tensors, lists of tensors, numbers or None.

    A value that the debug buffer does not hold is an `Unreadable`, which costs
    nothing but itself.

    Raises:
        MissingExtra: torch is not installed.
    """
    rows = np.searchsorted(trace.values.event, events)
    return [_read(trace, buffer, int(row)) for row in rows]


def _read(trace: Trace, buffer: DebugBuffer, row: int) -> Any:
    try:
        return _to_torch(value_of(trace, buffer, row))
    except TraceError as error:
        return Unreadable(str(error))


def _to_torch(value: Any) -> Any:
    if isinstance(value, list):
        return [_to_torch(item) for item in value]
    return tensor(value) if isinstance(value, np.ndarray) else value


def tensor(array: NDArray[Any]) -> Any:
    """A torch tensor with a copy of the array's values."""
    try:
        torch = import_module("torch")
    except ModuleNotFoundError as error:
        raise MissingExtra("logged tensors need torch: pip install torch") from error
    if array.dtype.names == ("real", "imag"):  # numpy has no half-precision complex numbers
        pairs = np.stack([array["real"], array["imag"]], axis=-1)
        return torch.view_as_complex(torch.from_numpy(pairs))
    words = _AS_WORDS.get(array.dtype.name)
    if words is None:
        return torch.from_numpy(array.copy())
    return torch.from_numpy(array.copy().view(words)).view(getattr(torch, array.dtype.name))
