"""Loops and branches: the body's instructions, and what turns the loop."""

from __future__ import annotations

import record_builder as made
from joined_models import plan

from etscope.etdump.record import read_record
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
