"""One call of an operator as the rules see it: the shapes and types of its tensors."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from etscope.etdump.scalar_types import SCALAR_TYPES

#: More elements than this is no tensor that ever was: the sizes are not true.
_MOST = 2**62
#: More dimensions than any tensor has; the product of a million sizes would take minutes.
_DIMS = 64
#: float16, float32, float64, bfloat16, complex and float8 types, by their number.
_FLOATING = frozenset({5, 6, 7, 8, 9, 10, 15, 23, 24, 25, 26})


class Operand(NamedTuple):
    """A tensor that a call is given or gives."""

    shape: tuple[int, ...]  # -1: a size that is not known
    scalar_type: int  # as in etdump.scalar_types; -1: not known
    key: int = -1  # equal for operands that are one tensor; -1: its own

    @property
    def elements(self) -> int:
        """The product of the sizes."""
        return prod(self.shape)

    @property
    def is_known(self) -> bool:
        """Whether its sizes are known and can be true."""
        sizes = self.shape
        if len(sizes) > _DIMS or min(sizes, default=0) < 0:
            return False
        # A size of 0 must not hide the others: rules multiply some of them.
        return prod(max(size, 1) for size in sizes) <= _MOST

    @property
    def is_floating(self) -> bool:
        """Whether its elements are real or complex numbers; False for a type that is unknown."""
        return self.scalar_type in _FLOATING

    @property
    def size_bytes(self) -> int | None:
        """Bytes of all elements, each once; None: its type or sizes are not known."""
        known = SCALAR_TYPES.get(self.scalar_type)
        return self.elements * known.item_size if known is not None and self.is_known else None


class Call(NamedTuple):
    """A call: its operator in any spelling, and its tensors in the order of the arguments.

    Absent optional tensors are left out; members of lists stand one by one.
    """

    op: str
    inputs: tuple[Operand, ...]
    outputs: tuple[Operand, ...]
    transposed: bool | None = None  # of a convolution; None: not known
    window: int | None = None  # of pooling, the elements of one window; None: not known
