"""Bars of what instructions do to memory."""

from __future__ import annotations

import json

import pytest
from planned import HOSTILE, chain_plan
from plotly.graph_objects import Figure as Checked

from etscope.dashboard.figures.layout import Figure
from etscope.dashboard.figures.memory_operators import allocated_figure, moved_figure
from etscope.inspector.memory.plan import MemoryPlan
from etscope.inspector.memory.traffic import traffic_of


def moved(plan: MemoryPlan, top: int = 20) -> Figure:
    figure = moved_figure(plan, traffic_of(plan), top)
    assert figure is not None
    Checked(figure)
    return figure


def test_bytes_read_and_written_stand_behind_each_other() -> None:
    figure = moved(chain_plan([40, 80, 16]))
    read, written = figure["data"]
    assert figure["layout"]["yaxis"]["ticktext"] == ["add.out  #0", "add.out  #1"]
    assert (read["x"], written["x"]) == ([40, 80], [80, 16])
    assert figure["layout"]["barmode"] == "relative"
    assert "in use while it runs: 120 bytes" in read["hovertext"][0]


def test_what_is_not_drawn_is_said_in_figures() -> None:
    figure = moved(chain_plan([8] * 6), top=3)
    assert figure["data"][-1]["text"] == [" 2 more move 32 bytes, 40.0% of all"]
    assert figure["layout"]["yaxis"]["ticktext"][-1] == "others"


def test_what_begins_goes_right_and_what_ends_goes_left_in_program_order() -> None:
    plan = chain_plan([40, 80, 16])
    figure = allocated_figure(plan, traffic_of(plan))
    assert figure is not None
    Checked(figure)
    begun, ended = figure["data"]
    assert figure["layout"]["yaxis"]["ticktext"] == ["add.out  #0", "add.out  #1"]
    assert (begun["x"], ended["x"]) == ([80, 16], [-40, -80])


@pytest.mark.parametrize("drawn", [moved_figure, allocated_figure])
def test_without_instructions_there_is_no_figure(drawn: type) -> None:
    plan = chain_plan([40])
    assert drawn(plan, traffic_of(plan)) is None


def test_hostile_names_are_only_text() -> None:
    figure = moved(chain_plan([40, 80], operator=(HOSTILE, "out")))
    assert "<a href" not in json.dumps(figure, allow_nan=False)
