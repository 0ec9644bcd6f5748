"""XNNPACK: the nodes of the delegate's graph beside the operators that its profiler reports.

An event is named after the operator that XNNPACK chose, "Convolution (NHWC,
F32) IGEMM #2"; several kinds of nodes may end as one operator, and quantized
graphs lose nodes when XNNPACK runs neighbours as one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from etscope.etdump.columns import Bytes, Ints, Ints32
from etscope.etdump.xnnpack import XnnGraph, read_xnnpack
from etscope.inspector.backends import xnnpack_takes
from etscope.inspector.backends.alignment import CELL_LIMIT, Fits, align
from etscope.inspector.backends.operations import Attribution, Confidence, Operations
from etscope.inspector.backends.weights import Weights
from etscope.inspector.backends.xnnpack_lowering import gives_quantized, operators_of
from etscope.inspector.backends.xnnpack_names import kinds_of, says_quantized

_NAME = "XnnpackBackend"

#: Kinds that XNNPACK runs together with a neighbour: activations with what computes their input,
#: conversions with the unary node between them, padding with the convolution behind it.
_FOLDABLE = frozenset(("Clamp", "Convert", "StaticConstantPad", "Copy", "StaticReshape"))

_PAIR, _WEAK_PAIR = 10, 8
#: Detail of a node of two inputs that are one value.
_SAME = "of itself"


class Xnnpack:
    """The plug-in for XNNPACK."""

    names = (_NAME,)
    resolution_ns = 1000.0  # its profiler counts whole microseconds
    refusal = staticmethod(xnnpack_takes.refusal)

    def operations(self, blob: Bytes) -> Operations:
        """The nodes of a delegate, in order.

        Raises:
            TraceError: the blob cannot be read.
        """
        graph = read_xnnpack(blob)
        nodes = graph.nodes
        kinds = tuple(nodes.name(row) for row in range(len(nodes)))
        return Operations(
            backend=_NAME,
            kind=kinds,
            handle=_with_neighbours(graph),
            inserted=nodes.handle < 0,
            foldable=np.array([kind in _FOLDABLE for kind in kinds], np.bool_),
            detail=tuple(_detail(graph, row) for row in range(len(nodes))),
            inputs=nodes.inputs,
            input=nodes.input,
            outputs=nodes.outputs,
            output=nodes.output,
            delegate_inputs=graph.inputs,
            delegate_outputs=graph.outputs,
            stands_for=tuple(operators_of(graph, row) for row in range(len(nodes))),
            quantized=tuple(gives_quantized(graph, row) for row in range(len(nodes))),
        )

    def weights(self, blob: Bytes) -> Weights:
        """The constants that the nodes of a delegate read.

        Raises:
            TraceError: the blob cannot be read.
        """
        graph = read_xnnpack(blob)
        # The last of equal ids would win, as in a dictionary; exporters write each once.
        data = dict(zip(graph.values.id.tolist(), graph.values.data.tolist(), strict=True))
        reader = np.repeat(np.arange(len(graph.nodes)), np.diff(graph.nodes.inputs))
        constant = np.array([data.get(v, -1) for v in graph.nodes.input.tolist()], np.int64)
        rows = constant[constant >= 0]
        return Weights(
            operation=reader[constant >= 0],
            size_bytes=graph.constants.size_bytes[rows],
            key=tuple(graph.constants.key[row] for row in rows.tolist()),
        )

    def attribute(self, events: Sequence[str | int], operations: Operations) -> Attribution:
        """Which node each operator event reports."""
        names = [event.rpartition(" #")[0] or event for event in map(str, events)]
        found = None
        if len(set(names)) * len(operations) <= CELL_LIMIT:
            found = align(_fits(names, operations), operations.foldable, operations.handle)
        if found is None:
            return Attribution.unknown(len(events), "too many events and operations to align")
        row = found.operation
        handle = np.where(row < 0, -1, operations.handle[row] if len(operations) else -1)
        reasons = tuple(
            _reason(Confidence(sure), operations, at)
            for at, sure in zip(row.tolist(), found.confidence.tolist(), strict=True)
        )
        return Attribution(row, handle.astype(np.int64), found.confidence, reasons)


def _detail(graph: XnnGraph, row: int) -> str:
    """What XNNPACK looks at when it chooses another operator than the node's own."""
    nodes = graph.nodes
    high, wide = nodes.kernel[row].tolist()
    if high or wide:
        return f"{high}x{wide}"
    read = nodes.input[nodes.inputs[row] : nodes.inputs[row + 1]]
    return _SAME if len(read) == 2 and read[0] == read[1] else ""


