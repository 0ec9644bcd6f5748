"""Nodes that run as one operation: what they compute, and what goes in and out of them."""

from __future__ import annotations

from typing import Any

import record_builder as make

from etscope.etdump.program_graph import ProgramGraph
from etscope.etdump.record import read_record
from etscope.inspector.roofline.flops import Work
from etscope.inspector.roofline.graph_calls import GraphCalls
from etscope.inspector.roofline.moved_bytes import Moved

INT8, FLOAT = 2, 7  # as the export schema counts types


def read(document: Any) -> ProgramGraph:
    graph = read_record(make.record(exported_program=document)).exported_program
    assert graph is not None
    return graph


def graph_of(
    given: dict[str, tuple[int, ...]], calls: list[tuple[str, str, list[str], tuple[int, ...]]]
) -> ProgramGraph:
    """Inputs by name, and calls of one result each; names that start with q are int8."""
    shapes = given | {name: shape for name, _, _, shape in calls}
    document = make.program(
        inputs=[make.tensor(name) for name in given],
        nodes=[
            make.node(name, f"torch.ops.{op}", [make.tensor(one) for one in taken],
                      [make.tensor(name)])
            for name, op, taken, _ in calls
        ],
        outputs=[make.tensor(calls[-1][0])],
        tensors={
            name: make.meta(make.ints(*shape), INT8 if name.startswith("q") else FLOAT)
            for name, shape in shapes.items()
        },
    )  # fmt: skip
    return read(document)


def nodes(graph: ProgramGraph, *names: str) -> list[int]:
    return [graph.node_of_name[name] for name in names]


def quantized() -> ProgramGraph:
    """int8 → linear with int8 weights → relu → int8 → sigmoid of what it stands for."""
    quantize = "quantized_decomposed.quantize_per_tensor.default"
    dequantize = "quantized_decomposed.dequantize_per_tensor.default"
    return graph_of(
        {"q_x": (2, 8), "q_w": (4, 8)},
        [
            ("x", dequantize, ["q_x"], (2, 8)),
            ("w", dequantize, ["q_w"], (4, 8)),
            ("linear", "aten.linear.default", ["x", "w"], (2, 4)),
            ("relu", "aten.relu.default", ["linear"], (2, 4)),
            ("q_y", quantize, ["relu"], (2, 4)),
            ("y", dequantize, ["q_y"], (2, 4)),
            ("sigmoid", "aten.sigmoid.default", ["y"], (2, 4)),
        ],
    )


def test_a_quantized_operation_computes_on_integers_as_they_are_stored() -> None:
    graph = quantized()
    found = GraphCalls(graph).group(nodes(graph, "linear", "w", "relu", "q_y", "y"), fused=True)
    assert found.work == Work(2 * 2 * 4 * 8 + 8, integer=True)
    assert found.moved == Moved(16 + 32, 8)


def test_what_is_dequantized_apart_is_stored_as_floats() -> None:
    graph = quantized()
    apart = GraphCalls(graph, nodes(graph, "y"))
    assert apart.group(nodes(graph, "y"), fused=True).moved == Moved(8, 32)
    found = apart.group(nodes(graph, "sigmoid"), fused=True)
    assert (found.work, found.moved) == (Work(32), Moved(32, 32))
    together = GraphCalls(graph).group(nodes(graph, "sigmoid"), fused=True)
    assert (together.work, together.moved) == (Work(32, integer=True), Moved(8, 32))


def test_without_a_backend_every_node_counts_as_it_is() -> None:
    graph = quantized()
    found = GraphCalls(graph).group(nodes(graph, "linear"), fused=False)
    assert (found.work, found.moved) == (Work(128), Moved(64 + 128, 32))


def test_a_whole_delegate_moves_what_goes_in_and_out() -> None:
    graph = quantized()
    every = nodes(graph, "x", "w", "linear", "relu", "q_y", "y", "sigmoid")
    found = GraphCalls(graph).group(every, fused=True)
    assert found.work.operations == 128 + 8 + 32
    assert found.moved == Moved(16 + 32, 32)


def test_a_norm_is_folded_into_the_convolution_before_it_and_not_without_one() -> None:
    shape = (1, 2, 4, 4)
    graph = graph_of(
        {"x": shape, "w": (2, 2, 1, 1), "m": (2,)},
        [
            ("conv", "aten.convolution.default", ["x", "w"], shape),
            ("norm", "aten._native_batch_norm_legit_no_training.default", ["conv", "m"], shape),
        ],
    )
    calls = GraphCalls(graph)
    both = calls.group(nodes(graph, "conv", "norm"), fused=True)
    assert both.work == Work(2 * 16 * 4)
    assert both.moved == Moved(128 + 16, 128)
    assert calls.group(nodes(graph, "norm"), fused=True).work == Work(2 * 32)


def test_one_unknown_node_makes_the_sum_unknown_and_nothing_is_not_zero() -> None:
    graph = graph_of(
        {"x": (4,)},
        [("a", "aten.relu.default", ["x"], (4,)), ("b", "my.op.default", ["a"], (4,))],
    )
    calls = GraphCalls(graph)
    found = calls.group(nodes(graph, "a", "b"), fused=True)
    assert found.work == Work(None, reason="there is no rule for my.op.default")
    assert found.moved == Moved(16, 16)
    assert calls.group(nodes(graph, "x"), fused=True).work.operations is None


def test_what_is_copied_beside_a_node() -> None:
    graph = quantized()
    calls = GraphCalls(graph)
    (linear,) = nodes(graph, "linear")
    assert calls.copied(linear, before=True) == Moved(16, 16)
    assert calls.copied(linear, before=False) == Moved(32, 32)
    assert calls.copied(nodes(graph, "q_x")[0], before=True) == Moved(None, None)


def test_symbolic_sizes_are_those_of_the_example() -> None:
    graph = read(make.edge_program())
    calls = GraphCalls(graph)
    flags = [calls.group([node], fused=True).from_example for node in range(len(graph))]
    assert any(flags)
    assert not all(flags)
