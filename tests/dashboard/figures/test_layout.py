"""What all figures share."""

from __future__ import annotations

from etscope.dashboard.figures.layout import CONFIG, axis, figure


def test_no_button_leads_to_a_cloud() -> None:
    assert CONFIG["modeBarButtons"] == [["toImage"]]
    assert not CONFIG["displaylogo"]
    assert not CONFIG["showSendToCloud"]
    assert CONFIG["plotlyServerURL"] == ""


def test_plotly_knows_every_word_of_a_layout() -> None:
    from plotly.graph_objects import Figure

    drawn = figure("a title", [], axis("time [ms]"), axis(), height=100)
    assert Figure(drawn).layout.title.text == "a title"