def _with_neighbours(graph: XnnGraph) -> Ints:
    """The handles; nodes without one take that of their reader, else of the node they read.

    The exporter inserts layout changes and conversions for the operator that
    reads them; at the end of a delegate there is only the one that they follow.
    """
    nodes = graph.nodes
    handle = nodes.handle.copy()
    reader = np.repeat(np.arange(len(nodes)), np.diff(nodes.inputs))
    writer = np.repeat(np.arange(len(nodes)), np.diff(nodes.outputs))
    readers: dict[int, int] = {}
    for value, row in zip(nodes.input[::-1].tolist(), reader[::-1].tolist(), strict=True):
        readers[value] = row  # the first reader stays
    writers = dict(zip(nodes.output.tolist(), writer.tolist(), strict=True))
    bare = np.flatnonzero(handle < 0).tolist()
    for row in reversed(bare):
        for value in nodes.output[nodes.outputs[row] : nodes.outputs[row + 1]].tolist():
            if value in readers and handle[row] < 0:
                handle[row] = handle[readers[value]]
    for row in bare:
        for value in nodes.input[nodes.inputs[row] : nodes.inputs[row + 1]].tolist():
            if value in writers and handle[row] < 0:
                handle[row] = handle[writers[value]]
    return handle


def _fits(names: Sequence[str], operations: Operations) -> Fits:
    """How well each event fits each operation: events of one operator fit alike."""
    operators: dict[str, int] = {}
    family = [operators.setdefault(name, len(operators)) for name in names]
    scores = [_scores(operator, operations) for operator in operators]
    table = np.array(scores, np.int32).reshape(len(scores), len(operations))
    return Fits(np.array(family, np.int64), table)


def _scores(operator: str, operations: Operations) -> Ints32:
    """How well each operation fits one operator, (operations,)."""
    family = operator.partition(" (")[0].lower()
    kinds = kinds_of(family)
    row = np.zeros(len(operations), np.int32)
    told = says_quantized(operator)
    for place, (kind, detail) in enumerate(zip(operations.kind, operations.detail, strict=True)):
        if kind not in kinds:
            continue
        if told is not None and operations.quantized and operations.quantized[place] != told:
            continue
        if family == "fully connected" and kind == "Conv2d":
            row[place] = _PAIR if detail == "1x1" else 0
        elif family == "square" and kind == "Multiply":
            row[place] = _PAIR if detail == _SAME else 0
        elif operator.endswith("DWConv"):
            row[place] = _PAIR if kind == "DepthwiseConv2d" else _WEAK_PAIR
        else:
            row[place] = _WEAK_PAIR if kind in ("Clamp", "Convert") and "unary" in family else _PAIR
    return row


def _reason(confidence: Confidence, operations: Operations, row: int) -> str:
    if confidence == Confidence.NONE:
        return "no operation of the delegate fits in kind and order"
    what = operations.kind[row]
    said = {
        Confidence.EXACT: f"{what}: events and operations agree one by one",
        Confidence.ALIGNED: f"{what}: the only fit in order and kind beside fused operations",
        Confidence.GUESSED: f"{what}: others fit as well, or it fits by its place alone",
    }[confidence]
    if operations.inserted[row]:
        said += "; inserted by the exporter for a neighbour"
    if operations.handle[row] < 0:
        said += "; it has no debug handle"
    return said
