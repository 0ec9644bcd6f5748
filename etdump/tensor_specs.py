"""The tensors that a program declares: element type, sizes, and the place planned for them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etscope.etdump import program_schema as schema
from etscope.etdump import ragged
from etscope.etdump.columns import Ints, Ints32
from etscope.etdump.flatbuffer import FlatBuffer, Positions
from etscope.etdump.scalar_types import item_sizes
from etscope.etdump.schema import Scalar

_LARGEST = 2.0**62


class Dynamism(IntEnum):
    """How far the sizes of a tensor are known."""

    STATIC = 0
    BOUNDED = 1  # sizes are upper bounds
    UNBOUNDED = 2


@dataclass(frozen=True, eq=False)
class TensorSpecs:
    """One row per tensor value. Row t owns dims[t]:dims[t + 1] of sizes and dim_order."""

    value: Ints32  # row in EValueColumns
    scalar_type: NDArray[np.int8]
    storage_offset: Ints32
    dims: Ints  # (tensors + 1,)
    sizes: Ints
    dim_order: NDArray[np.uint8]  # dimensions from outermost to innermost in memory
    buffer: Ints  # data_buffer_idx; 0: no constant data
    memory_id: Ints  # arena; -1: not planned
    memory_offset: Ints  # byte in the arena; -1: not planned
    dynamism: NDArray[np.int8]  # Dynamism
    name: Ints32  # fully qualified, index into `names`; -1: the export kept none
    names: tuple[str, ...]
    external: NDArray[np.bool_]  # the data is in another file, by `name`
    state_segment: Ints  # number of the mutable data segment that has the initial state
    device_type: NDArray[np.int8]  # 0: CPU, 1: CUDA
    device_index: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.value)

    @cached_property
    def size_bytes(self) -> Ints:
        """Planned bytes of each tensor: an upper bound where dynamic; -1: unknown scalar type."""
        elements = np.ones(len(self), np.int64)
        np.multiply.at(elements, self.owner, self.sizes)
        width = item_sizes(self.scalar_type)
        return np.where(width > 0, elements * width, -1)

    @property
    def owner(self) -> Ints:
        """For each entry of `sizes` the tensor that it belongs to."""
        return np.repeat(np.arange(len(self)), np.diff(self.dims))

    def name_of(self, row: int) -> str | None:
        """The fully qualified name of one tensor ("layers.0.weight"); None: not in the file."""
        return None if self.name[row] < 0 else self.names[self.name[row]]

    def shape_of(self, row: int) -> tuple[int, ...]:
        """Sizes of one tensor."""
        return tuple(self.sizes[self.dims[row] : self.dims[row + 1]].tolist())


def read_tensors(buffer: FlatBuffer, value: NDArray[np.intp], tables: Positions) -> TensorSpecs:
    """The columns of these Tensor tables; `value` says which value each one is.

    Raises:
        TraceError: something lies outside the file, or sizes that cannot be true.
    """
    dims, sizes = ragged.numbers(
        buffer, buffer.references(tables, schema.Tensor.SIZES), "<i4", "the sizes of a tensor"
    )
    order_dims, order = ragged.numbers(
        buffer, buffer.references(tables, schema.Tensor.DIM_ORDER), "<u1", "a dimension order"
    )
    if len(tables) and ((sizes < 0).any() or not np.array_equal(dims, order_dims)):
        raise buffer.corrupt("a tensor whose sizes cannot be true", int(tables[0]))
    plan = buffer.references(tables, schema.Tensor.ALLOCATION)
    planned = np.flatnonzero(plan >= 0)
    memory_id, memory_offset = np.full((2, len(tables)), -1, np.int64)
    memory_id[planned] = buffer.scalars(plan[planned], schema.Allocation.MEMORY_ID)
    low = buffer.scalars(plan[planned], schema.Allocation.OFFSET_LOW).astype(np.int64)
    high = buffer.scalars(plan[planned], schema.Allocation.OFFSET_HIGH).astype(np.int64)
    if (high >= 2**30).any():
        raise buffer.corrupt("a tensor planned beyond any memory", int(plan[planned][0]))
    memory_offset[planned] = low + (high << 32)
    specs = TensorSpecs(
        value=value.astype(np.int32),
        scalar_type=buffer.scalars(tables, schema.Tensor.SCALAR_TYPE),
        storage_offset=buffer.scalars(tables, schema.Tensor.STORAGE_OFFSET),
        dims=dims,
        sizes=sizes.astype(np.int64),
        dim_order=order,
        buffer=buffer.scalars(tables, schema.Tensor.BUFFER).astype(np.int64),
        memory_id=memory_id,
        memory_offset=memory_offset,
        dynamism=buffer.scalars(tables, schema.Tensor.DYNAMISM),
        **_extras(buffer, tables),
    )
    _check_product(buffer, specs, tables)
    return specs


def _extras(buffer: FlatBuffer, tables: Positions) -> dict[str, Any]:
    """What only some tensors have: a name, another place, another device."""
    at = buffer.references(tables, schema.Tensor.EXTRA)
    rows = np.flatnonzero(at >= 0)
    extra = at[rows]

    def column(field: Scalar, dtype: type[np.generic]) -> NDArray[Any]:
        out = np.zeros(len(tables), dtype)
        out[rows] = buffer.scalars(extra, field)
        return out

    state = buffer.scalars(extra, schema.ExtraInfo.STATE_SEGMENT)
    if (state >= 2**31).any():
        raise buffer.corrupt("a mutable data segment beyond any", int(extra[state.argmax()]))
    texts = ragged.texts(
        buffer, buffer.references(extra, schema.ExtraInfo.NAME), "the name of a tensor"
    )
    named = [place for place, text in enumerate(texts) if text]
    name = np.full(len(tables), -1, np.int32)
    name[rows[named]] = np.arange(len(named))
    return {
        "name": name,
        "names": tuple(text for text in texts if text),
        "external": column(schema.ExtraInfo.LOCATION, np.int8) == 1,
        "state_segment": column(schema.ExtraInfo.STATE_SEGMENT, np.int64),
        "device_type": column(schema.ExtraInfo.DEVICE_TYPE, np.int8),
        "device_index": column(schema.ExtraInfo.DEVICE_INDEX, np.int8),
    }


def _check_product(buffer: FlatBuffer, specs: TensorSpecs, tables: Positions) -> None:
    """Refuse sizes whose product does not fit, before anyone multiplies them as integers."""
    product = np.maximum(item_sizes(specs.scalar_type), 1).astype(np.float64)
    with np.errstate(over="ignore"):
        np.multiply.at(product, specs.owner, np.maximum(specs.sizes, 1).astype(np.float64))
    wrong = ~(product < _LARGEST)
    if wrong.any():
        raise buffer.corrupt("a tensor larger than any memory", int(tables[wrong.argmax()]))
