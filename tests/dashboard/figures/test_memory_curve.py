"""The curve of bytes in use: every step, or the extremes of many."""

from __future__ import annotations

import json

import numpy as np
import program_builder as make
import pytest
from planned import HOSTILE, chain_plan
from plotly.graph_objects import Figure as Checked

from etscope.dashboard.figures.memory_curve import DRAWN, drawn_steps, memory_curve_figure
from etscope.etdump.program import read_program
from etscope.inspector.memory.plan import MemoryPlan, memory_plan


def of_arenas(*sizes: int) -> MemoryPlan:
    """An input in each of so many arenas."""
    method = make.method(
        values=[make.tensor([size // 4], memory=(at, 0)) for at, size in enumerate(sizes, 1)],
        inputs=list(range(len(sizes))),
        arenas=[0, *sizes],
    )
    return memory_plan(read_program(make.program(method)), "forward")


def test_bands_and_levels_are_those_of_the_plan() -> None:
    figure = memory_curve_figure(chain_plan([40, 80, 16], slack=40))
    assert figure is not None
    Checked(figure)
    band, planned, bound = figure["data"]
    assert (band["x"], band["y"]) == ([-1, 0, 1, 2], [40, 120, 96, 16])
    assert (planned["name"], planned["y"]) == ("planned 200 bytes", [200, 200])
    assert (bound["name"], bound["y"]) == ("lower bound for this order 120 bytes", [120, 120])
    assert figure["layout"]["annotations"][0]["text"] == "peak 120 bytes at add.out #0"


def test_a_plan_as_small_as_can_be_has_one_level() -> None:
    figure = memory_curve_figure(chain_plan([80, 80]))
    assert figure is not None
    assert [trace["name"] for trace in figure["data"]] == ["arena 1", "planned 160 bytes"]


def test_many_arenas_add_up_in_few_bands() -> None:
    figure = memory_curve_figure(of_arenas(8, 80, 16, 40, 4, 24))
    assert figure is not None
    bands = {t["name"]: t["y"][0] for t in figure["data"] if "stackgroup" in t}
    assert bands == {
        "arena 2": 80,
        "arena 4": 40,
        "arena 6": 24,
        "arena 3": 16,
        "2 smaller arenas": 12,
    }


def test_a_long_curve_keeps_its_peak_and_its_ends() -> None:
    live = np.arange(60_000) % 991
    live[31_417] = 10**12
    places = drawn_steps(live)
    assert len(places) <= DRAWN
    assert {0, 31_417, 59_999} <= set(places.tolist())
    assert (np.diff(places) > 0).all()


@pytest.mark.parametrize("sizes", [(), (0,)])
def test_without_arenas_there_is_no_figure(sizes: tuple[int, ...]) -> None:
    assert memory_curve_figure(of_arenas(*sizes)) is None


def test_hostile_names_are_only_text() -> None:
    figure = memory_curve_figure(chain_plan([40, 80], operator=(HOSTILE, "out")))
    assert "<a href" not in json.dumps(figure, allow_nan=False)
