"""Which operations of a delegate read which constants: for backends whose plug-in can tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from etscope.etdump.columns import Bytes, Ints


@dataclass(frozen=True, eq=False)
class Weights:
    """One row per constant that an operation reads; shared ones have a row per reader."""

    operation: Ints  # row of the delegate's Operations
    size_bytes: Ints  # as stored; -1: not known
    key: tuple[str, ...]  # of the program's named data; "": elsewhere, as a rule in the blob

    def __len__(self) -> int:
        return len(self.key)


@runtime_checkable
class WeightReader(Protocol):
    """What a backend's plug-in may have besides the members of `Backend`."""

    def weights(self, blob: Bytes) -> Weights:
        """The constants of a delegate, from the bytes that the program holds for it.

        Raises:
            TraceError: they cannot be read; offsets are those in the blob.
        """
        ...
