"""Conversion between the units of clocks."""

from __future__ import annotations

import pytest

from etscope.etdump.errors import UsageError
from etscope.inspector.units import TimeScale, ticks_per_unit

SECONDS = [TimeScale.NS, TimeScale.US, TimeScale.MS, TimeScale.S]


def test_the_values_are_those_of_executorch() -> None:
    assert {scale.name: scale.value for scale in TimeScale} == {
        "NS": "ns",
        "US": "us",
        "MS": "ms",
        "S": "s",
        "CYCLES": "cycles",
    }


@pytest.mark.parametrize(
    ("source", "target", "ticks"),
    [
        (TimeScale.NS, TimeScale.MS, 1e6),
        (TimeScale.NS, TimeScale.S, 1e9),
        (TimeScale.US, TimeScale.MS, 1e3),
        (TimeScale.US, TimeScale.NS, 1e-3),
        (TimeScale.S, TimeScale.MS, 1e-3),
        (TimeScale.CYCLES, TimeScale.CYCLES, 1.0),
    ],
)
def test_ticks_are_divided_by_so_many(source: TimeScale, target: TimeScale, ticks: float) -> None:
    assert ticks_per_unit(source, target) == ticks


@pytest.mark.parametrize("one", SECONDS)
@pytest.mark.parametrize("other", SECONDS)
def test_there_and_back_is_no_change(one: TimeScale, other: TimeScale) -> None:
    assert ticks_per_unit(one, other) * ticks_per_unit(other, one) == pytest.approx(1, rel=1e-15)


@pytest.mark.parametrize("scale", SECONDS)
@pytest.mark.parametrize("error", [RuntimeError, UsageError])
def test_cycles_on_one_side_only_are_refused(scale: TimeScale, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"cannot convert cycles .* both scales, or for neither"):
        ticks_per_unit(TimeScale.CYCLES, scale)
    with pytest.raises(error, match="cannot convert"):
        ticks_per_unit(scale, TimeScale.CYCLES)
