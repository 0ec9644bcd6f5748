"""Samples that stay in the trace until somebody looks at them.

A table of a million inferences has a cell with a million numbers in each row.
Made into lists they would outweigh the trace twentyfold, mostly unread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray


class Samples(Sequence[Any]):
    """A list of numbers, computed when looked at. Equal to a list with the same numbers.

    `compute(*arguments)` makes them anew each time: a table that somebody
    scrolls through does not pile them up.
    """

    __slots__ = ("_arguments", "_compute")

    def __init__(self, compute: Callable[..., NDArray[Any]], *arguments: object) -> None:
        self._compute, self._arguments = compute, arguments

    @property
    def values(self) -> NDArray[Any]:
        """The numbers as an array."""
        return self._compute(*self._arguments)

    def tolist(self) -> list[Any]:
        """The numbers as a plain list."""
        made: list[Any] = self.values.tolist()
        return made

    def __len__(self) -> int:
        return len(self.values)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        return self.values[index].tolist()

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tolist())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.values, dtype=dtype, copy=copy)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Samples):
            return np.array_equal(self.values, other.values)
        return isinstance(other, list) and self.tolist() == other

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self.tolist())
