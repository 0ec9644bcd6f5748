"""Numbers and hostile names as the report writes them."""

from __future__ import annotations

import math

import pytest
from latency_reports import latency_of, method

from etscope.dashboard.wording import digits, label, markup, percent, plain, scale_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1143.4, "1,140"),
        (46.2147, "46.2"),
        (0.0021437, "0.00214"),
        (0.99999999, "1.00"),
        (999.9, "1,000"),
        (-3.14159, "-3.14"),
        (0.0, "0"),
        (1e-12, "1e-12"),
        (math.nan, "–"),
    ],
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert digits(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.6428, "64.3%"), (0.0001, "<0.1%"), (0.0, "0.0%"), (-0.02, "-2.0%"), (math.nan, "–")],
)
def test_a_small_share_is_not_nothing(share: float, text: str) -> None:
    assert percent(share) == text


def test_what_cannot_be_seen_is_spelt_out() -> None:
    assert plain("a\u202eb\0c\ud800d") == "a\\u202eb\\u0000c\\ud800d"


def test_long_names_are_cut() -> None:
    assert plain("x" * 10_000, 10) == "x" * 9 + "…"


def test_names_are_harmless_in_html_and_in_labels() -> None:
    assert markup('<a href="x">\'&') == "&lt;a href=&quot;x&quot;&gt;&#x27;&amp;"
    assert label("<b>&") == "&lt;b&gt;&amp;"


@pytest.mark.parametrize(("microseconds", "unit"), [(3, "ns"), (300, "us"), (30_000, "ms")])
def test_a_method_is_shown_in_a_unit_that_suits_it(microseconds: int, unit: str) -> None:
    scale = scale_of(latency_of(method(microseconds)))
    assert scale.unit == unit


def test_a_time_has_its_unit() -> None:
    scale = scale_of(latency_of(method(300)))
    assert scale.time(0.3) == "300 µs"
