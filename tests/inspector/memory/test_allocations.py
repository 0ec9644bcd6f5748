"""What allocators were asked for, in dumps made by hand."""

from __future__ import annotations

from typing import Any

from dump_builder import allocation, dump, profile, run

from etscope.etdump.reader import read_etdump
from etscope.inspector.memory.allocations import Allocations, allocations_of


def found(*runs: Any) -> Allocations:
    return allocations_of(read_etdump(dump(*runs)))


def test_bytes_add_up_per_kind_of_run_and_allocator() -> None:
    names = ["method", "temporary"]
    made = found(
        run(allocation(1, 8), allocation(2, 32), name="Default", allocators=names),
        run(allocation(2, 16), profile("a", 1, 2), allocation(2, 64), allocators=names),
        run(allocation(2, 40), allocators=names),
    )
    assert made.run == ("Default", "Default", "Execute", "Execute")
    assert made.allocator == ("method", "temporary", "method", "temporary")
    assert made.runs.tolist() == [1, 1, 2, 2]
    assert made.requests.tolist() == [1, 1, 0, 3]
    assert made.total_bytes == (8, 32, 0, 120)
    assert made.most_bytes == (8, 32, 0, 80)
    assert made.largest_bytes.tolist() == [8, 32, 0, 64]
    assert not made.is_empty


def test_allocators_that_are_only_declared_were_looked_at() -> None:
    made = found(run(profile("a", 1, 2), allocators=["method"]))
    assert (made.allocator, made.requests.tolist()) == (("method",), [0])
    assert made.is_empty


def test_a_trace_without_any_has_no_rows() -> None:
    made = found(run(profile("a", 1, 2)))
    assert (len(made), made.is_empty) == (0, True)


def test_a_number_that_the_run_does_not_declare_has_no_name() -> None:
    made = found(
        run(allocation(0, 8), allocation(3, 4), allocation(-1, 2), allocators=["a", "b"]),
        run(allocation(1, 1), name="Other"),
    )
    assert made.run == ("Execute", "Execute", "Execute", "Other")
    assert made.allocator == ("a", "b", None, None)
    assert made.requests.tolist() == [0, 0, 3, 1]
    assert made.total_bytes == (0, 0, 14, 1)


def test_runs_declare_their_own_allocators() -> None:
    made = found(run(allocation(1, 8), allocators=["a"]), run(allocation(1, 4), allocators=["b"]))
    assert made.allocator == ("a", "b")
    assert made.total_bytes == (8, 4)


def test_sums_beyond_64_bits_are_whole_numbers() -> None:
    made = found(run(allocation(1, 2**64 - 1), allocation(1, 2**64 - 1), allocators=["a"]))
    assert made.total_bytes == (2**65 - 2,)
    assert made.largest_bytes.tolist() == [2**64 - 1]
