"""Source lines that a program keeps per instruction."""

from __future__ import annotations

import program_builder as make
import pytest
from flatbuffer_builder import Table

from etscope.etdump.errors import CorruptTrace
from etscope.etdump.program import read_program
from etscope.etdump.program_frames import FrameTable
from etscope.etdump.program_graph import Frame

OUTER = ("model.py", 12, "forward", "return self.head(x)")
INNER = ("layers.py", 3, "forward", "return x + 1")


def stacks_of(*chains: int, stacks: list[list[Table]]) -> FrameTable | None:
    """The source lines of a program whose chains have that many instructions."""
    frees = [[make.free(0)] * count for count in chains]
    plan = make.method(values=[make.null()], chains=frees, stacks=stacks)
    return read_program(make.program(plan)).methods[0].stacks


def test_frames_belong_to_their_instruction_outermost_call_first() -> None:
    first, second = make.frames(OUTER, INNER), make.frames(OUTER)
    table = stacks_of(2, 1, stacks=[[first, make.frames()], [second]])
    assert table is not None
    assert len(table) == 3
    assert [table.frames_of(row) for row in range(3)] == [
        (Frame(*OUTER), Frame(*INNER)),
        (),
        (Frame(*OUTER),),
    ]


def test_instructions_behind_the_last_stack_have_no_lines() -> None:
    table = stacks_of(2, 3, stacks=[[make.frames(OUTER)], [make.frames(INNER)]])
    assert table is not None
    assert [len(table.frames_of(row)) for row in range(5)] == [1, 0, 1, 0, 0]
    assert table.frames_of(2) == (Frame(*INNER),)


def test_without_any_stack_there_is_no_table() -> None:
    assert stacks_of(2, stacks=[]) is None


def test_left_out_texts_are_empty_and_wrong_utf8_is_replaced() -> None:
    bare = Table({0: [Table({0: "m.py"}), Table({})]})
    table = stacks_of(1, stacks=[[bare]])
    assert table is not None
    assert table.frames_of(0) == (Frame("m.py", 0, "", ""), Frame("", 0, "", ""))
    plan = make.method(values=[make.null()], chains=[[make.free(0)]], stacks=[[make.frames(OUTER)]])
    broken = make.program(plan).replace(b"model.py", b"mod\xffl.py")
    found = read_program(broken).methods[0].stacks
    assert found is not None
    assert found.frames_of(0)[0].file == "mod\N{REPLACEMENT CHARACTER}l.py"


@pytest.mark.parametrize("row", [-1, 1])
def test_a_row_that_is_not_there(row: int) -> None:
    table = stacks_of(1, stacks=[[make.frames(OUTER)]])
    assert table is not None
    with pytest.raises(IndexError, match=f"row {row} of 1"):
        table.frames_of(row)


def test_more_stacks_than_instructions_are_refused() -> None:
    with pytest.raises(CorruptTrace, match="more instructions than the chain has"):
        stacks_of(1, 1, stacks=[[make.frames(OUTER)], [make.frames(OUTER)] * 2])
