"""The records of an ETDump that we write, and the vtables that describe them.

Every event takes one record of 56 bytes, whatever its kind, so that positions
are arithmetic. A field that a table lacks leaves its bytes unused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from etscope.etdump import schema
from etscope.etdump.columns import Ints, Kind, ValueKind
from etscope.etdump.schema import Offset, Scalar

# Each record begins with the table it is named for; u64 fields fall on multiples of 8.
ROOT = np.dtype([("table", "<i4"), ("version", "<u4"), ("runs", "<u4"), ("count", "<u4")])
RUN = np.dtype(
    [
        ("table", "<i4"),
        ("name", "<u4"),
        ("bundled_input", "<i4"),
        ("allocators", "<u4"),
        ("events", "<u4"),
        ("count", "<u4"),  # not of the table: it heads the vector of events that follows
    ]
)
_EVENT = [("event", "<i4"), ("to", "<u4"), ("table", "<i4")]  # an Event and the table inside it
PROFILE = np.dtype(
    [
        *_EVENT,
        ("name", "<u4"),
        ("chain", "<i4"),
        ("instruction", "<i4"),
        ("delegate_id", "<i4"),
        ("delegate_name", "<u4"),
        ("metadata", "<u4"),
        ("unused", "<u4"),
        ("start", "<u8"),
        ("end", "<u8"),
    ]
)
DEBUG = np.dtype(
    [
        *_EVENT,
        ("name", "<u4"),
        ("chain", "<u8"),
        ("delegate_id", "<i4"),
        ("delegate_name", "<u4"),
        ("entry", "<u4"),
        ("instruction", "<i4"),
        ("unused", "V16"),
    ]
)
ALLOCATION = np.dtype([*_EVENT, ("allocator", "<i4"), ("size", "<u8"), ("unused", "V32")])
ALLOCATOR = np.dtype([("table", "<i4"), ("name", "<u4")])
VALUE = np.dtype(  # with room behind it for the table of a number
    [
        ("table", "<i4"),
        ("payload", "<u4"),
        ("output", "<u4"),
        ("kind", "u1"),
        ("unused", "V3"),
        ("box", "<i4"),
        ("small", "<u4"),  # a Bool or Float
        ("large", "<i8"),  # an Int or Double
    ]
)
TRUE = np.dtype([("table", "<i4"), ("value", "<u4")])  # the one Bool that all outputs point to
LIST = np.dtype([("table", "<i4"), ("tensors", "<u4"), ("count", "<u4")])
TENSOR = np.dtype(
    [
        ("table", "<i4"),
        ("sizes", "<u4"),
        ("strides", "<u4"),
        ("scalar_type", "i1"),
        ("unused", "V3"),
        ("offset", "<i8"),
    ]
)
RECORD = PROFILE.itemsize
INNER = 8  # byte of a record at which the table inside the Event begins
BOX = 16  # byte of a VALUE at which the number's table begins

Record = np.dtype[Any]
Field = Scalar | Offset


class _VTables:
    """The vtables, end to end; each distinct one is kept once."""

    def __init__(self) -> None:
        self.data = bytearray()
        self._known: dict[bytes, int] = {}

    def add(
        self, record: Record, fields: Mapping[str, Field], *, begin: int = 0, end: int | None = None
    ) -> int:
        """Place of the vtable of the table at bytes begin:end of a record."""
        places: Any = record.fields
        slots = [0] * (1 + max((field.slot for field in fields.values()), default=-1))
        for name, field in fields.items():
            slots[field.slot] = int(places[name][1]) - begin
        size = (record.itemsize if end is None else end) - begin
        raw = np.array([4 + 2 * len(slots), size, *slots], "<u2").tobytes()
        if raw not in self._known:
            self._known[raw] = len(self.data)
            self.data += raw
        return self._known[raw]


def _choices(optional: Mapping[str, Field]) -> Iterator[dict[str, Field]]:
    """All subsets; bit i of a subset's number is the i-th field."""
    for bits in range(1 << len(optional)):
        yield {n: f for i, (n, f) in enumerate(optional.items()) if bits >> i & 1}


