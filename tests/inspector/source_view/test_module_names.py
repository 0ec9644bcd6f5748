"""Module paths folded together, none lost."""

from __future__ import annotations

from etscope.inspector.source_view.module_names import folded


def test_paths_that_differ_in_a_number_are_one() -> None:
    paths = ["layers.0.feed", "layers.0.norm", "layers.1.feed", "layers.2.feed", "layers.4.feed"]
    assert folded(paths) == ["layers.{0-2,4}.feed", "layers.0.norm"]


def test_only_the_first_number_is_folded() -> None:
    assert folded(["a.0.b.1", "a.1.b.1", "a.0.b.2"]) == ["a.{0,1}.b.1", "a.0.b.2"]


def test_names_and_repeated_paths_stay_as_they_are() -> None:
    assert folded(["head", "", "head", "layer1", "layer10"]) == ["head", "", "layer1", "layer10"]


def test_numbers_at_either_end() -> None:
    assert folded(["0.conv", "1.conv", "body.3", "5"]) == ["{0,1}.conv", "body.3", "5"]


def test_what_is_no_plain_number_is_a_name() -> None:
    assert folded(["a.01", "a.1", "a.²", "a.99999999999999"]) == [
        "a.01",
        "a.1",
        "a.²",
        "a.99999999999999",
    ]
