"""The figure of the costliest instructions."""

from __future__ import annotations

from latency_reports import delegate, latency_of, method, mixed, operator

from etscope.dashboard.figures.operators import operators_figure
from etscope.dashboard.wording import Scale

US = Scale("us", 1e3)


def test_bars_are_sorted_and_coloured_by_kind() -> None:
    drawn = operators_figure(latency_of(mixed(), mixed()), US)
    assert drawn is not None
    bars = {trace["name"]: trace for trace in drawn["data"]}
    assert {name: [round(x, 9) for x in bar["x"]] for name, bar in bars.items()} == {
        "operator": [20.0, 10.0],
        "delegate": [50.0],
        "inside a delegate": [1.0, 1.0],
    }
    assert bars["delegate"]["y"] == [0]
    assert drawn["layout"]["yaxis"]["ticktext"][:3] == [
        "delegate  #1",
        "mul.out  #2",
        "add.out  #0",
    ]


def test_whiskers_reach_from_p10_to_p90() -> None:
    runs = [method(100, *operator("add.out", 0, 0, 10 * times)) for times in (1, 2, 3)]
    drawn = operators_figure(latency_of(*runs), US)
    assert drawn is not None
    (bar,) = drawn["data"]
    assert bar["x"] == [20.0]
    assert [round(bar["error_x"][side][0], 6) for side in ("arrayminus", "array")] == [8.0, 8.0]


def test_what_is_not_drawn_is_said_in_figures() -> None:
    operators = [operator("add.out", at, 3 * at, 3 * at + 3) for at in range(8)]
    latency = latency_of(method(24, *(one for pair in operators for one in pair)))
    drawn = operators_figure(latency, US, top=5)
    assert drawn is not None
    rest = drawn["data"][-1]
    assert drawn["layout"]["yaxis"]["ticktext"][-1] == "3 more"
    assert rest["text"] == [" 9.00 µs together, 37.5% of the method"]


def test_names_are_plain_text_to_plotly() -> None:
    hostile = '<a href="https://example.com">conv</a>'
    drawn = operators_figure(latency_of(method(100, *delegate(0, 0, 50, hostile))), US)
    assert drawn is not None
    assert "<a" not in str(drawn)


def test_without_events_there_is_no_figure() -> None:
    assert operators_figure(latency_of(method(100)), US) is None
