"""From an event to its node, module and line, on records and programs made by hand."""

from __future__ import annotations

from joined_models import call, graph, line, plan, planned, record
from program_builder import program

from etscope.etdump.program import Program, read_program
from etscope.etdump.record import Record
from etscope.inspector.backends.operations import Confidence
from etscope.inspector.correlate.correlation import Correlation
from etscope.inspector.correlate.how import How
from etscope.inspector.correlate.joined import EventKey
from etscope.inspector.correlate.origins import Origins

ADD, MUL, VIEW = "aten::add.out", "aten::mul.out", "executorch_prim::et_view.default"
#: y = add(x); z = mul(y), each with its own handle.
TWO = graph(
    call("a", "aten.add.Tensor", ["x"], 1, at=3, module="first"),
    call("m", "aten.mul.Tensor", ["a"], 2, at=4, module="second"),
)


def origins(
    made: Record | None, found: Program | None, *numbers: int, method: str | None = "forward"
) -> Origins:
    keys = [EventKey(0, number, None) for number in numbers]
    return Correlation(made, found).method(method).origins(keys)


def names(found: Origins) -> list[str | None]:
    return [found.node_name(row) for row in range(len(found))]


def test_a_handle_of_one_node_is_that_node() -> None:
    found = origins(record({"forward": TWO}, {"forward": {0: 1, 1: 2}}), plan(ADD, MUL), 0, 1)
    assert names(found) == ["a", "m"]
    assert [found.module(0), found.module(1)] == ["first", "second"]
    assert [found.source(0), found.source(1)] == ["m.py:3", "m.py:4"]
    assert found.op(1) == "aten.mul.Tensor"
    assert found.how.tolist() == [How.HANDLE] * 2
    assert found.confidence.tolist() == [Confidence.EXACT] * 2


def test_one_handle_on_several_nodes_goes_by_operator() -> None:
    edge = graph(call("m", "aten.mul.Tensor", ["x"], 1), call("a", "aten.add.Tensor", ["m"], 1))
    found = origins(record({"forward": edge}, {"forward": {0: 1, 1: 1}}), plan(MUL, ADD), 0, 1)
    assert names(found) == ["m", "a"]
    assert found.how.tolist() == [How.HANDLE_ORDER] * 2
    assert found.confidence.tolist() == [Confidence.EXACT] * 2


def test_equal_operators_of_one_handle_go_by_shape_before_order() -> None:
    edge = graph(
        call("wide", "aten.add.Tensor", ["x"], 1, sizes=(4,)),
        call("slim", "aten.add.Tensor", ["x"], 1, sizes=(3,)),
        call("last", "aten.add.Tensor", ["x"], 1, sizes=(3,)),
    )
    shapes = [(3,), (4,), (3,)]
    made = record({"forward": edge}, {"forward": {0: 1, 1: 1, 2: 1}})
    found = origins(made, plan(ADD, ADD, ADD, shapes=shapes), 0, 1, 2)
    assert names(found) == ["slim", "wide", "last"]


def test_nodes_that_became_no_instruction_are_left_out() -> None:
    edge = graph(
        call("v", "aten.view_copy.default", ["x"], 1),
        call("a", "aten.add.Tensor", ["v"], 1),
    )
    found = origins(record({"forward": edge}, {"forward": {0: 1}}), plan(ADD), 0)
    assert names(found) == ["a"]
    assert found.confidence.tolist() == [Confidence.EXACT]


def test_of_alike_nodes_an_instruction_is_the_one_that_reads_what_it_reads() -> None:
    edge = graph(
        call("m", "aten.mul.Tensor", ["x"], 2),
        call("of_m", "aten.add.Tensor", ["m"], 1),
        call("of_x", "aten.add.Tensor", ["x"], 1),
    )
    found = origins(record({"forward": edge}, {"forward": {0: 2, 1: 1}}), plan(MUL, ADD), 1)
    assert names(found) == ["of_m"]


def test_several_handles_on_one_instruction() -> None:
    edge = graph(call("a", "aten.add.Tensor", ["x"], 1), call("m", "aten.mul.Tensor", ["a"], 2))
    found = origins(record({"forward": edge}, {"forward": {0: [1, 2]}}), plan(MUL), 0)
    assert names(found) == ["m"]
    assert found[0].handles == (1, 2)


def test_without_a_handle_an_instruction_goes_by_order_between_its_neighbours() -> None:
    edge = graph(
        call("a", "aten.add.Tensor", ["x"], 1, at=3),
        call("v", "aten.view_copy.default", ["a"], 2, at=4),
        call("m", "aten.mul.Tensor", ["v"], 3, at=5),
        call("w", "aten.view_copy.default", ["m"], 4, at=6),
    )
    made = record({"forward": edge}, {"forward": {0: 1, 2: 3}})
    found = origins(made, plan(ADD, VIEW, MUL), 0, 1, 2)
    assert names(found) == ["a", "v", "m"]
    assert (found.how[1], found.confidence[1]) == (How.ORDER, Confidence.ALIGNED)
    assert found[1].reason == "no debug handle: paired by order"


