"""Where planned values come from, on records and programs made by hand."""

from __future__ import annotations

from typing import Any

import pytest
import record_builder as made
import xnnpack_builder as xnn
from joined_models import call, graph, record
from program_builder import (
    delegate,
    delegate_call,
    extra_info,
    frames,
    kernel,
    method,
    program,
    tensor,
)

from etscope.etdump.program import Program, read_program
from etscope.etdump.record import Record
from etscope.inspector.backends.operations import Confidence
from etscope.inspector.correlate.correlation import Correlation
from etscope.inspector.memory.places import Places, places_of
from etscope.inspector.memory.plan import memory_plan

OPERATORS = [
    ("aten::add", "out"),
    ("aten::mul", "out"),
    ("executorch_prim::et_view", "default"),
    ("aten::copy_", ""),
]


def floats(*sizes: int, at: int, **more: Any) -> Any:
    return tensor(sizes, memory=(1, at), **more)


def program_of(values: list[Any], chain: list[Any], output: int, **more: Any) -> Program:
    """A method whose value 0 is the input."""
    forward = method(
        values=values,
        inputs=[0],
        outputs=[output],
        chains=[chain],
        operators=OPERATORS,
        arenas=[0, 4096],
        **more,
    )
    return read_program(program(forward, blobs=[b"blob"]))


def placed(found: Program, known: Record | None) -> dict[int, dict[str, Any]]:
    """Value → what is known of where it comes from."""
    plan = memory_plan(found, "forward")
    places = places_of(plan, Correlation(known, found).method("forward"))
    columns = ("node", "op", "module", "source", "attribute", "confidence", "reason")
    return {
        int(value): {name: getattr(places, name)[row] for name in columns}
        for row, value in enumerate(plan.value)
    }


ADD_MUL = graph(
    call("a", "aten.add.Tensor", ["x"], 1, at=3, module="first"),
    call("m", "aten.mul.Tensor", ["a"], 2, at=4, module="second"),
)


def add_mul(**more: Any) -> Program:
    return program_of(
        [floats(2, at=0), floats(2, at=64), floats(2, at=128)],
        [kernel(0, 0, 1, 1), kernel(1, 1, 2, 2)],
        2,
        **more,
    )


def test_a_value_is_placed_where_its_producer_is() -> None:
    found = placed(add_mul(), record({"forward": ADD_MUL}, {"forward": {0: 1, 1: 2}}))
    assert found[2] == {
        "node": "m",
        "op": "aten.mul.Tensor",
        "module": "second",
        "source": "m.py:4",
        "attribute": None,
        "confidence": Confidence.EXACT,
        "reason": "",
    }
    assert (found[1]["node"], found[1]["source"]) == ("a", "m.py:3")


def test_an_input_is_its_placeholder() -> None:
    found = placed(add_mul(), record({"forward": ADD_MUL}, {"forward": {0: 1, 1: 2}}))
    assert (found[0]["node"], found[0]["op"], found[0]["module"]) == ("x", None, "")
    assert (found[0]["source"], found[0]["confidence"]) == (None, Confidence.EXACT)


def test_without_a_record_the_program_says_the_line() -> None:
    stacks = [[frames(("net.py", 7, "forward", "x + y"))]]
    found = placed(add_mul(stacks=stacks), None)
    assert (found[1]["node"], found[1]["source"]) == (None, "net.py:7")
    assert found[1]["confidence"] == Confidence.EXACT
    assert found[2]["confidence"] == Confidence.NONE
    assert found[2]["reason"] == "there is no ETRecord"


def test_a_plan_alone_is_placed_by_the_lines_of_the_program() -> None:
    stacks = [[frames(("net.py", 7, "forward", "x + y"))]]
    places = places_of(memory_plan(add_mul(stacks=stacks), "forward"), None)
    assert places.source == (None, "net.py:7", None)
    assert places.reason[2] == "there is no ETRecord, and the program keeps no line of it"
    assert places.coverage == (3, 1, 24, 8)


