"""From the nodes of edge programs to exported ones."""

from __future__ import annotations

import json
from typing import Any

import pytest
import record_builder as make

from etscope.etdump.record import read_record

EDGE = "edge_dialect_exported_program"


def test_edge_nodes_know_their_exported_nodes() -> None:
    record = read_record(make.record())
    graph, exported = record.edge_program("forward"), record.exported_program
    assert exported is not None
    found = record.exported_nodes("forward").tolist()
    names = {graph.texts[graph.nodes.name[n]]: m for n, m in enumerate(found) if m >= 0}
    node = exported.node_of_name
    assert names == {"aten_convolution_default": node["conv2d"], "w": node["w"], "x": node["x"]}


def test_without_an_exported_program_no_node_has_one() -> None:
    record = read_record(make.record(exported_program=None, export_graph_id=None))
    assert record.exported_program is None
    assert record.export_graph_id is None
    assert set(record.exported_nodes("forward").tolist()) == {-1}
    assert "the record has no exported_program" in record.notes
    assert record.exported_graph("forward") is None


def test_nodes_of_bodies_have_exported_nodes_too() -> None:
    record = read_record(looping())
    graph, exported = record.edge_program("forward"), record.exported_graph("forward")
    assert exported is not None
    assert record.exported_nodes("forward").tolist() == list(range(len(graph)))
    name = "map_impl/body_graph/cond/false_graph_0/cos"
    assert exported.text(exported.nodes.name[10]) == name


def looping(**changes: Any) -> bytes:
    exported = make.exported_looping_program()
    edge = {f"{EDGE}/forward": make.looping_program(), "exported_program": exported}
    return make.record(**(edge | changes))


def test_bodies_that_do_not_pair_stay_alone() -> None:
    edge = make.looping_program()
    call = edge["graph_module"]["graph"]["nodes"][1]
    call["inputs"].insert(1, call["inputs"][0])
    found = read_record(looping(**{f"{EDGE}/forward": edge})).exported_nodes("forward").tolist()
    assert found[:3] == [0, 1, 2]
    assert set(found[3:-1]) == {-1}


def test_without_a_graph_id_the_names_in_the_lineages_tell() -> None:
    record = read_record(looping(export_graph_id=0))
    assert record.exported_nodes("forward").tolist() == list(range(12))
    foreign = make.exported_looping_program()
    foreign["graph_module"]["graph"]["nodes"][0]["target"] = "torch.ops.aten.sin.default"
    other = read_record(looping(export_graph_id=0, exported_program=foreign))
    assert set(other.exported_nodes("forward").tolist()[1:]) == {-1}


def second(extras: dict[str, Any]) -> bytes:
    """A record of two methods, of which "encode" is the looping program."""
    return make.record(
        **{f"{EDGE}/encode": make.looping_program(), "extra/forward": None}, **extras
    )


@pytest.mark.parametrize("name", ["aten_encode/forward", "kept/encode", "anything/forward"])
def test_another_method_is_found_among_the_extras(name: str) -> None:
    record = read_record(second({name: make.exported_looping_program()}))
    assert record.exported_graph("encode") is record.extra(name)
    assert record.exported_nodes("encode").tolist() == list(range(12))


def test_of_two_extras_the_one_counts_that_more_nodes_reach() -> None:
    early, whole = make.exported_looping_program(), make.exported_looping_program()
    edge = make.looping_program()
    for node in edge["graph_module"]["graph"]["nodes"]:
        name = node["name"]
        older = [] if name == "relu_1" else [(name, 5)]
        node["metadata"]["from_node"] = make.lineage((name, make.GRAPH_ID), *older)
    early["graph_module"]["graph"]["nodes"].pop()
    early["graph_module"]["graph"]["outputs"] = [make.tensor("mapped")]
    extras = {"float_encode/forward": early, "aten_encode/forward": whole}
    record = read_record(make.record(**{f"{EDGE}/encode": edge}, **extras))
    assert record.exported_graph("encode") is record.extra("aten_encode/forward")


def test_an_extra_named_after_another_method_is_left_to_it() -> None:
    loops = make.exported_looping_program()
    record = read_record(second({"aten_decode/forward": loops, f"{EDGE}/decode": loops}))
    assert record.exported_graph("encode") is None
    assert record.exported_graph("decode") is record.extra("aten_decode/forward")
    assert set(record.exported_nodes("encode").tolist()) == {-1}


def test_the_program_of_forward_is_of_no_other_method() -> None:
    loops = make.exported_looping_program()
    assert read_record(second({"exported_program": loops})).exported_graph("encode") is None


def test_an_extra_with_other_parameters_or_operators_does_not_count() -> None:
    edge, extra = make.looping_program(), make.exported_looping_program()
    spec = {"parameter": {"arg": {"name": "x"}, "parameter_name": "a.weight"}}
    edge["graph_module"]["signature"]["input_specs"] = [spec]
    changes: dict[str, Any] = {"kept/encode": extra, f"{EDGE}/encode": edge}
    assert read_record(make.record(**changes)).exported_graph("encode") is None
    text = json.dumps(make.exported_looping_program()).replace("aten.relu", "aten.gelu")
    assert read_record(second({"kept/encode": json.loads(text)})).exported_graph("encode") is None


def test_an_edge_program_among_the_extras_is_not_exported() -> None:
    extra = make.exported_looping_program() | {"verifiers": ["EDGE"]}
    assert read_record(second({"kept/encode": extra})).exported_graph("encode") is None