def test_what_has_no_node_serves_the_instruction_whose_value_it_takes() -> None:
    edge = graph(call("a", "aten.add.Tensor", ["x"], 1, at=3))
    made = record({"forward": edge}, {"forward": {0: 1}})
    found = origins(made, plan(ADD, "aten::copy_.default"), 1)
    assert names(found) == ["a"]
    assert found.how.tolist() == [How.NEIGHBOUR]
    assert found[0].reason == "takes what instruction 0 made"


def test_a_handle_that_no_node_carries_is_said() -> None:
    edge = graph(*(call(f"a{n}", "aten.add.Tensor", ["x"], n, at=n) for n in range(1, 8)))
    handles = {n: n + 1 for n in range(7)} | {7: 99}
    made = record({"forward": edge}, {"forward": handles})
    found = origins(made, plan(*[ADD] * 7, "aten::sin.out"), 7)
    assert found[0].reason == "takes what instruction 6 made"
    bare = Correlation(made, None).method("forward", ())
    assert bare.origins([EventKey(0, 7, None)])[0].how == How.NONE


def test_what_is_around_the_instructions_is_no_operator() -> None:
    made = record({"forward": TWO}, {"forward": {0: 1, 1: 2}})
    found = Correlation(made, plan(ADD, MUL)).method("forward").origins([EventKey(-1, 0, None)])
    assert found[0].how == How.NO_OPERATOR
    assert found.source(0) is None


def test_every_method_has_its_own_graph() -> None:
    other = graph(call("s", "aten.sin.default", ["x"], 1, at=8))
    made = record({"a": TWO, "b": other}, {"a": {0: 1, 1: 2}, "b": {0: 1}})
    both = read_program(
        program(planned("a", [ADD, MUL]), planned("b", ["aten::sin.out"]), blobs=[b""])
    )
    join = Correlation(made, both)
    assert join.method("b").origins([EventKey(0, 0, None)]).node_name(0) == "s"
    assert join.method("a").origins([EventKey(0, 0, None)]).node_name(0) == "a"
    assert join.notes == ()


def test_a_record_of_one_method_calls_it_forward_whatever_its_name() -> None:
    made = record({"forward": TWO}, {"forward": {0: 1, 1: 2}})
    found = origins(made, read_program(program(planned("encode", [ADD, MUL]))), 1, method="encode")
    assert names(found) == ["m"]


def test_the_maps_of_such_a_record_have_the_methods_own_name() -> None:
    made = record({"forward": TWO}, {"encode": {0: 1, 1: 2}})
    found = origins(made, read_program(program(planned("encode", [ADD, MUL]))), 1, method="encode")
    assert names(found) == ["m"]
    assert found.how.tolist() == [How.HANDLE]


def test_without_a_record_nothing_is_mapped_and_the_reason_is_given() -> None:
    found = origins(None, plan(ADD), 0)
    assert (found[0].how, found[0].reason) == (How.NONE, "there is no ETRecord")
    assert not found.mapped.any()


def test_a_trace_alone_tells_enough_to_join_a_record() -> None:
    from traces import event, inference, trace_of_runs

    from etscope.inspector.blocks import blocks_of

    trace = trace_of_runs(
        inference(
            event("native_call_add.out", 1, 2, instruction=0),
            event("OPERATOR_CALL", 0, 3, instruction=0),
            event("native_call_mul.out", 4, 5, instruction=1),
            event("OPERATOR_CALL", 3, 6, instruction=1),
            event("Method::execute", 0, 9),
        )
    )
    (block,) = blocks_of(trace)
    made = record({"forward": TWO}, {"forward": {0: 1, 1: 2}})
    found = Correlation(made, None).of_slots(None, block.slots)
    assert names(found) == ["a", "a", "m", "m", None]


def test_a_frame_of_the_library_is_not_the_users_line() -> None:
    deep = line(7) + "\n" + line(3, file="/env/site-packages/torch/nn/modules/linear.py")
    edge = graph(call("a", "aten.add.Tensor", ["x"], 1, trace=deep))
    found = origins(record({"forward": edge}, {"forward": {0: 1}}), plan(ADD), 0)
    assert found.source(0) == "m.py:7"
    assert len(found[0].frames) == 2


def test_a_node_that_the_export_added_has_the_line_and_module_of_its_neighbour() -> None:
    edge = graph(
        call("q", "quantized_decomposed.quantize_per_tensor.default", ["x"], 1, at=None,
             module=None),
        call("a", "aten.add.Tensor", ["q"], 2, at=5, module="net"),
    )  # fmt: skip
    made = record({"forward": edge}, {"forward": {0: 1, 1: 2}})
    ops = "quantized_decomposed::quantize_per_tensor.out"
    found = origins(made, plan(ops, ADD), 0)
    assert (found.source(0), found.module(0)) == ("m.py:5", "net")
    assert found[0].reason == "module and line of a: the export added this node for it"


def test_only_the_program_before_lowering_is_joined_by_order() -> None:
    only = graph(
        call("a", "aten.add.Tensor", ["x"], None, at=3),
        call("m", "aten.mul.Tensor", ["a"], None, at=4),
    )
    made = record({}, {}, exported_program=only)
    join = Correlation(made, plan(ADD, MUL))
    found = join.method("forward").origins([EventKey(0, 0, None), EventKey(0, 1, None)])
    assert names(found) == ["a", "m"]
    assert found.how.tolist() == [How.ORDER] * 2
    assert "not by debug handle" in join.notes[0]
