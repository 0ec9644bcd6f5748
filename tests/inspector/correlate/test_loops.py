"""Loops and branches: the body's instructions, and what turns the loop."""

from __future__ import annotations

import record_builder as made
from joined_models import plan
from traces import event, inference, trace_of_runs

from etscope.etdump.record import read_record
from etscope.inspector.blocks import blocks_of
from etscope.inspector.correlate.correlation import Correlation
from etscope.inspector.correlate.how import How
from etscope.inspector.correlate.joined import EventKey

#: relu; a loop that picks sin or cos; relu: only the outer ones have a debug handle.
OPERATORS = (
    "aten::relu.out",
    "aten::sin.out",
    "aten::cos.out",
    "executorch_prim::add.Scalar",
    "aten::relu.out",
)


def test_a_body_is_mapped_by_order_and_what_turns_the_loop_to_its_call() -> None:
    contents = {
        "ETRECORD_V0": b"",
        "edge_dialect_exported_program/forward": made.looping_program(),
        "debug_handle_map": {"forward": {"0": 1, "4": 6}},
        "delegate_map": {"forward": {}},
    }
    sizes = [(3, 2), (2,), (2,), (2,), (3, 2)]
    join = Correlation(read_record(made.zipped(contents)), plan(*OPERATORS, shapes=sizes))
    found = join.method("forward").origins([EventKey(0, n, None) for n in range(5)])
    names = [str(found.node_name(row)).rpartition("/")[2] for row in range(5)]
    assert names[:3] == ["relu", "sin", "cos"]
    assert names[4] == "relu_1"
    assert found.how.tolist()[1:4] == [How.ORDER, How.ORDER, How.NEIGHBOUR]
    assert found[3].reason.startswith("runs the body of ")
    assert join.notes == ()


def test_a_branch_that_ran_is_one_branch() -> None:
    """Without a program only the order tells the branches apart."""
    names = ("relu", "sin", "cos")
    branches = [
        made.graph_argument(
            word,
            [made.tensor("r")],
            [
                made.node(f"{op}", f"torch.ops.aten.{op}.default", [made.tensor("r")],
                          [made.tensor(op)])
                for op in ops
            ],
            [made.tensor(ops[-1])],
        )
        for word, ops in (("yes", names), ("no", ("cos", "relu")))
    ]  # fmt: skip
    choose = made.node(
        "cond", "torch.ops.higher_order.cond", [made.tensor("x"), *branches],
        [made.tensor("cond")], debug_handle="1",
    )  # fmt: skip
    tensors = {name: made.meta(made.ints(2)) for name in ("x", "cond")}
    graph = made.program([made.tensor("x")], [choose], [made.tensor("cond")], tensors)
    contents = {
        "ETRECORD_V0": b"",
        "edge_dialect_exported_program/forward": graph,
        "debug_handle_map": {"forward": {}},
        "delegate_map": {"forward": {}},
    }
    events = [
        event(f"native_call_{name}.out", 2 * at, 2 * at + 1, instruction=at)
        for at, name in enumerate(names, 2)
    ]
    (block,) = blocks_of(trace_of_runs(inference(*events)))
    join = Correlation(read_record(made.zipped(contents)), None)
    found = join.of_slots("forward", block.slots)
    assert [str(found.node_name(row)).partition("/")[2] for row in range(3)] == [
        "yes/relu",
        "yes/sin",
        "yes/cos",
    ]