def test_a_method_of_another_program_is_not_asked() -> None:
    known = record({"forward": ADD_MUL}, {"forward": {0: 1, 1: 2}})
    other = Correlation(known, add_mul()).method("forward")
    assert not places_of(memory_plan(add_mul(), "forward"), other).placed.any()


def test_nothing_planned_has_no_places() -> None:
    empty = read_program(program(method()))
    places = places_of(memory_plan(empty, "forward"), None)
    assert (len(places), places.coverage) == (0, (0, 0, 0, 0))


VIEWS = graph(
    call("a", "aten.add.Tensor", ["x"], 1, at=3, sizes=(2, 3)),
    call("v", "aten.view_copy.default", ["a"], 2, at=4, module="flat", sizes=(6,)),
    call("w", "aten.view_copy.default", ["a"], 2, at=5, module="tall", sizes=(3, 2)),
    call("m", "aten.mul.Tensor", ["v"], 3, at=6, sizes=(6,)),
)


def viewed(*shape: int) -> Program:
    """Value 2 shows the bytes of value 1, without an instruction of its own."""
    return program_of(
        [floats(2, at=0), floats(2, 3, at=64), floats(*shape, at=64), floats(6, at=128)],
        [kernel(0, 0, 1, 1), kernel(1, 2, 3, 3)],
        3,
    )


def test_a_dropped_view_is_the_node_that_its_reader_takes() -> None:
    found = placed(viewed(6), record({"forward": VIEWS}, {"forward": {0: 1, 1: 3}}))
    assert (found[2]["node"], found[2]["module"], found[2]["source"]) == ("v", "flat", "m.py:4")
    assert found[2]["confidence"] == Confidence.EXACT


def test_a_dropped_view_that_nobody_is_seen_to_read_is_aligned() -> None:
    found = placed(viewed(3, 2), record({"forward": VIEWS}, {"forward": {0: 1, 1: 3}}))
    assert (found[2]["node"], found[2]["confidence"]) == ("w", Confidence.ALIGNED)


def test_a_view_that_the_graph_does_not_have_is_placed_with_what_it_shows() -> None:
    found = placed(viewed(1, 6), record({"forward": VIEWS}, {"forward": {0: 1, 1: 3}}))
    assert (found[2]["node"], found[2]["source"]) == ("a", "m.py:3")
    assert found[2]["confidence"] == Confidence.ALIGNED
    assert found[2]["reason"] == "a view: the place of value 1"


def test_a_view_of_dynamic_shape_is_its_instruction() -> None:
    found = program_of(
        [floats(2, at=0), floats(2, 3, at=64), floats(6, at=64), floats(6, at=128)],
        [kernel(0, 0, 1, 1), kernel(2, 1, 0, 2), kernel(1, 2, 3, 3)],
        3,
    )
    handles = {0: 1, 1: 2, 2: 3}
    edge = graph(
        call("a", "aten.add.Tensor", ["x"], 1, at=3, sizes=(2, 3)),
        call("v", "aten.view_copy.default", ["a"], 2, at=4, sizes=(6,)),
        call("m", "aten.mul.Tensor", ["v"], 3, at=6, sizes=(6,)),
    )
    assert placed(found, record({"forward": edge}, {"forward": handles}))[2]["node"] == "v"


def cached(**names: Any) -> tuple[Program, Record]:
    """Value 1 is a buffer that is read and written back."""
    found = program_of(
        [floats(2, at=0), floats(2, at=64, **names), floats(2, at=128)],
        [kernel(0, 0, 1, 2, 2), kernel(3, 1, 2, 1)],
        2,
    )
    node, _ = call("a", "aten.add.Tensor", ["x", "kept"], 1)
    tensors = {name: made.meta(made.ints(2)) for name in ("x", "kept", "a")}
    specs = [
        {"buffer": {"arg": {"name": "kept"}, "buffer_name": "layers.0.kept", "persistent": True}},
        {"user_input": {"arg": made.tensor("x")}},
    ]
    results = [{"buffer_mutation": {"arg": {"name": "a"}, "buffer_name": "layers.0.kept"}}]
    ends = [made.tensor("kept"), made.tensor("x")]
    edge = made.program(ends, [node], [made.tensor("a")], tensors, specs=specs, results=results)
    return found, record({"forward": edge}, {"forward": {0: 1}})


