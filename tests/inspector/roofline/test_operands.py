"""A tensor's sizes are known, and can be true, or nothing is computed from them."""

from __future__ import annotations

import pytest

from etscope.etdump.machine_peak import MachinePeak
from etscope.inspector.roofline.bounds import bound_of
from etscope.inspector.roofline.flops import flops_of
from etscope.inspector.roofline.operands import Call, Operand


@pytest.mark.parametrize(
    ("shape", "known"),
    [
        ((), True),
        ((0, 3), True),
        ((2**31, 2**31), True),
        ((2**31, 2**32), False),
        ((0, 2**31, 2**32), False),
        ((2, -1), False),
        ((0, -1), False),
        ((1,) * 65, False),
    ],
)
def test_sizes_that_no_tensor_has_are_not_known(shape: tuple[int, ...], known: bool) -> None:
    assert Operand(shape, 6).is_known is known


def test_a_size_of_zero_does_not_hide_others_from_arithmetic() -> None:
    ones = Operand((1,) * 64, 6)
    hidden = Operand((0, 1) + (2**40,) * 62, 6)
    work = flops_of(Call("aten.convolution.default", (ones, ones), (hidden,)))
    assert (work.operations, work.reason) == (None, "a size of its tensors is not known")
    # The most that known sizes give is a number that can be divided.
    most = Operand((2**30, 1, 2**32), 6)
    work = flops_of(Call("aten.convolution.default", (most, most), (most,)))
    assert work.operations == 2 * 2**30 * 2**32 * 2**62
    assert bound_of(work, 1, 1e-9, MachinePeak(1, 1e-6, 1e-6)).peak_share is not None
