"""Serialized graphs as columns."""

from __future__ import annotations

from typing import Any

import pytest
import record_builder as make

from etscope.etdump.errors import CorruptTrace
from etscope.etdump.export_nodes import operator_of
from etscope.etdump.program_graph import Frame, Module, NodeKind, ProgramGraph, ResultKind
from etscope.etdump.record import read_record
from etscope.etdump.scalar_types import scalar_type


def graph_of(program: Any) -> ProgramGraph:
    graph = read_record(make.record(exported_program=program)).exported_program
    assert graph is not None
    return graph


@pytest.fixture
def graph() -> ProgramGraph:
    return graph_of(make.edge_program())


def node(graph: ProgramGraph, name: str) -> int:
    return graph.node_of_name[name]


def test_inputs_come_first_with_their_kinds(graph: ProgramGraph) -> None:
    assert list(graph.node_of_name) == [
        *("w", "count", "x", "k"),
        *("aten_convolution_default", "sym_size", "aten_topk_default", "aten_cat_default"),
    ]
    kinds = [NodeKind(kind).name for kind in graph.nodes.kind.tolist()]
    assert kinds == ["PARAMETER", "BUFFER", "USER_INPUT", "CONSTANT", *["CALL"] * 4]
    names = [graph.text(index) for index in graph.nodes.attribute.tolist()]
    assert names == ["layers.0.conv.weight", "count", None, None, *[None] * 4]


def test_operators_are_normalised_and_kept_raw(graph: ProgramGraph) -> None:
    convolution = node(graph, "aten_convolution_default")
    assert graph.text(graph.nodes.op[convolution]) == "aten.convolution.default"
    raw = "executorch.exir.dialects.edge.ops.aten.convolution.default"
    assert graph.text(graph.nodes.target[convolution]) == raw
    assert graph.nodes.op[0] == graph.nodes.target[0] == -1


@pytest.mark.parametrize(
    ("target", "operator"),
    [
        ("torch.ops.aten.add.Tensor", "aten.add.Tensor"),
        ("executorch.exir.dialects.backend.ops.x.y.default", "x.y.default"),
        ("torch.sym_max", "sym_max"),
        ("_operator.mul", "_operator.mul"),
        ("memory.alloc", "memory.alloc"),
    ],
)
def test_targets_of_every_kind(target: str, operator: str) -> None:
    assert operator_of(target) == operator


def test_edges_follow_the_arguments(graph: ProgramGraph) -> None:
    names = [graph.texts[n] for n in graph.nodes.name.tolist()]
    inputs = {
        name: [names[i] for i in graph.inputs_of(row).tolist()] for row, name in enumerate(names)
    }
    assert inputs["aten_convolution_default"] == ["x", "w"]
    assert inputs["aten_topk_default"] == ["aten_convolution_default", "sym_size"]
    assert inputs["aten_cat_default"] == ["aten_topk_default", "count"]
    assert graph.nodes.other_arguments.tolist() == [0, 0, 0, 0, 2, 1, 0, 0]


def test_values_have_types_and_sizes(graph: ProgramGraph) -> None:
    values = graph.values
    found = {
        graph.texts[values.name[v]]: (int(values.scalar_type[v]), graph.shape_of(v))
        for v in range(len(values))
    }
    assert found["getitem_1"] == (4, ("s0", 2))
    assert found["aten_cat_default"] == (15, ("s0 + 1",))
    assert scalar_type(15).name == "bfloat16"
    assert found["sym_size"] == (-1, ())
    symbols = {
        graph.text(n): graph.text(s) for n, s in zip(values.name, values.symbol, strict=True)
    }
    assert symbols["sym_size"] == "s0"
    assert symbols["x"] is None
    assert values.sizes[values.dims[2] : values.dims[3]].tolist() == [3, 4]  # x: the hint of s0
    assert values.sizes[-1] == -1
    topk = node(graph, "aten_topk_default")
    assert graph.nodes.values[topk + 1] - graph.nodes.values[topk] == 2


def test_results_say_what_they_are(graph: ProgramGraph) -> None:
    kinds = [ResultKind(kind).name for kind in graph.results.kind.tolist()]
    assert kinds == ["BUFFER_MUTATION", "USER_OUTPUT", "USER_OUTPUT"]
    names = [graph.texts[graph.values.name[v]] for v in graph.results.value[:2].tolist()]
    assert names == ["aten_cat_default", "getitem_1"]
    assert graph.results.value[2] == -1
    assert graph.text(graph.results.attribute[0]) == "count"


def test_handles_go_both_ways(graph: ProgramGraph) -> None:
    topk, cat = node(graph, "aten_topk_default"), node(graph, "aten_cat_default")
    assert graph.handles_of(topk).tolist() == [2, 2, 3]
    assert graph.nodes_of_handle(3).tolist() == [topk, cat]
    assert graph.handles_of(0).tolist() == []
    assert graph.nodes_of_handle(99).tolist() == []


