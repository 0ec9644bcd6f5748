"""PerfData, from a plain list as executorch.devtools makes it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from etscope.inspector import PerfData

NAN = float("nan")


@given(st.lists(st.floats(0, 1e9), min_size=1))
def test_figures_of_a_plain_list_are_those_of_numpy(raw: list[float]) -> None:
    found = PerfData(raw)
    assert found.raw == raw
    for name, percent in {"p10": 10, "p50": 50, "p90": 90, "p99": 99, "min": 0, "max": 100}.items():
        assert getattr(found, name) == np.percentile(raw, percent)
    assert found.avg == np.mean(raw)
    assert found.count == len(raw)


def test_the_samples_keep_their_order() -> None:
    found = PerfData([3.0, 1.0, 2.0])
    assert (found.min, found.p50) == (1.0, 2.0)
    assert found.raw == [3.0, 1.0, 2.0]


def test_figures_of_nothing_are_not_zero() -> None:
    found = PerfData([])
    assert found.count == 0
    assert np.isnan([found.p10, found.p50, found.avg, found.min, found.max]).all()


def test_samples_without_a_duration_do_not_count() -> None:
    found = PerfData([1.0, NAN, 3.0])
    assert (found.count, found.p50, found.avg, found.max) == (2, 2.0, 2.0, 3.0)
    assert len(found.raw) == 3


def test_says_what_it_holds() -> None:
    assert repr(PerfData([1.0, 3.0])) == "PerfData(p50=2.0, min=1.0, max=3.0, n=2)"