@pytest.mark.parametrize("names", [{}, {"extra": extra_info("layers.0.kept")}])
def test_a_buffer_is_known_by_its_name_or_by_what_writes_it_back(names: Any) -> None:
    kept = placed(*cached(**names))[1]
    assert (kept["node"], kept["attribute"]) == ("kept", "layers.0.kept")
    assert (kept["module"], kept["source"]) == ("layers.0", None)
    assert kept["confidence"] == Confidence.EXACT


def test_a_buffer_that_the_program_names_needs_no_record() -> None:
    found, _ = cached(extra=extra_info("layers.0.kept"))
    kept = placed(found, None)[1]
    assert (kept["module"], kept["attribute"]) == ("layers.0", "layers.0.kept")
    nameless, _ = cached()
    reason = placed(nameless, None)[1]["reason"]
    assert reason == "the program gives it no name, and there is no ETRecord of it"


INSIDE = graph(
    call("conv", "aten.convolution.default", ["x"], 1, at=3, sizes=(4,)),
    call("relu", "aten.relu.default", ["conv"], 2, at=4, sizes=(4,)),
    call("sum", "aten.add.Tensor", ["relu"], 3, at=5, sizes=(5,)),
)


def delegated(backend: str, blob: bytes, *shape: int) -> Program:
    forward = method(
        values=[floats(2, at=0), floats(*shape, at=64)],
        inputs=[0],
        outputs=[1],
        chains=[[delegate_call(0, 0, 1)]],
        delegates=[delegate(backend)],
        arenas=[0, 128],
    )
    return read_program(program(forward, blobs=[blob]))


def delegate_record(backend: str) -> Record:
    table = {"forward": {0: {"name": backend, "delegate_map": {}}}}
    return record({"forward": INSIDE}, {"forward": {0: [1, 2, 3]}}, table)


def test_a_delegates_output_is_the_operation_that_its_bytes_name() -> None:
    blob = xnn.graph(
        xnn.node("Conv2d", [0, 1, 2], [4], 1),
        xnn.node("Add", [4, 5], [7], 3),
        values=8,
        outputs=(4,),
    )
    found = placed(delegated("XnnpackBackend", blob, 4), delegate_record("XnnpackBackend"))
    # The relu was folded into the convolution: its value is what leaves.
    assert (found[1]["node"], found[1]["source"]) == ("relu", "m.py:4")
    assert found[1]["confidence"] == Confidence.EXACT


def test_the_only_value_of_that_shape_that_leaves_a_delegate_is_its_output() -> None:
    found = placed(delegated("Other", b"blob", 5), delegate_record("Other"))
    assert (found[1]["node"], found[1]["op"]) == ("sum", "aten.add.Tensor")
    assert found[1]["confidence"] == Confidence.ALIGNED


def test_an_output_that_is_no_node_of_the_delegate_is_the_delegate() -> None:
    found = placed(delegated("Other", b"blob", 9), delegate_record("Other"))
    assert (found[1]["node"], found[1]["module"]) == (None, "")
    assert found[1]["confidence"] == Confidence.EXACT


def test_bytes_of_views_count_with_what_they_show() -> None:
    found = viewed(6)
    plan = memory_plan(found, "forward")
    known = record({"forward": VIEWS}, {"forward": {0: 1, 1: 3}})
    places: Places = places_of(plan, Correlation(known, found).method("forward"))
    assert places.coverage == (4, 4, 8 + 24 + 24, 8 + 24 + 24)