def test_modules_lines_and_ancestors(graph: ProgramGraph) -> None:
    convolution = node(graph, "aten_convolution_default")
    assert graph.modules_of(convolution) == (
        Module("", "m.Net", 0),
        Module("layers.0", "m.Block", 1),
        Module("layers.0.conv", "torch.nn.Conv2d", 1),
    )
    assert graph.module_path_of(convolution) == "layers.0.conv"
    assert graph.module_path_of(0) is None
    assert graph.frames_of(convolution) == (
        Frame("m.py", 12, "forward", "x = self.layers[0](x)"),
        Frame("m.py", 5, "forward", "return self.conv(x)"),
    )
    assert graph.frames_of(0) == ()
    assert graph.ancestors_of(convolution) == (
        ("between", 5),
        ("conv2d", make.GRAPH_ID),
        ("conv2d", 9),
    )
    assert graph.ancestors_of(node(graph, "sym_size")) == ()
    topk = node(graph, "aten_topk_default")
    assert graph.nodes.frames[topk] == graph.nodes.frames[convolution] == 0
    assert graph.notes == ()


NO_MODULE = ",".join(3 * ["_empty_nn_module_stack_from_metadata_hook"])


@pytest.mark.parametrize(
    ("stack", "path", "modules"),
    [
        (NO_MODULE, None, 0),
        (f"L__self__,,m.Net;{NO_MODULE}", "", 1),
        ("L__self__,,m.Net;140685682896,_export_root,m.Net", "", 1),
        ("L__self__,,m.Net;14068,_export_root,m.Net;14069,_export_root.a.b,m.B", "a.b", 2),
        ("L__self__,,m.Net;L__self___layers@1,layers.10,m.B", "layers.10", 2),
        ("L__self__,,m.Net;1,a,m.List[int, str]", "a", 2),
    ],
)
def test_module_stacks_of_every_exporter(stack: str, path: str | None, modules: int) -> None:
    program = make.edge_program()
    program["graph_module"]["graph"]["nodes"][0]["metadata"]["nn_module_stack"] = stack
    graph = graph_of(program)
    assert graph.module_path_of(4) == path
    assert len(graph.modules_of(4)) == modules
    assert graph.notes == ()


def test_unreadable_texts_are_counted_and_left_out() -> None:
    program = make.edge_program()
    metadata = program["graph_module"]["graph"]["nodes"][0]["metadata"]
    metadata |= {"stack_trace": "?", "nn_module_stack": "a,b", "from_node": "[" * 99999}
    metadata["debug_handle"] = "one"
    graph = graph_of(program)
    assert [graph.frames_of(4), graph.modules_of(4), graph.ancestors_of(4)] == [(), (), ()]
    assert graph.handles_of(4).tolist() == []
    assert graph.notes == (
        "1 nodes have a stack trace that cannot be read",
        "1 nodes have a module stack that cannot be read",
        "1 nodes have a lineage that cannot be read",
        "1 nodes have a debug handle that is no number",
    )


def test_halves_of_characters_are_escaped() -> None:
    program = make.edge_program()
    program["graph_module"]["graph"]["nodes"][0]["metadata"]["stack_trace"] = (
        'File "\ud800é.py", line 1, in f'
    )
    file = graph_of(program).frames_of(4)[0].file
    assert file == "\\ud800é.py"


def change(program: Any, *path: Any, value: Any) -> Any:
    below = program
    for key in path[:-1]:
        below = below[key]
    below[path[-1]] = value
    return program


OPTIONAL = {"arg": {"as_optional_tensors": [{"as_none": []}, {"as_tensor": {"name": 1}}]}}
NODE = ("graph_module", "graph", "nodes", 2)


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (("schema_version",), {"major": 8, "minor": 20}, "export schema 8.20; 5.x is known"),
        (("schema_version",), None, "the schema version is not an object"),
        (("graph_module",), 3, "the graph module is not an object"),
        (("graph_module", "graph", "nodes"), {}, "the list of nodes is not a list"),
        ((*NODE, "name"), None, "the name of a node is not a text"),
        ((*NODE, "name"), "sym_size", "two nodes are called 'sym_size'"),
        ((*NODE, "target"), 7, r"the target is not a text \(node 'aten_topk_default'\)"),
        ((*NODE, "outputs"), [make.tensor("x")], "two values are called 'x'"),
        ((*NODE, "inputs"), [{"arg": make.tensor("late")}], "value 'late' is used before"),
        ((*NODE, "inputs"), [{"arg": {"as_tensor": {}}}], "the name of an argument is not a text"),
        ((*NODE, "inputs"), [OPTIONAL], "the name of an argument is not a text"),
        ((*NODE, "inputs"), [{"arg": {}}], "an argument is not an object of one key"),
        ((*NODE, "metadata"), [], None),
        ((*NODE, "metadata"), [1], "the metadata is not an object"),
        (("graph_module", "graph", "tensor_values", "x", "sizes"), [{"as_int": -2}], "a size is"),
        (("graph_module", "graph", "tensor_values", "x", "dtype"), "7", "a scalar type is not"),
        (("graph_module", "signature", "input_specs"), [{"buffer": []}], "is not an object"),
        (("verifiers",), [[]], "the dialect is not a text"),
    ],
)
def test_wrong_graphs_are_refused(path: Any, value: Any, reason: str | None) -> None:
    program = change(make.edge_program(), *path, value=value)
    if reason is None:
        assert len(graph_of(program)) == 8
        return
    with pytest.raises(CorruptTrace, match=f"member 'exported_program': .*{reason}"):
        graph_of(program)


def test_an_empty_graph_is_a_graph() -> None:
    graph = graph_of(make.program([], [], [], {}))
    assert len(graph) == len(graph.values) == len(graph.results) == 0
    assert graph.nodes_of_handle(1).tolist() == []
