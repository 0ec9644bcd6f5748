"""The map of an arena: rectangles where the plan has them, none of them twice."""

from __future__ import annotations

import json
from typing import Any

import pytest
from planned import HOSTILE, chain_plan
from plotly.graph_objects import Figure as Checked

from etscope.dashboard.figures import memory_marks
from etscope.dashboard.figures.layout import MARK_LIMIT, Figure
from etscope.dashboard.figures.memory_map import memory_map_figure
from etscope.dashboard.figures.memory_marks import undrawn
from etscope.dashboard.memory_values import ValueNames
from etscope.inspector.memory.plan import MemoryPlan


def drawn(plan: MemoryPlan, **more: Any) -> Figure:
    figure = memory_map_figure(plan, plan.arenas[0], **more)
    assert figure is not None
    Checked(figure)
    return figure


def boxes(figure: Figure) -> dict[str, list[tuple[float, ...]]]:
    """Role → (left, right, low, high) of its bars, in steps and bytes."""
    return {
        trace["name"]: [
            (x - width / 2, x + width / 2, low, low + high)
            for x, width, low, high in zip(
                trace["x"], trace["width"], trace["base"], trace["y"], strict=True
            )
        ]
        for trace in figure["data"]
        if trace["type"] == "bar"
    }


def test_a_value_is_as_wide_as_its_life_and_as_high_as_its_bytes() -> None:
    figure = drawn(chain_plan([40, 80, 16]))
    assert boxes(figure) == {
        "input": [(-1.5, 0.5, 0, 40)],
        "activation": [(-0.5, 1.5, 80, 160)],
        "output": [(0.5, 2.5, 0, 16)],
    }


def test_the_peak_and_the_size_of_the_arena_are_marked() -> None:
    figure = drawn(chain_plan([40, 80, 16], slack=40))
    (note,) = figure["layout"]["annotations"]
    assert (note["x"], note["text"]) == (0, "peak 120 bytes at add.out #0")
    line = figure["data"][-1]
    assert (line["name"], line["y"]) == ("arena size 200 bytes, planned", [200, 200])


def test_who_is_not_alive_at_the_peak_stands_back() -> None:
    figure = drawn(chain_plan([40, 80, 16]))
    opacity = {
        trace["name"]: trace["marker"]["opacity"]
        for trace in figure["data"]
        if trace["type"] == "bar"
    }
    assert opacity["input"] == opacity["activation"] == [1.0]
    assert opacity["output"][0] < 1


def test_a_view_is_an_outline_around_bytes_that_are_drawn_once() -> None:
    figure = drawn(chain_plan([40, 80, 16], view=True))
    assert sum(map(len, boxes(figure).values())) == 3
    (view,) = [trace for trace in figure["data"] if trace["name"] == "view of another"]
    assert view["x"] == [-0.5, 1.5, 1.5, -0.5, -0.5, None]
    assert view["y"] == [80, 80, 160, 160, 80, None]
    assert "fill" not in view
    (shown,) = [trace for trace in figure["data"] if trace["name"] == "activation"]
    assert "1 view of its bytes" in shown["hovertext"][0]


def test_hover_boxes_tell_where_a_value_is_from_and_what_it_costs() -> None:
    plan = chain_plan([40, 80, 16])
    row = int((plan.value == 1).argmax())
    known = ["x"] * len(plan)
    figure = drawn(plan, names=ValueNames(plan, known, known, ["model.py:7"] * 3), saves={row: 12})
    (trace,) = [trace for trace in figure["data"] if trace["name"] == "activation"]
    assert trace["hovertext"][0].split("<br>") == [
        "<b>x</b>",
        "activation, value 1",
        "80 bytes, planned; bytes 80 to 160",
        "alive #0 to #1, 2 steps",
        "made by add.out #0",
        "module x",
        "source model.py:7",
        "alive only where it is used: peak 12 bytes lower, derived",
    ]


def test_the_small_ones_of_many_share_a_path_and_none_is_lost() -> None:
    plan = chain_plan([4 + 4 * (at % 7) for at in range(3000)])
    figure = drawn(plan)
    bars = sum(map(len, boxes(figure).values()))
    paths = [trace for trace in figure["data"] if trace.get("fill")]
    assert bars == MARK_LIMIT
    assert bars + sum(path["x"].count(None) for path in paths) == len(plan)
    assert len(figure["data"]) < 10
    assert undrawn(plan, plan.arenas[0]) == (" The 500 largest by bytes × steps can be pointed at.")


def test_what_is_not_drawn_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_marks, "OUTLINED", 100)
    plan = chain_plan([8] * 700)
    figure = drawn(plan)
    paths = [trace for trace in figure["data"] if trace.get("fill")]
    assert sum(path["x"].count(None) for path in paths) == 100
    assert undrawn(plan, plan.arenas[0]).endswith(
        "100 smaller values of 800 bytes together are not drawn."
    )


def test_a_close_up_has_only_what_lives_around_the_peak() -> None:
    sizes = [8] * 40
    sizes[20] = sizes[21] = 80
    figure = drawn(chain_plan(sizes), around=3)
    assert figure["layout"]["xaxis"]["range"] == [16.5, 23.5]
    assert sum(map(len, boxes(figure).values())) == 8


def test_hostile_names_are_only_text() -> None:
    figure = drawn(chain_plan([40, 80, 16], operator=(HOSTILE, "out")))
    text = json.dumps(figure, allow_nan=False)
    assert "<a href" not in text
    assert "<script" not in text
