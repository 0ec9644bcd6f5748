"""What an XNNPACK delegate was given, as columns: the nodes, each with its debug handle.

The blob is a small header, a flatbuffer and constants. Weights are not read.
Positions in errors are those of the file when the blob's place is given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from etscope.etdump import ragged
from etscope.etdump import xnnpack_schema as schema
from etscope.etdump.columns import Bytes, Ints, Ints32
from etscope.etdump.errors import CorruptTrace, NotATrace, Truncated
from etscope.etdump.flatbuffer import FlatBuffer, Positions
from etscope.etdump.schema import Scalar

_CURE = "Export the program again, or copy it again in binary mode."


@dataclass(frozen=True, eq=False)
class XnnNodes:
    """One row per node, in the order in which the delegate runs them.

    Row n owns input[inputs[n]:inputs[n + 1]] and output[outputs[n]:outputs[n + 1]].
    """

    kind: NDArray[np.uint8]  # number in XNodeUnion; above the last known: a newer exporter
    handle: Ints  # debug handle; -1: none
    inputs: Ints  # (nodes + 1,)
    input: Ints  # ids of values; left-out ones (no bias) are not listed
    outputs: Ints
    output: Ints
    kernel: Ints  # (nodes, 2): height and width of convolutions and pools, else 0
    low: NDArray[np.float64]  # range of the fused activation; NaN: none
    high: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.kind)

    def name(self, row: int) -> str:
        """What a node does: "Conv2d"; "kind 99" for one that is not known."""
        kind = int(self.kind[row])
        known = 0 < kind <= len(schema.NODE_KINDS)
        return schema.NODE_KINDS[kind - 1][0] if known else f"kind {kind}"


@dataclass(frozen=True, eq=False)
class XnnValues:
    """One row per value. Row v owns size[dims[v]:dims[v + 1]]."""

    id: Ints  # what nodes call it
    datatype: Ints32  # XNNDatatype: 1 fp32, 2 fp16, 3 qint8, 6 qcint8, 9 qdint8, ...
    quantized: NDArray[np.bool_]
    constant: NDArray[np.bool_]
    data: Ints  # row of XnnConstants; -1: none, or the exporter was too old to list it
    dims: Ints  # (values + 1,)
    size: Ints

    def __len__(self) -> int:
        return len(self.id)


@dataclass(frozen=True, eq=False)
class XnnConstants:
    """One row per entry of the graph's list of constants; the first one stands for "none"."""

    size_bytes: Ints
    key: tuple[str, ...]  # of the program's named data; "": the bytes are in the blob

    def __len__(self) -> int:
        return len(self.key)


@dataclass(frozen=True, eq=False)
class XnnGraph:
    """The graph of one delegate."""

    version: str
    nodes: XnnNodes
    values: XnnValues
    inputs: Ints  # ids of values
    outputs: Ints
    constants: XnnConstants


def read_xnnpack(blob: Bytes, *, path: str | None = None, start: int = 0) -> XnnGraph:
    """The graph in a delegate blob.

    Args:
        blob: the bytes that the backend was given, (bytes,) uint8.
        path: the file that they lie in, for messages.
        start: the blob's first byte in that file, for messages.

    Raises:
        NotATrace: it is no XNNPACK blob.
        Truncated: it ends before something that it points to.
        CorruptTrace: an offset or number in it cannot be true.
    """
    first = 0
    try:
        first, data = _flatbuffer(blob)
        return _graph(FlatBuffer(data))
    except (CorruptTrace, NotATrace, Truncated) as error:
        place = None if error.offset is None else start + first + error.offset
        message = f"in the XNNPACK delegate: {error.message}"
        raise type(error)(message, path=path, offset=place, cure=_CURE) from None


def _flatbuffer(blob: Bytes) -> tuple[int, Bytes]:
    """(first byte, bytes) of the flatbuffer; old blobs have no header."""
    start, data = 0, blob
    buffer = FlatBuffer(blob)
    if blob[schema.Header.MAGIC :][:4].tobytes() == schema.HEADER_MAGIC:
        start = buffer.number(schema.Header.FLATBUFFER_START, "<u4", "the header")
        size = buffer.number(schema.Header.FLATBUFFER_BYTES, "<u4", "the header")
        buffer.inside(np.array([start]), size, "the graph")
        data = blob[start : start + size]
    if data[4:8].tobytes() not in schema.IDENTIFIERS:
        raise NotATrace("neither 'XN00' nor 'XN01' is at byte 4 of the graph", offset=4)
    return start, data


