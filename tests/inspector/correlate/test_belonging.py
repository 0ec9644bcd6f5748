"""Records that are not of the program or trace: named, not joined."""

from __future__ import annotations

import pytest
from joined_models import call, graph, plan, record
from traces import event, inference, trace_of_runs

from etscope.etdump.program import Program
from etscope.etdump.record import Record
from etscope.inspector.blocks import blocks_of
from etscope.inspector.correlate.correlation import Correlation
from etscope.inspector.correlate.joined import EventKey

ADD, MUL, SIN = "aten::add.out", "aten::mul.out", "aten::sin.out"
OPS = {ADD: "aten.add.Tensor", MUL: "aten.mul.Tensor", SIN: "aten.sin.default"}


def chain(*operators: str, sizes: tuple[int, ...] = (2,)) -> Record:
    """A record of operators one after the other; node i has handle i + 1."""
    calls = [
        call(f"n{at}", OPS[op], [f"n{at - 1}" if at else "x"], at + 1, sizes=sizes)
        for at, op in enumerate(operators)
    ]
    handles = {at: at + 1 for at in range(len(operators))}
    return record({"forward": graph(*calls)}, {"forward": handles})


def joined(made: Record, found: Program) -> tuple[bool, str]:
    """(whether it was joined, what was noted)"""
    join = Correlation(made, found)
    origins = join.method("forward").origins([EventKey(0, 0, None)])
    return bool(origins.mapped[0]), " ".join(join.notes)


def test_its_own_record_is_joined_without_a_word() -> None:
    assert joined(chain(ADD, MUL, SIN), plan(ADD, MUL, SIN)) == (True, "")


def test_other_operators() -> None:
    done, note = joined(chain(MUL, ADD, MUL), plan(ADD, MUL, SIN))
    assert not done
    assert note == (
        "the record does not belong to what ran: 3 of 3 instructions of method forward are not "
        "of the kind that the record says (instruction 0 is aten::add.out, there aten.mul.Tensor)"
    )


def test_an_operator_that_a_pass_changed_is_told_and_the_rest_is_joined() -> None:
    operators = [ADD, MUL] * 5
    done, note = joined(chain(*operators), plan(*operators[:-1], SIN))
    assert done
    assert note.startswith("the record may not be that of this program: 1 of 10 instructions")


def test_more_instructions_than_there_are() -> None:
    done, note = joined(chain(ADD, MUL, SIN), plan(ADD, MUL))
    assert not done
    assert "the method has no instruction 2" in note


def test_other_shapes() -> None:
    done, note = joined(chain(ADD, MUL, SIN, sizes=(5,)), plan(ADD, MUL, SIN))
    assert not done
    assert "give other shapes than the record says (instruction 0 gives [2], there [5])" in note


@pytest.mark.parametrize("of_program", [True, False])
def test_a_delegate_on_one_side_only(of_program: bool) -> None:
    mapped = {"forward": {1: {"name": "Xnn", "delegate_map": {}}}}
    edge = graph(call("a", OPS[ADD], ["x"], 1), call("m", OPS[MUL], ["a"], 2))
    made = record({"forward": edge}, {"forward": {0: 1, 1: 2}}, None if of_program else mapped)
    done, note = joined(made, plan(ADD, "Xnn") if of_program else plan(ADD, MUL))
    assert not done
    assert "instruction 1" in note


def test_an_old_record_that_knows_no_delegates_is_joined() -> None:
    edge = graph(call("a", OPS[ADD], ["x"], 1), call("m", OPS[MUL], ["a"], 2))
    made = record({"forward": edge}, {"forward": {0: 1, 1: [2]}}, {}, delegate_map=None)
    done, note = joined(made, plan(ADD, "Xnn"))
    assert (done, note) == (True, "")


def test_of_two_graphs_the_one_after_the_passes_fits() -> None:
    before = graph(*(call(f"n{n}", OPS[ADD], ["x"], n + 1) for n in range(3)))
    after = graph(*(call(f"n{n}", OPS[MUL], ["x"], n + 1) for n in range(3)))
    made = record(
        {"forward": before},
        {"forward": {0: 1, 1: 2, 2: 3}},
        None,
        **{"edge_after_transform/forward": after},
    )
    assert joined(made, plan(MUL, MUL, MUL)) == (True, "")


def test_only_the_first_chain_is_held_against_the_record() -> None:
    from program_builder import delegate, delegate_call, kernel, method, null, program, tensor

    from etscope.etdump.program import read_program

    two = method(
        values=[*(tensor((2,), memory=(1, 0)) for _ in range(3)), null()],
        chains=[[kernel(0, 0, 1, 1), delegate_call(0, 1, 2)], [kernel(0, 0, 1), kernel(0, 1, 2)]],
        operators=[("aten::add", "out")],
        delegates=[delegate("Xnn")],
        arenas=[0, 64],
    )
    edge = graph(call("a", OPS[ADD], ["x"], 1), call("m", OPS[MUL], ["a"], 2))
    table = {"forward": {1: {"name": "Xnn", "delegate_map": {}}}}
    made = record({"forward": edge}, {"forward": {0: 1, 1: [2]}}, table)
    assert joined(made, read_program(program(two, blobs=[b"blob"]))) == (True, "")


def test_instructions_that_the_record_does_not_know() -> None:
    done, note = joined(chain(ADD), plan(ADD, MUL, SIN))
    assert not done
    assert "instruction 1 is aten::mul.out, there none" in note


def test_a_trace_alone_that_met_only_some_of_the_records_instructions() -> None:
    events = [event("native_call_add.out", 1, 2, instruction=0)]
    (block,) = blocks_of(trace_of_runs(inference(*events)))
    join = Correlation(chain(ADD, MUL, SIN), None)
    assert not join.of_slots(None, block.slots).mapped.any()
    assert "the method has no instruction 1" in join.notes[0]
