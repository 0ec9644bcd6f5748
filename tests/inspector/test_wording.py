"""Figures and counts in sentences."""

from __future__ import annotations

import pytest

from etscope.inspector.wording import base_name, counted, figure, finite, listed, percent


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.002140001, "0.00214"),
        (46.24, "46.2"),
        (999.4, "999"),
        (3508.4, "3,508"),
        (-2000.0, "-2,000"),
        (0.0, "0"),
        (float("nan"), "-"),
        (float("inf"), "-"),
    ],
)
def test_three_digits_and_all_before_the_point(value: float, text: str) -> None:
    assert figure(value) == text


def test_one_and_several() -> None:
    assert counted(1, "operator") == "1 operator"
    assert counted(0, "operator") == "0 operators"
    assert counted(1234, "branch", "branches") == "1,234 branches"


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.1234, "12.3%"), (0.0, "0.0%"), (0.0001, "<0.1%"), (1.0, "100.0%"), (-0.02, "-2.0%")],
)
def test_a_share_is_never_rounded_to_nothing(share: float, text: str) -> None:
    assert percent(share) == text


def test_more_names_than_wanted_are_counted() -> None:
    assert listed(["a", "b"], 2) == "a, b"
    assert listed(["a", "b", "c", "d"], 2) == "a, b and 2 more"


@pytest.mark.parametrize("path", ["models.py:56", "a/b/models.py:56", "C:\\a\\models.py:56"])
def test_a_path_of_any_system_ends_in_its_name(path: str) -> None:
    assert base_name(path) == "models.py:56"


def test_what_is_no_number_is_null_in_json() -> None:
    assert finite(2) == 2.0
    assert finite(float("nan")) is finite(float("inf")) is None


def test_no_share_has_no_text() -> None:
    assert percent(float("nan")) is None
