"""The graph inside an XNNPACK delegate, from bytes."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import xnnpack_builder as make
from flatbuffer_builder import Num, Table, encode
from project import ROOT

from etscope.etdump.columns import Bytes
from etscope.etdump.errors import CorruptTrace, NotATrace, TraceError, Truncated
from etscope.etdump.program import read_program
from etscope.etdump.xnnpack import XnnGraph, read_xnnpack


def data(blob: bytes) -> Bytes:
    return np.frombuffer(blob, np.uint8)


def small() -> bytes:
    return make.graph(
        make.node("StaticTranspose", [0], [1]),
        make.node("Conv2d", [1, 2], [3], 7, kernel=(3, 5), clamp=(0.0, 6.0)),
        make.node("Concatenate5", [3, 0, 1, 3, 0], [4], 0),
        values=[*[make.value(v, [2, v + 1]) for v in range(4)], make.value(4, quantized=True)],
        outputs=[4, 3],
    )


def ends(graph: XnnGraph, row: int) -> tuple[list[int], list[int]]:
    nodes = graph.nodes
    read = nodes.input[nodes.inputs[row] : nodes.inputs[row + 1]]
    written = nodes.output[nodes.outputs[row] : nodes.outputs[row + 1]]
    return read.tolist(), written.tolist()


@pytest.mark.parametrize("blob", [small(), small()[32:]], ids=["with header", "old"])
def test_nodes_values_and_ends(blob: bytes) -> None:
    graph = read_xnnpack(data(blob))
    nodes, values = graph.nodes, graph.values
    assert [nodes.name(row) for row in range(3)] == ["StaticTranspose", "Conv2d", "Concatenate5"]
    assert nodes.handle.tolist() == [-1, 7, -1]
    # The bias of the convolution is left out; the fifth input has a slot behind the output.
    assert [ends(graph, row) for row in range(3)] == [
        ([0], [1]),
        ([1, 2], [3]),
        ([3, 0, 1, 3, 0], [4]),
    ]
    assert nodes.kernel.tolist() == [[0, 0], [3, 5], [0, 0]]
    assert nodes.low[1] == 0
    assert nodes.high[1] == 6
    assert np.isnan(nodes.low[[0, 2]]).all()
    assert values.id.tolist() == [0, 1, 2, 3, 4]
    assert values.size[values.dims[2] : values.dims[3]].tolist() == [2, 3]
    assert values.datatype.tolist() == [1, 1, 1, 1, 3]
    assert values.quantized.tolist() == [False] * 4 + [True]
    assert graph.version == "0"
    assert (graph.inputs.tolist(), graph.outputs.tolist()) == ([0], [4, 3])


def test_nodes_of_a_newer_exporter_are_kept_without_their_values() -> None:
    strange = Table({0: Num("u1", 99), 1: Table({0: Num("u4", 1)}), 2: Num("u4", 5)})
    graph = read_xnnpack(data(make.graph(strange, values=1)))
    assert graph.nodes.name(0) == "kind 99"
    assert graph.nodes.handle.tolist() == [5]
    assert ends(graph, 0) == ([], [])


def test_the_place_of_damage_is_that_in_the_file() -> None:
    blob = bytearray(small())
    struct.pack_into("<I", blob, 32, 2**31)  # the root of the graph
    with pytest.raises(TraceError) as caught:
        read_xnnpack(data(bytes(blob)), path="model.pte", start=1000)
    assert caught.value.path == "model.pte"
    assert caught.value.offset == 1000 + 32 + 2**31
    assert "in the XNNPACK delegate" in str(caught.value)


@pytest.mark.parametrize(
    ("blob", "error", "said"),
    [
        (b"", NotATrace, "XN01"),
        (bytes(64), NotATrace, "XN01"),
        (small()[:16], Truncated, "header"),
        (small()[:80], Truncated, "graph"),
        (encode(Table({1: [Table({0: Num("u1", 1)})]}), b"XN01"), CorruptTrace, "without content"),
        (encode(Table({2: [Table({0: Num("u1", 1)})]}), b"XN01"), CorruptTrace, "without content"),
        (make.graph(make.node("Add", [0, 9], [1], 3), values=2), CorruptTrace, "value 9"),
        (make.graph(values=2, outputs=[5]), CorruptTrace, "value 5"),
        (make.graph(values=1, constants=[(2**40, "w")]), CorruptTrace, "larger than any memory"),
    ],
)
def test_damage_is_refused(blob: bytes, error: type[TraceError], said: str) -> None:
    with pytest.raises(error, match=said):
        read_xnnpack(data(blob))


def test_constants_by_value() -> None:
    values = [make.value(0), make.value(1, constant=2), make.value(2, constant=9)]
    graph = read_xnnpack(
        data(make.graph(values=values, constants=[(0, ""), (5, "other"), (16, "weight")]))
    )
    assert graph.values.constant.tolist() == [False, True, True]
    assert graph.values.data.tolist() == [-1, 2, -1]
    assert graph.constants.key == ("", "other", "weight")
    assert graph.constants.size_bytes.tolist() == [0, 5, 16]


def test_the_keys_of_a_real_delegate_are_the_named_data_of_its_program() -> None:
    program = read_program(ROOT / "sample_traces" / "convnet_int8_xnnpack.etscope" / "program.pte")
    (delegate,) = program.methods[0].delegates
    graph = read_xnnpack(program.blob(delegate))
    used = graph.values.data[graph.values.data >= 0].tolist()
    found = {graph.constants.key[row]: int(graph.constants.size_bytes[row]) for row in used}
    assert found == {
        named.key: int(program.segment_bytes[named.segment]) for named in program.named_data
    }


def test_a_real_delegate() -> None:
    program = read_program(ROOT / "sample_traces" / "convnet_xnnpack.etscope" / "program.pte")
    (delegate,) = program.methods[0].delegates
    graph = read_xnnpack(program.blob(delegate), path=program.path, start=delegate.start)
    names = [graph.nodes.name(row) for row in range(len(graph.nodes))]
    assert names.count("Conv2d") == 3
    assert names[-2:] == ["FullyConnected", "Softmax"]
    assert graph.nodes.handle[names.index("StaticTranspose")] == -1
    assert (graph.nodes.handle[[n != "StaticTranspose" for n in names]] > 0).all()
    assert graph.inputs.tolist() == [0]
    assert ends(graph, len(names) - 1)[1] == graph.outputs.tolist()