def _graph(buffer: FlatBuffer) -> XnnGraph:
    root = np.array([buffer.number(0, "<u4", "the root offset")])
    buffer.inside(root, 4, "the root table")
    tables, _ = buffer.tables_of(buffer.references(root, schema.Graph.VALUES), "the values")
    constants = _constants(buffer, root)
    values = _values(buffer, tables, len(constants))
    tables, _ = buffer.tables_of(buffer.references(root, schema.Graph.NODES), "the nodes")
    nodes = _nodes(buffer, tables)
    version = ragged.texts(buffer, buffer.references(root, schema.Graph.VERSION), "the version")[0]
    ends = []
    for field in (schema.Graph.INPUTS, schema.Graph.OUTPUTS):
        at = buffer.references(root, field)
        ends.append(ragged.numbers(buffer, at, "<u4", "the graph's ends")[1].astype(np.int64))
    for numbers, what in (
        (nodes.input, "a node"),
        (nodes.output, "a node"),
        (ends[1], "an output"),
    ):
        unknown = ~np.isin(numbers, values.id)
        if unknown.any():
            raise buffer.corrupt(f"{what} uses value {int(numbers[unknown.argmax()])}, not defined")
    return XnnGraph(version or "", nodes, values, ends[0], ends[1], constants)


def _nodes(buffer: FlatBuffer, tables: Positions) -> XnnNodes:
    kind = buffer.scalars(tables, schema.Node.KIND)
    payload = buffer.references(tables, schema.Node.PAYLOAD)
    bare = payload < 0
    if bare.any():
        raise buffer.corrupt("a node without content", int(tables[bare.argmax()]))
    handle = buffer.scalars(tables, schema.Node.HANDLE).astype(np.int64)
    handle[np.isin(handle, (0, schema.NO_HANDLE))] = -1
    inputs, outputs = _Slots(len(kind)), _Slots(len(kind))
    kernel = np.zeros((len(kind), 2), np.int64)
    for number, (_, layout) in enumerate(schema.NODE_KINDS, start=1):
        rows = np.flatnonzero(kind == number)
        if not len(rows):
            continue
        for slots, column in ((layout.inputs, inputs), (layout.outputs, outputs)):
            for slot in slots:
                column.add(rows, buffer.scalars(payload[rows], Scalar(slot, "<u4")))
        for side, slot in enumerate(layout.kernel or ()):
            kernel[rows, side] = buffer.scalars(payload[rows], Scalar(slot, "<u4"))
    ranges = buffer.references(tables, schema.Node.RANGE)
    low, high = np.full(len(kind), np.nan), np.full(len(kind), np.nan)
    rows = np.flatnonzero(ranges >= 0)
    low[rows] = buffer.scalars(ranges[rows], schema.Range.LOW)
    high[rows] = buffer.scalars(ranges[rows], schema.Range.HIGH)
    return XnnNodes(kind, handle, *inputs.columns(), *outputs.columns(), kernel, low, high)


class _Slots:
    """Collects the values of nodes, slot after slot; gives them node after node."""

    def __init__(self, nodes: int) -> None:
        self.nodes = nodes
        self.rows = [np.zeros(0, np.int64)]
        self.ids = [np.zeros(0, np.int64)]

    def add(self, rows: Ints, ids: NDArray[np.uint32]) -> None:
        there = ids != schema.NO_VALUE
        self.rows.append(rows[there])
        self.ids.append(ids[there].astype(np.int64))

    def columns(self) -> tuple[Ints, Ints]:
        rows, ids = np.concatenate(self.rows), np.concatenate(self.ids)
        edges = ragged.edges_of(np.bincount(rows, minlength=self.nodes))
        return edges, ids[np.argsort(rows, kind="stable")]


def _constants(buffer: FlatBuffer, root: Positions) -> XnnConstants:
    tables, _ = buffer.tables_of(buffer.references(root, schema.Graph.CONSTANTS), "the constants")
    sizes = buffer.scalars(tables, schema.Constant.SIZE)
    if (sizes >= 2**40).any():
        raise buffer.corrupt("a constant larger than any memory", int(tables[sizes.argmax()]))
    keys = ragged.texts(buffer, buffer.references(tables, schema.Constant.KEY), "a constant's key")
    return XnnConstants(sizes.astype(np.int64), tuple(key or "" for key in keys))


def _values(buffer: FlatBuffer, tables: Positions, constants: int) -> XnnValues:
    quantized = buffer.scalars(tables, schema.Value.KIND) == 2
    tensor = buffer.references(tables, schema.Value.PAYLOAD)
    inner = np.flatnonzero(quantized & (tensor >= 0))
    tensor[inner] = buffer.references(tensor[inner], schema.QuantizedTensor.TENSOR)
    bare = tensor < 0
    if bare.any():
        raise buffer.corrupt("a value without content", int(tables[bare.argmax()]))
    at = buffer.references(tensor, schema.Tensor.DIMS)
    dims, size = ragged.numbers(buffer, at, "<u4", "the dimensions of a value")
    constant = buffer.scalars(tensor, schema.Tensor.CONSTANT).astype(np.int64)
    return XnnValues(
        id=buffer.scalars(tensor, schema.Tensor.ID).astype(np.int64),
        datatype=buffer.scalars(tensor, schema.Tensor.TYPE).astype(np.int32),
        quantized=quantized,
        constant=constant != 0,
        data=np.where((constant > 0) & (constant < constants), constant, -1),
        dims=dims,
        size=size.astype(np.int64),
    )
