"""How far lifetimes reach that cross the border of a loop."""

from __future__ import annotations

import numpy as np
import program_builder as make
from hypothesis import given
from hypothesis import strategies as st

from etscope.etdump.methods import Method
from etscope.etdump.program import read_program
from etscope.inspector.memory.loop_spans import extended, loop_spans


def method_of(length: int, *loops: tuple[int, int]) -> Method:
    """A method with a jump back from the last to the first instruction of each loop."""
    chain = [make.kernel(0) for _ in range(length)]
    for first, last in loops:
        chain[last] = make.jump_false(0, first)
    made = make.method(values=[make.boolean(True)], chains=[chain], operators=[("a", "")])
    return read_program(make.program(made)).methods[0]


def reach(method: Method, first: int, last: int) -> tuple[int, int]:
    firsts, lasts = extended(loop_spans(method), np.array([first]), np.array([last]))
    return int(firsts[0]), int(lasts[0])


def test_what_lives_in_one_round_is_left_alone() -> None:
    assert reach(method_of(10, (2, 6)), 3, 5) == (3, 5)
    assert reach(method_of(10, (2, 6)), 0, 8) == (0, 8)
    assert reach(method_of(10), 1, 2) == (1, 2)


def test_what_comes_in_or_goes_out_lives_in_all_rounds() -> None:
    method = method_of(10, (2, 6))
    assert reach(method, 0, 3) == (0, 6)
    assert reach(method, 5, 8) == (2, 8)
    assert reach(method, -1, 2) == (-1, 6)
    assert reach(method, 6, 10) == (2, 10)


def test_loops_in_loops() -> None:
    method = method_of(12, (1, 9), (3, 5), (6, 8))
    assert reach(method, 0, 4) == (0, 9)
    assert reach(method, 2, 4) == (2, 5)
    assert reach(method, 4, 7) == (3, 8)
    assert reach(method, 4, 11) == (1, 11)


def test_loops_that_cross_count_as_one() -> None:
    method = method_of(10, (1, 5), (3, 8))
    assert reach(method, 4, 4) == (1, 8)
    assert reach(method, 0, 2) == (0, 8)
    assert reach(method, 9, 9) == (9, 9)


def test_nests_too_deep_count_as_one() -> None:
    method = method_of(80, *[(n, 79 - n) for n in range(38)])
    assert reach(method, 37, 38) == (0, 79)


@given(
    st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=5),
    st.integers(-1, 15),
    st.integers(-1, 15),
)
def test_no_border_of_a_loop_cuts_a_lifetime(
    loops: list[tuple[int, int]], one: int, other: int
) -> None:
    """Unless it is one that the value crosses into with both ends behind it."""
    spans = {last: (min(first, last), last) for first, last in loops}
    first, last = reach(method_of(15, *spans.values()), min(one, other), max(one, other))
    assert first <= min(one, other) <= max(one, other) <= last
    for begin, end in spans.values():
        apart = last < begin or end < first
        inside = begin <= first and last <= end
        around = first <= begin and end <= last
        assert apart or inside or around
