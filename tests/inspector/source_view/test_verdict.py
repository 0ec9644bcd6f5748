"""What the source view says first."""

from __future__ import annotations

import pytest
from latency_reports import method, mixed, operator, report_of
from source_views import Places, frame, origin, view_of
from traces import inference

from etscope.inspector.backends.operations import Confidence
from etscope.inspector.source_view.verdict import confidence, findings, verdict
from etscope.inspector.source_view.view import SourceView, source_view

HERE = frame(20, file="a/model.py")
ALL: Places = {
    0: origin(HERE, modules=("", "layers.0")),
    2: origin(HERE, modules=("", "layers.1")),
    "conv #1": origin(HERE),
    "conv #2": origin(HERE),
}


def view(places: Places) -> SourceView:
    return view_of(*[mixed()] * 12, places=places)


def test_the_verdict_names_the_line_with_the_most_time() -> None:
    told = verdict(view(ALL).methods[0])
    assert told == (
        "model.py:20 takes 32.0% of the method: 0.032 of 0.1 ms "
        "(derived: means of measured times of 12 inferences), in layers.{0,1}. "
        "But 68.0% stands on no line, most of it: delegate calls "
        "(outside of the operations that the delegate timed)."
    )


def test_where_most_stands_on_lines_the_verdict_is_one_sentence() -> None:
    run = method(40, *operator("add.out", 0, 0, 10), *operator("mul.out", 1, 10, 40))
    told = verdict(view_of(run, run, places={0: origin(HERE), 1: origin(HERE)}).methods[0])
    assert told == (
        "model.py:20 takes 100.0% of the method: 0.04 of 0.04 ms "
        "(derived: means of measured times of 2 inferences)."
    )


def test_where_the_method_was_not_timed_shares_are_of_its_events() -> None:
    run = inference(*operator("add.out", 0, 0, 10), *operator("mul.out", 1, 10, 40))
    (lines,) = view_of(run, run, places={0: origin(HERE)}).methods
    assert verdict(lines).startswith(
        "model.py:20 takes 25.0% of all timed events of the method: 0.01 of 0.04 ms"
    )


def test_files_of_one_name_are_told_apart_by_their_folders() -> None:
    places = {**ALL, 0: origin(frame(1, file="b/model.py"))}
    assert verdict(view(places).methods[0]).startswith("a/model.py:20 takes")


def test_no_line_is_said_with_the_reason() -> None:
    told = verdict(view({}).methods[0])
    assert told == (
        "No time of the method stands on a line of source: nothing tells where it is from."
    )
    assert verdict(None) == "No inference was timed: no line of source has a time."


def test_confidence_is_the_lower_of_mapping_and_times() -> None:
    assert confidence(view(ALL)).startswith("medium: of the time on lines 100.0% exact; the times:")
    guessed = {**ALL, 2: origin(HERE, sure=Confidence.GUESSED)}
    assert confidence(view(guessed)).startswith("low: of the time on lines 37.5% exact, 62.5%")
    assert confidence(view({})) == "none: no time stands on a line of source"
    assert confidence(source_view(report_of())).startswith("none: ")


def test_unknown_and_guessed_lines_are_findings() -> None:
    assert findings(view(ALL)) == []
    (unknown,) = findings(view({2: origin(HERE)}))
    assert (unknown.rule, unknown.severity) == ("lines_unknown", "high")
    assert unknown.message.startswith("37.5% of the operator time of the method stands on no line")
    assert "--record" in unknown.advice
    (guessed,) = findings(view({**ALL, 0: origin(HERE, sure=Confidence.GUESSED)}))
    assert (guessed.rule, guessed.severity) == ("lines_guessed", "low")
    assert guessed.evidence["guessed_time_share"] == pytest.approx(10 / 32)
