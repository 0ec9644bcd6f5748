"""The roofline in text: its shares add up to the method, and the machine is told as it was met."""

from __future__ import annotations

import dataclasses
import re

import pytest
from roofline_samples import PEAK, sample

from etscope.devtools.memory_measured import _machine


@pytest.mark.parametrize("name", ["two_methods", "convnet_xnnpack", "transformer_kv"])
def test_shares_of_time_and_the_rest_add_up_to_the_method(name: str) -> None:
    line = _machine(sample(name))[-1]
    assert line.startswith("of its time: ")
    assert ", in no operator " in line
    assert sum(map(float, re.findall(r"(-?[\d.]+)%", line))) == pytest.approx(100, abs=0.3)


def test_figures_are_the_better_of_all_threads_and_of_one() -> None:
    assert "30 GB/s with at most 2 threads (measured)" in _machine(sample("two_methods"))[0]
    alone = dataclasses.replace(sample("two_methods"), peak=dataclasses.replace(PEAK, threads=1))
    assert "with 1 thread (measured)" in _machine(alone)[0]
