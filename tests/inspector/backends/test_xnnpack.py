"""Events of XNNPACK and the nodes that they report."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from flatbuffer_builder import Table
from project import ROOT
from xnnpack_builder import graph, node

from etscope.etdump.program import read_program
from etscope.etdump.reader import read_etdump
from etscope.inspector.backends import attribute, delegate_operations
from etscope.inspector.backends.operations import Confidence, Operations
from etscope.inspector.backends.xnnpack import Xnnpack


def operations_of(*nodes: Table, values: int, outputs: Sequence[int]) -> Operations:
    blob = graph(*nodes, values=values, outputs=outputs)
    return Xnnpack().operations(np.frombuffer(blob, np.uint8))


def chain(*kinds: tuple[str, int]) -> Operations:
    """Nodes of one input each, one after the other."""
    nodes = [node(kind, [at], [at + 1], handle) for at, (kind, handle) in enumerate(kinds)]
    return operations_of(*nodes, values=len(kinds) + 1, outputs=[len(kinds)])


def test_what_the_exporter_inserted_belongs_to_its_reader_else_to_its_writer() -> None:
    operations = operations_of(
        node("StaticTranspose", [0], [1]),
        node("Convert", [1], [2]),
        node("MaxPooling2d", [2], [3], 7, kernel=(2, 2)),
        node("StaticTranspose", [3], [4]),
        node("StaticTranspose", [4], [5]),
        values=6,
        outputs=[5, 3, 0],
    )
    assert operations.handle.tolist() == [7] * 5
    assert operations.inserted.tolist() == [True, True, False, True, True]
    assert operations.detail[2] == "2x2"
    assert (operations.delegate_inputs.tolist(), operations.backend) == ([0], "XnnpackBackend")


def test_a_float_delegate_is_paired_one_by_one() -> None:
    operations = operations_of(
        node("Conv2d", [0, 1], [2], 3, kernel=(1, 1)),
        node("Conv2d", [2, 1], [3], 4, kernel=(3, 3)),
        node("Multiply", [3, 3], [4], 5),
        node("Multiply", [4, 3], [5], 6),
        values=6,
        outputs=[5],
    )
    events = [
        "Fully Connected (NC, F32) GEMM #1",
        "Convolution (NHWC, F32) IGEMM #1",
        "Square (NC) #1",
        "Multiply (ND) #1",
    ]
    found = attribute(events, operations)
    assert found.handle.tolist() == [3, 4, 5, 6]
    assert set(found.confidence.tolist()) == {Confidence.EXACT}
    assert found.reason[1] == "Conv2d: events and operations agree one by one"


def test_a_table_lookup_stands_for_convert_activation_convert() -> None:
    operations = chain(
        ("Convert", 1), ("Sigmoid", 2), ("Convert", 3), ("Tanh", 4), ("Convert", 5), ("Softmax", 6)
    )
    events = ["Invalid Unary Op #1", "Invalid Unary Op #2", "Softmax (NC, F32) #1"]
    found = attribute(events, operations)
    assert found.handle.tolist() == [2, 4, 6]
    assert set(found.confidence.tolist()) == {Confidence.ALIGNED}


def test_an_activation_swallowed_by_what_computes_its_input() -> None:
    operations = chain(("Abs", 1), ("Clamp", 2), ("Negate", 3), ("Clamp", 4))
    found = attribute(["Abs (NC) #1", "Negate (NC) #1", "Clamp (NC) #1"], operations)
    assert found.handle.tolist() == [1, 3, 4]


def test_depthwise_convolutions_are_told_from_others() -> None:
    operations = operations_of(
        node("Conv2d", [0, 1], [2], 3, kernel=(3, 3)),
        node("DepthwiseConv2d", [2, 1], [3], 4, kernel=(3, 3)),
        values=4,
        outputs=[3],
    )
    found = attribute(["Convolution (NHWC, F32) DWConv #1"], operations)
    assert found.handle.tolist() == [4]


def test_what_fits_nothing_is_said_to_fit_nothing() -> None:
    found = attribute(["Softmax (NC, F32) #1", "Rotary #1"], chain(("Abs", 1)))
    assert found.operation.tolist() == [-1, -1]
    assert found.handle.tolist() == [-1, -1]
    assert set(found.confidence.tolist()) == {Confidence.NONE}
    assert "no operation" in found.reason[0]


def test_an_operation_without_any_handle_is_still_known() -> None:
    found = attribute(["Abs (NC) #1"], chain(("Abs", 65535)))
    assert (found.operation.tolist(), found.handle.tolist()) == ([0], [-1])
    assert found.reason[0].endswith("it has no debug handle")


def test_an_empty_delegate_and_no_events() -> None:
    empty = operations_of(values=1, outputs=[])
    assert len(empty) == 0
    assert attribute(["Abs (NC) #1"], empty).operation.tolist() == [-1]
    assert len(attribute([], empty)) == 0


@pytest.mark.parametrize(
    ("sample", "confidence"),
    [("convnet_xnnpack", Confidence.EXACT), ("convnet_int8_xnnpack", Confidence.ALIGNED)],
)
def test_a_real_trace(sample: str, confidence: Confidence) -> None:
    folder = ROOT / "sample_traces" / f"{sample}.etscope"
    program, trace = read_program(folder / "program.pte"), read_etdump(folder / "trace.etdp")
    operations = delegate_operations(program, "forward", 0)
    assert operations is not None
    names = trace.shapes[-1].delegate_name
    events = [trace.strings[name] for name in names[names >= 0].tolist()]
    found = attribute(events, operations)
    # In both every node has its event: nothing but activations was fused, before the export.
    assert found.operation.tolist() == list(range(len(operations)))
    assert (found.handle > 0).all()
    assert min(found.confidence.tolist()) >= min(confidence, Confidence.ALIGNED)


def test_an_event_of_quantized_values_is_no_operation_of_plain_ones() -> None:
    operations = operations_of(node("Conv2d", [0, 1], [2], 3), values=3, outputs=[2])
    plain = attribute(["Convolution (NHWC, F32) IGEMM #1"], operations)
    quantized = attribute(["Convolution (NHWC, QC8) IGEMM #1"], operations)
    assert plain.confidence.tolist() == [Confidence.EXACT]
    assert quantized.confidence.tolist() <= [Confidence.GUESSED]
