"""What the peak is made of: bars that add up to it with what is not drawn."""

from __future__ import annotations

import json

import program_builder as make
from planned import HOSTILE, chain_plan
from plotly.graph_objects import Figure as Checked

from etscope.dashboard.figures.layout import Figure
from etscope.dashboard.figures.memory_peak import (
    holders_figure,
    module_shares,
    modules_at_peak_figure,
)
from etscope.dashboard.memory_values import ValueNames
from etscope.etdump.program import read_program
from etscope.inspector.memory.peak import peak_of
from etscope.inspector.memory.plan import MemoryPlan, memory_plan


def many_inputs(*sizes: int) -> MemoryPlan:
    """Inputs beside each other, all of which the caller reads at the end."""
    values, offset = [], 0
    for size in sizes:
        values.append(make.tensor([size // 4], memory=(1, offset)))
        offset += size
    every = list(range(len(sizes)))
    method = make.method(values=values, inputs=every, outputs=every, arenas=[0, offset])
    return memory_plan(read_program(make.program(method)), "forward")


def bars(figure: Figure | None) -> dict[str, list[float]]:
    assert figure is not None
    Checked(figure)
    return {trace["name"]: trace["x"] for trace in figure["data"] if trace["type"] == "bar"}


def test_holders_are_told_apart_by_why_they_are_there() -> None:
    plan = chain_plan([40, 80, 16])
    figure = holders_figure(peak_of(plan), ValueNames(plan))
    assert bars(figure) == {"used at the peak": [80, 40]}
    assert figure is not None
    assert figure["layout"]["yaxis"]["ticktext"] == ["add.out #0", "input (value 0)"]
    assert figure["data"][0]["text"] == ["80 bytes · 66.7%", "40 bytes · 33.3%"]


def test_what_is_not_drawn_is_said_in_figures() -> None:
    plan = many_inputs(*range(4, 104, 4))
    peak = peak_of(plan)
    figure = holders_figure(peak, ValueNames(plan), top=20)
    (sizes,) = bars(figure).values()
    assert len(sizes) == 20
    assert figure is not None
    assert figure["data"][-1]["text"] == [" 5 more values of 60 bytes together, 4.6%"]
    assert sum(sizes) + 60 == peak.peak_bytes


def test_modules_add_up_to_the_peak() -> None:
    plan = many_inputs(40, 80, 16, 24)
    modules = [{40: "a", 80: "a.b", 16: None, 24: ""}[int(size)] for size in plan.size_bytes]
    names = ValueNames(plan, modules=modules)
    peak = peak_of(plan)
    assert module_shares(peak, names) == {
        "a.b": (80, 1),
        "a": (40, 1),
        "(root)": (24, 1),
        "(module not known)": (16, 1),
    }
    assert bars(modules_at_peak_figure(peak, names)) == {
        "planned, by module": [80, 40, 24],
        "module not known": [16],
    }


def test_without_modules_or_bytes_there_is_no_figure() -> None:
    plan, empty = many_inputs(40), many_inputs()
    assert modules_at_peak_figure(peak_of(plan), ValueNames(plan)) is None
    assert holders_figure(peak_of(empty), ValueNames(empty)) is None


def test_hostile_names_are_only_text() -> None:
    plan = chain_plan([40, 80, 16])
    names = ValueNames(plan, [HOSTILE] * 3, [HOSTILE] * 3, [HOSTILE] * 3)
    peak = peak_of(plan)
    figures = [holders_figure(peak, names), modules_at_peak_figure(peak, names)]
    assert "<a href" not in json.dumps(figures, allow_nan=False)
