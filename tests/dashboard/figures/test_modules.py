"""The icicle of modules as plain data: boxes that fit in each other and add up to the method."""

from __future__ import annotations

import json

import pytest
from origins_builder import Row, latency_and_origins, method, operator

from etscope.dashboard import palette
from etscope.dashboard.figures.layout import Figure
from etscope.dashboard.figures.modules import modules_figure
from etscope.dashboard.wording import Scale
from etscope.inspector.rollups import ROLLUPS

SCALE = Scale("ms", 1.0)
ROWS = (
    method(100),
    Row("delegate", 60, backend="Gpu", module=""),
    Row("delegated", 30, 1, op="conv #1", module="a", backend="Gpu"),
    Row("delegated", 10, 1, op="conv #2", module="a.b", backend="Gpu"),
    operator("aten::add.out", 25, "c"),
)


def icicle(*rows: Row) -> Figure | None:
    return modules_figure(ROLLUPS["module"](*latency_and_origins(*rows)), SCALE, "forward")


def boxes(figure: Figure | None) -> dict[str, float]:
    """The name of each box → its size: its value and those of all inside it."""
    assert figure is not None
    (data,) = figure["data"]
    size = dict(zip(data["ids"], data["values"], strict=True))
    for child, parent in reversed(list(zip(data["ids"], data["parents"], strict=True))):
        if parent:
            size[parent] += size[child]
    names = dict(zip(data["ids"], data["labels"], strict=True))
    return {names[one]: value for one, value in size.items()}


def test_boxes_are_as_large_as_their_time() -> None:
    assert boxes(icicle(*ROWS)) == {
        "forward": 100,
        "(root)": 85,
        "a": 40,
        "b": 10,
        "c": 25,
        "(Gpu overhead)": 20,
        "(unexplained)": 15,
    }


def test_colours_tell_whose_time_it_is() -> None:
    figure = icicle(*ROWS)
    assert figure is not None
    (data,) = figure["data"]
    colour = dict(zip(data["labels"], data["marker"]["colors"], strict=True))
    assert colour["(root)"] == palette.WHOLE
    assert colour["b"] == palette.OPERATOR
    assert colour["(Gpu overhead)"] == palette.DELEGATE
    shape = dict(zip(data["labels"], data["marker"]["pattern"]["shape"], strict=True))
    assert (shape["(unexplained)"], shape["a"]) == (palette.HATCH, "")


def test_a_negative_rest_leaves_boxes_that_can_be_drawn() -> None:
    rows = [Row("delegate", 20, backend="Gpu", module=""), Row("delegated", 26, 1, module="a")]
    sizes = boxes(icicle(method(50), *rows))
    assert sizes == {"forward": 56, "(root)": 26, "a": 26, "(unexplained)": 30}


def test_what_is_too_small_counts_as_its_modules_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("etscope.dashboard.figures.modules.MARK_LIMIT", 3)
    figure = icicle(*ROWS)
    assert boxes(figure) == {"forward": 85, "(root)": 85, "a": 40, "c": 25}
    assert figure is not None
    (data,) = figure["data"]
    assert "1 smaller inside are not drawn" in data["hovertext"][data["labels"].index("a")]


@pytest.mark.parametrize(
    "rows",
    [
        (method(9), operator("x", 5)),
        (operator("x", 5, "a", parent=-1),),
        (method(0), operator("x", 0, "a")),
        (),
    ],
)
def test_without_modules_or_times_there_is_no_figure(rows: tuple[Row, ...]) -> None:
    assert icicle(*rows) is None


def test_names_are_only_text_and_the_figure_is_json() -> None:
    figure = icicle(method(9), operator("x", 5, "<a href=x>"))
    assert "<a href" not in json.dumps(figure, allow_nan=False)
