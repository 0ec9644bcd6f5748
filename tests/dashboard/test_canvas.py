"""The scripts of views on a canvas: none is left out, none asks for anything, colours differ."""

from __future__ import annotations

import re
from importlib.resources import files
from itertools import combinations

import numpy as np
import pytest

from etscope.dashboard.canvas import (
    CORE,
    TIMELINE,
    embedding_script,
    timeline_script,
    timeline_style,
)
from etscope.dashboard.timeline.keys import GROUPS

FOLDER = files("etscope.dashboard").joinpath("assets", "canvas")
SCRIPTS = sorted(one.name for one in FOLDER.iterdir() if one.name.endswith(".js"))
_BLOCKS = re.findall(r"\.etscope-timeline(?:\[data-theme=\"dark\"\])? \{(.*?)\n\}",
                     timeline_style(), re.DOTALL)[:2]  # fmt: skip
THEMES = [dict(re.findall(r"--([\w-]+): (#\w{6})", block)) for block in _BLOCKS]
FORBIDDEN = ("fetch(", "XMLHttpRequest", "WebSocket", "EventSource", "import(", "http:", "https:",
             "url(", "@import", "innerHTML", "insertAdjacentHTML", "eval(", "document.write",
             "</script")  # fmt: skip
#: Linear RGB as those see it who lack the cones for red or green (Machado et al. 2009, severity 1).
_PROTAN = ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216),
           (-0.003882, -0.048116, 1.051998))  # fmt: skip
_DEUTAN = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413),
           (-0.011820, 0.042940, 0.968881))  # fmt: skip
#: Ottosson's OKLab, from linear RGB.
_TO_CONES = ((0.4122214708, 0.5363325363, 0.0514459929), (0.2119034982, 0.6806995451, 0.1073969566),
             (0.0883024619, 0.2817188376, 0.6299787005))  # fmt: skip
_TO_LAB = ((0.2104542553, 0.7936177850, -0.0040720468), (1.9779984951, -2.4285922050, 0.4505937099),
           (0.0259040371, 0.7827717662, -0.8086757660))  # fmt: skip


def linear(colour: str) -> np.ndarray:
    """Linear RGB of #rrggbb."""
    part = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """As WCAG 2 defines it."""
    low, high = sorted(float(linear(c) @ (0.2126, 0.7152, 0.0722)) for c in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(colour: str, seen: object) -> np.ndarray:
    """OKLab of a colour as it is seen."""
    light = np.clip(np.array(seen) @ linear(colour), 0, 1)
    return np.array(_TO_LAB) @ np.cbrt(np.array(_TO_CONES) @ light)


def colours(theme: dict[str, str]) -> list[str]:
    return [theme[f"group-{number}"] for number in range(len(GROUPS))]


def test_every_script_is_used_once() -> None:
    assert sorted((*CORE, *TIMELINE, "embedded.js", "timeline_page.js")) == SCRIPTS


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_are_small_rooms_that_say_what_they_are_for(name: str) -> None:
    lines = FOLDER.joinpath(name).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 250
    assert lines[0] == '"use strict";'
    assert lines[1].startswith("// ")
    assert max(map(len, lines)) <= 110


def test_nothing_is_asked_of_a_network_or_run_from_text() -> None:
    script = timeline_script() + embedding_script() + timeline_style()
    for word in FORBIDDEN:
        assert word not in script, word


def test_there_are_two_themes_with_the_same_colours() -> None:
    light, dark = THEMES
    assert set(light) == set(dark)
    assert f"group-{len(GROUPS) - 1}" in light
    assert f"group-{len(GROUPS)}" not in light


@pytest.mark.parametrize("theme", THEMES, ids=["light", "dark"])
def test_texts_and_slices_can_be_seen(theme: dict[str, str]) -> None:
    for ground in ("card", "band"):
        assert contrast(theme["ink"], theme[ground]) >= 7
        assert contrast(theme["muted"], theme[ground]) >= 4.5
        assert contrast(theme["accent"], theme[ground]) >= 4.5
        assert all(contrast(colour, theme[ground]) >= 2.95 for colour in colours(theme))
    for colour in colours(theme):
        assert max(contrast(colour, "#000000"), contrast(colour, "#ffffff")) >= 4.5


@pytest.mark.parametrize("theme", THEMES, ids=["light", "dark"])
@pytest.mark.parametrize("seen", [np.eye(3), _PROTAN, _DEUTAN], ids=["all", "protan", "deutan"])
def test_colours_are_told_apart(theme: dict[str, str], seen: object) -> None:
    for one, other in combinations(colours(theme), 2):
        assert np.linalg.norm(lab(one, seen) - lab(other, seen)) >= 0.075, (one, other)
