"""Operations inside delegates: by the ids that a backend logs, by its bytes in the program."""

from __future__ import annotations

import pytest
import xnnpack_builder as xnn
from joined_models import call, graph, line, plan, record
from program_builder import delegate, delegate_call, method, program, tensor

from etscope.etdump.program import Program, read_program
from etscope.etdump.record import Record
from etscope.inspector.backends.operations import Confidence
from etscope.inspector.correlate.correlation import Correlation
from etscope.inspector.correlate.how import How
from etscope.inspector.correlate.joined import EventKey
from etscope.inspector.correlate.origins import Origins

#: convolution → relu → add, in one delegate.
EDGE = graph(
    call("conv", "aten.convolution.default", ["x"], 1, at=3, module="net.conv"),
    call("relu", "aten.relu.default", ["conv"], 2, at=4, module="net"),
    call("sum", "aten.add.Tensor", ["relu"], 3, at=5, module="net"),
)


def with_ids(**ids: list[int]) -> Record:
    table = {"forward": {0: {"name": "Other", "delegate_map": ids}}}
    return record({"forward": EDGE}, {"forward": {0: [1, 2, 3]}}, table)


def inside(made: Record | None, found: Program | None, *events: int | str) -> Origins:
    keys = [EventKey(0, 0, event) for event in events]
    return Correlation(made, found).method("forward").origins(keys)


@pytest.mark.parametrize("event", ["7", 7])
def test_ids_are_looked_up_as_they_are_written(event: int | str) -> None:
    found = inside(with_ids(**{"7": [1], "8": [3]}), plan("Other"), event)
    assert found.node_name(0) == "conv"
    assert (found.how[0], found.confidence[0]) == (How.DELEGATE_MAP, Confidence.EXACT)
    assert (found.module(0), found.source(0)) == ("net.conv", "m.py:3")


def test_an_id_that_is_only_part_of_another_is_not_it() -> None:
    found = inside(with_ids(**{"2": [1]}), plan("Other"), 12, "2")
    assert found.how.tolist() == [How.NONE, How.DELEGATE_MAP]
    assert found[0].reason == "the record's delegate map does not have this id"


def test_what_no_id_names_was_folded_into_what_feeds_it() -> None:
    found = inside(with_ids(a=[1], b=[3]), plan("Other"), "a", "b")
    assert found.graph is not None
    names = [
        [found.graph.text(int(found.graph.nodes.name[node])) for node in origin.nodes]
        for origin in found.rows
    ]
    assert names == [["conv", "relu"], ["sum"]]


def test_a_backend_without_map_and_plug_in_is_said() -> None:
    found = inside(with_ids(), plan("Other"), "a")
    assert found[0].reason == "no plug-in reads what the program holds for Other"
    bare = Correlation(with_ids(), None).method("forward").origins([EventKey(0, 0, "a")])
    assert bare[0].how == How.NONE


def test_a_whole_delegate_has_what_all_its_nodes_share() -> None:
    found = Correlation(with_ids(), plan("Other")).method("forward")
    (origin,) = found.origins([EventKey(0, 0, None)]).rows
    assert origin.how == How.DELEGATE
    assert origin.modules[-1].path == ""  # net.conv and net share the root in their stacks
    assert origin.source is None  # three lines


def test_a_whole_delegate_of_one_line_has_that_line() -> None:
    edge = graph(
        call("a", "aten.add.Tensor", ["x"], 1, at=3), call("b", "aten.add.Tensor", ["a"], 2, at=3)
    )
    table = {"forward": {0: {"name": "Other", "delegate_map": {}}}}
    made = record({"forward": edge}, {"forward": {0: [1, 2]}}, table)
    found = Correlation(made, plan("Other")).method("forward").origins([EventKey(0, 0, None)])
    assert found.source(0) == "m.py:3"
    assert found.node.tolist() == [-1]


def xnnpack(*nodes: object) -> Program:
    blob = xnn.graph(*nodes, values=8, outputs=(7,))  # type: ignore[arg-type]
    forward = method(
        values=[tensor((2,), memory=(1, 0)), tensor((2,), memory=(1, 64))],
        inputs=[0],
        outputs=[1],
        chains=[[delegate_call(0, 0, 1)]],
        delegates=[delegate("XnnpackBackend")],
        arenas=[0, 128],
    )
    return read_program(program(forward, blobs=[blob]))


def xnnpack_record() -> Record:
    table = {"forward": {0: {"name": "XnnpackBackend", "delegate_map": {}}}}
    return record({"forward": EDGE}, {"forward": {0: [1, 2, 3]}}, table)


def test_xnnpack_operations_have_the_handles_of_their_nodes() -> None:
    found = inside(
        xnnpack_record(),
        xnnpack(
            xnn.node("StaticTranspose", [0], [3]),
            xnn.node("Conv2d", [3, 1, 2], [4], 1),
            xnn.node("Add", [4, 5], [7], 3),
        ),
        "Transpose (ND, X32) #1",
        "Convolution (NHWC, F32) IGEMM #1",
        "Add (ND, F32) #1",
    )
    assert [found.node_name(row) for row in range(3)] == ["conv", "conv", "sum"]
    assert found.how.tolist() == [How.BLOB] * 3
    assert [origin.inserted for origin in found.rows] == [True, False, False]
    # The relu was folded into the convolution, not into the transpose before it.
    assert [len(origin.nodes) for origin in found.rows] == [1, 2, 1]


def test_without_a_record_the_handles_are_known_and_nothing_else() -> None:
    blob = xnnpack(xnn.node("Conv2d", [0, 1, 2], [7], 1))
    found = inside(None, blob, "Convolution (NHWC, F32) IGEMM #1")
    assert found[0].handles == (1,)
    assert found[0].how == How.NONE
    assert found[0].reason == "there is no ETRecord"


def test_the_record_of_another_delegate_is_not_joined() -> None:
    table = {"forward": {0: {"name": "XnnpackBackend", "delegate_map": {}}}}
    edge = graph(*(call(f"s{n}", "aten.sin.default", ["x"], n, at=n) for n in range(1, 4)))
    made = record({"forward": edge}, {"forward": {0: [1, 2, 3]}}, table)
    join = Correlation(made, xnnpack(xnn.node("Conv2d", [0, 1, 2], [7], 1)))
    found = join.method("forward").origins([EventKey(0, 0, None)])
    assert not found.mapped.any()
    assert "delegate call 0 runs Conv2d, there aten.sin.default" in join.notes[0]


def test_a_delegate_whose_bytes_are_damaged_is_said() -> None:
    found = inside(xnnpack_record(), plan("XnnpackBackend"), "Convolution (NHWC, F32) #1")
    assert found[0].how == How.NONE
    assert found[0].reason.startswith("the delegate's bytes cannot be read: ")


def test_lines_are_those_of_the_users_own_code() -> None:
    deep = line(9, file="u.py") + "\n" + line(1, file="/x/site-packages/torch/nn/functional.py")
    edge = graph(call("conv", "aten.convolution.default", ["x"], 1, trace=deep))
    table = {"forward": {0: {"name": "Other", "delegate_map": {"1": [1]}}}}
    made = record({"forward": edge}, {"forward": {0: [1]}}, table)
    assert inside(made, plan("Other"), 1).source(0) == "u.py:9"
