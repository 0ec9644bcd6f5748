"""Graphs inside graphs: loops and branches as rows of the same graph."""

from __future__ import annotations

from typing import Any

import pytest
import record_builder as make

from etscope.etdump.errors import CorruptTrace
from etscope.etdump.export_nodes import DEPTH
from etscope.etdump.export_values import PREFIX_LETTERS
from etscope.etdump.program_graph import NodeKind, ProgramGraph
from etscope.etdump.record import read_record


def graph_of(program: Any) -> ProgramGraph:
    graph = read_record(make.record(exported_program=program)).exported_program
    assert graph is not None
    return graph


@pytest.fixture
def graph() -> ProgramGraph:
    return graph_of(make.looping_program())


NAMES = [
    *("x", "relu", "map_impl"),
    *("map_impl/body_0/x", "map_impl/body_0/y", "map_impl/body_0/input_2"),
    "map_impl/body_0/cond",
    "map_impl/body_0/cond/true_graph_0/r",
    "map_impl/body_0/cond/true_graph_0/sin",
    "map_impl/body_0/cond/false_graph_0/r",
    "map_impl/body_0/cond/false_graph_0/cos",
    "relu_1",
]


def test_bodies_follow_the_call_that_owns_them(graph: ProgramGraph) -> None:
    assert list(graph.node_of_name) == NAMES
    assert graph.nodes.scope.tolist() == [-1, -1, -1, 2, 2, 2, 2, 6, 6, 6, 6, -1]
    inputs = [row for row, kind in enumerate(graph.nodes.kind) if kind == NodeKind.BODY_INPUT]
    assert inputs == [3, 4, 5, 7, 9]
    assert graph.notes == ()


def test_inputs_of_a_body_are_what_the_caller_hands_over(graph: ProgramGraph) -> None:
    edges = [graph.inputs_of(row).tolist() for row in range(len(graph))]
    assert edges[:3] == [[], [0], [1, 0]]
    assert edges[3:7] == [[1], [0], [], [4, 3]]
    assert edges[7:] == [[3], [7], [3], [9], [2]]
    assert graph.nodes.other_arguments.tolist() == [0] * 12


def test_bodies_say_what_they_give_back(graph: ProgramGraph) -> None:
    bodies = graph.bodies
    assert bodies.node.tolist() == [2, 6, 6]
    assert [graph.texts[name] for name in bodies.name] == [
        *("body_0", "true_graph_0", "false_graph_0")
    ]
    assert list(zip(bodies.first.tolist(), bodies.last.tolist(), strict=True)) == [
        *((3, 11), (7, 9), (9, 11))
    ]
    given = bodies.result[bodies.results[0] : bodies.results[1]].tolist()
    name = graph.texts[int(graph.values.name[given[0]])]
    assert [name, given[1]] == ["map_impl/body_0/getitem", -1]
    assert graph.bodies_of(6).tolist() == [1, 2]
    assert graph.bodies_of(1).tolist() == []


def test_handles_and_values_of_bodies_are_found(graph: ProgramGraph) -> None:
    assert graph.nodes_of_handle(4).tolist() == [8]
    value = int(graph.nodes.values[8])
    assert graph.text(graph.values.name[value]) == NAMES[8]
    assert graph.shape_of(value) == (2,)
    assert graph.ancestors_of(8) == (("sin", 8),)


def map_call(program: Any) -> Any:
    return program["graph_module"]["graph"]["nodes"][1]


def test_inputs_that_cannot_be_paired_have_no_edge() -> None:
    program = make.looping_program()
    del map_call(program)["inputs"][2]
    graph = graph_of(program)
    assert [graph.inputs_of(row).tolist() for row in (2, 3, 4)] == [[1], [], []]


def test_the_same_body_twice_has_two_names() -> None:
    program = make.looping_program()
    arguments = map_call(program)["inputs"]
    arguments.insert(1, arguments[0])
    names = list(graph_of(program).node_of_name)
    assert NAMES[8] in names
    assert "map_impl/body_0@1/cond/true_graph_0/sin" in names


def nested(levels: int, name: str = "b") -> Any:
    """A call whose body has such a call, and so on."""
    call = make.node("inner", "torch.ops.aten.sin.default", [], [make.tensor("v")])
    for _ in range(levels):
        body = make.graph_argument(name, [], [call], [])
        call = make.node("f", "torch.ops.higher_order.f", [body], [])
    return make.program([], [call], [], {"v": make.meta([])})


def test_nesting_is_bounded() -> None:
    assert len(graph_of(nested(DEPTH))) == DEPTH + 1
    with pytest.raises(CorruptTrace, match="graphs lie in graphs more than 32 deep"):
        graph_of(nested(DEPTH + 1))


def test_names_of_bodies_are_bounded() -> None:
    with pytest.raises(CorruptTrace, match="the names of graphs in graphs are too long"):
        graph_of(nested(3, "b" * (PREFIX_LETTERS // 4)))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"as_graph": 3}, "a graph as an argument is not an object"),
        ({"as_graph": {"graph": {}}}, "the name of a graph is not a text"),
        ({"as_graph": {"name": "g"}}, "a graph as an argument is not an object"),
        ({"as_graph": {"name": "g", "graph": {}}}, "the table of tensors is not an object"),
        (make.graph_argument("g", 3 * [make.tensor("a")], [], []), "two values are called 'a'"),
        (make.graph_argument("g", [], [], [make.tensor("x")]), "value 'x' is used before"),
    ],
)
def test_wrong_bodies_are_refused(change: Any, reason: str) -> None:
    program = make.looping_program()
    map_call(program)["inputs"][0]["arg"] = change
    with pytest.raises(CorruptTrace, match=rf"{reason}.*\(node 'map_impl'\)"):
        graph_of(program)


def test_what_a_body_makes_is_not_seen_outside() -> None:
    program = make.looping_program()
    program["graph_module"]["graph"]["nodes"][2]["inputs"][0]["arg"] = make.tensor("getitem")
    with pytest.raises(CorruptTrace, match="value 'getitem' is used before it is made"):
        graph_of(program)
