"""Programs made by hand, whole and broken, read as columns."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import program_builder as make
import pytest
from flatbuffer_builder import Num, Table

from etscope.etdump.errors import CorruptTrace, NotATrace, TraceError, Truncated
from etscope.etdump.evalues import EValueKind
from etscope.etdump.instructions import InstructionKind
from etscope.etdump.program import read_program


def test_values_of_every_kind() -> None:
    values = [
        make.null(),
        make.integer(-7),
        make.boolean(True),
        make.double(2.5),
        make.tensor([2, 3], 4, memory=(1, 5 << 32), dim_order=[1, 0]),
        make.string("sum"),
        make.listing(7, [1, 1]),
        make.listing(8, [0.5, -1.0]),
        make.listing(9, [1, 0]),
        make.listing(10, [4]),
        make.listing(11, [-1, 4]),
    ]
    columns = read_program(make.program(make.method(values=values))).methods[0].values
    assert columns.kind.tolist() == list(range(1, 12))
    assert columns.integer.tolist() == [0, -7, 1] + [0] * 8
    assert columns.real.tolist() == [0, 0, 0, 2.5] + [0] * 7
    assert columns.texts[columns.text[5]] == "sum"
    assert columns.items.tolist() == [0] * 7 + [2, 4, 6, 7, 9]
    assert columns.item.tolist() == [1, 1, 0, 0, 1, 0, 4, -1, 4]
    assert columns.real_item.tolist() == [0, 0, 0.5, -1.0, 0, 0, 0, 0, 0]
    assert [columns.tensors_of(v).tolist() for v in (1, 4, 9, 10)] == [[], [0], [0], [0]]
    tensors = columns.tensors
    assert tensors.shape_of(0) == (2, 3)
    assert tensors.dim_order.tolist() == [1, 0]
    assert (tensors.memory_id[0], tensors.memory_offset[0]) == (1, 5 << 32)
    assert tensors.size_bytes.tolist() == [48]


def test_fields_left_out_have_their_defaults() -> None:
    empty = Table({0: Num("u1", EValueKind.INT), 1: Table({})})
    bare = Table({0: Num("u1", EValueKind.TENSOR), 1: Table({})})
    values = read_program(make.program(make.method(values=[empty, bare]))).methods[0].values
    assert values.integer.tolist() == [0, 0]
    assert values.tensors.scalar_type.tolist() == [0]
    assert values.tensors.shape_of(0) == ()
    assert (values.tensors.memory_id[0], values.tensors.memory_offset[0]) == (-1, -1)


def test_a_newer_kind_of_value_is_kept_without_content() -> None:
    newer = Table({0: Num("u1", 42)})
    values = read_program(make.program(make.method(values=[newer, make.integer(3)]))).methods[0]
    assert values.values.kind.tolist() == [42, 2]
    assert values.values.integer.tolist() == [0, 3]


TWO_CHAINS = make.method(
    values=[make.tensor([1]), make.tensor([1]), make.boolean(False)],
    inputs=[0],
    outputs=[1, 1],
    operators=[("aten::add", "out"), ("executorch_prim::et_view", "default"), ("my::op", "")],
    delegates=[make.delegate("XnnpackBackend")],
    chains=[
        [make.kernel(0, 0, 0, 1, 1), make.move(0, 1), make.jump_false(2, 0), make.free(1)],
        [make.delegate_call(0, 0, 1), make.kernel(1, 0), make.kernel(2, 1)],
    ],
    arenas=[0, 128],
)


def test_instructions_over_all_chains() -> None:
    found = read_program(make.program(TWO_CHAINS, blobs=[b"blob"])).methods[0]
    table = found.instructions
    assert table.chain.tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert table.instruction.tolist() == [0, 1, 2, 3, 0, 1, 2]
    assert table.kind.tolist() == [1, 3, 4, 5, 2, 1, 1]
    assert table.callee.tolist() == [0, -1, -1, -1, 0, 1, 2]
    assert table.destination.tolist() == [-1, -1, 0, -1, -1, -1, -1]
    assert [table.arguments_of(row).tolist() for row in range(len(table))] == [
        [0, 0, 1, 1],
        [0, 1],
        [2],
        [1],
        [0, 1],
        [0],
        [1],
    ]
    assert found.operator_of_instruction == (
        "aten::add.out",
        "MOVE_CALL",
        "JF_CALL",
        "FREE_CALL",
        "DELEGATE_CALL",
        "executorch_prim::et_view.default",
        "my::op",
    )
    assert found.event_of_instruction[0] == "OPERATOR_CALL"
    assert found.event_of_instruction[4] == "DELEGATE_CALL"
    assert [found.native_event_of(row) for row in (0, 1, 5)] == ["native_call_add.out", None, None]
    assert [found.backend_of(row) for row in (0, 4)] == [None, "XnnpackBackend"]
    assert (found.inputs.tolist(), found.outputs.tolist()) == ([0], [1, 1])
    assert found.arena_bytes.tolist() == [0, 128]


def test_a_delegate_points_into_the_flatbuffer_or_a_segment() -> None:
    specs = [("threads", b"\x02\x00"), ("mode", b"")]
    plan = make.method(
        delegates=[
            make.delegate("A", index=1, specs=specs),
            make.delegate("B", location=1, index=1),
        ]
    )
    program = read_program(
        make.program(plan, blobs=[b"zero", b"one"], segments=[b"first", b"second"], version=3)
    )
    first, second = program.methods[0].delegates
    assert program.version == 3
    assert program.segment_bytes.tolist() == [5, 6]
    assert program.blob(first).tobytes() == b"one"
    assert program.blob(second).tobytes() == b"second"
    assert (first.in_segment, second.in_segment) == (False, True)
    assert first.compile_specs == (("threads", b"\x02\x00"), ("mode", b""))


def test_a_program_inside_a_bundled_program() -> None:
    inner = make.program(
        make.method("encode", delegates=[make.delegate("B", location=1)]), segments=[b"blob"]
    )
    program = read_program(make.bundled(inner))
    assert [m.name for m in program.methods] == ["encode"]
    assert program.blob(program.methods[0].delegates[0]).tobytes() == b"blob"


def test_a_method_is_found_by_name() -> None:
    program = read_program(make.program(make.method("enc"), make.method("dec")))
    assert program.method("dec") is program.methods[1]
    with pytest.raises(KeyError, match="enc, dec"):
        program.method("forward")


def test_a_file_is_mapped_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(make.program(make.method()))
    program = read_program(path)
    assert program.path == str(path)
    assert not program.data.flags.writeable


@pytest.mark.parametrize("data", [b"", b"ET1", b"\x08\0\0\0ED00" + bytes(40)])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(NotATrace, match="not an ExecuTorch program"):
        read_program(data)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=r"gone\.pte: there is no such file"):
        read_program(tmp_path / "gone.pte")


BROKEN = {
    "an operator that is not there": make.method(chains=[[make.kernel(0)]]),
    "a delegate that is not there": make.method(chains=[[make.delegate_call(0)]]),
    "an argument that is not there": make.method(chains=[[make.free(0)]]),
    "a negative argument": make.method(values=[make.null()], chains=[[make.move(0, -1)]]),
    "a jump out of the chain": make.method(
        values=[make.boolean(True)], chains=[[make.jump_false(0, 2)]]
    ),
    "an input that is not there": make.method(inputs=[0]),
    "an output before the first": make.method(values=[make.null()], outputs=[-1]),
    "a list of what is not there": make.method(values=[make.listing(10, [1])]),
    "an int list with a gap": make.method(values=[make.listing(7, [-1])]),
    "a negative size": make.method(values=[make.tensor([2, -1])]),
    "sizes that cannot be multiplied": make.method(values=[make.tensor([2**31 - 1] * 3)]),
    "dimensions without an order": make.method(values=[make.tensor([2, 2], dim_order=[0])]),
    "memory beyond any": make.method(values=[make.tensor([1], memory=(1, 2**63))]),
    "a delegate's data that is not there": make.method(delegates=[make.delegate("B", index=1)]),
    "a delegate's segment that is not there": make.method(
        delegates=[make.delegate("B", location=1)]
    ),
    "a value without content": make.method(values=[Table({0: Num("u1", 5)})]),
    "an instruction without content": make.method(
        chains=[[Table({0: Num("u1", InstructionKind.FREE_CALL)})]]
    ),
}


@pytest.mark.parametrize("plan", BROKEN.values(), ids=BROKEN.keys())
def test_what_cannot_be_true_is_refused(plan: Table) -> None:
    with pytest.raises(CorruptTrace, match="export the program again"):
        read_program(make.program(plan, blobs=[b"blob"]))


def test_text_that_is_no_text() -> None:
    data = make.program(make.method("forward"))
    with pytest.raises(CorruptTrace, match="UTF-8"):
        read_program(data.replace(b"forward", b"for\xffard"))


def test_a_segment_behind_the_end_is_named() -> None:
    data = make.program(make.method(), segments=[b"12345678"])
    with pytest.raises(Truncated, match="segment 0 ends at byte"):
        read_program(data[:-1])


def test_segments_without_a_header() -> None:
    data = make.program(make.method(), segments=[b"12345678"])
    with pytest.raises(CorruptTrace, match="no header"):
        read_program(data.replace(b"eh00", b"eh99"))


def test_every_cut_is_noticed_or_harmless() -> None:
    """What FlatBuffers pads with may be missing; nothing else."""
    plan = make.method(values=[make.tensor([4])], operators=[("aten::add", "out")], outputs=[0])
    data = make.program(plan)
    noticed = 0
    for size in range(len(data)):
        try:
            found = read_program(data[:size]).methods[0]
        except TraceError:
            noticed += 1
            continue
        assert found.operators == ("aten::add.out",)
        assert found.values.tensors.shape_of(0) == (4,)
    assert noticed > len(data) - 4


def test_overlapping_vectors_do_not_multiply() -> None:
    """A thousand lists that all point to the same thousand members ask for a million rows."""
    lists = [make.listing(8, [0.0]) for _ in range(1000)]
    data = bytearray(make.program(make.method(values=[*lists, make.listing(8, [0.0] * 1000)])))
    view = np.frombuffer(data, np.uint8)
    counts = [at for at in range(0, len(view) - 4, 4) if data[at : at + 4] == b"\xe8\x03\0\0"]
    assert counts, "the long list is not where it should be"
    for at in range(0, len(data) - 16, 4):
        # Every one-member list gets the length of the long one; what follows is read as members.
        if data[at : at + 12] == struct.pack("<Id", 1, 0.0):
            struct.pack_into("<I", data, at, 1000)
    with pytest.raises((CorruptTrace, Truncated)):
        read_program(bytes(data))


def test_a_list_that_all_instructions_share_is_refused() -> None:
    values = [make.tensor([1]), make.listing(10, [0] * 1000)]
    many = make.method(values=values, operators=[("a", "")], chains=[[make.kernel(0, 1)] * 1000])
    with pytest.raises(CorruptTrace, match="lists of tensors that far too many instructions share"):
        read_program(make.program(many))
    some = make.method(values=values, operators=[("a", "")], chains=[[make.kernel(0, 1)] * 60])
    assert len(read_program(make.program(some)).methods[0].instructions) == 60


def test_delegates_whose_data_overlap_are_refused() -> None:
    delegates = [make.delegate("A", location=1, index=number) for number in range(40)]
    whole = make.program(make.method(delegates=delegates), segments=[b"x" * 1000] * 40)
    found = read_program(whole).methods[0].delegates
    assert [delegate.size_bytes for delegate in found] == [1000] * 40
    claims = bytes(whole).replace((1000).to_bytes(8, "little"), (30_000).to_bytes(8, "little"))
    with pytest.raises(TraceError, match="the delegates' data overlap"):
        read_program(claims + bytes(30_000))
