"""Our reading of ETRecords, beside parse_etrecord, on every sample."""

from __future__ import annotations

import operator
import warnings
from pathlib import Path
from typing import Any

import pytest

from etscope.etdump.program_graph import NodeKind, ProgramGraph, ResultKind
from etscope.etdump.record import Record, read_record
from etscope.etdump.scalar_types import scalar_type

_WHY = "the oracle, executorch, is not installed"
devtools = pytest.importorskip("executorch.devtools", reason=_WHY)

SAMPLES = sorted((Path(__file__).parents[2] / "sample_traces").glob("*.etscope/record.etrecord"))
NAMES = [path.parent.stem for path in SAMPLES]

pytestmark = pytest.mark.oracle


@pytest.fixture(scope="module", params=SAMPLES, ids=NAMES)
def both(request: pytest.FixtureRequest) -> tuple[Record, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read_record(request.param), devtools.parse_etrecord(str(request.param))


@pytest.fixture
def programs(both: tuple[Record, Any]) -> list[tuple[ProgramGraph, Any]]:
    """(ours, theirs) of every program in the record."""
    record, theirs = both
    edge = theirs.edge_dialect_program
    edges = edge if isinstance(edge, dict) else {record.methods[0]: edge}
    assert set(record.methods) == set(edges)
    assert set(record.extras) == set(theirs.graph_map)
    pairs = [(record.edge_program(method), edges[method]) for method in record.methods]
    pairs += [(record.extra(name), theirs.graph_map[name]) for name in record.extras]
    assert (record.exported_program is None) == (theirs.exported_program is None)
    if record.exported_program is not None:
        pairs.append((record.exported_program, theirs.exported_program))
    return pairs


def nodes_of(program: Any) -> list[Any]:
    """Their nodes that are nodes to us: getitem is a value, and output a table of its own."""
    return [n for n in program.graph.nodes if n.op != "output" and n.target is not operator.getitem]


def operator_of(node: Any) -> str | None:
    """Operators of the edge dialect print themselves as <EdgeOpOverload: NAME>: ..."""
    printed = str(node.target).removeprefix("<EdgeOpOverload: ").partition(">")[0]
    return printed if node.op == "call_function" else None


def text(graph: ProgramGraph, column: Any) -> list[str | None]:
    return [graph.text(index) for index in column.tolist()]


def test_nodes_and_operators_are_theirs(programs: list[tuple[ProgramGraph, Any]]) -> None:
    for graph, program in programs:
        nodes = nodes_of(program)
        assert text(graph, graph.nodes.name) == [node.name for node in nodes]
        assert text(graph, graph.nodes.op) == [operator_of(node) for node in nodes]


def test_handles_are_theirs(programs: list[tuple[ProgramGraph, Any]]) -> None:
    for graph, program in programs:
        handles = [node.meta.get("debug_handle") for node in nodes_of(program)]
        wanted = [[handle] if handle else [] for handle in handles]
        assert [graph.handles_of(row).tolist() for row in range(len(graph))] == wanted


def test_modules_are_theirs(programs: list[tuple[ProgramGraph, Any]]) -> None:
    for graph, program in programs:
        for row, node in enumerate(nodes_of(program)):
            stack = node.meta.get("nn_module_stack") or {}
            assert [module[:2] for module in graph.modules_of(row)] == list(stack.values())


def test_stack_traces_are_theirs(programs: list[tuple[ProgramGraph, Any]]) -> None:
    for graph, program in programs:
        for row, node in enumerate(nodes_of(program)):
            frames = [
                f'File "{frame.file}", line {frame.line}, in {frame.function}\n    {frame.source}'
                for frame in graph.frames_of(row)
            ]
            assert "\n  ".join(frames) == (node.meta.get("stack_trace") or "").rstrip()


def chain_of(node: Any) -> list[tuple[str, int]]:
    chain, level = [], node.meta.get("from_node") or []
    while level:
        chain.append((level[-1].name, level[-1].graph_id))
        level = level[-1].from_node
    return chain


def test_lineages_are_theirs(programs: list[tuple[ProgramGraph, Any]]) -> None:
    for graph, program in programs:
        for row, node in enumerate(nodes_of(program)):
            assert list(graph.ancestors_of(row)) == chain_of(node)


def test_edges_are_theirs(programs: list[tuple[ProgramGraph, Any]]) -> None:
    for graph, program in programs:
        for row, node in enumerate(nodes_of(program)):
            span = slice(int(graph.nodes.inputs[row]), int(graph.nodes.inputs[row + 1]))
            used = text(graph, graph.values.name[graph.input_value[span]])
            wanted = [n.name for n in node.all_input_nodes]
            assert list(dict.fromkeys(used)) == wanted


def test_types_and_sizes_are_theirs(programs: list[tuple[ProgramGraph, Any]]) -> None:
    compared = 0
    for graph, program in programs:
        for row, node in enumerate(nodes_of(program)):
            given = node.meta["val"]
            values = list(given) if isinstance(given, tuple | list) else [given]
            first, last = graph.nodes.values[row : row + 2].tolist()
            assert last - first == len(values)
            for value, theirs in zip(range(first, last), values, strict=True):
                dtype = scalar_type(int(graph.values.scalar_type[value])).name
                assert (f"torch.{dtype}", graph.shape_of(value)) == (
                    str(theirs.dtype),
                    tuple(theirs.shape),
                )
                compared += 1
    assert compared > 20


def test_inputs_and_outputs_have_their_kinds(programs: list[tuple[ProgramGraph, Any]]) -> None:
    for graph, program in programs:
        signature = program.graph_signature
        inputs = [(s.kind.name.replace("CONSTANT_TENSOR", "TENSOR_CONSTANT"), s.target)
                  for s in signature.input_specs]  # fmt: skip
        kinds = [NodeKind(kind).name for kind in graph.nodes.kind.tolist()][: len(inputs)]
        attributes = text(graph, graph.nodes.attribute)[: len(inputs)]
        assert list(zip(kinds, attributes, strict=True)) == inputs
        results = graph.results
        names = [graph.texts[graph.values.name[v]] for v in results.value.tolist()]
        found = zip(
            [ResultKind(kind).name for kind in results.kind.tolist()],
            names,
            text(graph, results.attribute),
            strict=True,
        )
        assert list(found) == [(s.kind.name, s.arg.name, s.target) for s in signature.output_specs]


def test_maps_are_theirs(both: tuple[Record, Any]) -> None:
    record, theirs = both
    handles: dict[str, dict[str, Any]] = {name: {} for name in record.debug_handles.methods}
    table = record.debug_handles
    for row in range(len(table)):
        found: Any = table.handle[table.edges[row] : table.edges[row + 1]].tolist()
        method = table.methods[table.method[row]]
        handles[method][str(table.instruction[row])] = found if table.is_list[row] else found[0]
    assert handles == theirs._debug_handle_map
    delegates: dict[str, dict[str, Any]] = {name: {} for name in record.delegates.methods}
    calls = record.delegates
    for row in range(len(calls)):
        method, instruction = calls.methods[calls.method[row]], int(calls.instruction[row])
        ids = calls.identifier[int(calls.first_id[row]) : int(calls.first_id[row + 1])]
        delegates[method][str(instruction)] = {
            "name": calls.backend[row],
            "delegate_map": {i: calls.handles_of(method, instruction, i).tolist() for i in ids},
        }
    assert delegates == theirs._delegate_map
    counts: dict[str, dict[str, int]] = {name: {} for name in record.output_counts.methods}
    for row, outputs in enumerate(record.output_counts.outputs.tolist()):
        method = record.output_counts.methods[record.output_counts.method[row]]
        counts[method][str(record.output_counts.instruction[row])] = outputs
    assert counts == theirs._instruction_id_to_num_outs_map
    assert (record.export_graph_id or 0) == theirs.export_graph_id


def test_edge_nodes_reach_the_exported_program(both: tuple[Record, Any]) -> None:
    record, _ = both
    for method in record.methods:
        graph, found = record.edge_program(method), record.exported_nodes(method)
        exported = record.exported_graph(method)
        assert exported is not None
        calls = graph.nodes.kind == NodeKind.CALL
        assert (found[calls] >= 0).all()
        modules = [exported.module_path_of(n) for n in found[calls].tolist()]
        assert modules == [
            graph.module_path_of(n) for n, is_call in enumerate(calls.tolist()) if is_call
        ]
