"""What a program brings into memory, each thing once."""

from __future__ import annotations

from typing import Any

import program_builder as make
import pytest
import xnnpack_builder as xnn

from etscope.etdump.program import Program, read_program
from etscope.inspector.memory.ledger import Source, ledger_of, totals
from etscope.inspector.memory.plan import memory_plan

GRAPH = xnn.graph(
    xnn.node("Conv2d", [0, 1], [2], 7, kernel=(3, 3)),
    values=[xnn.value(0), xnn.value(1, constant=1), xnn.value(2)],
    outputs=[2],
    constants=[(0, ""), (8, "tied")],
)


def method(name: str, *more: Any, caller: bool = False) -> Any:
    place = None if caller else (1, 0)
    return make.method(
        name,
        values=[make.tensor([4], memory=place, dynamism=1), make.tensor([2], buffer=1), *more],
        inputs=[0],
        outputs=[0],
        operators=[("aten::add", "out")],
        delegates=[make.delegate("XnnpackBackend", location=1, index=1)],
        chains=[[make.kernel(0, 0, 1, 0), make.delegate_call(0, 0, 0)]],
        arenas=[0, 64],
    )


@pytest.fixture
def program() -> Program:
    return read_program(
        make.program(
            method("encode"),
            method("decode", make.tensor([2], memory=(1, 16), buffer=1), caller=True),
            segments=[b"8 bytes.", GRAPH, b"weights!", b"nobody's", b"state..."],
            constants=(0, [0, 0]),
            states=[(4, [0, 0])],
            named=[("tied", 2), ("untied", 3)],
        )
    )


def test_what_methods_share_counts_once(program: Program) -> None:
    entries = ledger_of(program, [memory_plan(program, name) for name in ("encode", "decode")])
    found = {source: [(e.size_bytes, e.methods) for e in entries if e.source is source]
             for source in Source}  # fmt: skip
    both = ("encode", "decode")
    assert found[Source.ARENA] == [(64, ("encode",)), (64, ("decode",))]
    assert found[Source.CALLER] == [(16, ("decode",))]
    assert found[Source.CONSTANTS] == [(8, both)]
    assert found[Source.STATES] == [(8, ("decode",))]
    assert found[Source.NAMED_DATA] == [(8, both), (8, ())]
    assert [entry.upper_bound for entry in entries[:3]] == [True, False, True]


def test_totals_of_one_method_and_of_all(program: Program) -> None:
    entries = ledger_of(program, [memory_plan(program, name) for name in ("encode", "decode")])
    assert totals(entries)[Source.ARENA] == 128
    assert totals(entries)[Source.NAMED_DATA] == 16
    encode = totals(entries, "encode")
    assert encode[Source.ARENA] == 64
    assert encode[Source.NAMED_DATA] == 8
    assert Source.CALLER not in encode


def test_methods_that_are_not_looked_at_are_left_out(program: Program) -> None:
    entries = ledger_of(program, [memory_plan(program, "encode")])
    assert Source.STATES not in totals(entries)
    assert totals(entries)[Source.ARENA] == 64


def test_data_of_another_file_is_shared_by_its_name() -> None:
    outside = make.tensor([4], extra=make.extra_info("wide.weight", external=True))
    methods = [make.method(name, values=[outside]) for name in ("one", "two")]
    program = read_program(make.program(*methods))
    (entry,) = ledger_of(program, [memory_plan(program, name) for name in ("one", "two")])
    assert entry == (Source.EXTERNAL, "wide.weight", 16, ("one", "two"), None, False)
