"""Samples behave like the list of their numbers, and are computed when looked at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from etscope.inspector.samples import Samples


def samples(*numbers: float) -> Samples:
    return Samples(lambda: np.array(numbers, np.float64))


def test_equals_a_list_with_the_same_numbers() -> None:
    assert samples(1.0, 2.5) == [1.0, 2.5]
    assert samples(1.0, 2.5) == samples(1.0, 2.5)
    assert samples(1.0) != [1.0, 2.5]
    assert samples(1.0) != samples(2.0)
    assert samples(1.0) != (1.0,)


def test_reads_like_a_list() -> None:
    made = samples(3.0, 1.0, 2.0)
    assert isinstance(made, Sequence)
    assert (len(made), made[0], made[-1], made[1:]) == (3, 3.0, 2.0, [1.0, 2.0])
    assert type(made[0]) is float
    assert list(made) == made.tolist() == [3.0, 1.0, 2.0]
    assert sorted(made) == [1.0, 2.0, 3.0]
    assert 2.0 in made
    assert made.index(2.0) == 2
    with pytest.raises(IndexError):
        made[3]


def test_looks_like_its_list() -> None:
    assert repr(samples(1.0, 2.5)) == "[1.0, 2.5]"


def test_goes_into_numpy_as_it_is() -> None:
    made = samples(1.0, 2.0)
    assert np.asarray(made).tolist() == [1.0, 2.0]
    assert np.asarray(made, np.float32).dtype == np.float32
    assert np.mean(made) == 1.5


def test_ticks_stay_whole_numbers() -> None:
    made = Samples(lambda: np.array([2**63], np.uint64))
    assert made == [2**63]
    assert type(made[0]) is int


def test_has_no_hash_as_lists_have_none() -> None:
    with pytest.raises(TypeError):
        hash(samples(1.0))


def test_computes_when_looked_at_with_what_it_was_given() -> None:
    asked: list[tuple[str, int]] = []

    def compute(name: str, number: int) -> NDArray[np.int64]:
        asked.append((name, number))
        return np.array([number])

    made = Samples(compute, "row", 7)
    assert asked == []
    assert made.tolist() == [7]
    assert asked == [("row", 7)]
