"""Test cases around a program."""

from __future__ import annotations

import program_builder as make
import pytest
from flatbuffer_builder import Num, Table

from etscope.etdump.bundled_program import CaseValueKind, read_bundled_cases
from etscope.etdump.errors import CorruptTrace, TraceError

INNER = make.program(make.method("decode"), make.method("encode"))


def test_cases_of_two_methods() -> None:
    first = ([make.case_tensor([2], b"12345678"), make.case_number(3)], [make.case_number(0.5)])
    second = ([make.case_number(True)], [make.case_tensor([2, 1], b"ab", 1)])
    data = make.bundled(INNER, make.suite("decode", first, second), make.suite("encode", first))
    cases = read_bundled_cases(data)
    assert cases is not None
    assert cases.version == 2
    assert cases.method == ("decode", "decode", "encode")
    values = cases.values
    inputs, outputs = (cases.values_of(0, expected=end).tolist() for end in (False, True))
    assert [int(values.kind[row]) for row in inputs] == [CaseValueKind.TENSOR, CaseValueKind.INT]
    assert cases.tensor_data(inputs[0]).tobytes() == b"12345678"
    assert (values.shape_of(inputs[0]), values.scalar_type[inputs[0]]) == ((2,), 6)
    assert (values.integer[inputs[1]], values.shape_of(inputs[1])) == (3, ())
    assert len(cases.tensor_data(inputs[1])) == 0
    assert [float(values.real[row]) for row in outputs] == [0.5]
    (flag,) = cases.values_of(1, expected=False).tolist()
    assert (values.kind[flag], values.integer[flag]) == (CaseValueKind.BOOL, 1)
    (output,) = cases.values_of(1, expected=True).tolist()
    assert values.shape_of(output) == (2, 1)
    assert cases.tensor_data(output).tobytes() == b"ab"


def test_a_bundle_without_cases() -> None:
    cases = read_bundled_cases(make.bundled(INNER))
    assert cases is not None
    assert (len(cases), len(cases.values)) == (0, 0)


def test_another_file_has_no_cases() -> None:
    assert read_bundled_cases(INNER) is None


BROKEN = {
    "a value without content": Table({0: Num("u1", 2)}),
    "a negative size": make.case_tensor([-1], b""),
    "sizes without an order": Table({0: Num("u1", 1), 1: Table({3: [Table({})]})}),
}


@pytest.mark.parametrize("value", BROKEN.values(), ids=BROKEN.keys())
def test_what_cannot_be_true_is_refused(value: Table) -> None:
    with pytest.raises(CorruptTrace, match="bundle the program again"):
        read_bundled_cases(make.bundled(INNER, make.suite("decode", ([value], []))))


def test_every_cut_is_noticed_or_harmless() -> None:
    data = make.bundled(INNER, make.suite("decode", ([make.case_tensor([2], b"12345678")], [])))
    noticed = 0
    for size in range(8, len(data)):
        try:
            cases = read_bundled_cases(data[:size])
        except TraceError:
            noticed += 1
            continue
        assert cases is not None
        assert cases.tensor_data(0).tobytes() == b"12345678"
    assert noticed
