"""The colours can be read: contrasts as WCAG 2 defines them."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from etscope.dashboard import palette

CSS = files("etscope.dashboard").joinpath("assets", "report.css").read_text(encoding="utf-8")
_ROOTS = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
LIGHT, DARK = (dict(re.findall(r"--(\w+): (#\w{6})", root)) for root in _ROOTS)


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """From 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_black_on_white_has_the_highest_contrast() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ink", ["ink", "muted", "accent", "high", "medium", "low", "info", "good"])
@pytest.mark.parametrize("ground", ["page", "card", "stripe"])
def test_texts_can_be_read(scheme: dict[str, str], ink: str, ground: str) -> None:
    assert contrast(scheme[ink], scheme[ground]) >= 4.5


@pytest.mark.parametrize("colour", sorted({*palette.OF_KIND.values(), *palette.OF_ROLE.values()}))
def test_bars_can_be_seen_and_written_on(colour: str) -> None:
    assert contrast(colour, "#ffffff") >= 4.5
    assert contrast(colour, LIGHT["card"]) >= 3
    assert contrast(colour, DARK["card"]) >= 3


@pytest.mark.parametrize("name", ["operator", "delegate", "control", "rest", "whole"])
def test_tables_and_figures_have_the_same_colours(name: str) -> None:
    assert LIGHT[name] == getattr(palette, name.upper())


@pytest.mark.parametrize(
    ("share", "colour"),
    [(0.0, palette.WHOLE), (1.0, palette.OPERATOR), (-2.0, palette.WHOLE), (7.0, palette.OPERATOR)],
)
def test_colours_in_between_start_and_end_where_they_should(share: float, colour: str) -> None:
    assert palette.between(palette.WHOLE, palette.OPERATOR, share) == colour


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_colours_in_between_can_be_written_on(share: float) -> None:
    colour = palette.between(palette.WHOLE, palette.OPERATOR, share)
    assert contrast("#ffffff", colour) >= 4.5
