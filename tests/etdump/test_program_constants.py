"""Which bytes of a program belong to which tensor."""

from __future__ import annotations

import program_builder as make
import pytest
from flatbuffer_builder import Table

from etscope.etdump.errors import CorruptTrace
from etscope.etdump.program import Program, read_program
from etscope.etdump.program_constants import Storage


def stored(program: Program) -> list[bytes | None]:
    method = program.methods[0]
    found = [program.tensor_data(method, row) for row in range(len(method.storage))]
    return [None if data is None else data.tobytes() for data in found]


def test_a_constant_ends_with_its_own_bytes_not_with_the_padding() -> None:
    plan = make.method(values=[make.tensor([3], 1, buffer=2), make.tensor([2], 1, buffer=1)])
    data = make.program(plan, segments=[b"other", b"ab..cde"], constants=(1, [0, 0, 4]))
    program = read_program(data)
    assert stored(program) == [b"cde", b"ab"]
    storage = program.methods[0].storage
    assert storage.kind.tolist() == [Storage.CONSTANT] * 2
    assert storage.segment.tolist() == [1, 1]
    assert program.constants.segment == 1
    assert program.constants.room_bytes.tolist() == [4, 4, 3]


def test_offsets_need_not_be_in_order() -> None:
    plan = make.method(values=[make.tensor([4], 1, buffer=b) for b in (1, 2, 3)])
    data = make.program(plan, segments=[b"aaaabbbbcccc"], constants=(0, [0, 8, 0, 4]))
    assert stored(read_program(data)) == [b"cccc", b"aaaa", b"bbbb"]


def test_constants_of_old_programs_lie_in_the_flatbuffer() -> None:
    plan = make.method(values=[make.tensor([2], 1, buffer=1), make.tensor([1], 1)])
    program = read_program(make.program(plan, inline=[b"", b"xy"]))
    assert stored(program) == [b"xy", None]
    assert program.methods[0].storage.segment.tolist() == [-1, -1]


def test_a_mutable_tensor_may_begin_with_a_state() -> None:
    first = make.tensor([2], 1, buffer=1, memory=(1, 0))
    second = make.tensor([3], 1, buffer=1, memory=(1, 16), extra=make.extra_info("kv", state=1))
    empty = make.tensor([3], 1, memory=(1, 32))
    data = make.program(
        make.method(values=[first, second, empty]),
        segments=[b"AB", b"CDE"],
        states=[(0, [0, 0]), (1, [0, 0])],
    )
    program = read_program(data)
    assert stored(program) == [b"AB", b"CDE", None]
    kinds = program.methods[0].storage.kind.tolist()
    assert kinds == [Storage.INITIAL_STATE, Storage.INITIAL_STATE, Storage.PLANNED]
    specs = program.methods[0].values.tensors
    assert [specs.name_of(row) for row in range(3)] == [None, "kv", None]


def test_an_external_tensor_is_known_by_its_name_and_has_no_bytes_here() -> None:
    extra = make.extra_info("layers.0.weight", external=True, device=(1, 2))
    plan = make.method(values=[make.tensor([2]), make.tensor([2], buffer=9, extra=extra)])
    program = read_program(make.program(plan))
    assert stored(program) == [None, None]
    assert program.methods[0].storage.kind.tolist() == [Storage.NONE, Storage.EXTERNAL]
    specs = program.methods[0].values.tensors
    assert specs.name_of(1) == "layers.0.weight"
    assert (specs.device_type.tolist(), specs.device_index.tolist()) == ([0, 1], [0, 2])


def test_of_an_unknown_element_type_all_the_room_is_its() -> None:
    plan = make.method(values=[make.tensor([1], 77, buffer=1)])
    data = make.program(plan, segments=[b"abcd"], constants=(0, [0, 0]))
    assert stored(read_program(data)) == [b"abcd"]


BROKEN: dict[str, tuple[Table, dict[str, object]]] = {
    "a constant that is not there": (make.tensor([1], buffer=2), {"constants": (0, [0, 0])}),
    "no constants at all": (make.tensor([1], buffer=1), {}),
    "a state without states": (make.tensor([1], buffer=1, memory=(1, 0)), {}),
    "a state beyond any": (
        make.tensor([1], buffer=1, memory=(1, 0), extra=make.extra_info(state=2**63)),
        {"states": [(0, [0, 0])]},
    ),
    "constants in a segment that is not there": (make.tensor([1]), {"constants": (1, [0])}),
    "a constant behind its segment": (make.tensor([1]), {"constants": (0, [0, 5])}),
    "an offset beyond any file": (make.tensor([1]), {"constants": (0, [2**64 - 1])}),
    "a name for a segment that is not there": (make.tensor([1]), {"named": [("weights", 1)]}),
}


@pytest.mark.parametrize(("tensor", "places"), BROKEN.values(), ids=BROKEN.keys())
def test_what_cannot_be_true_is_refused(tensor: Table, places: dict[str, object]) -> None:
    data = make.program(make.method(values=[tensor]), segments=[b"four"], **places)  # type: ignore[arg-type]
    with pytest.raises(CorruptTrace, match="export the program again"):
        read_program(data)
