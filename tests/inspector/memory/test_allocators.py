"""What a method's structures need, counted by hand on small programs."""

from __future__ import annotations

from typing import Any

import program_builder as make

from etscope.etdump.program import read_program
from etscope.inspector.memory.allocators import (
    BITS_32,
    BITS_64,
    Layout,
    MethodAllocator,
    method_allocator,
)


def needs(layout: Layout = BITS_64, **method: Any) -> MethodAllocator:
    made = read_program(make.program(make.method(**method), blobs=[b"blob"]))
    return method_allocator(made.method("forward"), layout)


def bytes_of(found: MethodAllocator) -> dict[str, int]:
    return {need.what: need.size_bytes for need in found.needs if need.size_bytes}


ADD: dict[str, Any] = {
    "values": [make.tensor([2, 3]), make.tensor([2, 3]), make.integer(1)],
    "inputs": [0],
    "outputs": [1],
    "operators": [("aten::add", "out")],
    "chains": [[make.kernel(0, 0, 2, 1, 1)]],
}


def test_one_kernel_on_a_64_bit_machine() -> None:
    found = needs(**ADD)
    assert bytes_of(found) == {
        "values": 3 * 16,
        "input flags": 8,
        "tensors": 2 * 64,
        "shapes of tensors": 2 * 8,  # strides of two dimensions
        "instructions": 32 + 8 + 16,
        "arguments of instructions": 4 * 8,
    }
    assert found.size_bytes == 288
    # Four rows, and the order of two dimensions for each of three tensors.
    assert found.lookup == ("lookup of kernels", 4, 4 * 24 + 3 * 8)
    assert found.with_lookup_bytes == 288 + 120


def test_one_kernel_on_a_32_bit_machine() -> None:
    found = needs(BITS_32, **ADD)
    assert bytes_of(found) == {
        "values": 3 * 16,
        "input flags": 8,
        "tensors": 2 * 32,
        "shapes of tensors": 2 * 8,
        "instructions": 16 + 8 + 8,
        "arguments of instructions": 4 * 4,
    }
    assert found.lookup.size_bytes == 4 * 12 + 3 * 8


def test_dynamic_tensors_have_their_own_sizes_and_order() -> None:
    static, dynamic = (
        bytes_of(needs(values=[make.tensor([2] * 4, dynamism=kind)]))["shapes of tensors"]
        for kind in (0, 1)
    )
    assert (static, dynamic) == (16, 16 + 16 + 8)


def test_lists_have_pointers_members_and_a_head() -> None:
    numbers = needs(values=[make.integer(1), make.integer(2), make.listing(7, [0, 1, 1])])
    assert bytes_of(numbers)["lists and texts"] == 3 * 8 + 3 * 8 + 24
    tensors = needs(values=[make.tensor([1]), make.listing(10, [0, 0])])
    assert bytes_of(tensors)["lists and texts"] == 2 * 8 + 2 * 8 + 24
    optional = needs(values=[make.tensor([1]), make.listing(11, [-1, 0])])
    assert bytes_of(optional)["lists and texts"] == 2 * 8 + 2 * 16 + 24
    plain = needs(values=[make.string("mean"), make.listing(9, [1, 0]), make.listing(8, [0.5])])
    assert bytes_of(plain)["lists and texts"] == 3 * 16


def test_delegates_have_options() -> None:
    found = needs(
        values=[make.tensor([1])],
        delegates=[make.delegate("A", specs=[("mode", b"fast"), ("x", b"")]), make.delegate("B")],
        chains=[[make.delegate_call(0, 0, 0), make.delegate_call(1, 0)]],
    )
    assert bytes_of(found)["delegates"] == 2 * 56 + 2 * 24
    assert bytes_of(found)["arguments of instructions"] == 3 * 8
    assert found.lookup.size_bytes == 0  # only kernels are looked up


def test_external_constants_are_named_once_each() -> None:
    away = make.extra_info("w", external=True)
    found = needs(values=[make.tensor([1], extra=away), make.tensor([1], extra=away)])
    assert bytes_of(found)["names of external constants"] == 2 * 48


def test_an_empty_method_still_has_a_chain() -> None:
    found = needs()
    assert bytes_of(found) == {"instructions": 32}
    assert found.with_lookup_bytes == 32
