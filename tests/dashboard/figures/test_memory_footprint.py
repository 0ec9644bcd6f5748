"""The footprint over phases and over time."""

from __future__ import annotations

import json

from planned import HOSTILE
from plotly.graph_objects import Figure as Checked

from etscope.dashboard.figures.memory_footprint import PHASES, phases_figure, samples_figure
from etscope.etdump.footprint import Footprint, Phase, Samples

THREE = Footprint(
    (
        Phase("start", 10.0, {"rss_bytes": 10_000_000, "pss_bytes": 8_000_000}),
        Phase("method loaded", 900.0, {"rss_bytes": 30_000_000}, method="forward"),
        Phase("steady state", 905.0, {"rss_bytes": 32_000_000, "pss_bytes": 20_000_000}),
    ),
    Samples((0.0, 500.0, 1000.0), (1_000_000, 31_000_000, 32_000_000)),
)


def test_what_the_system_did_not_tell_is_a_gap_and_no_zero() -> None:
    figure = phases_figure(THREE)
    assert figure is not None
    Checked(figure)
    lines = {trace["name"].partition(":")[0]: trace["y"] for trace in figure["data"]}
    assert lines == {"RSS": [10, 30, 32], "PSS": [8, None, 20]}
    assert "[MB]" in figure["layout"]["yaxis"]["title"]["text"]
    assert figure["layout"]["xaxis"]["ticktext"][1] == "2 method loaded (forward)"


def test_growth_is_drawn_above_the_loaded_libraries_so_that_it_is_seen() -> None:
    phases = (
        Phase("start", 1.0, {"rss_bytes": 20_000_000}),
        Phase("libraries loaded", 2.0, {"rss_bytes": 236_000_000, "peak_rss_bytes": 250_000_000}),
        Phase("steady state", 3.0, {"rss_bytes": 239_000_000, "peak_rss_bytes": 240_000_000}),
        Phase("unloaded", 4.0, {"rss_bytes": 235_000_000}),
    )
    figure = phases_figure(Footprint(phases))
    assert figure is not None
    Checked(figure)
    lines = {trace["name"].partition(":")[0]: trace["y"] for trace in figure["data"]}
    assert lines == {"RSS": [0, 3, -1], "peak RSS": [None, 4, None]}
    assert figure["layout"]["xaxis"]["ticktext"][0] == "2 libraries loaded"
    assert "239 MB, measured<br>+3 MB from the loaded" in figure["data"][0]["hovertext"][1]


def test_phases_stand_over_the_samples_and_close_ones_share_a_number() -> None:
    figure = samples_figure(THREE)
    assert figure is not None
    Checked(figure)
    assert figure["data"][0]["y"] == [1, 31, 32]
    assert [line["x0"] for line in figure["layout"]["shapes"]] == [10, 900, 905]
    assert [note["text"] for note in figure["layout"]["annotations"]] == ["1", "2–3"]


def test_a_long_run_is_in_seconds() -> None:
    figure = samples_figure(Footprint((), Samples((0.0, 9000.0), (1, 2))))
    assert figure is not None
    assert figure["data"][0]["x"] == [0, 9]
    assert "[s]" in figure["layout"]["xaxis"]["title"]["text"]


def test_nothing_measured_is_nothing_drawn() -> None:
    assert phases_figure(Footprint((Phase("start", 1.0, {}),))) is None
    assert samples_figure(Footprint(THREE.phases)) is None


def test_very_many_phases_are_not_all_drawn() -> None:
    many = tuple(Phase("method loaded", float(at), {"rss_bytes": 1}) for at in range(4096))
    figure = phases_figure(Footprint(many))
    assert figure is not None
    assert len(figure["data"][0]["x"]) == PHASES


def test_hostile_names_are_only_text() -> None:
    phase = Phase(HOSTILE, 1.0, {"rss_bytes": 1}, method=HOSTILE)
    figures = [
        phases_figure(Footprint((phase,))),
        samples_figure(Footprint((phase,), THREE.samples)),
    ]
    assert "<a href" not in json.dumps(figures, allow_nan=False)


def test_a_process_that_did_not_change_is_drawn() -> None:
    phases = tuple(Phase(name, 1.0, {"rss_bytes": 5}) for name in ("libraries loaded", "unloaded"))
    figure = phases_figure(Footprint(phases))
    assert figure is not None
    assert figure["data"][0]["y"] == [0, 0]