def _inner_tables(pool: _VTables) -> Ints:
    """(kinds, 16): by what is present: name 1, delegate id 2, delegate name 4, metadata 8."""
    p, d, a = schema.ProfileEvent, schema.DebugEvent, schema.AllocationEvent
    fixed: dict[str, Field] = {"chain": p.CHAIN, "instruction": p.INSTRUCTION}
    maybe: dict[str, Field] = {"name": p.NAME}
    maybe |= {"delegate_id": p.DELEGATE_ID, "delegate_name": p.DELEGATE_NAME}
    times: dict[str, Field] = {"start": p.START, "end": p.END}
    out = np.zeros((3, 16), np.int64)
    for bits, some in enumerate(_choices({**maybe, "metadata": p.METADATA})):
        out[Kind.PROFILE, bits] = pool.add(PROFILE, {**fixed, **some, **times}, begin=INNER)
    fixed = {"chain": d.CHAIN, "instruction": d.INSTRUCTION, "entry": d.ENTRY}
    maybe = {"name": d.NAME, "delegate_id": d.DELEGATE_ID, "delegate_name": d.DELEGATE_NAME}
    for bits, some in enumerate(_choices(maybe)):
        out[Kind.DEBUG, bits] = pool.add(DEBUG, {**fixed, **some}, begin=INNER, end=40)
    fixed = {"allocator": a.ALLOCATOR, "size": a.SIZE}
    out[Kind.ALLOCATION] = pool.add(ALLOCATION, fixed, begin=INNER, end=24)
    return out


def _value_tables(pool: _VTables) -> Ints:
    """(256, 2): vtable of a Value by the kind whose payload it has, and by being an output."""
    v = schema.Value
    payload = {ValueKind.TENSOR: v.TENSOR, ValueKind.TENSOR_LIST: v.TENSOR_LIST}
    payload |= {ValueKind.INT: v.INT, ValueKind.BOOL: v.BOOL}
    payload |= {ValueKind.FLOAT: v.FLOAT, ValueKind.DOUBLE: v.DOUBLE}
    out = np.zeros((256, 2), np.int64)
    for output, marked in enumerate(_choices({"output": v.OUTPUT})):
        out[:, output] = pool.add(VALUE, {"kind": v.KIND, **marked}, end=BOX)
        for kind, slot in payload.items():
            fields = {"kind": v.KIND, "payload": slot, **marked}
            out[kind, output] = pool.add(VALUE, fields, end=BOX)
    return out


def _box_tables(pool: _VTables) -> Ints:
    """(256,): vtable of the table that holds a number of this kind; -1: such a value has none."""
    out = np.full(256, -1, np.int64)
    for kind, name, field in (
        (ValueKind.INT, "large", schema.Int.VALUE),
        (ValueKind.BOOL, "small", schema.Bool.VALUE),
        (ValueKind.FLOAT, "small", schema.Float.VALUE),
        (ValueKind.DOUBLE, "large", schema.Double.VALUE),
    ):
        out[kind] = pool.add(VALUE, {name: field}, begin=BOX)
    return out


_pool = _VTables()
#: By Kind: the vtable of an Event that holds this kind of table.
EVENT_TABLES = np.array(
    [
        _pool.add(PROFILE, {"to": field}, end=INNER)
        for field in (schema.Event.PROFILE, schema.Event.DEBUG, schema.Event.ALLOCATION)
    ]
)
INNER_TABLES = _inner_tables(_pool)
VALUE_TABLES = _value_tables(_pool)
BOX_TABLES = _box_tables(_pool)
#: By what is present: name 1, allocators 2.
RUN_TABLES = np.array(
    [
        _pool.add(
            RUN,
            {
                "bundled_input": schema.RunData.BUNDLED_INPUT,
                "events": schema.RunData.EVENTS,
                **some,
            },
            end=20,
        )
        for some in _choices({"name": schema.RunData.NAME, "allocators": schema.RunData.ALLOCATORS})
    ]
)
#: By whether the allocator has a name.
ALLOCATOR_TABLES = np.array(
    [_pool.add(ALLOCATOR, some) for some in _choices({"name": schema.Allocator.NAME})]
)
ROOT_TABLE = _pool.add(ROOT, {"version": schema.ETDump.VERSION, "runs": schema.ETDump.RUNS}, end=12)
TRUE_TABLE = _pool.add(TRUE, {"value": schema.Bool.VALUE})
LIST_TABLE = _pool.add(LIST, {"tensors": schema.TensorList.TENSORS}, end=8)
TENSOR_TABLE = _pool.add(
    TENSOR,
    {
        "sizes": schema.Tensor.SIZES,
        "strides": schema.Tensor.STRIDES,
        "scalar_type": schema.Tensor.SCALAR_TYPE,
        "offset": schema.Tensor.OFFSET,
    },
)
VTABLES = bytes(_pool.data)
