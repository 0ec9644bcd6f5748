"""Look at everything in an ETRecord."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from etscope.etdump.program_graph import NodeKind, ProgramGraph, ResultKind
from etscope.etdump.record import Record, read_record


def _within(column: NDArray[Any], least: int, size: int) -> None:
    assert not len(column) or (column.min() >= least and column.max() < size)


def _edges(column: NDArray[np.int64], rows: int, items: int) -> None:
    assert len(column) == rows + 1
    assert column[0] == 0
    assert column[-1] == items
    assert (np.diff(column) >= 0).all()


def _touch_stacks(graph: ProgramGraph) -> None:
    frames, modules, lineages = graph.frame_stacks, graph.module_stacks, graph.lineages
    texts = len(graph.texts)
    for edges, column, rows in (
        (frames.edges, frames.file, graph.nodes.frames),
        (modules.edges, modules.path, graph.nodes.modules),
        (lineages.edges, lineages.name, graph.nodes.lineage),
    ):
        _edges(edges, len(edges) - 1, len(column))
        _within(rows, -1, len(edges) - 1)
        _within(column, 0, texts)
    assert len(lineages.graph_id) == len(lineages.name)
    for column in (frames.function, frames.source, modules.type):
        _within(column, 0, texts)
    for column in (frames.line, modules.call):
        _within(column, 0, 2**31)


def _touch_bodies(graph: ProgramGraph) -> None:
    scope, bodies, rows = graph.nodes.scope, graph.bodies, np.arange(len(graph))
    assert len(scope) == len(graph)
    assert ((scope >= -1) & (scope < rows)).all()
    _within(bodies.node, 0, len(graph))
    _within(bodies.name, 0, len(graph.texts))
    _edges(bodies.results, len(bodies), len(bodies.result))
    _within(bodies.result, -1, len(graph.values))
    assert (bodies.node < bodies.first).all()
    assert (bodies.first <= bodies.last).all()
    _within(bodies.last, 0, len(graph) + 1)
    for row, (owner, first, last) in enumerate(
        zip(bodies.node.tolist(), bodies.first.tolist(), bodies.last.tolist(), strict=True)
    ):
        assert row in graph.bodies_of(owner)
        assert (scope[first:last] >= owner).all()
    inside = graph.nodes.kind == NodeKind.BODY_INPUT
    assert (scope[inside] >= 0).all()


def _touch_graph(graph: ProgramGraph) -> None:
    nodes, values, texts = graph.nodes, graph.values, len(graph.texts)
    for text in graph.texts:
        text.encode()
    _within(nodes.kind, 0, len(NodeKind))
    _within(nodes.name, 0, texts)
    for column in (nodes.op, nodes.target, nodes.attribute, values.expression, values.symbol):
        _within(column, -1, texts)
    _edges(nodes.handles, len(graph), len(graph.handle))
    _edges(nodes.inputs, len(graph), len(graph.input_value))
    _edges(nodes.values, len(graph), len(values))
    assert len(values.symbol) == len(values.name) == len(values)
    _edges(values.dims, len(values), len(values.sizes))
    _within(values.node, 0, len(graph))
    _within(graph.input_value, 0, len(values))
    _within(graph.results.kind, 0, len(ResultKind))
    _within(graph.results.value, -1, len(values))
    assert len(graph.node_of_name) == len(graph)
    _touch_bodies(graph)
    _touch_stacks(graph)
    for node in range(len(graph)):
        graph.modules_of(node), graph.frames_of(node), graph.ancestors_of(node)
        assert (graph.inputs_of(node) < node).all()
        for handle in graph.handles_of(node).tolist():
            assert node in graph.nodes_of_handle(handle)
    for value in range(len(values)):
        graph.shape_of(value)


def _touch_maps(record: Record) -> None:
    handles, delegates, counts = record.debug_handles, record.delegates, record.output_counts
    for keys in (handles, delegates, counts):
        _within(keys.method, 0, len(keys.methods))
        _within(keys.instruction, 0, 10**18)
        for method in keys.methods:
            method.encode()
            keys.rows_of(method)
    _edges(handles.edges, len(handles), len(handles.handle))
    _edges(delegates.first_id, len(delegates), len(delegates.identifier))
    _edges(delegates.edges, len(delegates.identifier), len(delegates.handle))
    assert len(delegates.backend) == len(delegates)
    assert len(counts.outputs) == len(counts)


def touch_record(data: bytes) -> None:
    """Read a record and all that is in it; raises TraceError where it is refused."""
    record = read_record(data)
    assert all(note for note in record.notes)
    assert sum(tensors.size_bytes for tensors in record.tensors) >= 0
    _touch_maps(record)
    for method in record.methods:
        _touch_graph(record.edge_program(method))
        _within(record.exported_nodes(method), -1, len(record.exported_graph(method) or []))
    for name in record.extras:
        _touch_graph(record.extra(name))
